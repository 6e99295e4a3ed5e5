"""The look-up over random histories of which any events have come: what it finds, and what it never does."""

import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from operator import add
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from association.latest_chat import MOST_ASKED, LatestChat, is_later
from association.lookup import Lookup
from association.refusal import Refusal
from association.rule import starting
from association.settings import read as read_settings
from aws import retry
from aws.no_answer import TooLarge, Unreachable
from connect.operations import Connect
from history.session import Segment, Session
from history.table import MOST_ENTRIES
from shared.key import key_of
from tests.chat_histories import HISTORIES, PASTS, World, delivered
from tests.profiles import CHANCE, profiles
from tests.unit.association.events import ENVIRONMENT
from tests.unit.history.dynamodb import DynamoDB, refused
from tests.unit.recorder.test_recording import Recording

DELAY_SECONDS = 3


def starting_look_up(world: World, dynamodb: DynamoDB) -> LatestChat | None:
    """The latest past session for a chat of Ada's that starts now: nothing is described before. Raises a Refusal."""
    lookup, connect = prepared(world, dynamodb)
    connect.now = 0.0
    return lookup.latest(starting("ada"))


class LookingUp:
    """The look-up of one request for this contact."""

    def __init__(self, world: World, dynamodb: DynamoDB, current: str) -> None:
        self.lookup, self.connect = prepared(world, dynamodb)
        self.connect.describe(current)
        contact = self.connect.known[current]
        assert contact is not None
        self.current = contact

    def latest(self) -> LatestChat | None:
        """The latest past session. Raises a Refusal."""
        return self.lookup.latest(self.current)

    def shows(self, related: str) -> tuple[bool, bool]:
        """Whether a chat that continues this contact shows an older session, and whether a part."""
        self.connect.describe(related)
        contact = self.connect.known[related]
        assert contact is not None
        older = self.lookup.shows_older(self.current, contact)
        return older, self.lookup.shows_part(self.current, contact)


def look_up(world: World, dynamodb: DynamoDB, current: str) -> LatestChat | None:
    """The latest past session for this contact. Raises a Refusal."""
    return LookingUp(world, dynamodb, current).latest()


def prepared(world: World, dynamodb: DynamoDB) -> tuple[Lookup, Connect]:
    """A look-up, and the Connect of its request."""
    made = read_settings(
        {
            **ENVIRONMENT,
            "CONNECT_INSTANCE_ID": world.instance.id,
            "HISTORY_TABLE": "table",
            "HISTORY_ENDPOINT_URL": "http://x",
            "EVENT_DELAY_SECONDS": str(DELAY_SECONDS),
        }
    )

    def describe(*contact_ids: str) -> None:
        connect.known |= {id: world.described(id) for id in contact_ids}
        connect.now = world.now.timestamp()

    connect = cast(Connect, SimpleNamespace(describe=describe, known={}, now=world.now.timestamp()))
    lookup = Lookup(dynamodb, made, connect, time.monotonic() + 60)  # type: ignore[arg-type]
    return lookup, connect


def check_a_history(history: list[tuple[Any, ...]], chance: random.Random, lost: float) -> None:
    """Ada comes back after this history, of whose events some have come: to a chat that starts, and in one."""
    world = World()
    world.play(history)
    world.forget(chance)
    kept = Recording(world)
    for event in delivered(world.sent, chance, lost=lost):
        kept.take(event)
    check_a_start(world, kept)
    mark = len(world.sent)
    current = world.start("ada")
    for event in delivered(world.sent[mark:], chance, lost=lost):
        kept.take(event)
    known = hers(world, kept)
    try:
        found = look_up(world, kept.dynamodb, current.id)
    except Refusal as refusal:
        # Only before the chat's own event has come, and when there is more than is looked through.
        kept_sessions = {id: session for id, session in known.items() if session}
        own = kept_sessions.get(current.id)
        first = [one for one in kept_sessions.values() if own is not None and one.until >= own.until]
        running = {id for session in kept_sessions.values() for id in session.running}
        allowed = {
            # Of those that end at the same time at the latest, any may come first in the index.
            "history_not_ready": own is None or len(first) > MOST_ENTRIES,
            # A session's first contact may be described beside those that run.
            "history_undecided": len(known) > MOST_ENTRIES or len((running | set(known)) - {current.id}) > MOST_ASKED,
        }
        if not allowed[refusal.reason]:
            raise
        return
    sessions = {session.id: session for session in world.sessions("ada") if session.id != current.id}
    surely = [session for session in sessions.values() if not session.running and _is_known(session, known)]
    if found is None:
        assert surely == []
        return
    # Never another customer's, and never older than one that has ended and is known.
    assert found.session_id in sessions
    assert all(_end(session) <= round(found.ended * 1000) for session in surely)
    if _is_known(sessions[found.session_id], known):
        assert (sessions[found.session_id].running, _end(sessions[found.session_id])) == ((), round(found.ended * 1000))


