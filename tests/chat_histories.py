"""Random histories of chats, the events that tell of them, and the table that they should end in.

The local cloud's own contacts and events make them; what is expected is computed from the contacts, not the events.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from connect import contact
from connect.contact import Contact
from history.session import Segment, Session
from local.connect.contacts import CHAT, Contacts
from local.connect.contacts import Contact as LocalContact
from local.connect.events import Delivery, Events
from local.connect.instances import Instances
from shared.key import key_of

CUSTOMERS = ("ada", "bob", None)
_START = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = st.one_of(
    st.tuples(st.just("start"), st.sampled_from(CUSTOMERS)),
    st.tuples(st.just("call"), st.sampled_from(CUSTOMERS)),
    st.tuples(st.sampled_from(["transfer", "survey", "stop", "stop"]), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, 100_000)),
)
HISTORIES = st.lists(STEPS, min_size=1, max_size=24)
# Chats of one customer, one after the other, so that a look-up has something to find.
PASTS = st.lists(
    st.tuples(st.lists(st.sampled_from(["transfer", "survey"]), max_size=2), st.integers(1, 100_000)),
    min_size=1,
    max_size=4,
).map(
    lambda sessions: [
        step
        for segments, pause in sessions
        for step in (
            ("start", "ada"),
            *(step for segment in segments for step in (("wait", pause), (segment, 0))),
            ("wait", pause),
            ("stop", 0),
            ("wait", pause),
        )
    ]
)


class World:
    """An instance whose contacts live through a history; its events are kept as they were sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        events = Events("123456789012", "us-east-1")
        events.set(Delivery(spelling=None, seed=1))
        events.deliver = self.sent.append
        self.contacts = Contacts(events.tell)
        self.instance = Instances("123456789012", "us-east-1").add(_START)
        self.now = _START
        # Later segments of which neither events nor DescribeContact tell the customer.
        self.forgotten: set[str] = set()

    def forget(self, chance: random.Random) -> None:
        """Some later segments' customers."""
        later = [one.id for one in self.contacts.all(self.instance) if one.id != one.initial_id]
        self.forgotten = {id for id in later if chance.random() < 0.3}
        # In place: what is sent later comes into the same list.
        self.sent[:] = [
            _without_customer(event) if _contact_of(event) in self.forgotten else event for event in self.sent
        ]

    def play(self, history: list[tuple[Any, ...]]) -> None:
        """Each step; what cannot be done is left out."""
        for step, which in history:
            if step == "wait":
                self.now += timedelta(milliseconds=which)
            elif step in ("start", "call"):
                self.start(which, CHAT if step == "start" else "VOICE")
            else:
                running = [one for one in self.contacts.all(self.instance) if not one.ended]
                if running:
                    getattr(self.contacts, step)(running[which % len(running)], self.now)

    def start(self, customer: str | None, channel: str = CHAT) -> LocalContact:
        """A contact that begins."""
        begun = self.contacts.start(self.instance, self.now, channel=channel, customer_id=customer)
        self.contacts.announce(begun, self.now)
        return begun

    def described(self, contact_id: str) -> Contact | None:
        """As DescribeContact tells."""
        found = self.contacts.find(contact_id)
        if found is None:
            return None
        fields: dict[str, object] = {
            "Id": found.id,
            "Channel": found.channel,
            "CustomerId": None if found.id in self.forgotten else found.customer_id,
            "InitialContactId": None if found.initial_id == found.id else found.initial_id,
            "InitiationTimestamp": found.initiated.timestamp(),
            "DisconnectTimestamp": found.disconnected.timestamp() if found.disconnected else None,
        }
        return contact.read({"Contact": fields}, "customer_id")

    def sessions(self, customer: str) -> list[Session]:
        """The chats of a customer, as they were."""
        return list(_sessions(self, customer).values())

    def table(self) -> dict[tuple[str, str], Session]:
        """What the history should hold in the end."""
        return {
            (key_of(self.instance.id, customer), session.id): session
            for customer in CUSTOMERS
            if customer is not None
            for session in self.sessions(customer)
        }


def _sessions(world: World, customer: str) -> dict[str, Session]:
    found: dict[str, Session] = {}
    for one in world.contacts.all(world.instance):
        if one.channel == CHAT and one.customer_id == customer:
            ended = _milliseconds(one.disconnected) if one.disconnected else None
            segment = Segment(None if ended is not None else _milliseconds(one.initiated), ended)
            known = found.get(one.initial_id, Session(one.initial_id, {}))
            found[one.initial_id] = Session(one.initial_id, {**known.segments, one.id: segment})
    return found


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def delivered(events: list[dict[str, Any]], chance: random.Random, *, lost: float = 0) -> list[dict[str, Any]]:
    """Some lost, some twice, in another order, and of some the customer left out."""
    kept = [event for event in events if chance.random() >= lost]
    kept += [event for event in kept if chance.random() < 0.3]
    kept = [_without_customer(event) if chance.random() < 0.2 else event for event in kept]
    chance.shuffle(kept)
    return kept


def _contact_of(event: dict[str, Any]) -> str:
    return str(next(value for name, value in event["detail"].items() if name.lower() == "contactid"))


def _without_customer(event: dict[str, Any]) -> dict[str, Any]:
    detail = {name: value for name, value in event["detail"].items() if name.lower() != "customerid"}
    return {**event, "detail": detail}
