"""Amazon Connect: the operations that the functions call."""

import json
import threading

from aws.answer import Answer, Document, Outcome, is_refused
from aws.client import Client
from aws.no_answer import Unreadable
from aws.retry import Operation, Retry
from aws.signing import encoded
from connect.contact import Contact, read
from connect.errors import ConnectError, error_of
from connect.instants import date_of
from shared import wire


class Connect:
    """An instance of Amazon Connect, for one request of the function."""

    def __init__(self, instance_id: str, customer_identity: str, clients: tuple[Client, Client], retry: Retry) -> None:
        """The clients are two connections, for calls at the same time."""
        self.instance_id = instance_id
        self._customer_identity = customer_identity
        self._clients = clients
        self._retry = retry
        # The contacts that were described, by id; None: there is no such contact.
        self.known: dict[str, Contact | None] = {}
        # Connect's own clock at its last answer, in seconds since the epoch; 0 before the first contact.
        self.now = 0.0

    @property
    def attempts(self) -> int:
        """How many calls there were so far."""
        return self._retry.attempts

    def call(self, operation: Operation) -> Outcome:
        """What came of any operation."""
        return self._retry.call(operation, self._clients[0])

    def create_association(self, contact_id: str, source_id: str, rehydration_type: str, client_token: str) -> str:
        """CreatePersistentContactAssociation: the contact that is continued. Raises ConnectError."""
        outcome = self.call(association(self.instance_id, contact_id, source_id, rehydration_type, client_token))
        if isinstance(outcome, Answer) and outcome.status == 200:
            return str(outcome.result)
        raise error_of(outcome)

    def describe(self, *contact_ids: str) -> None:
        """Call DescribeContact for each contact, or for two at the same time. Raises ConnectError."""
        outcomes = self._at_once([self.description(self.instance_id, id) for id in contact_ids])
        for id, outcome in zip(contact_ids, outcomes, strict=True):
            if isinstance(outcome, Answer) and isinstance(outcome.result, Contact):
                now = date_of(outcome.date)
                if now is None:
                    raise ConnectError("connect_unreadable", "DescribeContact answered without a Date.")
                self.known[id], self.now = outcome.result, max(self.now, now)
            # No document says which error an unknown or malformed id gets, so every refusal of the request counts.
            elif isinstance(outcome, Answer) and is_refused(outcome):
                self.known[id] = None
            else:
                raise error_of(outcome)

    def description(self, instance_id: str, contact_id: str) -> Operation:
        """DescribeContact."""
        target = f"/contacts/{encoded(instance_id)}/{encoded(contact_id)}"
        return Operation("GET", target, b"", lambda document: read(document, self._customer_identity))

    def _at_once(self, operations: list[Operation]) -> list[Outcome]:
        """The outcomes of two operations at most."""
        if len(operations) < 2:
            return [self.call(operation) for operation in operations]
        given_up = threading.Event()
        beside: list[Outcome] = []
        bugs: list[Exception] = []

        def call_beside() -> None:
            try:
                beside.append(self._retry.call(operations[1], self._clients[1], given_up))
            except Exception as bug:
                bugs.append(bug)

        thread = threading.Thread(target=call_beside)
        thread.start()
        try:
            first = self._retry.call(operations[0], self._clients[0], given_up)
        finally:
            # The other call ends by the same deadline.
            thread.join()
        if bugs:
            raise bugs[0]
        return [first, *beside]


def association(instance_id: str, contact_id: str, source_id: str, kind: str, client_token: str) -> Operation:
    """CreatePersistentContactAssociation."""
    target = "/".join(("", *wire.PATH, encoded(instance_id), encoded(contact_id)))
    body = {"RehydrationType": kind, "SourceContactId": source_id, "ClientToken": client_token}
    return Operation("POST", target, json.dumps(body).encode(), _continued_from)


def _continued_from(document: Document) -> str:
    value = document.get("ContinuedFromContactId")
    if isinstance(value, str) and 1 <= len(value) <= wire.CONTACT_ID_LENGTH:
        return value
    raise Unreadable("200 without ContinuedFromContactId")
