"""From events to the table: whatever their order, repetition and spelling, it ends as the history itself says."""

import contextlib
import random
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from aws import retry
from aws.endpoint import Endpoint
from aws.no_answer import Unreachable
from aws.retry import Retry
from connect.operations import Connect
from history.session import Segment, Session
from history.table import Table
from recorder import recording
from recorder.event import Ignored, read
from recorder.recording import Recorder, Unrecorded
from recorder.settings import Settings
from shared.key import key_of
from tests.chat_histories import HISTORIES, World, delivered
from tests.profiles import CHANCE, profiles
from tests.unit.association.events import answer
from tests.unit.history.dynamodb import DynamoDB, refused

RETENTION_SECONDS = 1000


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""
    monkeypatch.setattr(retry, "_LONGEST_PAUSE_OF_ALL_SECONDS", 0)
    monkeypatch.setattr(recording, "_LONGEST_PAUSE_SECONDS", 0)


class Recording:
    """A recorder of a world's events, its table in memory."""

    def __init__(self, world: World, identity: str = "customer_id") -> None:
        self.world = world
        self.described: list[str] = []
        self.dynamodb = DynamoDB()
        self.table = Table(self.dynamodb, "table", Retry(time.monotonic() + 600))  # type: ignore[arg-type]
        self.connect = cast(Connect, SimpleNamespace(describe=self._describe, known={}))
        nowhere = Endpoint.parse("http://x")
        made = Settings(world.instance.id, nowhere, identity, "table", nowhere, RETENTION_SECONDS, {})
        self.recorder = Recorder(made, self.connect, self.table)

    def _describe(self, *contact_ids: str) -> None:
        # With an attribute the world's customers are its values.
        self.described += contact_ids
        self.connect.known |= {id: self.world.described(id) for id in contact_ids}

    def take(self, event: dict[str, Any]) -> bool | None:
        """Record an event; None if it is none for the history."""
        try:
            return self.recorder.record_event(read(event, self.world.instance.id, self.world.now.timestamp()))
        except Ignored:
            return None

    def backfill(self) -> None:
        """Record every contact that Connect has."""
        for contact in self.world.contacts.all(self.world.instance):
            with contextlib.suppress(Ignored):
                self.recorder.record_contact(contact.id)

    def holds(self) -> dict[tuple[str, str], Session | None]:
        """What the table holds."""
        return {key: self.table.get(*key) for key in self.dynamodb.items}


def _began(world: World, contact_id: str) -> int:
    contact = world.contacts.find(contact_id)
    assert contact is not None
    return round(contact.initiated.timestamp() * 1000)


@profiles(200, 20_000, HISTORIES, CHANCE)
def test_the_table_ends_as_the_history_says(history: list[tuple[Any, ...]], chance: random.Random) -> None:
    """Late, repeated, reordered, in two spellings, without a customer now and then."""
    world = World()
    world.play(history)
    world.forget(chance)
    kept = Recording(world, chance.choice(["customer_id", "attribute:customer"]))
    events = delivered(world.sent, chance)
    for event in events:
        kept.take(event)
    assert kept.holds() == world.table()
    for event in chance.choices(events, k=min(5, len(events))) if events else []:
        assert not kept.take(event)
    for item in kept.dynamodb.items.values():
        assert int(item["expires"]["N"]) * 1000 >= int(item["until"]["N"]) + RETENTION_SECONDS * 1000


@profiles(200, 5_000, HISTORIES, CHANCE)
def test_a_backfill_mends_what_lost_events_left(history: list[tuple[Any, ...]], chance: random.Random) -> None:
    """And until then nothing in the table is untrue."""
    world = World()
    world.play(history)
    world.forget(chance)
    kept = Recording(world)
    for event in delivered(world.sent, chance, lost=0.1):
        kept.take(event)
    truth = world.table()
    for key, session in kept.holds().items():
        assert session is not None
        for contact_id, segment in session.segments.items():
            assert segment in (truth[key].segments[contact_id], Segment(_began(world, contact_id), None))
    kept.backfill()
    assert kept.holds() == truth


@pytest.fixture
def kept() -> Recording:
    """A recorder, and a world with one chat of Ada's that has begun."""
    world = World()
    world.start("ada")
    return Recording(world)


def test_an_event_that_says_all_is_recorded_without_asking(kept: Recording) -> None:
    """The quota of DescribeContact is the endpoint's."""
    assert [kept.take(event) for event in kept.world.sent] == [True, False]
    assert kept.described == []


def test_an_event_that_changes_nothing_writes_nothing(kept: Recording) -> None:
    """A read is an eighth of the price, and a write would wake whoever reads the stream."""
    for event in kept.world.sent * 3:
        kept.take(event)
    assert kept.dynamodb.calls.count("PutItem") == 1


def test_without_a_customer_only_beginning_and_end_are_asked_about(kept: Recording) -> None:
    """Asking for each event would cost six calls a segment."""
    kept.world.start(None)
    for event in kept.world.sent[2:]:
        kept.take(event)
    assert len(kept.described) == 1
    assert kept.holds() == {}


def updated(event: dict[str, Any]) -> dict[str, Any]:
    """That its contact's attributes were changed, instead."""
    told = {"eventType": "CONTACT_DATA_UPDATED", "updatedProperties": ["UserDefinedAttributes"]}
    kept = {name: value for name, value in event["detail"].items() if name.lower() != "eventtype"}
    return {**event, "detail": {**kept, **told}}


