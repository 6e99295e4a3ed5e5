"""Amazon Connect: the operations that the functions call."""

import json
import threading
from collections.abc import Mapping
from typing import NamedTuple

from association import answers, contact, names, outcomes
from association.contact import Contact
from association.request import AssociationRequest, derived_client_token
from aws.asking import Asking, Operation
from aws.client import Client, Unreadable
from aws.outcomes import Answer, Document, Outcome, detail_of, is_refused
from aws.signing import encoded

# No instance and no contact: what the proof of a deployment asks for.
NOWHERE = "00000000-0000-0000-0000-000000000000"


class Described(NamedTuple):
    """What Connect says of contacts."""

    # By id; None: there is no such contact.
    contacts: Mapping[str, Contact | None]
    # When it said so, by its own clock, in seconds since the epoch; 0 if there was no contact.
    now: float


class Connect:
    """Amazon Connect, for one request of the function."""

    def __init__(self, clients: tuple[Client, Client], asking: Asking) -> None:
        """The clients are two connections, for calls at the same time."""
        self._clients = clients
        self._asking = asking

    @property
    def attempts(self) -> int:
        """How often Connect was asked so far."""
        return self._asking.attempts

    def create_association(self, request: AssociationRequest) -> str:
        """CreatePersistentContactAssociation: the contact that is continued.

        Raises a Refusal; Connect's own refusals keep their type.
        """
        outcome = self._asking.ask(_create_association(request), self._clients[0])
        if isinstance(outcome, Answer) and outcome.status == 200:
            return str(outcome.result)
        raise outcomes.refusal_of(outcome)

    def describe(self, instance_id: str, contact_ids: tuple[str, ...], customer_identity: str) -> Described:
        """DescribeContact for one contact, or for two at the same time. Raises a Refusal.

        Whatever Connect refuses, except for lack of permission and throttling, counts as a contact that does
        not exist: which error an unknown or malformed id gets is documented nowhere.
        """
        said = self._at_once([_describe_contact(instance_id, id, customer_identity) for id in contact_ids])
        contacts: dict[str, Contact | None] = {}
        now = 0.0
        for id, outcome in zip(contact_ids, said, strict=True):
            if isinstance(outcome, Answer) and isinstance(outcome.result, Contact):
                if outcome.date is None:
                    raise answers.failed("connect_unreadable", "DescribeContact answered without a Date.")
                contacts[id], now = outcome.result, max(now, outcome.date)
            elif isinstance(outcome, Answer) and is_refused(outcome):
                contacts[id] = None
            else:
                raise outcomes.refusal_of(outcome)
        return Described(contacts, now)

    def try_create_association(self, instance_id: str) -> dict[str, object]:
        """Connect's answer to the call with contacts that cannot exist: may this function make it?"""
        request = AssociationRequest(instance_id, NOWHERE, names.FROM_SEGMENT, NOWHERE, None)
        return self._tried(_create_association(request))

    def try_describe_contact(self, instance_id: str) -> dict[str, object]:
        """As `try_create_association`, for DescribeContact."""
        return self._tried(_describe_contact(instance_id, NOWHERE, names.CUSTOMER_ID))

    def _tried(self, operation: Operation) -> dict[str, object]:
        outcome = self._asking.ask(operation, self._clients[0])
        if isinstance(outcome, Answer):
            return {"type": outcome.error_type, "status": outcome.status, "message": outcome.message}
        return {"type": "unreachable", "status": 0, "message": detail_of(outcome)}

    def _at_once(self, operations: list[Operation]) -> list[Outcome]:
        """The outcomes of one or two operations."""
        if len(operations) == 1:
            return [self._asking.ask(operations[0], self._clients[0])]
        given_up = threading.Event()
        beside: list[Outcome] = []
        bugs: list[Exception] = []

        def ask_beside() -> None:
            try:
                beside.append(self._asking.ask(operations[1], self._clients[1], given_up))
            except Exception as bug:
                bugs.append(bug)

        thread = threading.Thread(target=ask_beside)
        thread.start()
        try:
            first = self._asking.ask(operations[0], self._clients[0], given_up)
        finally:
            # It ends by the deadline, as this one does.
            thread.join()
        if bugs:
            raise bugs[0]
        return [first, *beside]


def _create_association(request: AssociationRequest) -> Operation:
    instance_id, contact_id = encoded(request.instance_id), encoded(request.initial_contact_id)
    body = {
        "RehydrationType": request.rehydration_type,
        "SourceContactId": request.source_contact_id,
        "ClientToken": derived_client_token(request),
    }
    return Operation(
        "POST",
        f"/contact/persistent-contact-association/{instance_id}/{contact_id}",
        json.dumps(body).encode(),
        _continued_from,
    )


def _continued_from(document: Document) -> str:
    value = document.get("ContinuedFromContactId")
    if isinstance(value, str) and 1 <= len(value) <= names.CONTACT_ID_LENGTH:
        return value
    raise Unreadable("200 without ContinuedFromContactId")


def _describe_contact(instance_id: str, contact_id: str, customer_identity: str) -> Operation:
    target = f"/contacts/{encoded(instance_id)}/{encoded(contact_id)}"
    return Operation("GET", target, b"", lambda document: contact.read(document, customer_identity))
