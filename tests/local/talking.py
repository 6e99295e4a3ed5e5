"""Clients for chats on the local cloud: a plain WebSocket, boto3's client, and Amazon's own chat client in Node."""

import json
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, RejectConnection, Request, TextMessage

from local.cloud import Cloud
from local.connect.instances import FLOW_ID

CHATJS = Path(__file__).parent / "chatjs"
BOTH = ["WEBSOCKET", "CONNECTION_CREDENTIALS"]
SUBSCRIBE = {"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}}
_SECONDS = 60


class Customer:
    """A customer who chats with boto3's client."""

    def __init__(self, cloud: Cloud, name: str = "Ada", **fields: Any) -> None:
        self.cloud, self.name = cloud, name
        self.started = cloud.client("connect").start_chat_contact(
            InstanceId=cloud.instance_id, ContactFlowId=FLOW_ID, ParticipantDetails={"DisplayName": name}, **fields
        )
        self.contact = str(self.started["ContactId"])
        self.client = cloud.client("connectparticipant")
        self.token = ""

    def connect(self) -> str:
        """Make a connection. Returns the address of its socket."""
        answer = self.client.create_participant_connection(Type=BOTH, ParticipantToken=self.started["ParticipantToken"])
        self.token = answer["ConnectionCredentials"]["ConnectionToken"]
        return str(answer["Websocket"]["Url"])

    def say(self, content: str) -> str:
        """Send a message. Returns its id."""
        said = self.client.send_message(ContentType="text/plain", Content=content, ConnectionToken=self.token)
        return str(said["Id"])

    def shown(self) -> list[dict[str, Any]]:
        """All items that the chat shows, oldest first."""
        items: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = self.client.get_transcript(
                ConnectionToken=self.token, MaxResults=100, ScanDirection="BACKWARD", SortOrder="ASCENDING", **more
            )
            items[:0] = page["Transcript"]
            if "NextToken" not in page:
                return items
            more = {"NextToken": page["NextToken"]}

    def lines(self) -> list[str]:
        """The messages that the chat shows, oldest first."""
        return [item["Content"] for item in self.shown() if item["Type"] == "MESSAGE"]

    def leave(self) -> None:
        """The customer leaves, and the chat ends."""
        self.client.disconnect_participant(ConnectionToken=self.token)

    def agent(self, what: str, **fields: Any) -> Any:
        """An agent does this in the chat."""
        return self.cloud.control("POST", f"contacts/{self.contact}/{what}", fields)


class PlainSocket:
    """A WebSocket that can send any bytes."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None, *, subscribe: bool = True) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=_SECONDS)
        self._connection = WSConnection(ConnectionType.CLIENT)
        more = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        self._socket.sendall(
            self._connection.send(Request(host=parts.netloc, target=f"{parts.path}?{parts.query}", extra_headers=more))
        )
        # The status of a refusal, and how the connection ended: "cut", or "closed" with a code.
        self.refused: int | None = None
        self.ended = ""
        self._heard: list[dict[str, Any]] = []
        self._text = ""
        self._accepted = False
        while not (self._accepted or self.refused or self.ended):
            self._receive()
        if subscribe and self._accepted:
            self.send(SUBSCRIBE)
            assert self.next()["content"]["status"] == "success"

    def __enter__(self) -> "PlainSocket":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, document: object) -> None:
        """Send a message of JSON."""
        self.send_bytes(self.frame(document))

    def frame(self, document: object) -> bytes:
        """The bytes of a message's frame."""
        text = document if isinstance(document, str) else json.dumps(document)
        return bytes(self._connection.send(TextMessage(data=text)))

    def send_bytes(self, data: bytes) -> None:
        """Send these bytes."""
        self._socket.sendall(data)

    def next(self) -> dict[str, Any]:
        """The next message. Raises EOFError at the end, TimeoutError after a while."""
        while not self._heard:
            if self.ended:
                raise EOFError(self.ended)
            self._receive()
        return self._heard.pop(0)

    def item(self) -> dict[str, Any]:
        """The next message, which has to be an item."""
        message = self.next()
        assert (message["topic"], message["contentType"]) == ("aws/chat", "application/json")
        item: dict[str, Any] = json.loads(message["content"])
        return item

    def is_silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        self._socket.settimeout(seconds)
        try:
            self.next()
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(_SECONDS)
        return False

    def _receive(self) -> None:
        try:
            data = self._socket.recv(65_536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.ended = self.ended or "cut"
            return
        self._connection.receive_data(data)
        for event in self._connection.events():
            if isinstance(event, AcceptConnection):
                self._accepted = True
            elif isinstance(event, RejectConnection):
                self.refused = event.status_code
            elif isinstance(event, CloseConnection):
                self.ended = f"closed {event.code}"
            elif isinstance(event, TextMessage):
                self._text += event.data
                if event.message_finished:
                    self._heard.append(json.loads(self._text))
                    self._text = ""


class ChatJS:
    """Amazon's chat client, as a customer's page uses it, but without a page."""

    def __init__(self, customer: Customer) -> None:
        self._details = {
            "contactId": customer.contact,
            "participantId": customer.started["ParticipantId"],
            "participantToken": customer.started["ParticipantToken"],
        }
        self._endpoint = customer.cloud.url
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        # The events that came, in order.
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> "ChatJS":
        self._process = subprocess.Popen(
            ["node", CHATJS / "session.js"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.call("create", endpoint=self._endpoint, chatDetails=self._details)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def call(self, name: str, **fields: Any) -> dict[str, Any]:
        """Call a method of the client. Returns its outcome: `result` or `error`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"call": name, "args": fields}) + "\n")
        self._process.stdin.flush()
        return self._until(lambda line: line.get("call") == name)

    def connect(self) -> None:
        """Connect, and wait until the socket is open. The client reports this twice, and the first time too early."""
        assert "result" in self.call("connect")
        self.wait("onConnectionEstablished", 2)

    def wait(self, event: str, times: int = 1, seconds: float = _SECONDS) -> dict[str, Any]:
        """Wait until the event has come this many times, and return it. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while len(found := [one for one in self.events if one["event"] == event]) < times:
            self._take(until)
        return found[times - 1]

    def messages(self) -> list[str]:
        """The messages that came."""
        data = [one["data"] for one in self.events if one["event"] == "onMessage"]
        return [item["Content"] for item in data if item["Type"] == "MESSAGE"]

    def _until(self, holds: Any) -> dict[str, Any]:
        until = time.monotonic() + _SECONDS
        while not holds(line := self._take(until)):
            pass
        return line

    def _take(self, until: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=max(0, until - time.monotonic()))
        except queue.Empty:
            raise TimeoutError(f"nothing more came; the events so far: {self.events}") from None
        if line is None:
            raise EOFError("the client ended")
        if "event" in line:
            self.events.append(line)
        return line

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)
