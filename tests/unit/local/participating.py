"""An Amazon Connect in this process, its chats, and their participants."""

import json
from collections.abc import Coroutine
from typing import Any

from local.connect.control import Control
from local.connect.instances import FLOW_ID
from local.connect.participant_service import Asked, ParticipantService
from local.connect.service import INSTANCE_ID, Connect, Response

REGION = "us-east-1"
CHAT = {"InstanceId": INSTANCE_ID, "ContactFlowId": FLOW_ID, "ParticipantDetails": {"DisplayName": "Ada"}}
BOTH = ["WEBSOCKET", "CONNECTION_CREDENTIALS"]


class Refused(Exception):
    """An answer that is no success. The text has its status, its type and its body."""


class Customer:
    """Somebody who chats."""

    def __init__(self, world: "World", started: dict[str, Any]) -> None:
        self.world, self.started, self.contact = world, started, started["ContactId"]
        self.token = ""

    def connect(self) -> dict[str, Any]:
        """Make a connection, by CreateParticipantConnection."""
        answer = self.world.ask("connection", self.started["ParticipantToken"], Type=BOTH)
        self.token = answer["ConnectionCredentials"]["ConnectionToken"]
        return answer

    def __call__(self, path: str, **fields: Any) -> dict[str, Any]:
        """Make a call with the ConnectionToken."""
        return self.world.ask(path, self.token, **fields)

    def say(self, content: str, **fields: Any) -> str:
        """Send a message. Returns its id."""
        return str(self("message", ContentType="text/plain", Content=content, **fields)["Id"])

    def shown(self, size: int = 15) -> list[dict[str, Any]]:
        """All that the chat shows, page by page, oldest first."""
        items: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = self("transcript", MaxResults=size, ScanDirection="BACKWARD", SortOrder="ASCENDING", **token)
            assert len(page["Transcript"]) <= size
            items[:0] = page["Transcript"]
            if "NextToken" not in page:
                return items
            token = {"NextToken": page["NextToken"]}

    def lines(self) -> list[str]:
        """The messages that the chat shows, oldest first."""
        return [item["Content"] for item in self.shown() if item["Type"] == "MESSAGE"]


class World:
    """A Connect whose quotas are off."""

    def __init__(self) -> None:
        self.connect = Connect("123456789012", REGION)
        self.connect.quotas.enabled = False
        self.service = ParticipantService(self.connect)
        # By session: the items that came to the customer's sockets.
        self.delivered: dict[str, list[dict[str, Any]]] = {}
        self.connect.conversations.deliver = lambda one, text: (
            self.delivered.setdefault(one.initial_id, []).append(json.loads(text))
            if one.author.role == "CUSTOMER"
            else None
        )

    def start(self, connect: bool = True, **fields: Any) -> Customer:
        """Start a chat."""
        customer = Customer(self, self.connect.operations.supported["StartChatContact"]({**CHAT, **fields}, REGION))
        if connect:
            customer.connect()
        return customer

    def past(self, *lines: str) -> Customer:
        """A chat with these messages, which has ended and is written."""
        customer = self.start()
        for line in lines:
            customer.say(line)
        customer("disconnect")
        self.wait(60)
        return customer

    def ask(self, path: str, bearer: str | None = None, /, **fields: Any) -> dict[str, Any]:
        """Call the participant service. Raises Refused."""
        headers = {"host": "127.0.0.1:4566"} | ({"x-amz-bearer": bearer} if bearer is not None else {})
        asked = Asked("POST", f"/participant/{path}", headers, json.dumps(fields).encode())
        answer = _outcome(self.service.answer(asked))
        if answer.status != 200:
            raise Refused(f"{answer.status} {answer.headers['x-amzn-ErrorType']}: {answer.body.decode()}")
        document: dict[str, Any] = json.loads(answer.body)
        return document

    def control(self, method: str, path: str, **fields: Any) -> Any:
        """Call the control path. Raises Refused."""
        answer = Control(self.connect).answer(method, path, json.dumps(fields).encode())
        if answer.status != 200:
            raise Refused(f"{answer.status} {answer.body.decode()}")
        return json.loads(answer.body)

    def wait(self, seconds: float) -> None:
        """Connect's clock goes forward."""
        self.control("POST", "clock", advance=seconds)

    def continue_(self, contact: str, source: str, how: str = "ENTIRE_PAST_SESSION") -> str:
        """Continue a past chat, by CreatePersistentContactAssociation."""
        fields = {"InitialContactId": contact, "SourceContactId": source, "RehydrationType": how}
        operation = self.connect.operations.supported["CreatePersistentContactAssociation"]
        return str(operation({"InstanceId": INSTANCE_ID, **fields}, REGION)["ContinuedFromContactId"])

    def stop(self, contact: str) -> None:
        """End a contact, by StopContact."""
        self.connect.operations.supported["StopContact"]({"InstanceId": INSTANCE_ID, "ContactId": contact}, REGION)

    def described(self, contact: str) -> dict[str, Any]:
        """A contact, by DescribeContact."""
        operation = self.connect.operations.supported["DescribeContact"]
        answer: dict[str, Any] = operation({"InstanceId": INSTANCE_ID, "ContactId": contact}, REGION)["Contact"]
        return answer


def _outcome(answering: Coroutine[Any, Any, Response]) -> Response:
    """The result of a coroutine, without an event loop: a loop would take most of the time, and nothing waits here."""
    while True:
        try:
            answering.send(None)
        except StopIteration as ended:
            response: Response = ended.value
            return response


def kinds(items: list[dict[str, Any]]) -> list[str]:
    """A short form of items: the content of a message, or the last part of an event's type."""
    return [item.get("Content") or str(item["ContentType"]).rpartition("event.")[2] for item in items]
