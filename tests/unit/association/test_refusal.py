"""What a caller is told of each kind of refusal, and what stays inside."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from association import refusal, response
from connect.errors import ConnectError
from shared import reasons

STATUSES = {
    "chats_at_once": (429, "LimitExceededException"),
    "connect_denied": (500, "InternalServiceException"),
    "connect_failed": (500, "InternalServiceException"),
    "connect_not_found": (404, "ResourceNotFoundException"),
    "connect_refused": (400, "InvalidRequestException"),
    "connect_throttled": (429, "ThrottlingException"),
    "connect_unexpected": (500, "InternalServiceException"),
    "connect_unreachable": (503, "InternalServiceException"),
    "connect_unreadable": (500, "InternalServiceException"),
    "deadline_exceeded": (503, "InternalServiceException"),
}


@pytest.mark.parametrize("reason", get_args(reasons.Connect))
def test_every_failure_of_connect_has_its_place_in_the_table(reason: reasons.Connect) -> None:
    """The design's table of errors; the log has Connect's own reason."""
    refused = refusal.of_connect(ConnectError(reason, "arn:role", ("InvalidRequestException", "m")))
    assert (refused.status, refused.error_type) == STATUSES[reason]
    assert refused.reason == reason
    # Who comes back in a second meets the same quota of chats.
    assert (refused.retry_after is not None) == (refused.status in (429, 503) and reason != "chats_at_once")
    assert "arn:role" not in refused.message
    assert (refused.detail == "arn:role") == (refused.status >= 500)
    assert (refused.message == "m") == (reason == "connect_refused")


def test_what_may_not_be_known_is_answered_alike() -> None:
    """Somebody else's contact and one that does not exist: the same to the letter, whatever the log says."""
    told = [refusal.not_found(reason) for reason in get_args(reasons.NotFound)]
    assert [one.reason for one in told] == list(get_args(reasons.NotFound))
    assert len({json.dumps(response.error(one, {})) for one in told}) == 1


@given(st.text("0123456789abcdef", min_size=12, max_size=12))
def test_why_we_failed_stays_inside(secret: str) -> None:
    """It may hold a role's ARN, or what Amazon Connect said of it."""
    detail = f"<{secret}>"
    for refused in (refusal.failed("bug", detail), refusal.out_of_reach("connect_unreachable", detail)):
        assert detail not in json.dumps(response.error(refused, {}))
        assert refused.detail == detail


def test_it_is_said_which_service_is_out_of_reach() -> None:
    """With a history there are two."""
    connect = refusal.out_of_reach("connect_unreachable", "d")
    history = refusal.out_of_reach("history_unreachable", "d", "The history")
    assert connect.message.startswith("Amazon Connect could not be reached in time")
    assert history.message.startswith("The history could not be reached in time")
