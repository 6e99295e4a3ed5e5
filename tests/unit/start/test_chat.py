"""Amazon Connect's own operation for a start: what is sent, what is tried again, and what is told of the answer."""

from typing import Any

import pytest

from aws.http import Response
from connect.errors import ConnectError
from start import chat
from tests.unit.association.events import INSTANCE_ID, ScriptedClient, answer
from tests.unit.connect.test_operations import connect_with

CHAT = {"ContactId": "c", "ParticipantId": "p", "ParticipantToken": "s3cret"}


def started(*outcomes: Response | Exception) -> tuple[Any, ScriptedClient]:
    """Start a chat with these answers: Connect's own, or the failure, and what was sent."""
    client = ScriptedClient(*outcomes)
    try:
        return chat.start(connect_with(client), {"ClientToken": "t"}), client
    except ConnectError as failure:
        return failure, client


def test_a_start_is_connects_own_operation_and_its_own_answer() -> None:
    """Of the answer what an SDK knows, and nothing that the service may add."""
    made, client = started(answer(200, {**CHAT, "ContinuedFromContactId": "past", "New": "x"}))
    assert made == {**CHAT, "ContinuedFromContactId": "past"}
    assert client.sent == [("PUT", "/contact/chat", {"InstanceId": INSTANCE_ID, "ClientToken": "t"})]
    assert started(answer(200, CHAT))[0] == CHAT


@pytest.mark.parametrize("name", sorted(CHAT))
@pytest.mark.parametrize("value", [None, "", 7])
def test_a_start_without_what_a_participant_needs_is_a_failure(name: str, value: object) -> None:
    """Nobody could join that chat; and no token gets into the log."""
    failure, _ = started(answer(200, {**CHAT, name: value}))
    assert (failure.reason, "s3cret" in str(failure.detail)) == ("connect_unreadable", False)


def test_the_quota_of_chats_is_told_from_the_rate() -> None:
    """API Reference, StartChatContact: both are 429. The first is tried once, the second as often as may help."""
    failure, client = started(answer(429, {"Message": "m"}, "LimitExceededException"))
    assert (failure.reason, len(client.sent)) == ("chats_at_once", 1)
    failure, client = started(answer(429, {"Message": "m"}, "TooManyRequestsException"))
    assert (failure.reason, len(client.sent)) == ("connect_throttled", 3)


@pytest.mark.parametrize(
    ("said", "reason", "shown"),
    [
        (answer(500, {"Message": "s3cret"}, "InternalServiceException"), "connect_failed", False),
        (answer(409, {"Message": "s3cret"}, "X"), "connect_unexpected", False),
        (answer(403, {"Message": "User: arn:role may not"}, "AccessDeniedException"), "connect_denied", True),
    ],
)
def test_connects_words_on_a_start_may_repeat_what_was_sent(said: Response, reason: str, shown: bool) -> None:
    """The customer, attributes, a message: so they are in no log. IAM's words name the role, and are needed there."""
    failure, _ = started(said)
    assert (failure.reason, "arn:role" in failure.detail) == (reason, shown)
    assert "s3cret" not in failure.detail
