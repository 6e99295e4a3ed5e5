"""Which chat may continue which: the documented rules, one by one."""

from datetime import UTC, datetime, timedelta

import pytest

from local.connect.associations import Associations
from local.connect.contacts import Contact, Contacts
from local.connect.errors import ConnectError
from local.connect.instances import Instance, Instances

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """An instance, its chats and what continues what."""

    def __init__(self) -> None:
        self.instance: Instance = Instances("1", "us-east-1").add(NOW)
        self.contacts = Contacts()
        self.associations = Associations(self.contacts)

    def chat(self, channel: str = "CHAT") -> Contact:
        """A chat that runs."""
        return self.contacts.start(self.instance, NOW, channel=channel)

    def past(self) -> tuple[Contact, Contact, Contact]:
        """The guide's own example: C1 is transferred and becomes C2; the survey after it is C3; all ended."""
        first = self.chat()
        second = self.contacts.transfer(first, NOW + timedelta(minutes=1))
        third = self.contacts.survey(second, NOW + timedelta(minutes=2))
        self.contacts.stop(third, NOW + timedelta(minutes=3))
        return first, second, third

    def join(self, current: Contact, source: Contact, rehydration_type: str = "FROM_SEGMENT") -> str:
        """The contact that is continued."""
        return self.associations.create(current, source, rehydration_type, None).continued_from_contact_id


@pytest.fixture
def world() -> World:
    """A new one."""
    return World()


def test_the_guides_example_from_segment(world: World) -> None:
    """Source C2: the new chat shows C2 and C1; the survey is dropped."""
    first, second, _ = world.past()
    new = world.chat()
    assert world.join(new, second) == second.id == new.related_id
    assert world.associations.shown_by(new) == [second.id, first.id]


def test_the_guides_example_entire_past_session(world: World) -> None:
    """Source C1: the new chat shows C3, C2 and C1, and is related to C3."""
    first, second, third = world.past()
    new = world.chat()
    assert world.join(new, first, "ENTIRE_PAST_SESSION") == third.id == new.related_id
    assert world.associations.shown_by(new) == [third.id, second.id, first.id]


def test_links_add_up(world: World) -> None:
    """Continuing a chat shows all that it continued: one wrong association exposes a whole history."""
    first, second, _ = world.past()
    fourth = world.chat()
    world.join(fourth, second)
    fifth = world.contacts.transfer(fourth, NOW)
    world.contacts.stop(fifth, NOW)
    new = world.chat()
    world.join(new, fifth)
    assert world.associations.shown_by(new) == [fifth.id, fourth.id, second.id, first.id]


def test_chats_that_continue_each_other_show_each_contact_once(world: World) -> None:
    """Both run, and each continues an ended segment of the other: the chain ends where it would come back."""
    first, other = world.chat(), world.chat()
    second, another = (world.contacts.transfer(one, NOW) for one in (first, other))
    world.join(second, other)
    world.join(another, first)
    assert world.associations.shown_by(second) == [other.id]
    assert world.associations.shown_by(another) == [first.id]


def test_a_hundred_past_contacts_are_shown_at_most(world: World) -> None:
    """A hard limit of the documentation."""
    last = world.chat()
    for _ in range(120):
        last = world.contacts.transfer(last, NOW)
    world.contacts.stop(last, NOW)
    new = world.chat()
    world.join(new, last)
    assert len(world.associations.shown_by(new)) == 100


def test_what_breaks_a_rule_is_refused_and_leaves_no_link(world: World) -> None:
    """Ended chats only, chats only, once, the session's initial contact, never itself."""
    first, second, third = world.past()
    running, voice, ended = world.chat(), world.chat("VOICE"), world.chat()
    half_ended = world.contacts.transfer(running, NOW)
    world.contacts.stop(voice, NOW)
    world.contacts.stop(ended, NOW)
    linked = world.chat()
    world.join(linked, third)
    linked_later = world.contacts.transfer(linked, NOW)
    cases = [
        (world.chat(), half_ended, "FROM_SEGMENT", "has not ended"),
        (world.chat(), running, "ENTIRE_PAST_SESSION", "has not ended"),
        (world.chat(), voice, "FROM_SEGMENT", "is no chat"),
        (world.chat("TASK"), first, "FROM_SEGMENT", "is no chat"),
        (ended, first, "FROM_SEGMENT", "has ended"),
        (world.chat(), second, "ENTIRE_PAST_SESSION", "not the initial contact"),
        (linked_later, first, "FROM_SEGMENT", "already"),
        (half_ended, running, "FROM_SEGMENT", "a part of the session"),
    ]
    for current, source, rehydration_type, said in cases:
        before = current.related_id
        with pytest.raises(ConnectError, match=said) as refused:
            world.join(current, source, rehydration_type)
        assert refused.value.error_type == "InvalidRequestException"
        assert current.related_id == before
    assert len(world.associations.all) == 1


def test_nobody_asks_whose_chat_it_is(world: World) -> None:
    """Amazon Connect has no such rule: that is why the endpoint has to."""
    theirs = world.contacts.start(world.instance, NOW, customer_id="them")
    world.contacts.stop(theirs, NOW)
    mine = world.contacts.start(world.instance, NOW, customer_id="me")
    assert world.join(mine, theirs) == theirs.id


@pytest.mark.parametrize("channel", ["VOICE", "TASK", "EMAIL", "CHAT"])
def test_a_mere_relation_continues_nothing(world: World, channel: str) -> None:
    """A chat that began with RelatedContactId can continue a past one, which it is related to from then on."""
    _, _, third = world.past()
    other = world.chat(channel)
    new = world.contacts.start(world.instance, NOW, related_id=other.id)
    assert world.associations.shown_by(new) == []
    assert world.join(new, third) == third.id == new.related_id
    assert world.associations.shown_by(new)[0] == third.id
    with pytest.raises(ConnectError, match="already"):
        world.join(world.contacts.transfer(new, NOW), third)
