"""Contacts as a state machine: whatever is done to a session, it stays a chain of which the last may run."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.connect.contacts import Contact, Contacts
from local.connect.errors import ConnectError
from local.connect.instances import Instances

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = st.lists(st.tuples(st.sampled_from(["start", "transfer", "survey", "stop", "update"]), st.integers(0, 9)))


class World:
    """An instance's contacts, and what was told of them."""

    def __init__(self) -> None:
        self.instances = Instances("123456789012", "us-east-1")
        self.instance = self.instances.add(NOW)
        self.told: list[tuple[str, str]] = []
        self.contacts = Contacts(self._tell)
        self.now = NOW

    def _tell(self, types: tuple[str, ...], contact: Contact, now: datetime) -> None:
        assert now == self.now
        self.told += [(kind, contact.id) for kind in types]

    def chat(self) -> Contact:
        """A chat that has begun, with a customer and an attribute."""
        contact = self.contacts.start(self.instance, self.now, customer_id="c", attributes={"a": "1"})
        self.contacts.announce(contact, self.now)
        return contact

    def play(self, steps: list[tuple[str, int]]) -> None:
        """Do all this, each to one of the contacts."""
        self.chat()
        for step, which in steps:
            self.now += timedelta(minutes=1)
            known = self.contacts.all(self.instance)
            contact = known[which % len(known)]
            if step == "start":
                self.chat()
            elif step == "update":
                self.contacts.update_attributes(contact, {str(which): "x"}, self.now)
            elif contact.ended:
                before = len(self.told), len(known), contact.disconnected
                with pytest.raises(ConnectError, match="has ended"):
                    getattr(self.contacts, step)(contact, self.now)
                assert (len(self.told), len(self.contacts.all(self.instance)), contact.disconnected) == before
            else:
                getattr(self.contacts, step)(contact, self.now)


@settings(max_examples=60)
@given(STEPS)
def test_a_session_is_a_chain_of_which_the_last_may_run(steps: list[tuple[str, int]]) -> None:
    """Each segment names its first and the one before it, and begins when that ends; all have one customer."""
    world = World()
    world.play(steps)
    contacts = world.contacts.all(world.instance)
    for contact in contacts:
        session = world.contacts.session(contact)
        assert contact in session
        assert {one.initial_id for one in session} == {session[0].id}
        assert [one.previous_id for one in session] == [None, *(one.id for one in session[:-1])]
        assert [one.disconnected for one in session[:-1]] == [one.initiated for one in session[1:]]
        assert {one.customer_id for one in session} == {"c"}
        assert all(one.attributes is session[0].attributes for one in session)
        assert world.contacts.get(world.instance, contact.id) is world.contacts.find(contact.id) is contact
    assert sorted(one.id for one in contacts) == sorted({one.id for one in contacts})


@settings(max_examples=60)
@given(STEPS)
def test_each_contact_is_told_to_begin_once_and_to_end_once(steps: list[tuple[str, int]]) -> None:
    """The recorder builds a history of nothing else."""
    world = World()
    world.play(steps)
    for contact in world.contacts.all(world.instance):
        told = [kind for kind, id in world.told if id == contact.id and kind != "CONTACT_DATA_UPDATED"]
        ends = ["DISCONNECTED", "COMPLETED"] if contact.ended else []
        assert told == ["INITIATED", "CONNECTED_TO_SYSTEM", *ends]


def test_how_a_segment_began_is_told() -> None:
    """Transfer, survey, or the customer's start."""
    world = World()
    first = world.chat()
    second = world.contacts.transfer(first, NOW)
    third = world.contacts.survey(second, NOW)
    assert [one.initiation_method for one in (first, second, third)] == ["API", "TRANSFER", "DISCONNECT"]


def test_a_contact_is_of_its_own_instance() -> None:
    """Another instance's is not found, in the words of one that does not exist."""
    world = World()
    contact, other = world.chat(), world.instances.add(NOW)
    said = []
    for instance, id in ((other, contact.id), (other, "none")):
        with pytest.raises(ConnectError) as refused:
            world.contacts.get(instance, id)
        said.append((refused.value.error_type, refused.value.message.replace(id, "<id>")))
    assert said[0] == said[1] == ("ResourceNotFoundException", "Not found: contact <id>.")
    assert world.contacts.all(other) == []


def test_a_chat_that_was_refused_never_was() -> None:
    """StartChatContact with a PersistentChat that breaks a rule starts nothing."""
    world = World()
    kept = world.chat()
    refused = world.contacts.start(world.instance, NOW)
    world.contacts.forget(refused)
    assert world.contacts.all(world.instance) == [kept]
    assert world.contacts.find(refused.id) is None
    assert refused.id not in {id for _, id in world.told}


def test_what_was_handed_over_stays_the_callers() -> None:
    """A test that reuses its attributes for the next chat changes no chat that runs."""
    world = World()
    mine = {"a": "1"}
    contact = world.contacts.start(world.instance, NOW, attributes=mine)
    mine["a"] = "2"
    assert contact.attributes == {"a": "1"}