def check_a_retry(
    history: list[tuple[Any, ...]], later: list[tuple[Any, ...]], chance: random.Random, lost: float
) -> None:
    """Ada's chat continued the latest one, and its answer was lost: whatever comes then, the retry is answered.

    And whoever named a part, or an older chat, is told so if all of it was known.
    """
    world = World()
    world.play(history)
    world.forget(chance)
    world.now += timedelta(seconds=1)
    current = world.start("ada")
    kept = Recording(world)
    for event in delivered(world.sent, chance, lost=lost):
        kept.take(event)
    try:
        found = look_up(world, kept.dynamodb, current.id)
    except Refusal:
        return
    sessions = {session.id: session for session in world.sessions("ada") if session.id != current.id}
    if found is None or sessions[found.session_id].running:
        return
    # Amazon Connect takes what has ended last.
    continued = world.contacts.session(world.contacts.get(world.instance, found.session_id))[-1].id
    mark = len(world.sent)
    world.play(later)
    for event in delivered(world.sent[mark:], chance, lost=lost):
        kept.take(event)
    older, part = LookingUp(world, kept.dynamodb, current.id).shows(continued)
    assert not part
    assert not older or lost
    kept.backfill()
    assert LookingUp(world, kept.dynamodb, current.id).shows(continued)[1] is False
    # Of more chats, those that came later too, nobody can tell: each that runs is asked about.
    if lost or len(world.sessions("ada")) - 1 > MOST_ASKED:
        return
    for session in sessions.values():
        for id, segment in session.segments.items():
            if segment.ended is not None:
                older, part = LookingUp(world, kept.dynamodb, current.id).shows(id)
                # A whole second may be all that Connect tells of an end.
                newer = is_later(found.ended, _end(session) / 1000) if session.ended else False
                assert older == (not session.running and newer) or session.running
                at, ends = segment.ended / 1000, [one.ended for one in session.segments.values() if one.ended]
                assert part == any(is_later(end / 1000, at) for end in ends)


def _is_known(session: Session, known: dict[str, Session | None]) -> bool:
    """Whether at least one event of each of its segments has been recorded."""
    recorded = known.get(session.id)
    return recorded is not None and set(recorded.segments) == set(session.segments)


def _end(session: Session) -> int:
    assert session.ended is not None
    return session.ended


def hers(world: World, kept: Recording) -> dict[str, Session | None]:
    """What is kept of Ada's sessions."""
    return {id: session for (key, id), session in kept.holds().items() if key == key_of(world.instance.id, "ada")}


def check_a_start(world: World, kept: Recording) -> None:
    """Ada starts a chat: all her chats are past chats."""
    known = hers(world, kept)
    try:
        found = starting_look_up(world, kept.dynamodb)
    except Refusal as refusal:
        running = {id for session in known.values() if session for id in session.running}
        # There is nothing to wait for; only more than is looked through.
        if refusal.reason != "history_undecided" or not (
            len(known) > MOST_ENTRIES or len(running | set(known)) > MOST_ASKED
        ):
            raise
        return
    sessions = {session.id: session for session in world.sessions("ada")}
    surely = [session for session in sessions.values() if not session.running and _is_known(session, known)]
    if found is None:
        assert surely == []
        return
    assert found.session_id in sessions
    assert all(_end(session) <= round(found.ended * 1000) for session in surely)
    # What runs is no past chat.
    if _is_known(sessions[found.session_id], known):
        assert (sessions[found.session_id].running, _end(sessions[found.session_id])) == ((), round(found.ended * 1000))


