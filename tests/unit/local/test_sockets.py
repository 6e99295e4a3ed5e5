"""Sockets of those who chat, on a line of text instead of a connection."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from local.connect import sockets
from local.connect.faults import Fault, Faults
from local.connect.participants import Participants
from local.connect.sockets import Sockets

SUBSCRIBE = {"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}}
HEARTBEAT = {"topic": "aws/heartbeat"}


class Line:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        # A peer that reads waits for nothing.
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, text: str) -> None:
        """A message."""
        await self.reads.wait()
        self.sent.append(text)

    async def half(self, text: str) -> None:
        """Half a message, and the end."""
        self.sent += [text[: len(text) // 2], "cut"]

    async def cut(self) -> None:
        """The end."""
        self.sent.append("cut")

    async def close(self) -> None:
        """The end, in order."""
        self.sent.append("closed")

    def abort(self) -> None:
        """The end, at once."""
        self.sent.append("aborted")


class Talk:
    """A participant with one open socket."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.sockets = Sockets(self.faults)
        self.participant = Participants().add("session", "CUSTOMER", "Ada")
        self.line = Line()
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def hear(self, *messages: object) -> None:
        """What the peer sends, and what comes of it."""
        for message in messages:
            text = message if isinstance(message, str) else json.dumps(message)
            self._incoming.put_nowait({"type": "websocket.receive", "text": text})
        await self.settle()

    async def item(self, text: str) -> None:
        """An item is delivered."""
        self.sockets.deliver(self.participant, text)
        await self.settle()

    async def settle(self) -> None:
        """Everybody has had a turn."""
        for _ in range(20):
            await asyncio.sleep(0)

    def contents(self) -> list[object]:
        """The items that came."""
        return [json.loads(text)["content"] for text in self.line.sent if '"contentType"' in text]

    async def live(self, during: Callable[["Talk"], Coroutine[Any, Any, None]]) -> None:
        """Open, something happens, closed."""
        serving = asyncio.create_task(self.sockets.serve(self.participant, self._incoming.get, self.line))
        await self.settle()
        assert self.sockets.open == 1
        await during(self)
        self._incoming.put_nowait({"type": "websocket.disconnect"})
        await serving
        assert self.sockets.open == 0


def talk(during: Callable[[Talk], Coroutine[Any, Any, None]]) -> Talk:
    """One that is over."""

    async def whole() -> Talk:
        talking = Talk()
        await talking.live(during)
        # Nothing goes to a socket that is closed.
        talking.sockets.deliver(talking.participant, "late")
        return talking

    return asyncio.run(whole())


def test_items_come_between_subscription_and_its_end() -> None:
    """In order."""

    async def during(talking: Talk) -> None:
        await talking.item("before")
        await talking.hear(SUBSCRIBE)
        await talking.item("one")
        await talking.item("two")
        await talking.hear({**SUBSCRIBE, "topic": "aws/unsubscribe"})
        await talking.item("after")

    assert talk(during).contents() == ["one", "two"]


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("silence", []),
        ("cut_before", ["cut"]),
        ("cut_half", ['{"topic": "aw', "cut"]),
        ("garbage", ["no message of Amazon Connect"]),
        ("latency", [json.dumps(HEARTBEAT)]),
    ],
)
def test_each_fault_is_what_it_says(kind: str, sent: list[str]) -> None:
    """For the next heartbeat only."""

    async def during(talking: Talk) -> None:
        talking.faults.add(Fault("SocketHeartbeat", kind, 1, 0, 500))
        await talking.hear(HEARTBEAT)
        assert talking.line.sent == sent
        if "cut" not in sent:
            await talking.hear(HEARTBEAT)
            assert talking.line.sent == [*sent, json.dumps(HEARTBEAT)]

    talk(during)


def test_a_peer_that_does_not_read_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it does not fill the memory; what came before the cut is whole."""
    items = [{"topic": "aws/chat", "contentType": "application/json", "content": str(number)} for number in range(11)]
    monkeypatch.setattr(sockets, "_MOST_WAITING", sum(len(json.dumps(item)) for item in items[1:]))

    async def during(talking: Talk) -> None:
        await talking.hear(SUBSCRIBE)
        talking.line.reads.clear()
        for number in range(30):
            await talking.item(str(number))
        # One is on its way, ten wait, and then the cut.
        assert talking.line.sent.count("cut") == 0
        talking.line.reads.set()
        await talking.settle()
        assert talking.line.sent[-1] == "cut"

    assert talk(during).contents() == [str(number) for number in range(11)]


def test_a_peer_that_reads_nothing_for_long_is_ended_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut that waits behind what it does not read would never come."""
    monkeypatch.setattr(sockets, "_PATIENCE_SECONDS", 0.01)

    async def during(talking: Talk) -> None:
        await talking.hear(SUBSCRIBE)
        talking.line.reads.clear()
        await talking.item("one")
        talking.sockets.cut(talking.participant)
        await asyncio.sleep(0.05)
        assert talking.line.sent[1:] == ["aborted"]

    talk(during)


@pytest.mark.parametrize("topic", ["NaN", "[" * 500 + "]" * 500, "{}", "1e999"])
def test_what_is_no_topic_is_not_repeated(topic: str) -> None:
    """The answer is JSON whatever was asked, and the socket goes on."""

    async def during(talking: Talk) -> None:
        await talking.hear(f'{{"topic": "aws/subscribe", "content": {{"topics": ["aws/chat", {topic}]}}}}', HEARTBEAT)
        said = {"topic": "aws/subscribe", "content": {"status": "failure", "topics": ["aws/chat"]}}
        assert talking.line.sent == [json.dumps(said), json.dumps(HEARTBEAT)]

    talk(during)


def test_all_sockets_are_closed_in_order() -> None:
    """When the cloud stops; what was said before comes first."""

    async def during(talking: Talk) -> None:
        await talking.hear(SUBSCRIBE)
        talking.sockets.deliver(talking.participant, "last")
        talking.sockets.close()
        await talking.settle()
        assert talking.line.sent[-1] == "closed"

    assert talk(during).contents() == ["last"]


def test_a_participants_sockets_are_cut_together() -> None:
    """And only those."""

    async def during(talking: Talk) -> None:
        other = Participants().add("another", "CUSTOMER", "Bob")
        assert talking.sockets.cut(other) == 0
        assert talking.sockets.cut(talking.participant) == 1
        await talking.settle()
        assert talking.line.sent == ["cut"]

    talk(during)
