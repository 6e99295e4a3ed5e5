"""The chats of `persistent-chat verify`: each that began is known, and whoever stops the command does not wait."""

import io
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ReadTimeoutError

from connect_persistent_chat.commands.called_endpoint import patient
from connect_persistent_chat.commands.made_chats import MadeChats
from connect_persistent_chat.commands.stopping import Stopping


def refused(seconds: str) -> ClientError:
    """A refusal that may ask to wait."""
    headers = {"retry-after": seconds} if seconds else {}
    response: Any = {
        "Error": {"Code": "ThrottlingException"},
        "ResponseMetadata": {"HTTPHeaders": headers, "HTTPStatusCode": 429},
    }
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


@pytest.mark.parametrize(("asked", "tries"), [("2", 4), ("3600", 4), ("", 1), ("soon", 1), ("-1", 1), ("10000", 1)])
def test_a_request_waits_as_it_is_asked_to(monkeypatch: pytest.MonkeyPatch, asked: str, tries: int) -> None:
    """A few times, and for hours only if a transcript may need an hour."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    said: list[str] = []
    calls: list[None] = []
    with pytest.raises(ClientError):
        patient(failing(refused(asked), calls), said.append)
    assert len(calls) == tries
    assert waits == [int(asked) for _ in range(tries - 1)]
    assert said == [f"The answer asks the command to wait. It tries again in {asked} s."] * (tries - 1)


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


@pytest.mark.parametrize("answers", [True, False])
def test_a_start_without_an_answer_is_sent_again_at_the_end(
    monkeypatch: pytest.MonkeyPatch, chats: MadeChats, *, answers: bool
) -> None:
    """The same token gets the id of the same chat, so that it ends; if nobody answers, it is told."""
    sent: list[Any] = []

    def call(**fields: Any) -> dict[str, str]:
        sent.append(fields["ClientToken"])
        if len(sent) == 1 or not answers:
            raise ReadTimeoutError(endpoint_url="https://a.example")
        return {"ContactId": "c", "ParticipantToken": "t"}

    ended: list[str] = []
    monkeypatch.setattr(chats, "end", ended.append)
    with pytest.raises(ReadTimeoutError):
        chats.begin(call)
    assert chats.unclear == 1
    assert chats.end_all() == {}
    assert sent == [sent[0]] * 2
    assert (ended, chats.unclear) == ((["c"], 0) if answers else ([], 1))


@pytest.mark.parametrize(("status", "unclear"), [(400, 0), (429, 0), (500, 1), (503, 1)])
def test_a_refused_start_began_nothing(chats: MadeChats, status: int, unclear: int) -> None:
    """But one that failed or took too long may have begun a chat."""
    response: Any = {"Error": {"Code": "x"}, "ResponseMetadata": {"HTTPHeaders": {}, "HTTPStatusCode": status}}
    with pytest.raises(ClientError):
        chats.begin(failing(ClientError(response, "StartChatContact"), []))
    assert chats.unclear == unclear


@pytest.mark.parametrize(("statuses", "unclear"), [((429, 429), 0), ((503, 429), 1), ((503, 404), 1)])
def test_an_earlier_try_may_have_begun_a_chat(chats: MadeChats, statuses: tuple[int, int], unclear: int) -> None:
    """The SDK repeats a start by itself, and tells the last answer only."""
    answers = list(statuses)

    def answer(request: Any, **_: Any) -> AWSResponse:
        raw = io.BytesIO(b'{"message": "no"}')
        raw.stream = lambda *_, **__: [raw.getvalue()]  # type: ignore[attr-defined]
        headers = {"x-amzn-ErrorType": "ThrottlingException"}
        return AWSResponse(request.url, answers.pop(0) if answers else statuses[-1], headers, raw)

    chats.client.meta.events.register("before-send.connect.StartChatContact", answer)
    with pytest.raises(ClientError):
        chats.start("customer")
    assert chats.unclear == unclear


def test_what_runs_is_ended_before_unclear_starts_are_repeated(
    monkeypatch: pytest.MonkeyPatch, chats: MadeChats
) -> None:
    """An endpoint that answers after half a minute must not take the time that running chats need."""
    now = 0.0
    calls: list[str] = []

    def slow(**_: Any) -> Any:
        nonlocal now
        now += 60
        calls.append("start")
        raise ReadTimeoutError(endpoint_url="u") if len(calls) < 3 else refused("")

    def end(contact: str) -> None:
        calls.append(contact)
        chats.running.remove(contact)

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(chats, "end", end)
    for _ in range(2):
        with pytest.raises(ReadTimeoutError):
            chats.begin(slow)
    chats.running.append("c")
    now = 0
    assert chats.end_all() == {}
    # A refusal of the repetition says nothing of the first try.
    assert (calls, chats.unclear) == (["start", "start", "c", "start", "start"], 2)


def test_without_a_network_the_end_takes_its_time_only(monkeypatch: pytest.MonkeyPatch, chats: MadeChats) -> None:
    """Nothing stops the end of a run: whoever pressed Ctrl-C would wait for each chat."""
    now = 0.0

    def hang(**_: Any) -> None:
        nonlocal now
        now += 40
        raise ReadTimeoutError(endpoint_url="u")

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(chats.client, "stop_contact", hang)
    monkeypatch.setattr(chats.client, "describe_contact", hang)
    chats.running += ["a", "b", "c", "d"]
    left = chats.end_all()
    assert (list(left), now) == (["a", "b", "c", "d"], 160)
    assert "the time for all chats, 100 s, was over" in left["c"]