# Of somebody who has chatted before, most often.
RETURNS = HISTORIES | HISTORIES.map(lambda history: [("start", "ada"), ("wait", 60_000), *history, ("stop", 0)])
LOST = st.sampled_from([0.0, 0.1, 0.5])


@profiles(200, 5_000, RETURNS, CHANCE, LOST)
def test_the_latest_that_is_known_is_found(history: list[tuple[Any, ...]], chance: random.Random, lost: float) -> None:
    """With none, one in ten, and half of the events lost; for a chat that is there, and for one that starts."""
    check_a_history(history, chance, lost)


def test_no_forged_end_is_found_before_connect_has_told_its_time() -> None:
    """At a start nothing is described before: an end of the year 2099 is believed only until Connect has said the time,
    and then it is what it is for an association."""
    world = World()
    last = world.start("ada")
    world.contacts.stop(last, world.now)
    kept = Recording(world)
    forged = round(datetime(2099, 1, 1, tzinfo=UTC).timestamp() * 1000)
    key = key_of(world.instance.id, "ada")
    kept.table.conditional_write(key, None, Session("forged", {"forged": Segment(None, forged)}), 1)
    for event in world.sent:
        kept.take(event)
    found = starting_look_up(world, kept.dynamodb)
    assert found is not None
    assert found.session_id == last.id


@profiles(300, 2_000, st.builds(add, PASTS, HISTORIES), HISTORIES, CHANCE, LOST)
def test_a_retry_is_answered_whatever_came_in_between(
    history: list[tuple[Any, ...]], later: list[tuple[Any, ...]], chance: random.Random, lost: float
) -> None:
    """More chats, transfers and ends; events late and lost; a backfill."""
    check_a_retry(history, later, chance, lost)


def test_the_histories_come_to_the_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test in which nothing was ever found, or nothing was left out, would prove nothing."""
    found: Counter[str] = Counter()
    really = look_up

    def counted(*asked: Any) -> LatestChat | None:
        try:
            past = really(*asked)
        except Refusal as refusal:
            found[refusal.reason] += 1
            raise
        found["nothing" if past is None else "a chat"] += 1
        return past

    monkeypatch.setattr(sys.modules[__name__], "look_up", counted)

    @settings(max_examples=150, database=None, derandomize=True)
    @given(RETURNS, CHANCE, LOST)
    def play(history: list[tuple[Any, ...]], chance: random.Random, lost: float) -> None:
        check_a_history(history, chance, lost)

    play()
    assert found["a chat"] > 10, found
    assert found["nothing"] > 5, found
    assert found["history_not_ready"] > 5, found


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""
    monkeypatch.setattr(retry, "_LONGEST_PAUSE_OF_ALL_SECONDS", 0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (refused("ProvisionedThroughputExceededException"), 429, "history_throttled"),
        (refused("AccessDeniedException"), 500, "history_failed"),
        (refused("ResourceNotFoundException"), 500, "history_failed"),
        (Unreachable("cut"), 503, "history_unreachable"),
        # Of rows that somebody else wrote.
        (TooLarge("the answer is larger than 1048576 bytes"), 400, "history_undecided"),
    ],
)
def test_a_history_that_cannot_be_read_is_no_empty_one(outcome: Any, status: int, reason: str) -> None:
    """Otherwise a returning customer would be told that there was no chat."""
    world = World()
    dynamodb = DynamoDB()
    dynamodb.instead = [outcome] * 3
    with pytest.raises(Refusal) as told:
        look_up(world, dynamodb, world.start("ada").id)
    assert (told.value.status, told.value.reason) == (status, reason)


def test_one_read_of_the_table_whatever_is_in_it() -> None:
    """And nothing else of the table is touched."""
    world = World()
    kept = Recording(world)
    for _ in range(50):
        world.contacts.stop(world.start("ada"), world.now)
    current = world.start("ada")
    for event in world.sent:
        kept.take(event)
    kept.dynamodb.calls.clear()
    assert look_up(world, kept.dynamodb, current.id) is not None
    assert kept.dynamodb.calls == ["Query"]
