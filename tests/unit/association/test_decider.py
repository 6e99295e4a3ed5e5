"""What goes before and after the rule: who is asked, and whether Connect is, for each verdict."""

from typing import NamedTuple, cast

import pytest

from association.caller import Caller
from association.decider import Decider, Decision
from association.lookup import Lookup
from association.refusal import Refusal
from association.request import AssociationRequest, derived_client_token
from connect.contact import Contact
from connect.errors import ConnectError
from connect.operations import Connect
from shared import reasons, wire
from tests.unit.association.events import CONTACT_ID, INSTANCE_ID, NOW, SOURCE_ID

DELAY_SECONDS = 60
CURRENT = Contact(CONTACT_ID, "customer", "CHAT", CONTACT_ID, None, None)
PAST = Contact(SOURCE_ID, "customer", "CHAT", SOURCE_ID, None, NOW - 3600)
CONTINUING = CURRENT._replace(related_id=SOURCE_ID)


class Found(NamedTuple):
    """A past session that a history knows."""

    session_id: str
    ended: float


class World:
    """Amazon Connect and a history, which note what they are asked."""

    def __init__(self, *contacts: Contact, found: Found | None = None, older: bool = False, part: bool = False) -> None:
        self.contacts = {contact.id: contact for contact in contacts}
        self.found = found
        self.older = older
        self.part = part
        self.failure: ConnectError | None = None
        # What somebody else makes of the current contact while Connect is asked.
        self.then = self.contacts.get(CONTACT_ID)
        self.known: dict[str, Contact | None] = {}
        self.now = NOW
        self.described: list[tuple[str, ...]] = []
        self.associated: list[tuple[str, ...]] = []

    def describe(self, *contact_ids: str) -> None:
        """As the function's own Connect."""
        self.described.append(contact_ids)
        self.known |= {id: self.contacts.get(id) for id in contact_ids}

    def create_association(self, contact_id: str, source_id: str, rehydration_type: str, client_token: str) -> str:
        """The same."""
        self.associated.append((contact_id, source_id, rehydration_type, client_token))
        assert self.then is not None
        self.contacts[CONTACT_ID] = self.then
        if self.failure is not None:
            raise self.failure
        return source_id

    def latest(self, current: Contact) -> Found | None:
        """As the look-up, which describes what it finds."""
        if self.found is not None:
            self.describe(self.found.session_id)
        return self.found

    def shows_older(self, current: Contact, related: Contact) -> bool:
        """The same."""
        return self.older

    def shows_part(self, current: Contact, related: Contact) -> bool:
        """The same."""
        return self.part

    def ask(self, source: str = SOURCE_ID, kind: str = wire.FROM_SEGMENT, *, history: bool = True) -> Decision:
        """A request from its beginning to its end. Raises a Refusal."""
        lookup = cast(Lookup, self) if history else None
        decider = Decider(Caller("caller", None), cast(Connect, self), DELAY_SECONDS, lookup)
        decision = decider.decide(AssociationRequest(INSTANCE_ID, CONTACT_ID, kind, source, None))
        return decider.associate(decision)

    def reason(self, source: str = SOURCE_ID, kind: str = wire.FROM_SEGMENT) -> str:
        """How the request ended: by which rule, or refused for which reason."""
        try:
            return self.ask(source, kind).rule
        except (Refusal, ConnectError) as refused:
            return refused.reason


def test_both_contacts_of_a_request_are_described_at_the_same_time() -> None:
    """One after the other would take twice as long, on every request."""
    world = World(CURRENT, PAST)
    assert world.ask(history=False).continued == SOURCE_ID
    assert world.described == [(CONTACT_ID, SOURCE_ID)]


def test_what_was_looked_up_is_what_connect_is_asked_for() -> None:
    """It is judged like a source that was named, and the log gets its id from the decision."""
    world = World(CURRENT, PAST, found=Found(SOURCE_ID, NOW - 3600))
    made = world.ask("", wire.ENTIRE_PAST_SESSION)
    token = derived_client_token(made.request)
    assert world.associated == [(CONTACT_ID, SOURCE_ID, wire.ENTIRE_PAST_SESSION, token)]
    assert (made.request.source_contact_id, made.continued) == (SOURCE_ID, SOURCE_ID)
    stranger = World(CURRENT, PAST._replace(customer="other"), found=Found(SOURCE_ID, NOW - 3600))
    assert (stranger.reason(""), stranger.associated) == ("another_customer", [])


def test_a_session_ends_with_its_last_segment() -> None:
    """The first one, which is continued, ended an hour ago; only the history knows of the last."""
    world = World(CURRENT, PAST, found=Found(SOURCE_ID, NOW - DELAY_SECONDS + 1))
    assert world.reason("", wire.ENTIRE_PAST_SESSION) == "transcript_not_ready"
    assert World(CURRENT, PAST, found=Found(SOURCE_ID, NOW - DELAY_SECONDS)).reason("") == "one_customer"


@pytest.mark.parametrize(
    ("source", "kind", "older", "part", "expected"),
    [
        ("", wire.ENTIRE_PAST_SESSION, False, False, "earlier"),
        ("", wire.ENTIRE_PAST_SESSION, True, False, "continues_another"),
        ("", wire.ENTIRE_PAST_SESSION, False, True, "continues_part"),
        # Whoever names the source means that one, whatever came after it.
        (SOURCE_ID, wire.ENTIRE_PAST_SESSION, True, False, "earlier"),
        (SOURCE_ID, wire.ENTIRE_PAST_SESSION, True, True, "continues_part"),
        # A segment is what was asked for.
        (SOURCE_ID, wire.FROM_SEGMENT, True, True, "earlier"),
    ],
)
def test_the_earlier_answer_is_given_again_unless_the_history_knows_better(
    source: str, kind: str, older: bool, part: bool, expected: str
) -> None:
    """An association is for ever: a retry must not say that more is shown than is."""
    world = World(CONTINUING, PAST, older=older, part=part)
    assert world.reason(source, kind) == expected
    assert world.associated == []


@pytest.mark.parametrize("reason", ["connect_throttled", "connect_unreachable", "connect_denied", "connect_failed"])
def test_what_is_not_about_the_request_is_raised_without_another_look(reason: reasons.Connect) -> None:
    """It would take time, and a part of the quota, from a service that has none to give."""
    world = World(CURRENT, PAST)
    world.failure = ConnectError(reason)
    # Although a look would find the association.
    world.then = CONTINUING
    assert (world.reason(), len(world.described)) == (reason, 1)


@pytest.mark.parametrize("reason", ["connect_not_found", "connect_refused", "connect_unexpected"])
def test_a_refusal_that_a_second_look_does_not_explain_is_raised_as_it_came(reason: reasons.Connect) -> None:
    """Connect's own words are all that anybody knows then, and it is not asked a second time."""
    world = World(CURRENT, PAST)
    world.failure = ConnectError(reason)
    with pytest.raises(ConnectError) as raised:
        world.ask()
    assert raised.value is world.failure
    assert (world.described[1:], len(world.associated)) == ([(CONTACT_ID,)], 1)
