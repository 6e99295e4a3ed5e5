"""Requests for a start, and the local Connect behind the function, without HTTP between them."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from aws.http import Response
from aws.retry import Retry
from history.session import Segment, Session
from history.table import Table
from local.connect.instances import FLOW_ID
from local.connect.service import INSTANCE_ID, Request
from local.connect.service import Connect as LocalConnect
from shared.key import key_of
from tests.unit.association import events
from tests.unit.history.dynamodb import DynamoDB

REGION = "us-east-1"
HELP_ID = "33333333-3333-4333-8333-333333333333"
ENVIRONMENT = {
    **events.ENVIRONMENT,
    "CONNECT_INSTANCE_ID": INSTANCE_ID,
    "START_FLOWS": json.dumps({"sales": FLOW_ID}),
    "START_ATTRIBUTES": '["topic", "order-1"]',
    "CONTINUE_LATEST": "true",
    "STAMP_AUTHENTICATION": "false",
}
SEVERAL = {"START_FLOWS": json.dumps({"sales": FLOW_ID, "help": HELP_ID})}
PEOPLE = {"AUTHORIZATION": "authorizer", "CUSTOMER_CLAIM": "customer"}


def fields(**changed: Any) -> dict[str, Any]:
    """The body of a sound request, with changes; None takes a field away."""
    body = {"ParticipantDetails": {"DisplayName": "Ann"}, "CustomerId": "ann", **changed}
    return {name: value for name, value in body.items() if value is not None}


def past_of(source: str, kind: str = "FROM_SEGMENT") -> dict[str, str]:
    """PersistentChat."""
    return {"RehydrationType": kind, "SourceContactId": source}


def event(body: Any = None, claim: str | None = None) -> dict[str, Any]:
    """A request as API Gateway hands it on: of a backend, or of a person."""
    context = {"extendedRequestId": "request-1=", **({"authorizer": {"customer": claim}} if claim is not None else {})}
    text = body if isinstance(body, str) else json.dumps(fields() if body is None else body)
    return {"httpMethod": "PUT", "requestContext": context, "body": text, "isBase64Encoded": False}


class LocalClient:
    """As aws.client.Client: the local Connect's own answers, and a record of what it was asked."""

    def __init__(self) -> None:
        self.connect = LocalConnect("123456789012", REGION)
        self.connect.quotas.enabled = False
        self.instance = self.connect.instances.get(REGION, INSTANCE_ID)
        self.sent: list[tuple[str, str]] = []
        # What each StartChatContact was sent.
        self.starts: list[dict[str, Any]] = []
        # What is answered instead to a method with a body, if anything.
        self.instead: Callable[[str, dict[str, Any]], Response | Exception | None] = lambda *_: None

    def send(
        self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
    ) -> Response:
        """One call, as a role makes it that may do everything."""
        sent = json.loads(body or b"{}")
        self.sent.append((method, target))
        if method == "PUT":
            self.starts.append(sent)
        other = self.instead(method, sent)
        if isinstance(other, Exception):
            raise other
        if other is not None:
            return other
        asked = Request(method, target, "", body, REGION)
        answer = asyncio.run(self.connect.answer(asked, lambda *_: None))
        return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.body)

    def start(self, customer: str | None = "ann", **more: Any) -> str:
        """A chat that began in another way."""
        now = self.connect.clock.now()
        return self.connect.contacts.start(self.instance, now, customer_id=customer, **more).id

    def stop(self, contact_id: str, later: float = 0) -> None:
        """It ends, and time passes."""
        self.connect.contacts.stop(self.contact(contact_id), self.connect.clock.now())
        self.connect.clock.advance(later)

    def past(self, customer: str | None = "ann", **more: Any) -> str:
        """A chat that ended long enough ago."""
        contact_id = self.start(customer, **more)
        self.stop(contact_id, 61)
        return contact_id

    def contact(self, contact_id: str) -> Any:
        """As the local Connect has it."""
        return self.connect.contacts.get(self.instance, contact_id)

    def chats(self) -> int:
        """How many contacts there are."""
        return len(self.connect.contacts.all(self.instance))

    def record(self, dynamodb: DynamoDB, *contact_ids: str) -> None:
        """Write these contacts into the history, as the recorder would."""
        table = Table(dynamodb, "table", Retry(time.monotonic() + 600))  # type: ignore[arg-type]
        for one in map(self.contact, contact_ids):
            began, ended = one.initiated.timestamp(), one.disconnected.timestamp() if one.disconnected else None
            segment = Segment(round(began * 1000), None) if ended is None else Segment(None, round(ended * 1000))
            table.conditional_write(key_of(INSTANCE_ID, one.customer_id), None, Session(one.id, {one.id: segment}), 1)
