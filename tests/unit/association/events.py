"""API Gateway proxy events, and a Connect that answers what a test wants."""

import json
from collections.abc import Mapping
from typing import Any

from aws.http import Response

INSTANCE_ID = "11111111-1111-4111-8111-111111111111"
CONTACT_ID = "22222222-2222-4222-8222-222222222222"
SOURCE_ID = "33333333-3333-4333-8333-333333333333"
ENVIRONMENT = {
    "CONNECT_INSTANCE_ID": INSTANCE_ID,
    "CONNECT_ENDPOINT_URL": "http://127.0.0.1:9",
    "DEADLINE_SECONDS": "8",
    "TRANSCRIPT_DELAY_SECONDS": "60",
    "CUSTOMER_IDENTITY": "customer_id",
    "AUTHORIZATION": "iam",
}
# What it has more with a history.
HISTORY = {"HISTORY_TABLE": "table", "HISTORY_ENDPOINT_URL": "http://127.0.0.1:9", "EVENT_DELAY_SECONDS": "3"}
# By Connect's clock.
NOW = 1_763_900_000
DATE = "Sun, 23 Nov 2025 12:13:20 GMT"


def fields(**changed: Any) -> dict[str, Any]:
    """The body of a sound request, with changes; None takes a field away."""
    body = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": SOURCE_ID, **changed}
    return {name: value for name, value in body.items() if value is not None}


def event(body: Any = None, **path: Any) -> dict[str, Any]:
    """A request as API Gateway hands it on."""
    return {
        "requestContext": {"requestId": "chosen-1", "extendedRequestId": "request-1="},
        "pathParameters": {"InstanceId": INSTANCE_ID, "InitialContactId": CONTACT_ID, **path},
        "body": json.dumps(fields() if body is None else body) if not isinstance(body, str) else body,
        "isBase64Encoded": False,
    }


def answer(status: int, document: Any, error_type: str | None = None) -> Response:
    """An answer of Connect."""
    headers = {"date": DATE, **({"x-amzn-errortype": error_type} if error_type else {})}
    return Response(status, headers, document if isinstance(document, bytes) else json.dumps(document).encode())


GRANTED = answer(200, {"ContinuedFromContactId": SOURCE_ID})
NOT_FOUND = answer(404, {}, "ResourceNotFoundException")


def described(id: str, **changed: Any) -> Response:
    """DescribeContact's answer: a customer's running chat, with changes."""
    contact = {"Id": id, "Channel": "CHAT", "CustomerId": "customer", **changed}
    return answer(200, {"Contact": {name: value for name, value in contact.items() if value is not None}})


class ConnectClient:
    """Answers by what is asked: a contact's description, or the association."""

    def __init__(self, contacts: dict[str, Response | Exception], association: Response = GRANTED) -> None:
        self.contacts = contacts
        self.association = association
        self.sent: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []

    def send(
        self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
    ) -> Response:
        """As aws.client.Client."""
        self.sent.append((method, target))
        self.bodies.append(body)
        outcome = self.association if method == "POST" else self.contacts.get(target.rpartition("/")[2], NOT_FOUND)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @classmethod
    def sound(cls) -> "ConnectClient":
        """A running chat and a past one, of one customer."""
        return cls({CONTACT_ID: described(CONTACT_ID), SOURCE_ID: described(SOURCE_ID, DisconnectTimestamp=NOW - 3600)})


class ScriptedClient:
    """Answers one after the other; exceptions are raised. The last one repeats."""

    def __init__(self, *outcomes: Response | Exception) -> None:
        self._outcomes = list(outcomes)
        self.sent: list[tuple[str, str, dict[str, Any]]] = []

    def send(
        self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
    ) -> Response:
        """As aws.client.Client."""
        self.sent.append((method, target, json.loads(body or b"{}")))
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
