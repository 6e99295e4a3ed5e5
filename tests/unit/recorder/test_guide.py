"""connect:Guide: a customer's own chat that can show forms, and the guide that an agent sees beside a contact.

Where a CustomerId names the customer, whoever carries one is a customer. Where an attribute does, an agent's guide
carries a copy of it, and is told by the contact that it is for.
"""

from typing import Any

import pytest

from association import latest_chat
from connect import contact
from recorder.event import Ignored
from recorder.recording import Unrecorded
from shared.key import key_of
from tests.chat_histories import World
from tests.unit.history.dynamodb import refused
from tests.unit.recorder.test_recording import Recording

IDENTITIES = ("customer_id", "attribute:customer")


class Guides(Recording):
    """A world in which any contact can be a guide, related to another."""

    def __init__(self, identity: str) -> None:
        super().__init__(World(), identity)
        self.changed: dict[str, dict[str, Any]] = {}
        original = self.world.described

        def described(contact_id: str) -> contact.Contact | None:
            found = original(contact_id)
            return None if found is None else found._replace(**self.changed.get(contact_id, {}))

        self.world.described = described  # type: ignore[method-assign]

    def start(self, customer: str | None, channel: str = "CHAT", **changed: Any) -> str:
        """A contact that begins now, of which DescribeContact says this as well."""
        begun = self.world.start(customer, channel)
        self.changed[begun.id] = changed
        return begun.id

    def guide(self, customer: str | None, related: str | None = None) -> str:
        """One of connect:Guide."""
        return self.start(customer, subtype="connect:Guide", related_id=related)

    def stop(self, contact_id: str, seconds: float = 0) -> None:
        """It ends now, and so much time passes."""
        found = self.world.contacts.find(contact_id)
        assert found is not None
        self.world.contacts.stop(found, self.world.now)
        self.world.play([("wait", round(seconds * 1000))])

    def latest(self, customer: str) -> set[str]:
        """The sessions that a look-up sees."""
        entries = self.table.latest(key_of(self.world.instance.id, customer)).entries
        return {entry.session_id for entry in entries}

    def record(self, contact_id: str) -> bool | None:
        """As a backfill does; None if it is ignored."""
        try:
            return self.recorder.record_contact(contact_id)
        except Ignored:
            return None


@pytest.mark.parametrize("identity", IDENTITIES)
def test_a_customers_own_is_recorded_and_found(identity: str) -> None:
    """Related to nothing, or to the chat that it continues."""
    kept = Guides(identity)
    before = kept.guide("ada")
    kept.stop(before, 60)
    again = kept.guide("ada", before)
    kept.stop(again, 60)
    assert (kept.record(before), kept.record(again)) == (True, True)
    assert kept.latest("ada") == {before, again}


@pytest.mark.parametrize("identity", IDENTITIES)
def test_an_agents_without_a_customer_is_nobodys(identity: str) -> None:
    """No document says that a guide carries one."""
    kept = Guides(identity)
    chat = kept.start("ada")
    assert kept.record(kept.guide(None, chat)) is None
    assert kept.latest("ada") == set()


@pytest.mark.parametrize("channel", ["CHAT", "VOICE"])
def test_an_agents_with_copied_attributes_is_not_taken_for_the_customers(channel: str) -> None:
    """It begins while the contact runs that it is for, or right at its end: else the look-up would continue it."""
    kept = Guides("attribute:customer")
    begun = kept.start("ada", channel)
    beside = kept.guide("ada", begun)
    assert kept.record(beside) is None
    kept.stop(beside, 60)
    kept.stop(begun, 1)
    after = kept.guide("ada", begun)
    assert (kept.record(beside), kept.record(after)) == (None, None)
    assert kept.latest("ada") == set()
    for event in kept.world.sent:
        kept.take(event)
    assert kept.latest("ada") == ({begun} if channel == "CHAT" else set())


def test_an_agents_with_a_customer_id_cannot_be_told_and_is_kept() -> None:
    """Nothing of a customer's is lost for it: a CustomerId is nowhere said to be copied to a guide."""
    kept = Guides("customer_id")
    chat = kept.start("ada")
    assert kept.record(kept.guide("ada", chat)) is True


def test_whose_relation_says_nothing_is_the_customers() -> None:
    """To a contact that Connect knows no more, or to one of another customer: whose attributes were not copied."""
    kept = Guides("attribute:customer")
    bobs = kept.start("bob")
    assert kept.record(kept.guide("ada", "gone")) is True
    assert kept.record(kept.guide("ada", bobs)) is True


def test_a_customers_own_that_continued_a_chat_later_stays_theirs() -> None:
    """It began seconds after the other's end, was recorded then, and was associated a minute later."""
    kept = Guides("attribute:customer")
    before = kept.start("ada")
    kept.stop(before, 5)
    own = kept.guide("ada")
    assert kept.record(own) is True
    kept.world.play([("wait", 60_000)])
    kept.changed[own]["related_id"] = before
    kept.stop(own)
    assert kept.record(own) is True
    assert kept.table.latest(key_of(kept.world.instance.id, "ada")).entries[0].running == ()


def test_only_a_guide_costs_another_description() -> None:
    """A related chat of another kind is asked about by nobody."""
    kept = Guides("attribute:customer")
    before = kept.start("ada")
    chat = kept.start("ada", related_id=before)
    assert kept.record(chat) is True
    assert kept.described == [chat]
    guide = kept.guide("ada", before)
    kept.record(guide)
    assert kept.described == [chat, guide, before]


def test_the_look_up_continues_the_chat_and_not_the_guide_beside_it() -> None:
    """What is recorded last is what a customer is given: an agent's forms are nothing for them."""
    kept = Guides("attribute:customer")
    chat = kept.start("ada")
    guide = kept.guide("ada", chat)
    kept.stop(chat, 30)
    kept.stop(guide, 120)
    for id in (chat, guide):
        kept.record(id)
    current = kept.world.described(kept.start("ada"))
    assert current is not None
    known = kept.table.latest(key_of(kept.world.instance.id, "ada"))
    contacts = {chat: kept.world.described(chat)}
    found = latest_chat.latest(latest_chat.Known(current, known, {}, contacts, kept.world.now.timestamp()), 0, 60)
    assert isinstance(found, latest_chat.LatestChat)
    assert found.session_id == chat


def test_a_table_out_of_reach_decides_nothing() -> None:
    """It is tried again, not ignored."""
    kept = Guides("attribute:customer")
    chat = kept.start("ada")
    guide = kept.guide("ada", chat)
    kept.dynamodb.instead = [refused("AccessDeniedException")]
    with pytest.raises(Unrecorded, match="AccessDenied"):
        kept.recorder.record_contact(guide)
