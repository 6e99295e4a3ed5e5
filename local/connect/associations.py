"""Persistent contact associations: which chat may continue which, by the documented rules.

Source: Administrator Guide, "Enable persistent chat"; API Reference, CreatePersistentContactAssociation.
Which error a broken rule gives is documented nowhere. Assumption: InvalidRequestException, whatever the rule.
There is no rule about customers: Amazon Connect has none.
"""

from typing import NamedTuple

from .contacts import CHAT, Contact, Contacts
from .errors import invalid_request

ENTIRE_PAST_SESSION = "ENTIRE_PAST_SESSION"
FROM_SEGMENT = "FROM_SEGMENT"
# Past contacts that are shown at most.
_MOST_PAST_CONTACTS = 100


class Association(NamedTuple):
    """The new chat continues a past one."""

    initial_contact_id: str
    source_contact_id: str
    continued_from_contact_id: str
    # Only of CreatePersistentContactAssociation, and only if it was sent.
    client_token: str | None


class Associations:
    """Every association that Connect holds, in order."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts
        self.all: list[Association] = []

    def create(self, current: Contact, source: Contact, rehydration_type: str, token: str | None) -> Association:
        """Make one. Raises ConnectError."""
        self._may_continue(current, source)
        continued = source if rehydration_type == FROM_SEGMENT else self._latest_of_past_session(source)
        if not continued.ended:
            raise invalid_request(f"The contact {continued.id} has not ended.")
        # Assumption: it takes the place of what the chat was related to when it began.
        current.related_id, current.continues = continued.id, True
        association = Association(current.id, source.id, continued.id, token)
        self.all.append(association)
        return association

    def _may_continue(self, current: Contact, source: Contact) -> None:
        for contact in (current, source):
            if contact.channel != CHAT:
                raise invalid_request(f"The contact {contact.id} is no chat, but {contact.channel}.")
        if current.ended:
            raise invalid_request(f"The contact {current.id} has ended.")
        if current.initial_id == source.initial_id:
            raise invalid_request("The source is a part of the session that would continue it.")
        # Assumption: once per session, whichever of its segments was named. Assumption: RelatedContactId of
        # StartChatContact does not count, also if it names a chat.
        if any(segment.continues for segment in self._contacts.session(current)):
            raise invalid_request(f"The contact {current.id} continues a past chat already.")

    def _latest_of_past_session(self, source: Contact) -> Contact:
        if source.initial_id != source.id:
            raise invalid_request(f"The source of {ENTIRE_PAST_SESSION} is not the initial contact of its session.")
        # Assumption: a session with a segment that still runs is no past session.
        return self._contacts.session(source)[-1]

    def shown_by(self, contact: Contact) -> list[str]:
        """The past contacts that a chat shows, newest first. Past chats show what they continued, too."""
        shown: list[str] = []
        sessions: set[str] = set()
        while len(shown) < _MOST_PAST_CONTACTS:
            sessions.add(contact.initial_id)
            past = self._continued_by(contact)
            # Assumption: a chain that comes back to a session ends before it. Two chats that run can continue a past
            # segment of each other.
            if past is None or past.initial_id in sessions:
                break
            contact = past
            while past is not None:
                shown.append(past.id)
                past = self._contacts.find(past.previous_id) if past.previous_id else None
        return shown[:_MOST_PAST_CONTACTS]

    def _continued_by(self, contact: Contact) -> Contact | None:
        for segment in self._contacts.session(contact):
            if segment.continues and segment.related_id:
                return self._contacts.find(segment.related_id)
        return None