@pytest.mark.parametrize("identity", ["customer_id", "attribute:customer"])
def test_an_attribute_that_a_flow_sets_is_found_when_it_is_told(identity: str) -> None:
    """Until then the chat is nobody's; an event of its CustomerId would hold that itself."""
    world = World()
    chat = world.start("ada")
    world.forgotten = {chat.id}
    kept = Recording(world, identity)
    begun = world.sent[0]
    before = {name: value for name, value in begun["detail"].items() if name.lower() != "customerid"}
    assert kept.take({**begun, "detail": before}) is None
    world.forgotten = set()
    assert kept.take(updated({**begun, "detail": before})) is (None if identity == "customer_id" else True)
    assert kept.holds() == ({} if identity == "customer_id" else world.table())


def test_the_last_event_of_a_segment_makes_up_for_the_one_before_it() -> None:
    """Where the customer is an attribute, which no event holds: DISCONNECTED was lost, COMPLETED came."""
    world = World()
    chat = world.start("ada")
    world.contacts.stop(chat, world.now)
    kept = Recording(world, "attribute:customer")
    (completed,) = (event for event in world.sent if "COMPLETED" in event["detail"].values())
    assert kept.take(completed)
    assert kept.holds() == world.table()


def test_a_later_segment_without_a_customer_is_its_sessions() -> None:
    """Neither its event nor Amazon Connect says whose it is: the session's first contact does."""
    world = World()
    first = world.start("ada")
    later = world.contacts.transfer(first, world.now)
    world.forgotten = {later.id}
    kept = Recording(world)
    kept.recorder.record_contact(later.id)
    assert kept.described == [later.id, first.id]
    ((key, session),) = kept.holds().items()
    assert key == (key_of(world.instance.id, "ada"), first.id)
    assert session is not None
    assert set(session.segments) == {later.id}


def test_an_item_that_grew_too_large_is_kept_for_people(kept: Recording) -> None:
    """DynamoDB takes 400 KB: some thousands of segments of one session."""
    kept.dynamodb.instead = [answer(200, {}), refused("ValidationException")]
    with pytest.raises(Unrecorded, match="ValidationException"):
        kept.take(kept.world.sent[0])


def test_two_writers_at_once_lose_nothing(kept: Recording) -> None:
    """The second reads again, and joins."""
    first, _ = kept.world.sent
    original = kept.table.get
    once = iter([True])

    def get(customer: str, session_id: str) -> Session | None:
        before = original(customer, session_id)
        if next(once, False):
            kept.table.conditional_write(
                customer, before, Session(session_id, {"another": Segment(1_767_225_600_000, None)}), 1
            )
        return before

    kept.table.get = get  # type: ignore[method-assign]
    assert kept.take(first)
    ((_, session),) = kept.holds().items()
    assert session is not None
    assert set(session.segments) == {"another", first["detail"].get("contactId") or first["detail"]["ContactId"]}


def test_what_cannot_be_written_is_not_said_to_be(kept: Recording) -> None:
    """Lambda tries again, and then the event is in the dead-letter queue."""
    kept.dynamodb.instead = [refused("AccessDeniedException")]
    with pytest.raises(Unrecorded, match="AccessDeniedException"):
        kept.take(kept.world.sent[0])
    kept.dynamodb.instead = [Unreachable("cut")] * 3
    with pytest.raises(Unrecorded, match="cut"):
        kept.take(kept.world.sent[0])


def test_a_write_whose_answer_was_lost_is_found_again(kept: Recording) -> None:
    """The second attempt meets its own write, reads, and is content."""
    send, cut = kept.dynamodb.send, iter([True])

    def cut_after(*arguments: Any) -> Any:
        answer = send(*arguments)
        if kept.dynamodb.calls[-1] == "PutItem" and next(cut, False):
            raise Unreachable("cut after")
        return answer

    kept.dynamodb.send = cut_after  # type: ignore[method-assign, assignment]
    assert kept.take(kept.world.sent[0]) is False
    assert kept.holds() == kept.world.table()


def test_writers_without_end_are_no_endless_loop(kept: Recording) -> None:
    """It ends, and is tried again later."""
    kept.table.conditional_write = lambda *_: False  # type: ignore[method-assign]
    with pytest.raises(Unrecorded, match="others wrote"):
        kept.take(kept.world.sent[0])


def test_a_contact_that_connect_does_not_know_is_tried_again(kept: Recording) -> None:
    """An event may come before DescribeContact knows; if it never does, the event is kept for people to see."""
    event = kept.world.sent[0]
    stranger = {**event, "detail": {**event["detail"], "contactId": "nobody", "ContactId": "nobody"}}
    for name in ("customerId", "CustomerId"):
        stranger["detail"].pop(name, None)
    with pytest.raises(Unrecorded, match="no such contact"):
        kept.take(stranger)


def test_an_end_without_a_time_waits_for_one(kept: Recording) -> None:
    """DISCONNECTED with an unset time, and Connect that does not say yet."""
    kept.world.contacts.stop(kept.world.contacts.all(kept.world.instance)[0], kept.world.now)
    event = kept.world.sent[-2]
    unset = "1970-01-01T00:00:00.000Z"
    detail = {
        name: unset if name.lower() == "disconnecttimestamp" else value for name, value in event["detail"].items()
    }
    assert kept.take({**event, "detail": detail})
    assert kept.holds() == kept.world.table()
    running = kept.world.start("bob")
    told = {**event, "detail": {**detail, **dict.fromkeys(("contactId", "ContactId"), running.id)}}
    with pytest.raises(Unrecorded, match="does not say yet"):
        kept.take(told)
