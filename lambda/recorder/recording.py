"""How an event, or a contact that Amazon Connect describes, gets into the table: completed, joined, and written."""

import math
import os
import time

from connect.contact import Contact
from connect.operations import Connect
from history.session import Fact, Segment, Session, joined
from history.table import Table, TableFailed
from recorder.event import ContactEvent, Ignored
from recorder.settings import Settings
from shared import variables
from shared.key import key_of

# Events of a session come close together, and several instances of the function may write them at the same time.
_MOST_WRITES = 10
_LONGEST_PAUSE_SECONDS = 0.2
# After these events Connect is asked for the customer, if the event does not name one.
_COMPLETED = frozenset(("INITIATED", "DISCONNECTED"))
# A flow may set an attribute at any time, and no event holds attributes.
_COMPLETED_BY_ATTRIBUTE = _COMPLETED | {"COMPLETED"}
# Two kinds of chats with forms: a customer's own (StartChatContact, the widget's token), and the step-by-step guide
# that an agent sees beside a contact (flow action ShowView, "Set event flow").
_GUIDE = "connect:Guide"
# The earliest time after its end at which a chat can be continued (Administrator Guide, "Enable persistent chat").
_SOONEST_CONTINUED_SECONDS = 30


class Unrecorded(Exception):
    """The contact could not be recorded now. The text says why."""


class Recorder:
    """Records events and contacts, one after the other."""

    def __init__(self, settings: Settings, connect: Connect, table: Table) -> None:
        self._settings = settings
        self._connect = connect
        self._table = table
        self._by_id = settings.customer_identity == variables.CUSTOMER_ID

    def record_event(self, event: ContactEvent) -> bool:
        """Whether the table changed. Raises Ignored, Unrecorded, or ConnectError."""
        customer = event.customer if self._by_id else ""
        if customer and event.complete:
            assert event.initial_id is not None
            segment = Segment(event.began if event.ended is None else None, event.ended)
            return self._record(customer, Fact(event.initial_id, event.contact_id, segment))
        asked_about = event.type in (_COMPLETED if self._by_id else _COMPLETED_BY_ATTRIBUTE)
        if event.complete and not asked_about and (self._by_id or not event.updates_attributes):
            # Asking for every event would take the quota of DescribeContact from the endpoint.
            raise Ignored("no_customer")
        return self.record_contact(event.contact_id, event)

    def record_contact(self, contact_id: str, event: ContactEvent | None = None) -> bool:
        """As `record_event`, for a contact that Amazon Connect describes, with what the event says besides."""
        contact = self._described(contact_id)
        if contact.channel != "CHAT":
            raise Ignored("another_channel")
        # A transfer or a survey belongs to its session's customer, even if Connect does not say so.
        customer = contact.customer
        if not customer and contact.session != contact_id:
            customer = self._described(contact.session).customer
        if not customer:
            raise Ignored("no_customer")
        ends = [_milliseconds(contact.disconnected), event.ended if event is not None else None]
        ended = max((end for end in ends if end is not None), default=None)
        if ended is None and (contact.initiated is None or (event is not None and event.says_end)):
            raise Unrecorded("Amazon Connect does not say yet when the contact began or ended")
        if self._is_an_agents(contact) and self._recorded(customer, contact.session) is None:
            raise Ignored("guide")
        began = _milliseconds(contact.initiated) if ended is None else None
        return self._record(customer, Fact(contact.session, contact_id, Segment(began, ended)))

    def _described(self, contact_id: str) -> Contact:
        contact = self._found(contact_id)
        if contact is None or contact.id != contact_id:
            raise Unrecorded("Amazon Connect knows no such contact")
        return contact

    def _found(self, contact_id: str) -> Contact | None:
        self._connect.describe(contact_id)
        return self._connect.known[contact_id]

    def _is_an_agents(self, contact: Contact) -> bool:
        """Whether it is an agent's guide, with the customer of the contact that it belongs to.

        No document says how the two kinds of connect:Guide differ. An agent's guide is related to the contact that it
        belongs to, begins while that contact runs or at its end, and has a copy of its attributes, because its flow
        reads them as its own. No document says that a CustomerId is copied: a contact with one is a customer's. A
        customer's own chat is related to nothing, or to the chat that it continues, which ended some time before.
        """
        if self._by_id or contact.subtype != _GUIDE or contact.related_id is None or contact.initiated is None:
            return False
        related = self._found(contact.related_id)
        if related is None or related.customer != contact.customer:
            return False
        return related.disconnected is None or contact.initiated < related.disconnected + _SOONEST_CONTINUED_SECONDS

    def _recorded(self, customer: str, session_id: str) -> Session | None:
        try:
            return self._table.get(self._key(customer), session_id)
        except TableFailed as failure:
            raise Unrecorded(f"DynamoDB: {failure}") from failure

    def _record(self, customer: str, fact: Fact) -> bool:
        for attempt in range(_MOST_WRITES):
            before = self._recorded(customer, fact.session_id)
            after = joined(before, fact)
            if after == before:
                return False
            expires = math.ceil(after.until / 1000 + self._settings.retention_seconds)
            try:
                if self._table.conditional_write(self._key(customer), before, after, expires):
                    return True
            except TableFailed as failure:
                raise Unrecorded(f"DynamoDB: {failure}") from failure
            time.sleep(min(attempt + 1, 5) * _LONGEST_PAUSE_SECONDS * os.urandom(1)[0] / 255)
        raise Unrecorded(f"others wrote the same session {_MOST_WRITES} times in between")

    def _key(self, customer: str) -> str:
        return key_of(self._settings.instance_id, customer)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
