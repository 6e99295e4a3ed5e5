"""Contacts as a state machine: a session is a chain of segments, of which the last may run."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from .errors import ConnectError, not_found
from .instances import Instance

CHAT = "CHAT"
SUBTYPE = "connect:Subtype"
# Each channel, with what its contacts' subtype says (Administrator Guide, "segment attributes").
_SUBTYPES = {"VOICE": "connect:Telephony", CHAT: "connect:Chat", "TASK": "connect:Task", "EMAIL": "connect:Email"}
CHANNELS = tuple(_SUBTYPES)


@dataclass
class Contact:
    """A segment of a session; Connect calls it a contact."""

    id: str
    instance: Instance
    channel: str
    initiation_method: str
    initiated: datetime
    customer_id: str | None
    # Assumption: all segments of a session share one map of attributes.
    attributes: dict[str, str]
    # The session's first contact; its own id on the first itself.
    initial_id: str
    previous_id: str | None = None
    # What it was related to when it began, or what an association made it continue.
    related_id: str | None = None
    # Whether an association did; a mere relation may lead to a contact of any channel.
    continues: bool = False
    # When the customer's side was connected.
    connected: datetime | None = None
    disconnected: datetime | None = None
    segment_attributes: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The contact's ARN."""
        return self.instance.contact_arn(self.id)

    @property
    def ended(self) -> bool:
        """Whether this segment has ended."""
        return self.disconnected is not None


# What happened to a contact, by the names of the event types, and when.
Tell = Callable[[tuple[str, ...], Contact, datetime], None]


class Contacts:
    """The contacts of all instances."""

    def __init__(self, tell: Tell = lambda *_: None) -> None:
        self._tell = tell
        self._by_id: dict[str, Contact] = {}
        self._sessions: dict[str, list[Contact]] = {}

    def start(
        self,
        instance: Instance,
        now: datetime,
        *,
        channel: str = CHAT,
        customer_id: str | None = None,
        attributes: dict[str, str] | None = None,
        segment_attributes: dict[str, dict[str, object]] | None = None,
        related_id: str | None = None,
    ) -> Contact:
        """The first contact of a new session; nothing is told of it before `announce`."""
        id = str(uuid.uuid4())
        # Assumption: a contact that is started without a subtype has its channel's.
        subtype: dict[str, object] = {"ValueString": _SUBTYPES[channel]}
        return self._add(
            Contact(
                id,
                instance,
                channel,
                "API",
                now,
                customer_id,
                dict(attributes or {}),
                initial_id=id,
                related_id=related_id,
                segment_attributes={SUBTYPE: subtype, **(segment_attributes or {})},
            )
        )

    def get(self, instance: Instance, contact_id: str) -> Contact:
        """A contact of this instance. Raises ConnectError."""
        contact = self._by_id.get(contact_id)
        if contact is None or contact.instance.id != instance.id:
            raise not_found(f"contact {contact_id}")
        return contact

    def find(self, contact_id: str) -> Contact | None:
        """A contact of any instance."""
        return self._by_id.get(contact_id)

    def session(self, contact: Contact) -> list[Contact]:
        """All segments of a contact's session, oldest first."""
        return self._sessions[contact.initial_id]

    def forget(self, contact: Contact) -> None:
        """As if a session of one contact had never begun."""
        del self._by_id[contact.id], self._sessions[contact.id]

    def stop(self, contact: Contact, now: datetime) -> None:
        """End a segment. Raises ConnectError if it has ended."""
        if contact.ended:
            # Assumption: an ended contact gets the model's ContactNotFoundException, 410.
            raise ConnectError("ContactNotFoundException", f"The contact {contact.id} has ended.")
        contact.disconnected = now
        self._tell(("DISCONNECTED", "COMPLETED"), contact, now)

    def announce(self, contact: Contact, now: datetime) -> None:
        """Tell that a contact has begun."""
        self._tell(("INITIATED",), contact, now)
        contact.connected = now
        self._tell(("CONNECTED_TO_SYSTEM",), contact, now)

    def update_attributes(self, contact: Contact, attributes: dict[str, str], now: datetime) -> None:
        """Set some attributes, and leave the others."""
        contact.attributes.update(attributes)
        self._tell(("CONTACT_DATA_UPDATED",), contact, now)

    def all(self, instance: Instance) -> list[Contact]:
        """Every contact of an instance, in the order in which they began."""
        return [contact for contact in self._by_id.values() if contact.instance.id == instance.id]

    def transfer(self, contact: Contact, now: datetime) -> Contact:
        """An agent transfers the chat: this segment ends, and the next begins."""
        return self._next(contact, now, "TRANSFER")

    def survey(self, contact: Contact, now: datetime) -> Contact:
        """The agent's side ends the chat, and a disconnect flow begins a survey."""
        return self._next(contact, now, "DISCONNECT")

    def _next(self, contact: Contact, now: datetime, initiation_method: str) -> Contact:
        self.stop(contact, now)
        following = self._add(
            Contact(
                str(uuid.uuid4()),
                contact.instance,
                contact.channel,
                initiation_method,
                now,
                # Assumption: a later segment keeps the customer of the one before.
                contact.customer_id,
                contact.attributes,
                initial_id=contact.initial_id,
                previous_id=contact.id,
                segment_attributes=dict(contact.segment_attributes),
            )
        )
        self.announce(following, now)
        return following

    def _add(self, contact: Contact) -> Contact:
        self._by_id[contact.id] = contact
        self._sessions.setdefault(contact.initial_id, []).append(contact)
        return contact
