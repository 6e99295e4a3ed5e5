"""The WebSockets of the participants of chats, with the topics that Amazon Connect's own client uses.

A socket gets no items before it subscribes to `aws/chat`, and it never gets the earlier items.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple, Protocol

from local.connect.faults import Faults
from local.connect.participants import Participant

CHAT = "aws/chat"
_HEARTBEAT, _ITEM = "SocketHeartbeat", "SocketItem"
# Faults can name these, in addition to the operations of the services. Only the kinds below work for them.
FAULTY = (_HEARTBEAT, _ITEM)
KINDS = ("latency", "silence", "cut_before", "cut_half", "garbage")
# If a peer does not read, its connection ends after this many waiting characters, or after this many seconds.
_MOST_WAITING = 10_000_000
_PATIENCE_SECONDS = 10


class Line(Protocol):
    """A connection, from the server's side."""

    async def send(self, text: str) -> None:
        """Send a message."""

    async def half(self, text: str) -> None:
        """Send half a message's frame, and end the connection."""

    async def cut(self) -> None:
        """End the connection without a closing frame."""

    async def close(self) -> None:
        """End the connection in order, because the server goes away."""

    def abort(self) -> None:
        """End the connection at once, even if its peer has not read everything."""


class _Message(NamedTuple):
    text: str
    # "whole": the connection is cut instead of this message. "half": it is cut in the middle of this message.
    # "closed": it is closed in order instead of this message.
    cut: str = ""
    # How long the message waits before it is sent.
    seconds: float = 0


class _Socket:
    """An open socket."""

    def __init__(self) -> None:
        self.subscribed = False
        self._waiting: asyncio.Queue[_Message] = asyncio.Queue()
        # The characters of all waiting messages.
        self._size = 0

    def put(self, message: _Message) -> None:
        """Add a message to send."""
        if self._size <= _MOST_WAITING:
            self._size += len(message.text)
            self._waiting.put_nowait(message if self._size <= _MOST_WAITING else _Message("", cut="whole"))

    async def write(self, line: Line) -> None:
        """Send the waiting messages, until the connection is cut."""
        ways: dict[str, Callable[[str], Awaitable[None]]] = {
            "": line.send,
            "half": line.half,
            "whole": lambda _: line.cut(),
            "closed": lambda _: line.close(),
        }
        while True:
            message = await self._waiting.get()
            self._size -= len(message.text)
            if message.seconds:
                await asyncio.sleep(message.seconds)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS) as patience:
                    await ways[message.cut](message.text)
            # An end, too, waits until the peer has read everything before it. If that takes too long, abort.
            if patience.expired():
                line.abort()
            if message.cut or patience.expired():
                return


class Sockets:
    """The open sockets of all participants."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        # By the participants' tokens.
        self._open: dict[str, list[_Socket]] = {}

    @property
    def open(self) -> int:
        """How many sockets are open."""
        return sum(len(sockets) for sockets in self._open.values())

    def deliver(self, participant: Participant, text: str) -> None:
        """Send an item to a participant."""
        for socket in self._open.get(participant.token, ()):
            if socket.subscribed:
                self._send(socket, _ITEM, {"topic": CHAT, "contentType": "application/json", "content": text})

    def cut(self, participant: Participant) -> int:
        """Cut a participant's connections. Returns how many there were."""
        sockets = self._open.get(participant.token, [])
        for socket in sockets:
            socket.put(_Message("", cut="whole"))
        return len(sockets)

    def close(self) -> None:
        """End all connections in order."""
        for socket in [socket for sockets in self._open.values() for socket in sockets]:
            socket.put(_Message("", cut="closed"))

    async def serve(
        self, participant: Participant, receive: Callable[[], Awaitable[MutableMapping[str, Any]]], line: Line
    ) -> None:
        """Serve an accepted socket until it ends. `receive` is the one of ASGI."""
        socket = _Socket()
        sockets = self._open.setdefault(participant.token, [])
        sockets.append(socket)
        writing = asyncio.create_task(socket.write(line))
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                self._hear(socket, message.get("text"))
        finally:
            writing.cancel()
            sockets.remove(socket)
            if not sockets:
                self._open.pop(participant.token, None)

    def _hear(self, socket: _Socket, text: object) -> None:
        try:
            document = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            # Assumption: a message that cannot be read is ignored.
            return
        topic = document.get("topic")
        if topic == "aws/heartbeat":
            self._send(socket, _HEARTBEAT, {"topic": topic})
        elif topic == "aws/ping":
            self._send(socket, "", {"topic": topic, "statusCode": 200, "statusContent": "OK"})
        elif topic in ("aws/subscribe", "aws/unsubscribe"):
            content = document.get("content")
            topics = content.get("topics") if isinstance(content, dict) else None
            known = topics == [CHAT]
            # The answer repeats only topics that are strings. With other values it would not always be JSON.
            topics = [one for one in topics if isinstance(one, str)] if isinstance(topics, list) else []
            if known:
                socket.subscribed = topic == "aws/subscribe"
            # Assumption: there is no other topic for the participants of chats.
            said = {"status": "success" if known else "failure", "topics": topics}
            self._send(socket, "", {"topic": topic, "content": said})

    def _send(self, socket: _Socket, operation: str, document: dict[str, Any]) -> None:
        fault = self._faults.next(operation)
        if fault is None:
            socket.put(_Message(json.dumps(document)))
        elif fault.kind != "silence":
            text = "no message of Amazon Connect" if fault.kind == "garbage" else json.dumps(document)
            cut = {"cut_before": "whole", "cut_half": "half"}.get(fault.kind, "")
            socket.put(_Message(text, cut, fault.seconds))
