"""Which session ended last: by the history where it knows, by Amazon Connect's word where it does not."""

import math
from collections.abc import Mapping

import pytest

from association.answers import Refusal
from association.contact import Contact
from association.past import Describe, Nothing, Past, latest
from history.table import Entry, Latest

NOW = 1_000_000.0
CURRENT = Contact("now", "me", "CHAT", "now", None, None, NOW - 100)
# The entry of a chat that began at 0 and may run for a week.
WEEK = 604_800_000


def ended(id: str, seconds: float) -> Entry:
    """A session that is known to have ended."""
    return Entry(id, round(seconds * 1000), round(seconds * 1000), ())


def open_(id: str, *running: str, until: int = WEEK * 3, known: int | None = None) -> Entry:
    """A session that is not."""
    return Entry(id, until, known, running or (id,))


def contact(id: str, at: float | None, session: str | None = None, customer: str = "me") -> Contact:
    """What Connect says: of whom, and when it ended."""
    return Contact(id, customer, "CHAT", session or id, None, at, 0.0)


OWN = open_("now", until=WEEK * 4)


def found(
    *entries: Entry,
    contacts: Mapping[str, Contact | None] | None = None,
    more: bool = False,
    own: bool = True,
    current: Contact = CURRENT,
    delay: float = 3,
    transcript: float = 0,
) -> Past | Nothing | Describe:
    """The latest of these, as the index orders them."""
    listed = sorted([*entries, *([OWN] if own else [])], key=lambda entry: entry.until, reverse=True)
    return latest(current, Latest(tuple(listed), more), contacts or {}, NOW, delay, transcript)


def refusal_of(*entries: Entry, **more: object) -> Refusal:
    """Why it cannot be said."""
    with pytest.raises(Refusal) as refused:
        found(*entries, **more)  # type: ignore[arg-type]
    return refused.value


def test_without_a_past_chat_there_is_nothing() -> None:
    """The current one is not its own past."""
    assert found() == Nothing()
    assert found(own=False) == Nothing()


def test_the_latest_is_described_and_then_found() -> None:
    """Of sessions that have ended; when it ended goes with it, for its transcript's sake."""
    sessions = (ended("b", 20), ended("c", 30), ended("a", 10))
    assert found(*sessions) == Describe(("c",))
    assert found(*sessions, contacts={"c": contact("c", 5)}) == Past("c", 30)
    assert found(ended("a", 10), contacts={"a": contact("a", 10)}) == Past("a", 10)


def test_the_current_session_is_not_looked_at_even_when_a_part_of_it_has_ended() -> None:
    """A transferred chat whose later segment the history does not know yet."""
    transferred = CURRENT._replace(id="second", session="first")
    assert found(ended("first", 50), ended("a", 10), current=transferred, own=False) == Describe(("a",))


def test_a_session_that_may_run_is_asked_about() -> None:
    """Both when it has ended and when it runs the answer is Connect's; two at a time."""
    sessions = (open_("b"), ended("a", 10))
    assert found(*sessions) == Describe(("b",))
    over = {"b": contact("b", 40.5)}
    assert found(*sessions, contacts=over) == Past("b", 40.5)
    runs: dict[str, Contact | None] = {"b": contact("b", None)}
    assert found(*sessions, contacts=runs) == Describe(("a",))
    assert found(*sessions, contacts={**runs, "a": contact("a", 10)}) == Past("a", 10)
    assert found(open_("b"), open_("c", until=WEEK * 2), open_("d", until=WEEK)) == Describe(("b", "c"))
    assert found(open_("b", "b1", "b2", "b3")) == Describe(("b1", "b2"))
    assert found(open_("b"), contacts=runs) == Nothing()
    assert found(open_("b"), ended("a", 20), contacts={"b": contact("b", 19.99)}) == Describe(("a",))


def test_of_two_that_ended_at_once_it_is_always_the_same() -> None:
    """The one that began later."""
    both: dict[str, Contact | None] = {"b": contact("b", 40), "c": contact("c", 40)}
    assert found(open_("b"), open_("c", until=WEEK * 2), contacts=both) == Past("b", 40)


