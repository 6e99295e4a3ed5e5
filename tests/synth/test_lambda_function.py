"""How functions are made: what is in their code, what their roles may do, and how numbers are written for them."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Duration, RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from hypothesis import given, settings
from hypothesis import strategies as st

from aws.environment import Environment
from bench import runtime
from connect_persistent_chat import lambda_function
from connect_persistent_chat.source import SOURCE
from tests.synth.apps import HERE, Synthesized, stack

PACKAGES = ("association", "authorizer", "aws", "connect", "history", "provisioning", "recorder", "shared", "start")
FUNCTIONS = (
    lambda_function.ASSOCIATION_PACKAGES,
    lambda_function.START_PACKAGES,
    lambda_function.AUTHORIZER_PACKAGES,
    lambda_function.RECORDER_PACKAGES,
    lambda_function.PROVISIONING_PACKAGES,
)
# Each duration is a call of the CDK's engine.
FEWER = settings(max_examples=40)
MILLISECONDS = st.integers(0, 3_600_000) | st.sampled_from([1, 999, 1_001, 86_400_000_000])


@FEWER
@given(MILLISECONDS)
def test_the_function_reads_the_seconds_that_were_meant(milliseconds: int) -> None:
    """To the millisecond: the proof of a deployment compares what it was told with what it understood, as text."""
    written = lambda_function.seconds_of(Duration.millis(milliseconds), 7)
    read = Environment({"NAME": written}).seconds("NAME", more_than_zero=False)
    assert read == milliseconds / 1000 == lambda_function.number_of(Duration.millis(milliseconds), 7)
    assert f"{read:.15g}" == written


@given(st.integers(0, 10**9) | st.floats(0, 10**6).map(lambda number: round(number, 3)))
def test_a_default_is_written_in_the_same_way(default: float) -> None:
    """Whether it was said or left out must not look like a change."""
    assert float(lambda_function.seconds_of(None, default)) == lambda_function.number_of(None, default) == default
    assert "e" not in lambda_function.seconds_of(None, default)


@pytest.mark.parametrize("packages", [*FUNCTIONS, ("aws",)], ids="-".join)
def test_an_asset_holds_its_packages_and_nothing_else(packages: tuple[str, ...], tmp_path: Path) -> None:
    """Code that a function does not need would change its hash, and so deploy it, whenever it changes."""
    app = App(outdir=str(tmp_path))
    here = stack(app=app, env=HERE)
    lambda_.Function(here, "F", runtime=lambda_function.RUNTIME, handler="x.y", code=lambda_function.code_of(*packages))
    app.synth()
    (asset,) = tmp_path.glob("asset.*")
    assert {path.name for path in asset.iterdir()} == set(packages)
    files = {str(path.relative_to(asset)) for path in asset.rglob("*") if path.is_file()}
    source = {str(path.relative_to(SOURCE)) for package in packages for path in (SOURCE / package).rglob("*.py")}
    assert files == source


def role_of(*, traced: bool, permissions: dict[str, list[str]]) -> tuple[dict[str, Any], str]:
    """What a role allows, and the logical id of its log."""
    here = stack(env=HERE)
    log = lambda_function.log_group(here, "Log", logs.RetentionDays.ONE_DAY, RemovalPolicy.DESTROY)
    lambda_function.role_for(here, "Role", "what it is for", log, permissions, traced=traced)
    made = Synthesized(here)
    (log_id,) = made.all("AWS::Logs::LogGroup")
    role = made.only("AWS::IAM::Role")
    assert role["Description"] == "what it is for"
    assert "ManagedPolicyArns" not in role
    (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "lambda.amazonaws.com"}
    return made.allowed("Role"), log_id


@pytest.mark.parametrize("traced", [False, True])
def test_a_role_may_do_what_it_is_told_and_write_to_its_own_log(traced: bool) -> None:
    """Neither make log groups nor write to another's; a trace only where there is one."""
    permissions = {"connect:DescribeContact": ["arn:a", "arn:b"], "dynamodb:Query": ["arn:c"]}
    allowed, log = role_of(traced=traced, permissions=permissions)
    own = {"Fn::GetAtt": [log, "Arn"]}
    expected: dict[str, Any] = {
        "connect:DescribeContact": ["arn:a", "arn:b"],
        "dynamodb:Query": "arn:c",
        "logs:CreateLogStream": own,
        "logs:PutLogEvents": own,
    }
    if traced:
        expected |= {"xray:PutTraceSegments": "*", "xray:PutTelemetryRecords": "*"}
    assert allowed == expected


@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_action_has_a_statement_of_its_own(count: int) -> None:
    """A broken link is one statement: an action that shares it could not be proved by itself."""
    actions = [f"service:Action{number}" for number in range(count)]
    document = lambda_function.policy({action: [f"arn:{action}"] for action in actions}).to_json()
    assert [statement["Action"] for statement in document["Statement"]] == actions
    assert [statement["Resource"] for statement in document["Statement"]] == [f"arn:{action}" for action in actions]


def test_what_a_function_is_told_is_kept_and_given_its_name_look_ups() -> None:
    """A name server that is silent is given up within the deadline; and nothing of the caller's is changed."""
    told = {"A": "1"}
    variables = lambda_function.variables_of(told)
    assert told == {"A": "1"}
    assert variables.pop("RES_OPTIONS").startswith("timeout:1 ")
    assert variables == told


@pytest.mark.parametrize(("region", "host"), [("us-east-1", "dynamodb.us-east-1."), (None, '{"Ref": "AWS::Region"}')])
def test_a_service_is_asked_in_the_stacks_own_region_and_partition(region: str | None, host: str) -> None:
    """China has another suffix; and a stack may not know its region."""
    here: Stack = stack(env=HERE if region else None)
    url = json.dumps(here.resolve(lambda_function.endpoint_url("dynamodb", here)))
    assert url.count("https://dynamodb.") == 1
    assert host in url
    assert '{"Ref": "AWS::URLSuffix"}' in url


def test_every_package_of_the_code_is_in_some_function() -> None:
    """One that is in none would be in the wheel for nothing."""
    found = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    assert found == set(PACKAGES)
    assert {package for packages in FUNCTIONS for package in packages} == found


def test_the_functions_are_tried_on_the_python_that_they_run_on() -> None:
    """`make runtime` brings one version, and the functions name one: a new one has to come to both."""
    assert lambda_function.RUNTIME.name == runtime.NAME
