"""The whole template, so that a change that nobody meant is seen.

`make test ARGS="tests/synth/test_snapshot.py --update-snapshots"` writes them anew: read the difference.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs

from connect_persistent_chat import Authorization, ChatStart, ConnectInstance, CustomerIdentity
from tests.synth.apps import FLOW_ID, HERE, Synthesized, endpoint, history, stack, user_pool

SNAPSHOTS = Path(__file__).parent / "snapshots"


def everything_on() -> Synthesized:
    """Each property away from its default, in a stack that knows neither account nor region."""
    here = stack("EverythingOn")
    endpoint(
        here,
        instance=ConnectInstance.from_instance_alias(here, "Instance", "local"),
        deadline=Duration.seconds(20),
        transcript_delay=Duration.seconds(45),
        customer_identity=CustomerIdentity.attribute("customer"),
        authorization=Authorization.cognito(*user_pool(here)),
        cors_allowed_origins=["https://a.example", "https://b.example"],
        throttle_rate_limit=50,
        throttle_burst_limit=100,
        log_retention=logs.RetentionDays.ONE_YEAR,
        log_removal_policy=RemovalPolicy.RETAIN,
        cloud_watch_role=True,
        security_policy=apigateway.SecurityPolicy.TLS_1_2,
        proof_patience=Duration.minutes(2),
    )
    return Synthesized(here)


def with_history() -> Synthesized:
    """A history with its defaults, and an endpoint that reads it."""
    here = stack("WithHistory", env=HERE)
    endpoint(here, history=history(here))
    return Synthesized(here)


def with_start() -> Synthesized:
    """Starts with their defaults, and with pages, so that both methods have a preflight."""
    here = stack("WithStart", env=HERE)
    endpoint(here, cors_allowed_origins=["https://a.example"], start=ChatStart({"web": FLOW_ID}, attributes=["page"]))
    return Synthesized(here)


def normalised(made: Synthesized) -> str:
    """Readable, and without the hashes that change with every line of code."""
    text = json.dumps(made.template, indent=1, sort_keys=True)
    text = re.sub(r"\b[0-9a-f]{64}\b", "<asset>", text)
    return re.sub(r"(Deployment[0-9A-F]{8})[0-9a-f]{32}", r"\1<hash>", text) + "\n"


MADE: dict[str, Callable[[], Synthesized]] = {
    "everything_on": everything_on,
    "with_history": with_history,
    "with_start": with_start,
}


@pytest.mark.parametrize("name", ["default", *MADE])
def test_the_template_is_the_one_that_was_agreed(
    name: str, default: Synthesized, request: pytest.FixtureRequest
) -> None:
    """Logical ids are a contract with every stack that is deployed: a changed one means replacement."""
    file = SNAPSHOTS / f"{name}.json"
    got = normalised(default if name == "default" else MADE[name]())
    if request.config.getoption("--update-snapshots"):
        file.write_text(got, encoding="utf-8")
    assert got == file.read_text(encoding="utf-8")