def test_a_session_ended_when_its_last_segment_did() -> None:
    """Whether the history knows that one or Connect says so; and not before all have."""
    session = open_("b", "b2", "b3", known=40_000)
    first = {"b": contact("b", 40)}
    ends = {**first, "b2": contact("b2", 30, "b"), "b3": contact("b3", 35, "b")}
    assert found(session, contacts=ends) == Past("b", 40)
    assert found(session, contacts={**ends, "b3": contact("b3", 60, "b")}) == Past("b", 60)
    assert found(session, contacts={**ends, "b2": contact("b2", None, "b")}) == Nothing()
    assert found(session, contacts={**ends, "b2": contact("b2", 30, "b", "you")}) == Nothing()
    assert found(session, contacts={**ends, "b2": None}) == Nothing()


def test_what_has_to_have_ended_before_the_latest_is_not_asked_about() -> None:
    """An end that was never told ages: after a week at most it says nothing any more."""
    stale = open_("old", until=20_000)
    assert found(ended("a", 20), stale, contacts={"a": contact("a", 20)}) == Past("a", 20)
    assert found(stale, ended("a", 19.999)) == Describe(("old",))
    assert found(stale, ended("a", 19), contacts={"old": contact("old", 5), "a": contact("a", 19)}) == Past("a", 19)


@pytest.mark.parametrize("said", [None, contact("b", 20, customer="you"), contact("B", 20)])
def test_what_is_not_the_customers_is_passed_over(said: Contact | None) -> None:
    """The history may be wrong about whose a chat is, or Connect may have forgotten it: the next one counts."""
    sessions = (ended("b", 20), ended("a", 10))
    assert found(*sessions, contacts={"b": said}) == Describe(("a",))
    assert found(ended("b", 20), contacts={"b": said}) == Nothing()


def test_a_session_that_began_without_a_customer_is_no_reason_for_an_older_one() -> None:
    """A later part of it is the customer's, as the history knows; as a whole it is nobody's, and that is said."""
    sessions = (ended("b", 20), ended("a", 10))
    nobodys = contact("b", 15, customer="")
    refused = refusal_of(*sessions, contacts={"b": nobodys})
    assert (refused.status, refused.reason, refused.retry_after) == (400, "history_nobodys", None)
    assert refused.message == (
        "The customer's latest chat began without a customer, so it cannot be continued as a whole. Send the "
        "SourceContactId of a later part of it, with FROM_SEGMENT, or of another chat."
    )
    newer = {"b": nobodys, "c": contact("c", 30)}
    assert found(*sessions, ended("c", 30), contacts=newer) == Past("c", 30)


def test_a_part_without_a_customer_is_whose_its_session_is() -> None:
    """A transfer or a survey: it has ended, or it runs, as it says, unless it is of another session."""
    session = open_("b", "b2", known=40_000)
    first = {"b": contact("b", 40)}
    assert found(session, contacts={**first, "b2": contact("b2", 50, "b", "")}) == Past("b", 50)
    assert found(session, contacts={**first, "b2": contact("b2", None, "b", "")}) == Nothing()
    assert found(session, contacts={**first, "b2": contact("b2", 50, "c", "")}) == Nothing()
    assert found(session, contacts={**first, "b2": contact("b2", 50, "c")}) == Nothing()


def test_more_than_was_read_is_not_guessed_at() -> None:
    """Unless what was found ended later than all the rest can have."""
    running = [open_(f"r{number}", until=WEEK + number) for number in range(6)]
    contacts: dict[str, Contact | None] = {entry.session_id: contact(entry.session_id, None) for entry in running}
    refused = refusal_of(*running, contacts=contacts, more=True)
    assert (refused.status, refused.reason, refused.retry_after) == (400, "history_undecided", None)
    assert refused.message == (
        "More of the customer's chats would have to be looked through than one request may. Send the SourceContactId."
    )
    assert found(*running, contacts=contacts) == Nothing()
    last = {**contacts, "r0": contact("r0", WEEK / 1000 - 0.1)}
    assert refusal_of(*running, contacts=last, more=True).reason == "history_undecided"
    assert found(*running, ended("a", 10), contacts={**contacts, "a": contact("a", 10)}, more=True) == Past("a", 10)


def test_no_more_than_six_segments_are_asked_about() -> None:
    """Whoever has many windows open must not use up the quota that all share; what ended later than they may have
    settles it."""
    six, seven = open_("b", *"123456"), open_("b", *"1234567")
    assert found(six) == Describe(("1", "2"))
    assert refusal_of(seven).reason == "history_undecided"
    assert refusal_of(*(open_(f"r{number}", until=WEEK + number) for number in range(7))).reason == "history_undecided"
    assert found(ended("a", 4 * WEEK / 1000), seven) == Describe(("a",))
    assert found(open_("b", *"1234567"), contacts={"b": None}) == Nothing()


