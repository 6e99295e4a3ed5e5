"""API Gateway proxy events, and a Connect that answers what a test wants."""

import json
from typing import Any

from aws.client import Response

INSTANCE_ID = "11111111-1111-4111-8111-111111111111"
CONTACT_ID = "22222222-2222-4222-8222-222222222222"
SOURCE_ID = "33333333-3333-4333-8333-333333333333"
ENVIRONMENT = {
    "CONNECT_INSTANCE_ID": INSTANCE_ID,
    "CUSTOMER_IDENTITY": "unchecked",
    "DEADLINE_SECONDS": "8",
    "CONNECT_ENDPOINT_URL": "https://connect.us-east-1.amazonaws.com",
}


def fields(**changed: Any) -> dict[str, Any]:
    """The body of a sound request, with changes; None takes a field away."""
    body = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": SOURCE_ID, **changed}
    return {name: value for name, value in body.items() if value is not None}


def event(body: Any = None, **path: Any) -> dict[str, Any]:
    """A request as API Gateway hands it on."""
    return {
        "requestContext": {"requestId": "request-1"},
        "pathParameters": {"InstanceId": INSTANCE_ID, "InitialContactId": CONTACT_ID, **path},
        "body": json.dumps(fields() if body is None else body) if not isinstance(body, str) else body,
        "isBase64Encoded": False,
    }


def answer(status: int, document: Any, error_type: str | None = None) -> Response:
    """An answer of Connect."""
    headers = {"x-amzn-errortype": error_type} if error_type else {}
    return Response(
        status, headers, document if isinstance(document, bytes) else json.dumps(document).encode()
    )


GRANTED = answer(200, {"ContinuedFromContactId": SOURCE_ID})


class ScriptedClient:
    """Answers one after the other; exceptions are raised. The last one repeats."""

    def __init__(self, *outcomes: Response | Exception) -> None:
        self._outcomes = list(outcomes)
        self.sent: list[tuple[str, str, dict[str, Any]]] = []

    def send(self, method: str, target: str, body: bytes, deadline: float) -> Response:
        """As aws.client.Client."""
        self.sent.append((method, target, json.loads(body)))
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
