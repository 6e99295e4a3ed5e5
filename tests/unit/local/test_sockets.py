"""The sockets of participants. The tests use a list of texts instead of a connection."""

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
    """Keeps the texts that are sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        # It is set as long as the peer reads.
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, text: str) -> None:
        """Keep a message, as soon as the peer reads."""
        await self.reads.wait()
        self.sent.append(text)

    async def half(self, text: str) -> None:
        """Keep half a message, and then the end."""
        self.sent += [text[: len(text) // 2], "cut"]

    async def cut(self) -> None:
        """Keep the end."""
        self.sent.append("cut")

    async def close(self) -> None:
        """Keep an end in order."""
        self.sent.append("closed")

    def abort(self) -> None:
        """Keep an end at once."""
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
        """The peer sends these messages, and the socket reacts to them."""
        for message in messages:
            text = message if isinstance(message, str) else json.dumps(message)
            self._incoming.put_nowait({"type": "websocket.receive", "text": text})
        await self.settle()

    async def item(self, text: str) -> None:
        """Deliver an item."""
        self.sockets.deliver(self.participant, text)
        await self.settle()

    async def settle(self) -> None:
        """Wait until each task has had its turn."""
        for _ in range(20):
            await asyncio.sleep(0)

    def contents(self) -> list[object]:
        """The items that came."""
        return [json.loads(text)["content"] for text in self.line.sent if '"contentType"' in text]

    async def live(self, during: Callable[["Talk"], Coroutine[Any, Any, None]]) -> None:
        """Open the socket, run `during`, and close the socket."""
        serving = asyncio.create_task(self.sockets.serve(self.participant, self._incoming.get, self.line))
        await self.settle()
        assert self.sockets.open == 1
        await during(self)
        self._incoming.put_nowait({"type": "websocket.disconnect"})
        await serving
        assert self.sockets.open == 0


def talk(during: Callable[[Talk], Coroutine[Any, Any, None]]) -> Talk:
    """A talk that is over."""

    async def whole() -> Talk:
        talking = Talk()
        await talking.live(during)
        # Nothing goes to a socket that is closed.
        talking.sockets.deliver(talking.participant, "late")
        return talking

    return asyncio.run(whole())


def test_items_come_between_subscription_and_its_end() -> None:
    """They come in order."""

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
    """It holds for the next heartbeat only."""

    async def during(talking: Talk) -> None:
        talking.faults.add(Fault("SocketHeartbeat", kind, 1, 0, 500))
        await talking.hear(HEARTBEAT)
        assert talking.line.sent == sent
        if "cut" not in sent:
            await talking.hear(HEARTBEAT)
            assert talking.line.sent == [*sent, json.dumps(HEARTBEAT)]

    talk(during)


def test_a_peer_that_does_not_read_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would fill the memory. All messages before the cut are complete."""
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
    """A cut waits behind the messages before it. If the peer never reads them, the cut would never come."""
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
    """The answer is always JSON, and the socket goes on."""

    async def during(talking: Talk) -> None:
        await talking.hear(f'{{"topic": "aws/subscribe", "content": {{"topics": ["aws/chat", {topic}]}}}}', HEARTBEAT)
        said = {"topic": "aws/subscribe", "content": {"status": "failure", "topics": ["aws/chat"]}}
        assert talking.line.sent == [json.dumps(said), json.dumps(HEARTBEAT)]

    talk(during)


def test_all_sockets_are_closed_in_order() -> None:
    """This happens when the cloud stops. Earlier messages still come first."""

    async def during(talking: Talk) -> None:
        await talking.hear(SUBSCRIBE)
        talking.sockets.deliver(talking.participant, "last")
        talking.sockets.close()
        await talking.settle()
        assert talking.line.sent[-1] == "closed"

    assert talk(during).contents() == ["last"]


def test_a_participants_sockets_are_cut_together() -> None:
    """The sockets of other participants stay open."""

    async def during(talking: Talk) -> None:
        other = Participants().add("another", "CUSTOMER", "Bob")
        assert talking.sockets.cut(other) == 0
        assert talking.sockets.cut(talking.participant) == 1
        await talking.settle()
        assert talking.line.sent == ["cut"]

    talk(during)