def test_what_connect_has_forgotten_counts_as_looked_through() -> None:
    """Or a table full of what is nobody's would take the quota that all share; and 'none' is never said unseen."""
    six = [ended(f"f{number}", 20 + number) for number in range(6)]
    contacts: dict[str, Contact | None] = {entry.session_id: None for entry in six}
    assert found(*six, contacts=contacts) == Nothing()
    assert refusal_of(*six, contacts=contacts, more=True).reason == "history_undecided"
    assert found(*six, ended("a", 10), contacts=contacts) == Describe(("a",))
    assert found(*six, ended("a", 10), contacts={**contacts, "a": contact("a", 10)}) == Past("a", 10)
    assert refusal_of(*six, ended("a", 10), contacts={**contacts, "a": None}).reason == "history_undecided"
    running = open_("r", until=WEEK)
    assert refusal_of(*six, running, contacts=contacts).reason == "history_undecided"
    five = {id: None for id in contacts if id != "f0"}
    assert found(*six[1:], running, contacts=five) == Describe(("r",))
    assert found(*six[1:], running, contacts={**five, "r": contact("r", 30)}) == Past("r", 30)


def test_six_that_run_leave_room_for_the_one_that_is_found() -> None:
    """Its own description is the one that a named source takes too."""
    running = [open_(f"r{number}", until=WEEK + number) for number in range(6)]
    contacts: dict[str, Contact | None] = {entry.session_id: contact(entry.session_id, None) for entry in running}
    assert found(*running, ended("a", 10), contacts=contacts) == Describe(("a",))
    assert found(*running, ended("a", 10), contacts={**contacts, "a": contact("a", 10)}) == Past("a", 10)


@pytest.mark.parametrize(("age", "seconds"), [(0, 3), (-0.9, 3), (0.5, 2), (2, 1), (1.9, 1), (-5, 3)])
def test_before_the_chats_own_event_nothing_is_sure(age: float, seconds: int) -> None:
    """The wait ends when the event has come, or when it is as late as events are: the number is the rest of that."""
    current = CURRENT._replace(initiated=NOW - age)
    refused = refusal_of(ended("a", 10), own=False, current=current)
    assert (refused.status, refused.reason, refused.retry_after) == (400, "history_not_ready", seconds)
    assert refused.message == (
        "The chat InitialContactId began a moment ago, and the history of the customer's chats may not be "
        f"complete yet. Try again in {seconds} s."
    )
    assert found(ended("a", 10), current=current) == Describe(("a",))


def test_nobody_is_told_to_come_back_in_vain() -> None:
    """A chat that is known to have ended just now needs its transcript: the longer of the two waits is told."""
    current = CURRENT._replace(initiated=NOW)

    def wait(at: float, delay: float = 3, transcript: float = 60) -> int | None:
        return refusal_of(
            ended("b", at), ended("a", 10), own=False, current=current, delay=delay, transcript=transcript
        ).retry_after

    assert wait(NOW - 20) == 40
    assert wait(NOW - 20.5) == 39
    assert wait(NOW - 20, delay=50) == 50
    assert wait(NOW - 59) == 3
    assert wait(NOW - 1000) == 3
    assert wait(NOW + 1000) == 60
    assert wait(NOW - 20, transcript=0) == 3
    # A session that still runs needs no transcript: it is passed over.
    runs = open_("b", "b2", known=round((NOW - 20) * 1000))
    assert refusal_of(runs, own=False, current=current, transcript=60).retry_after == 3


def test_after_the_wait_the_history_is_taken_as_it_is() -> None:
    """A lost event holds nobody up for longer; a contact without a beginning does not at all."""
    for began in (NOW - 3, NOW - 3.5, None):
        assert found(ended("a", 10), own=False, current=CURRENT._replace(initiated=began)) == Describe(("a",))
    assert found(ended("a", 10), own=False, current=CURRENT._replace(initiated=NOW), delay=0) == Describe(("a",))
    assert refusal_of(own=False, current=CURRENT._replace(initiated=NOW), delay=2.5).retry_after == math.ceil(2.5)
