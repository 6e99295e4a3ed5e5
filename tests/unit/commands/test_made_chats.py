"""The chats of `persistent-chat verify`: each that began is known, and whoever stops the command does not wait."""

import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from connect_persistent_chat.commands.called_endpoint import patient
from connect_persistent_chat.commands.made_chats import MadeChats
from connect_persistent_chat.commands.stopping import Stopping


def refused(seconds: str) -> ClientError:
    """A refusal that may ask to wait."""
    headers = {"retry-after": seconds} if seconds else {}
    response: Any = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPHeaders": headers}}
    return ClientError(response, "StartChatContact")


def failing(failure: Exception, calls: list[None]) -> Callable[..., Any]:
    """A call that always fails."""

    def call(**_: Any) -> Any:
        calls.append(None)
        raise failure

    return call


@pytest.fixture
def chats() -> MadeChats:
    """Those of a run that has none yet."""
    return MadeChats(boto3.session.Session("key", "secret", region_name="us-east-1"), "i", None, lambda _: None)


@pytest.mark.parametrize(("asked", "tries"), [("2", 4), ("", 1), ("soon", 1), ("-1", 1), ("1000", 1)])
def test_a_request_waits_as_it_is_asked_to(monkeypatch: pytest.MonkeyPatch, asked: str, tries: int) -> None:
    """A few times, and not for a quarter of an hour."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    said: list[str] = []
    calls: list[None] = []
    with pytest.raises(ClientError):
        patient(failing(refused(asked), calls), said.append)
    assert len(calls) == tries
    assert waits == [2] * (tries - 1)
    assert said == ["The answer asks the command to wait. It tries again in 2 s."] * (tries - 1)


def test_who_stops_it_does_not_wait_until_a_start_is_repeated(
    monkeypatch: pytest.MonkeyPatch, chats: MadeChats
) -> None:
    """Only while a start is under way, a stop waits for its answer."""
    monkeypatch.setattr(Stopping, "ignore", staticmethod(lambda: None))
    monkeypatch.setattr(time, "sleep", lambda _: chats.stopping._stop())
    calls: list[None] = []
    with pytest.raises(KeyboardInterrupt):
        chats.begin(failing(refused("600"), calls))
    assert len(calls) == 1


def test_a_chat_with_half_an_answer_is_known(chats: MadeChats) -> None:
    """It began, so it has to end."""
    with pytest.raises(KeyError):
        chats.begin(lambda **_: {"ContactId": "c"})
    assert chats.running == ["c"]
    # The same start again.
    chats.begin(lambda **_: {"ContactId": "c", "ParticipantToken": "t"})
    assert chats.running == ["c"]
