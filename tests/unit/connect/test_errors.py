"""What each answer of Amazon Connect means that is no success; what a caller is told: association/test_refusal.py."""

import pytest

from aws.answer import Outcome, read_answer
from aws.http import Response
from aws.no_answer import DeadlineExceeded, Unreachable, Unreadable
from connect.errors import error_of
from tests.unit.association.events import answer


def outcome_of(said: Response | Unreachable | DeadlineExceeded | Unreadable) -> Outcome:
    """As it is read."""
    return read_answer(said, lambda document: document) if isinstance(said, Response) else said


@pytest.mark.parametrize(
    ("said", "reason", "about_request"),
    [
        (answer(429, {"Message": "Rate exceeded"}, "ThrottlingException"), "connect_throttled", False),
        (answer(400, {}, "TooManyRequestsException"), "connect_throttled", False),
        (answer(500, {"Message": "inside"}, "InternalServiceException"), "connect_failed", False),
        (answer(503, b"<html>"), "connect_failed", False),
        (answer(301, b""), "connect_failed", False),
        (answer(403, {"Message": "role x"}, "AccessDeniedException"), "connect_denied", False),
        (answer(400, {}, "ExpiredTokenException"), "connect_denied", False),
        (answer(404, {}, "ResourceNotFoundException"), "connect_not_found", True),
        (answer(400, {"Message": "m"}, "InvalidRequestException"), "connect_refused", True),
        (answer(400, {"message": "m", "__type": "a#InvalidParameterException"}), "connect_refused", True),
        (answer(400, {}, "InvalidRequestException:http://x"), "connect_refused", True),
        (answer(418, b"["), "connect_unexpected", True),
        (Unreadable("x"), "connect_unreadable", False),
        (Unreachable("x"), "connect_unreachable", False),
        (DeadlineExceeded("x"), "deadline_exceeded", False),
    ],
)
def test_every_outcome_has_its_place_in_the_table(said: Response, reason: str, about_request: bool) -> None:
    """A 403 of Connect is about our role, so it is our failure."""
    failure = error_of(outcome_of(said))
    assert (failure.reason, failure.is_about_request) == (reason, about_request)
    told = reason in ("connect_throttled", "connect_not_found", "connect_refused")
    assert (failure.detail is None) == told


def test_connects_own_refusal_keeps_its_words() -> None:
    """And a failure of ours tells whoever mends it what Connect said."""
    refused = error_of(outcome_of(answer(400, {"Message": "m"}, "InvalidRequestException")))
    assert (refused.error_type, refused.message) == ("InvalidRequestException", "m")
    silent = error_of(outcome_of(answer(400, {}, "InvalidParameterException")))
    assert (silent.error_type, silent.message) == ("InvalidParameterException", "Amazon Connect gave no reason.")
    denied = error_of(outcome_of(answer(403, {"Message": "User: arn:role may not"}, "AccessDeniedException")))
    assert denied.detail == "403 AccessDeniedException: User: arn:role may not"
