"""What Connect and the network do wrong, through the deployed endpoint: never in doubt, never twice."""

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connect_persistent_chat.lambda_function import ASSOCIATION_PACKAGES
from local.chats import Chats
from local.clients import Answer, endpoint_client
from local.tls import Authority, port_of, tls_in_front_of
from tests.local.breaking import function_of, other_environment, with_code
from tests.local.callers import Door
from tests.local.deployments import Deployed, lines_of

# Only what the test itself asks for goes wrong.
pytestmark = pytest.mark.usefixtures("without_quotas")

LAMBDA = Path(__file__).resolve().parents[2] / "lambda"
ASSOCIATION, DESCRIPTION = "CreatePersistentContactAssociation", "DescribeContact"


def asked(sound: Deployed) -> tuple[Answer, int, float]:
    """Continue a past chat: the answer, how many associations there are then, and how long it took."""
    chats, door = Chats(sound.cloud), Door(sound, "FirstUrl")
    past, contact = chats.start(), chats.start()
    chats.end(past)
    began = time.monotonic()
    answer = door.ask(contact, past)
    return answer, len(chats.associations_of(contact)), time.monotonic() - began


def fault(sound: Deployed, operation: str, kind: str, **more: Any) -> None:
    """Switch a fault on."""
    sound.cloud.control("POST", "faults", {"operation": operation, "kind": kind, **more})


@pytest.mark.parametrize("operation", [ASSOCIATION, DESCRIPTION])
@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "error", "status": 500},
        {"kind": "error", "status": 503},
        {"kind": "throttle"},
        {"kind": "cut_before"},
        {"kind": "cut_after"},
        {"kind": "cut_half"},
        {"kind": "garbage"},
    ],
    ids=lambda wrong: f"{wrong['kind']} {wrong.get('status', '')}".strip(),
)
def test_what_passes_within_the_deadline_is_nobodys_business(
    sound: Deployed, operation: str, wrong: dict[str, Any]
) -> None:
    """Twice in a row: the third attempt succeeds, and there is one association."""
    fault(sound, operation, **wrong, times=2)
    answer, associations, _ = asked(sound)
    assert (answer.status, associations) == (200, 1)


@pytest.mark.parametrize(
    ("operation", "wrong", "status", "associations"),
    [
        (ASSOCIATION, {"kind": "error", "status": 500}, 500, 0),
        (ASSOCIATION, {"kind": "error", "status": 503}, 500, 0),
        (ASSOCIATION, {"kind": "throttle"}, 429, 0),
        (ASSOCIATION, {"kind": "cut_before"}, 503, 0),
        (ASSOCIATION, {"kind": "cut_after"}, 503, 1),
        (ASSOCIATION, {"kind": "cut_half"}, 503, 1),
        (ASSOCIATION, {"kind": "garbage"}, 500, 1),
        (DESCRIPTION, {"kind": "error", "status": 500}, 500, 0),
        (DESCRIPTION, {"kind": "throttle"}, 429, 0),
        (DESCRIPTION, {"kind": "cut_before"}, 503, 0),
        (DESCRIPTION, {"kind": "cut_half"}, 503, 0),
        (DESCRIPTION, {"kind": "garbage"}, 500, 0),
    ],
    ids=lambda value: str(value.get("kind", "")) if isinstance(value, dict) else None,
)
def test_what_stays_is_told_by_the_table(
    sound: Deployed, operation: str, wrong: dict[str, Any], status: int, associations: int
) -> None:
    """Never a 200 without an association, never two; where one was made, the caller is told to try again, or may."""
    fault(sound, operation, **wrong)
    answer, made, seconds = asked(sound)
    assert (answer.status, made) == (status, associations)
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    assert ("x-amz-retry-after" in answer.headers) == (status in (429, 503))
    # The deadline is 8 seconds.
    assert seconds < 20


@pytest.mark.prove
@pytest.mark.parametrize("operation", [ASSOCIATION, DESCRIPTION])
def test_one_silence_is_nobodys_business(sound: Deployed, operation: str) -> None:
    """Half of the deadline is left for another attempt."""
    fault(sound, operation, "latency", seconds=40, times=1)
    answer, associations, seconds = asked(sound)
    assert (answer.status, associations) == (200, 1)
    assert 3.5 < seconds < 29


