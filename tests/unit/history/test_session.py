"""Joining facts: whatever their order and repetition, the session is the same."""

import functools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from history.session import LONGEST_CHAT_SECONDS, Fact, Segment, Session, joined

TIMES = st.integers(0, 50)
SEGMENTS = st.one_of(
    st.builds(Segment, TIMES, st.none()), st.builds(Segment, st.none(), TIMES), st.builds(Segment, TIMES, TIMES)
)
SIGHTINGS = st.lists(st.builds(Fact, st.just("first"), st.sampled_from("abc"), SEGMENTS), min_size=1, max_size=8)


def session_of(facts: list[Fact]) -> Session:
    """All facts about one session, of which there has to be one."""
    session = joined(None, facts[0])
    for fact in facts[1:]:
        session = joined(session, fact)
    return session


@settings(max_examples=500)
@given(SIGHTINGS, st.randoms(use_true_random=False))
def test_order_and_repetition_make_no_difference(facts: list[Fact], chance: random.Random) -> None:
    """Events are neither ordered nor unique."""
    again = [*facts, *chance.choices(facts, k=3)]
    chance.shuffle(again)
    assert session_of(again) == session_of(facts)


@settings(max_examples=500)
@given(SIGHTINGS)
def test_a_session_is_what_its_facts_say(facts: list[Fact]) -> None:
    """Each segment by itself: its latest end, or else its latest beginning."""
    session = session_of(facts)
    ends: dict[str, int] = {}
    begins: dict[str, int] = {}
    for _, contact_id, segment in facts:
        if segment.ended is not None:
            ends[contact_id] = max(segment.ended, ends.get(contact_id, 0))
        if segment.began is not None:
            begins[contact_id] = max(segment.began, begins.get(contact_id, 0))
    running = {contact_id for _, contact_id, _ in facts} - set(ends)
    assert session.running == tuple(sorted(running))
    assert session.ended == max(ends.values(), default=None)
    longest = LONGEST_CHAT_SECONDS * 1000
    assert session.until == max([*ends.values(), *(begins[id] + longest for id in running)])


def test_a_session_has_ended_when_all_its_known_segments_have() -> None:
    """The survey keeps it open, and then sets its end."""
    first = Fact("a", "a", Segment(None, 10))
    survey = Fact("a", "b", Segment(10, None))
    over = Fact("a", "b", Segment(None, 25))
    assert (session_of([first]).running, session_of([first]).until) == ((), 10)
    assert session_of([first, survey]).running == ("b",)
    ended = session_of([first, survey, over])
    assert (ended.running, ended.ended, ended.until) == ((), 25, 25)


def test_joining_leaves_what_was_joined_alone() -> None:
    """The condition of a write compares with what was read."""
    before = Session("a", {"a": Segment(1, None)})
    functools.reduce(joined, [Fact("a", "a", Segment(None, 5)), Fact("a", "b", Segment(3, None))], before)
    assert before == Session("a", {"a": Segment(1, None)})
