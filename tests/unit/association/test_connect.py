"""What each answer of Connect means to the caller, and what is tried again."""

import time
from typing import Any

import pytest

from association import connect as association_connect
from association.answers import Refusal
from association.connect import Connect
from association.request import parse
from aws.client import DeadlineExceeded, Response, Unreachable, Unreadable
from tests.unit.association.events import (
    CONTACT_ID,
    GRANTED,
    INSTANCE_ID,
    SOURCE_ID,
    ScriptedClient,
    answer,
    event,
)

THROTTLED = answer(429, {"Message": "Rate exceeded"}, "ThrottlingException")
FAILED = answer(500, {"Message": "inside"}, "InternalServiceException")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""
    monkeypatch.setattr(association_connect, "_LONGEST_PAUSE_SECONDS", 0)


def asked(*outcomes: Response | Exception, seconds: float = 8) -> tuple[Any, ScriptedClient]:
    """Ask a Connect with these answers: the association or the refusal, and what was sent."""
    client = ScriptedClient(*outcomes)
    try:
        made = Connect(client).create_association(parse(event()), time.monotonic() + seconds)  # type: ignore[arg-type]
    except Refusal as refusal:
        return refusal, client
    return made, client


def test_connects_own_operation_is_sent() -> None:
    """The path, the fields, and a ClientToken although the caller sent none."""
    made, client = asked(GRANTED)
    assert made == (SOURCE_ID, 1)
    ((method, target, body),) = client.sent
    assert (method, target) == ("POST", f"/contact/persistent-contact-association/{INSTANCE_ID}/{CONTACT_ID}")
    assert set(body) == {"RehydrationType", "SourceContactId", "ClientToken"}


@pytest.mark.parametrize(
    ("outcome", "status", "error_type", "reason"),
    [
        (THROTTLED, 429, "ThrottlingException", "connect_throttled"),
        (answer(400, {}, "TooManyRequestsException"), 429, "ThrottlingException", "connect_throttled"),
        (FAILED, 500, "InternalServiceException", "connect_failed"),
        (answer(503, b"<html>"), 500, "InternalServiceException", "connect_failed"),
        (answer(301, b""), 500, "InternalServiceException", "connect_failed"),
        (
            answer(403, {"Message": "role x"}, "AccessDeniedException"),
            500,
            "InternalServiceException",
            "connect_denied",
        ),
        (answer(400, {}, "ExpiredTokenException"), 500, "InternalServiceException", "connect_denied"),
        (answer(404, {}, "ResourceNotFoundException"), 404, "ResourceNotFoundException", "connect_not_found"),
        (
            answer(400, {"Message": "m"}, "InvalidRequestException"),
            400,
            "InvalidRequestException",
            "connect_refused",
        ),
        (
            answer(400, {"message": "m", "__type": "a#InvalidParameterException"}),
            400,
            "InvalidParameterException",
            "connect_refused",
        ),
        (
            answer(400, {}, "InvalidRequestException:http://x"),
            400,
            "InvalidRequestException",
            "connect_refused",
        ),
        (answer(418, b"["), 500, "InternalServiceException", "connect_unexpected"),
        (answer(200, {}), 500, "InternalServiceException", "connect_unreadable"),
        (answer(200, {"ContinuedFromContactId": 7}), 500, "InternalServiceException", "connect_unreadable"),
        (Unreadable("x"), 500, "InternalServiceException", "connect_unreadable"),
        (Unreachable("x"), 503, "InternalServiceException", "connect_unreachable"),
        (DeadlineExceeded("x"), 503, "InternalServiceException", "deadline_exceeded"),
    ],
)
def test_every_outcome_has_its_place_in_the_table(
    outcome: Response | Exception, status: int, error_type: str, reason: str
) -> None:
    """The design's table of errors; a 403 of Connect is about our role, so it is our failure."""
    refusal, _ = asked(outcome)
    assert (refusal.status, refusal.error_type, refusal.reason) == (status, error_type, reason)
    assert (refusal.retry_after is not None) == (status in (429, 503))


def test_our_own_failures_say_nothing_outside_and_all_in_the_log() -> None:
    """A role's ARN is nobody's business; whoever mends it needs the words of Connect."""
    refusal, _ = asked(answer(403, {"Message": "User: arn:role is not authorized"}, "AccessDeniedException"))
    assert "arn:role" not in refusal.message
    assert "arn:role" in refusal.detail


@pytest.mark.parametrize("first", [THROTTLED, FAILED, answer(200, b"?"), Unreachable("cut"), Unreadable("x")])
def test_one_failure_is_tried_again_with_the_same_request(first: Response | Exception) -> None:
    """A retry is safe because it sends the same ClientToken."""
    made, client = asked(first, GRANTED)
    assert made == (SOURCE_ID, 2)
    assert client.sent[0] == client.sent[1]


@pytest.mark.parametrize(
    "final",
    [
        answer(400, {}, "InvalidRequestException"),
        answer(403, {}, "AccessDeniedException"),
        answer(404, {}, "ResourceNotFoundException"),
        DeadlineExceeded("x"),
    ],
)
def test_what_would_not_change_is_not_tried_again(final: Response | Exception) -> None:
    """It would only use up the account's quota."""
    _, client = asked(final, GRANTED)
    assert len(client.sent) == 1


def test_connect_is_asked_twice_at_most_and_not_without_time() -> None:
    """The quota is shared by the whole account; a call without time for an answer wastes it."""
    assert len(asked(FAILED)[1].sent) == 2
    assert len(asked(FAILED, GRANTED, seconds=0.1)[1].sent) == 1


def test_a_probe_reports_what_connect_said() -> None:
    """The proof decides what it means; nothing is hidden from it."""
    connect = Connect(ScriptedClient(answer(403, {"Message": "no"}, "AccessDeniedException")))  # type: ignore[arg-type]
    assert connect.try_create_association(INSTANCE_ID, time.monotonic() + 8) == {
        "type": "AccessDeniedException",
        "status": 403,
        "message": "no",
    }
    connect = Connect(ScriptedClient(Unreachable("cut")))  # type: ignore[arg-type]
    assert connect.try_create_association(INSTANCE_ID, time.monotonic() + 8)["type"] == "unreachable"