@pytest.mark.prove
@pytest.mark.parametrize("operation", [ASSOCIATION, DESCRIPTION])
def test_latency_beyond_the_deadline_gets_503_before_the_gateway_gives_up(sound: Deployed, operation: str) -> None:
    """The deadline is 8 seconds, the gateway's patience 29."""
    fault(sound, operation, "latency", seconds=40)
    answer, _, seconds = asked(sound)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert 7.5 < seconds < 29


def test_throttling_is_told_and_then_over(sound: Deployed) -> None:
    """A default client of an AWS SDK, which tries again when it is told to, succeeds.

    The function's three attempts at the client's first request are throttled, and the first one at its second.
    """
    chats, client = Chats(sound.cloud), endpoint_client(sound.cloud, sound.outputs["FirstUrl"], attempts=None)
    past, contact = chats.start(), chats.start()
    chats.end(past)
    fault(sound, ASSOCIATION, "throttle", times=4)
    answer = client.create_persistent_contact_association(
        InstanceId=sound.cloud.instance_id,
        InitialContactId=contact,
        RehydrationType="FROM_SEGMENT",
        SourceContactId=past,
    )
    assert answer["ContinuedFromContactId"] == past
    assert len(chats.associations_of(contact)) == 1


def test_a_tls_failure_is_out_of_reach(sound: Deployed) -> None:
    """What answers is no TLS: nothing is sent to it, and the caller may come back."""
    address = sound.cloud.url.replace("http://", "https://")
    with other_environment(sound, lambda variables: variables.update(AWS_ENDPOINT_URL_CONNECT=address)):
        answer, associations, _ = asked(sound)
    assert (answer.status, associations) == (503, 0)


def test_a_certificate_of_nobody_known_is_out_of_reach(sound: Deployed) -> None:
    """Who stands in between; that nothing is sent to it is shown in tests/unit/aws/test_client.py."""
    with tls_in_front_of(port_of(sound.cloud.url), Authority("Somebody").server()) as port:
        address = f"https://127.0.0.1:{port}"
        with other_environment(sound, lambda variables: variables.update(AWS_ENDPOINT_URL_CONNECT=address)):
            # A connection may take a second. On a busy machine the second may be over before the certificate comes.
            answers = [asked(sound)[:2] for _ in range(3)]
    assert {(answer.status, associations) for answer, associations in answers} == {(503, 0)}
    requests = {answer.headers["x-amzn-RequestId"] for answer, _ in answers}
    lines = [line for line in lines_of(sound.cloud, function_of(sound)) if line.get("requestId") in requests]
    assert [line["rule"] for line in lines] == ["connect_unreachable"] * 3
    assert any("CERTIFICATE_VERIFY_FAILED" in line["detail"] for line in lines)


@contextmanager
def a_wrong_clock(sound: Deployed) -> Iterator[None]:
    """The function signs for an hour ago."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for package in ASSOCIATION_PACKAGES:
            for file in (LAMBDA / package).glob("*.py"):
                text = file.read_text(encoding="utf-8")
                if file.name == "signing.py":
                    assert "time.gmtime(now)" in text
                    text = text.replace("time.gmtime(now)", "time.gmtime(time.time() - 3600)")
                archive.writestr(f"{package}/{file.name}", text)
    with with_code(sound, buffer.getvalue()):
        yield


def test_a_wrong_clock_is_our_failure(sound: Deployed) -> None:
    """Connect refuses the signature: a 500 without detail, and no association."""
    with a_wrong_clock(sound):
        answer, associations, _ = asked(sound)
        reasons = [line["rule"] for line in lines_of(sound.cloud, function_of(sound))]
    assert (answer.status, associations) == (500, 0)
    assert answer.document["message"] == "The endpoint failed."
    assert function_of(sound) not in answer.body.decode()
    assert reasons[-1] == "connect_denied"
