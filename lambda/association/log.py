"""The audit log: one line of JSON a request, of these fields and no others."""

import json

from association.refusal import Refusal
from association.request import AssociationRequest

_FIELDS = (
    # INFO, or ERROR for a failure of ours or of Connect.
    "level",
    "requestId",
    # The principal's ARN, or the fingerprint of the customer that the caller is.
    "caller",
    "initialContactId",
    "sourceContactId",
    "rehydrationType",
    # granted, started, refused or failed; or "nothing": there was no past chat to continue.
    "verdict",
    # Which rule decided, or what failed.
    "rule",
    "status",
    "errorType",
    "continuedFromContactId",
    # Why a chat that started does not continue the customer's latest one.
    "notContinued",
    # How often Amazon Connect was asked.
    "attempts",
    "durationMs",
    # Of our own failures only, and never anything that the caller sent.
    "detail",
)


class Line:
    """The line of one request. Contact ids come here after they were checked.

    Customers, attributes, tokens, bodies, headers and events never do.
    """

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self._known: dict[str, str | int | None] = {"requestId": request_id}

    def add(self, **fields: str | int | None) -> None:
        """Add fields. Raises KeyError for a field that is not on the list."""
        for name, value in fields.items():
            if name not in _FIELDS:
                raise KeyError(name)
            self._known[name] = value

    def asks(self, request: AssociationRequest) -> None:
        """Add what the request asks for. The source may become known later."""
        self.add(
            initialContactId=request.initial_contact_id,
            sourceContactId=request.source_contact_id or None,
            rehydrationType=request.rehydration_type,
        )

    def ended(self, verdict: str, status: int) -> None:
        """How the request ended."""
        self.add(level="ERROR" if status >= 500 else "INFO", verdict=verdict, status=status)

    def refused(self, refusal: Refusal) -> None:
        """The request ended without an association."""
        self.ended("failed" if refusal.status >= 500 else "refused", refusal.status)
        self.add(rule=refusal.reason, errorType=refusal.error_type, detail=refusal.detail)

    def write(self) -> None:
        """Print the fields, in the order of the list."""
        known = {name: self._known[name] for name in _FIELDS if self._known.get(name) is not None}
        print(json.dumps(known), flush=True)
