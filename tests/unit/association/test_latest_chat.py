"""Which session ended last: by the history where it knows, by Amazon Connect's word where it does not."""

import math
from collections.abc import Mapping

import pytest

from association.latest_chat import Known, LatestChat, Read, Step, is_later, latest, latest_of
from association.refusal import Refusal
from association.rule import Describe
from connect.contact import Contact
from history.session import Entries, Entry, Segment, Session

NOW = 3_000_000.0
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
    rows: Mapping[str, Session | None] | None = None,
) -> Step:
    """The latest of these, as the index orders them."""
    listed = sorted([*entries, *([OWN] if own else [])], key=lambda entry: entry.until, reverse=True)
    known = Known(current, Entries(tuple(listed), more), rows or {}, contacts or {}, NOW)
    return latest(known, delay, transcript)


def row(session: str, **ends: float | None) -> dict[str, Session | None]:
    """A row that was read: its segments, and when each ended, in seconds; None: that it runs."""
    segments = {id: Segment(0, None) if end is None else Segment(None, round(end * 1000)) for id, end in ends.items()}
    return {session: Session(session, segments)}


def refusal_of(*entries: Entry, **more: object) -> Refusal:
    """Why it cannot be said."""
    with pytest.raises(Refusal) as refused:
        found(*entries, **more)  # type: ignore[arg-type]
    return refused.value


def test_without_a_past_chat_there_is_nothing() -> None:
    """The current one is not its own past."""
    assert found() is None
    assert found(own=False) is None


def test_the_latest_is_described_and_then_found() -> None:
    """Of sessions that have ended; when it ended goes with it, for its transcript's sake."""
    sessions = (ended("b", 20), ended("c", 30), ended("a", 10))
    assert found(*sessions) == Describe(("c",))
    assert found(*sessions, contacts={"c": contact("c", 30)}) == LatestChat("c", 30)
    # A transferred chat: its first contact ended before, and no other chat has ended since.
    assert found(*sessions, contacts={"c": contact("c", 20.4)}) == LatestChat("c", 30)
    assert found(ended("a", 10), contacts={"a": contact("a", 10)}) == LatestChat("a", 10)


def test_the_current_session_is_not_looked_at_even_when_a_part_of_it_has_ended() -> None:
    """A transferred chat whose later segment the history does not know yet."""
    transferred = CURRENT._replace(id="second", session="first")
    assert found(ended("first", 50), ended("a", 10), current=transferred, own=False) == Describe(("a",))


def test_a_session_that_may_run_is_asked_about() -> None:
    """Both when it has ended and when it runs the answer is Connect's; two at a time."""
    sessions = (open_("b"), ended("a", 10))
    assert found(*sessions) == Describe(("b",))
    over = {"b": contact("b", 40.5)}
    assert found(*sessions, contacts=over) == LatestChat("b", 40.5)
    runs: dict[str, Contact | None] = {"b": contact("b", None)}
    assert found(*sessions, contacts=runs) == Describe(("a",))
    assert found(*sessions, contacts={**runs, "a": contact("a", 10)}) == LatestChat("a", 10)
    assert found(open_("b"), open_("c", until=WEEK * 2), open_("d", until=WEEK)) == Describe(("b", "c"))
    assert found(open_("b", "b1", "b2", "b3")) == Describe(("b1", "b2"))
    assert found(open_("b"), contacts=runs) is None
    assert found(open_("b"), ended("a", 20), contacts={"b": contact("b", 19.99)}) == Describe(("a",))


def test_of_two_that_ended_at_once_it_is_always_the_same() -> None:
    """The one that began later."""
    both: dict[str, Contact | None] = {"b": contact("b", 40), "c": contact("c", 40)}
    assert found(open_("b"), open_("c", until=WEEK * 2), contacts=both) == LatestChat("b", 40)


def test_a_session_ended_when_its_last_segment_did() -> None:
    """Whether the history knows that one or Connect says so; and not before all have."""
    session = open_("b", "b2", "b3", known=40_000)
    first = {"b": contact("b", 40)}
    ends = {**first, "b2": contact("b2", 30, "b"), "b3": contact("b3", 35, "b")}
    assert found(session, contacts=ends) == LatestChat("b", 40)
    assert found(session, contacts={**ends, "b3": contact("b3", 60, "b")}) == LatestChat("b", 60)
    assert found(session, contacts={**ends, "b2": contact("b2", None, "b")}) is None


def test_what_has_to_have_ended_before_the_latest_is_not_asked_about() -> None:
    """An end that was never told ages: after a week at most it says nothing any more."""
    stale = open_("old", until=20_000)
    assert found(ended("a", 20), stale, contacts={"a": contact("a", 20)}) == LatestChat("a", 20)
    assert found(stale, ended("a", 19.999)) == Describe(("old",))
    assert found(stale, ended("a", 19), contacts={"old": contact("old", 5), "a": contact("a", 19)}) == LatestChat(
        "a", 19
    )


@pytest.mark.parametrize("said", [None, contact("b", 20, customer="you"), contact("B", 20), contact("b", 20, "b", "")])
def test_what_is_not_the_customers_is_passed_over(said: Contact | None) -> None:
    """The history may be wrong about whose a chat is, or Connect may have forgotten it: the next one counts, once it is
    known that no other part of it is the customer's."""
    sessions = (ended("b", 20), ended("a", 10))
    assert found(*sessions, contacts={"b": said}) == Read("b")
    assert found(*sessions, contacts={"b": said}, rows=row("b", b=20)) == Describe(("a",))
    assert found(ended("b", 20), contacts={"b": said}, rows=row("b", b=20)) is None
    assert found(ended("b", 20), contacts={"b": said}, rows={"b": None}) is None
    two = row("b", b=15, b2=20)
    assert found(*sessions, contacts={"b": said}, rows=two) == Describe(("b2",))
    for other in (None, contact("b2", 20, "b", "you"), contact("b2", 20, "b", ""), contact("B2", 20, "b")):
        assert found(*sessions, contacts={"b": said, "b2": other}, rows=two) == Describe(("a",))


@pytest.mark.parametrize("channel", ["CHAT", ""])
def test_a_contact_of_which_no_channel_is_told_may_be_the_latest_chat(channel: str) -> None:
    """To pass it over would give an older chat."""
    last = contact("last", 20)._replace(channel=channel)
    sessions = (ended("last", 20), ended("older", 10))
    assert found(*sessions, contacts={"last": last}) == LatestChat("last", 20)


@pytest.mark.parametrize("channel", ["VOICE", "TASK", "EMAIL"])
def test_a_row_of_the_customers_call_is_passed_over(channel: str) -> None:
    """Somebody wrote it: as the latest it would be refused as no chat, without a word on what to send."""
    call, last = contact("call", 20)._replace(channel=channel), contact("last", 10)
    sessions = (ended("call", 20), ended("last", 10))
    assert found(*sessions, contacts={"call": call}) == Read("call")
    rows = row("call", call=20)
    assert found(*sessions, contacts={"call": call}, rows=rows) == Describe(("last",))
    assert found(*sessions, contacts={"call": call, "last": last}, rows=rows) == LatestChat("last", 10)


def test_what_ended_before_the_latest_is_not_looked_into() -> None:
    """However odd it is: it cannot hide the latest."""
    assert found(ended("b", 20), ended("c", 30), contacts={"b": None, "c": contact("c", 30)}) == LatestChat("c", 30)
    broken = Entry("b", 20_000, 20_000, (), broken=True)
    assert found(broken, ended("c", 30), contacts={"c": contact("c", 30)}) == LatestChat("c", 30)
    assert found(broken, ended("c", 20), contacts={"c": contact("c", 20)}) == LatestChat("c", 20)


@pytest.mark.parametrize(
    ("first", "reason", "why"),
    [
        (None, "history_doubtful", "does not know a part"),
        (contact("b", 15, customer="you"), "history_doubtful", "does not know a part"),
        (contact("b", 15, customer=""), "history_nobodys", "began without a customer"),
    ],
)
def test_a_chat_of_which_only_a_part_is_the_customers_is_no_reason_for_an_older_one(
    first: Contact | None, reason: str, why: str
) -> None:
    """As a whole it cannot be continued, and that is said, with the part that can; a later chat is continued."""
    sessions = (ended("b", 20), ended("a", 10))
    contacts: dict[str, Contact | None] = {"b": first, "b2": contact("b2", 20, "b")}
    refused = refusal_of(*sessions, contacts=contacts, rows=row("b", b2=20))
    assert (refused.status, refused.reason, refused.retry_after) == (400, reason, None)
    assert why in refused.message
    assert refused.message.endswith(
        "Send the SourceContactId b2 with FROM_SEGMENT, or the SourceContactId of another chat."
    )
    contacts["c"] = contact("c", 30)
    assert found(*sessions, ended("c", 30), contacts=contacts, rows=row("b", b2=20)) == LatestChat("c", 30)


def test_what_is_said_of_a_chat_that_is_in_part_the_customers() -> None:
    """Word for word; of several parts the last one, and of none that has ended no id."""
    text = (
        "Amazon Connect does not know a part of the customer's latest chat in the history, or that part belongs to "
        "somebody else. So the chat cannot be continued as a whole. Send the SourceContactId {} with FROM_SEGMENT, or "
        "the SourceContactId of another chat."
    )
    contacts: dict[str, Contact | None] = {"b": None, "b2": contact("b2", 18, "b"), "b3": contact("b3", 20, "b")}
    both = row("b", b3=20, b2=18)
    assert refusal_of(ended("b", 20), contacts=contacts, rows=both).message == text.format("b3")
    contacts["b3"] = contact("b3", None, "b")
    assert refusal_of(ended("b", 20), contacts=contacts, rows=both).message == text.format("b2")
    contacts["b2"] = None
    assert refusal_of(ended("b", 20), contacts=contacts, rows=both).message == text.format("of a part of that chat")
    # The one that ended last, wherever it stands.
    other = {"b": contact("b", 40), "b2": contact("b2", 50, "c")}
    assert refusal_of(open_("b", "b2"), contacts=other).message == text.format("b2")
    runs = {"b": contact("b", 15, customer=""), "b2": contact("b2", None, "c")}
    assert refusal_of(ended("b", 20), contacts=runs, rows=row("b", b2=20)).message == (
        "The customer's latest chat began without a customer, so it cannot be continued as a whole. Send the "
        "SourceContactId of a part of that chat with FROM_SEGMENT, or the SourceContactId of another chat."
    )
    nobodys = {"b": contact("b", 15, customer=""), "b2": contact("b2", 20, "b")}
    assert refusal_of(ended("b", 20), contacts=nobodys, rows=row("b", b2=20)).message == (
        "The customer's latest chat began without a customer, so it cannot be continued as a whole. Send the "
        "SourceContactId b2 with FROM_SEGMENT, or the SourceContactId of another chat."
    )


@pytest.mark.parametrize(
    "other",
    [None, contact("b2", 30, "b", "you"), contact("B2", 30, "b"), contact("b2", 30, "c"), contact("b2", None, "c", "")],
)
def test_a_part_that_is_not_the_sessions_hides_no_chat_of_the_customers(other: Contact | None) -> None:
    """A segment that may have ended last, and of which Connect says that it is none of the customer's session."""
    session = open_("b", "b2", known=40_000)
    if other is None or (other.session, other.customer, other.id) != ("c", "me", "b2"):
        assert found(session, ended("a", 10), contacts={"b2": other}) == Describe(("b",))
    refused = refusal_of(session, ended("a", 10), contacts={"b": contact("b", 40), "b2": other})
    assert (refused.reason, " b with" in refused.message) == ("history_doubtful", True)
    assert refusal_of(session, contacts={"b": contact("b", 40), "b2": other}).reason == "history_doubtful"
    # Nobody's from the beginning on: passed over.
    if other is None or other.customer != "me":
        theirs = {"b": contact("b", 40, customer="you"), "b2": other}
        assert found(session, ended("a", 10), contacts=theirs, rows={"b": None}) == Describe(("a",))
    # Whatever it says, it has to have ended before another chat did.
    old = open_("b", "b2", known=40_000, until=50_000)
    assert found(old, ended("a", 50), contacts={"b2": other, "a": contact("a", 50)}) == LatestChat("a", 50)


def test_the_current_chat_in_a_row_of_the_past_is_no_part_of_the_customers_past() -> None:
    """Otherwise a row that somebody wrote would hold up all later chats."""
    contacts: dict[str, Contact | None] = {"now": CURRENT, "b": None}
    assert found(open_("b", "now"), contacts=contacts, rows=row("b", now=None)) is None
    transferred = CURRENT._replace(id="before", session="now", disconnected=NOW - 50)
    contacts |= {"before": transferred}
    assert found(ended("b", 20), contacts=contacts, rows=row("b", before=20)) is None


def test_an_entry_that_is_not_as_it_was_written_is_looked_into() -> None:
    """It may hide the latest chat, or hold nothing of the customer's."""
    broken = Entry("b", 20_000, None, (), broken=True)
    assert found(broken, ended("a", 10)) == Describe(("b",))
    refused = refusal_of(broken, ended("a", 10), contacts={"b": contact("b", 20)})
    assert (refused.reason, " b with" in refused.message) == ("history_doubtful", True)
    assert found(broken, ended("a", 10), contacts={"b": None}) == Read("b")
    assert found(broken, ended("a", 10), contacts={"b": None}, rows={"b": None}) == Describe(("a",))
    # What can be no id is not sent to Connect.
    odd = Entry("../b", 20_000, None, (), broken=True)
    assert found(odd, ended("a", 10)) == Read("../b")
    assert found(odd, ended("a", 10), rows=row("../b", b2=20)) == Describe(("b2",))
    assert found(odd, ended("a", 10), contacts={"b2": None}, rows=row("../b", b2=20)) == Describe(("a",))
    assert found(Entry("", 20_000, None, (), broken=True), ended("a", 10)) == Describe(("a",))


@pytest.mark.parametrize(("ahead", "believed"), [(300, True), (300.001, False), (10_000_000, False)])
def test_an_end_that_is_far_ahead_is_not_believed(ahead: float, believed: bool) -> None:
    """Two clocks may be minutes apart. A row that says more would be the latest chat for ever."""
    future, sound = ended("b", NOW + ahead), ended("a", 10)
    assert found(future, sound) == Describe(("b",))
    if believed:
        assert found(future, sound, contacts={"b": contact("b", 20)}) == LatestChat("b", NOW + ahead)
    else:
        assert refusal_of(future, sound, contacts={"b": contact("b", 20)}).reason == "history_doubtful"
    assert found(future, sound, contacts={"b": None}, rows={"b": None}) == Describe(("a",))


def test_an_end_that_decides_between_two_chats_is_asked_for() -> None:
    """The history says that a later segment ended after another chat: whoever can write there could have a chat of long
    ago continued."""
    sessions = (ended("b", 40), ended("a", 30))
    contacts: dict[str, Contact | None] = {"b": contact("b", 20)}
    assert found(*sessions, contacts={"b": contact("b", 30.9)}) == LatestChat("b", 40)
    assert found(*sessions, contacts={"b": contact("b", None)}) == LatestChat("b", 40)
    assert found(*sessions, contacts=contacts) == Read("b")
    rows = row("b", b=20, b2=40, b3=15)
    assert found(*sessions, contacts=contacts, rows=rows) == Describe(("b2",))
    for said in (contact("b2", 40, "b"), contact("b2", 30, "b"), contact("b2", 40, "b", "")):
        assert found(*sessions, contacts={**contacts, "b2": said}, rows=rows) == LatestChat("b", 40)
    for other in (
        None,
        contact("b2", 29.9, "b"),
        contact("b2", None, "b"),
        contact("b2", 40, "c"),
        contact("B2", 40, "b"),
        contact("b2", 40, "b", "you"),
    ):
        refused = refusal_of(*sessions, contacts={**contacts, "b2": other}, rows=rows)
        assert (refused.reason, " b with" in refused.message) == ("history_doubtful", True)
    for empty in (None, Session("b", {})):
        assert refusal_of(*sessions, contacts=contacts, rows={"b": empty}).reason == "history_doubtful"
    assert refusal_of(*sessions, contacts=contacts, rows=row("b", b=40)).reason == "history_doubtful"
    # Connect may tell an end a moment later than the event does.
    just_now = (ended("b", NOW - 299), ended("a", NOW - 600))
    first = {"b": contact("b", 20), "b2": contact("b2", None, "b")}
    assert found(*just_now, contacts=first, rows=row("b", b=20, b2=NOW - 299)) == LatestChat("b", NOW - 299)
    long_ago = (ended("b", NOW - 300), ended("a", NOW - 600))
    assert refusal_of(*long_ago, contacts=first, rows=row("b", b=20, b2=NOW - 300)).reason == "history_doubtful"
    # The end of a segment that was asked about is Connect's own word.
    asked = open_("b", "b2", known=20_000)
    assert found(asked, ended("a", 30), contacts={**contacts, "b2": contact("b2", 40, "b")}) == LatestChat("b", 40)


def test_an_end_that_the_history_missed_is_amazon_connects() -> None:
    """The event that ended a segment may be lost: that segment is not the last one for it."""
    sessions = (open_("b", known=40_000), ended("a", 30))
    contacts: dict[str, Contact | None] = {"b": contact("b", 20)}
    assert found(*sessions, contacts=contacts, rows=row("b", b=None, b2=40)) == Describe(("b2",))
    rows = row("b", b=None, b2=40, b3=None)
    assert found(*sessions, contacts=contacts, rows=rows) == Describe(("b3",))
    contacts["b3"] = contact("b3", 40.01, "b")
    assert found(*sessions, contacts=contacts, rows=rows) == LatestChat("b", 40)
    contacts["b3"] = contact("b3", 39.99, "b")
    assert found(*sessions, contacts=contacts, rows=rows) == Describe(("b2",))
    contacts["b2"] = contact("b2", 40, "b")
    assert found(*sessions, contacts=contacts, rows=rows) == LatestChat("b", 40)


def test_what_ended_after_an_instant_can_be_left_out() -> None:
    """What was the latest when the current chat began."""

    def found_by(instant: float, *entries: Entry, **contacts: Contact | None) -> Step:
        return latest_of(Known(CURRENT, Entries((*entries, OWN), False), {}, contacts, NOW), before=instant)

    sessions = (ended("b", 20), ended("a", 10))
    assert found_by(21, *sessions) == Describe(("b",))
    assert found_by(20, *sessions) == Describe(("a",))
    assert found_by(20.9, *sessions) == Describe(("a",))
    assert found_by(10, *sessions) is None
    assert found_by(30, open_("b"), ended("a", 10)) == Describe(("b",))
    assert found_by(30, open_("b"), ended("a", 10), b=contact("b", 40)) == Describe(("a",))
    assert found_by(30, open_("b"), ended("a", 10), b=contact("b", 29)) == LatestChat("b", 29)


@pytest.mark.parametrize(
    ("instant", "other", "later"),
    [
        (2, 1, True),
        (1, 1, False),
        (1, 2, False),
        (1.2, 1.1, True),
        (1.1, 1.2, False),
        (1.1, 1.1, False),
        (1.9, 1, False),
        (1, 0.9, True),
        (2, 1.9, True),
        (1, 1.9, False),
    ],
)
def test_what_is_told_in_whole_seconds_is_compared_in_whole_seconds(instant: float, other: float, later: bool) -> None:
    """An end at 10:00:00 may be one at 10:00:00.9."""
    assert is_later(instant, other) is later


def test_a_part_without_a_customer_is_whose_its_session_is() -> None:
    """A transfer or a survey: it has ended, or it runs, as it says."""
    session = open_("b", "b2", known=40_000)
    first = {"b": contact("b", 40)}
    assert found(session, contacts={**first, "b2": contact("b2", 50, "b", "")}) == LatestChat("b", 50)
    assert found(session, contacts={**first, "b2": contact("b2", None, "b", "")}) is None


def test_more_than_was_read_is_not_guessed_at() -> None:
    """Unless what was found ended later than all the rest can have."""
    running = [open_(f"r{number}", until=WEEK + number) for number in range(6)]
    contacts: dict[str, Contact | None] = {entry.session_id: contact(entry.session_id, None) for entry in running}
    refused = refusal_of(*running, contacts=contacts, more=True)
    assert (refused.status, refused.reason, refused.retry_after) == (400, "history_undecided", None)
    assert refused.message == (
        "To find the latest chat, the endpoint would have to ask about too many of the customer's chats. Send the "
        "SourceContactId."
    )
    assert found(*running, contacts=contacts) is None
    last = {**contacts, "r0": contact("r0", WEEK / 1000 - 0.1)}
    assert refusal_of(*running, contacts=last, more=True).reason == "history_undecided"
    assert found(*running, ended("a", 10), contacts={**contacts, "a": contact("a", 10)}, more=True) == LatestChat(
        "a", 10
    )


def test_no_more_than_six_segments_are_asked_about() -> None:
    """Whoever has many windows open must not use up the quota that all share; what ended later than they may have
    settles it."""
    six, seven = open_("b", *"123456"), open_("b", *"1234567")
    assert found(six) == Describe(("1", "2"))
    assert refusal_of(seven).reason == "history_undecided"
    assert refusal_of(*(open_(f"r{number}", until=WEEK + number) for number in range(7))).reason == "history_undecided"
    assert found(ended("a", 4 * WEEK / 1000), seven) == Describe(("a",))
    # One of them may be the customer's own.
    assert refusal_of(seven, contacts={"b": None}).reason == "history_undecided"


def test_what_connect_has_forgotten_counts_as_looked_through() -> None:
    """Or a table full of what is nobody's would take the quota that all share; and 'none' is never said unseen."""
    six = [ended(f"f{number}", 20 + number) for number in range(6)]
    contacts: dict[str, Contact | None] = {entry.session_id: None for entry in six}
    rows: dict[str, Session | None] = dict.fromkeys(contacts)
    assert found(*six, contacts=contacts) == Read("f5")
    assert found(*six, contacts=contacts, rows=rows) is None
    assert refusal_of(*six, contacts=contacts, rows=rows, more=True).reason == "history_undecided"
    last = ended("a", 10)
    assert found(*six, last, contacts=contacts, rows=rows) == Describe(("a",))
    assert found(*six, last, contacts={**contacts, "a": contact("a", 10)}, rows=rows) == LatestChat("a", 10)
    assert refusal_of(*six, last, contacts={**contacts, "a": None}, rows=rows).reason == "history_undecided"
    seventh = {**contacts, "f6": None, "a": contact("a", 10)}
    more = {**rows, "f6": None}
    assert refusal_of(*six, ended("f6", 27), last, contacts=seventh, rows=more).reason == "history_undecided"
    running = open_("r", until=WEEK)
    assert refusal_of(*six, running, contacts=contacts, rows=rows).reason == "history_undecided"
    five = {id: None for id in contacts if id != "f0"}
    assert found(*six[1:], running, contacts=five, rows=rows) == Describe(("r",))
    assert found(*six[1:], running, contacts={**five, "r": contact("r", 30)}, rows=rows) == LatestChat("r", 30)


def test_a_row_of_many_segments_is_not_looked_through_to_its_end() -> None:
    """Six contacts, whoever wrote them there: after that it is said that more would be needed."""
    ends = {f"s{number}": 29.0 - number for number in range(9)}
    rows = row("b", **ends)
    contacts: dict[str, Contact | None] = {"b": None}
    asked: list[str] = []
    while len(contacts) < 6:
        step = found(ended("b", 40), contacts=contacts, rows=rows)
        assert isinstance(step, Describe)
        assert len(step.contact_ids) <= 2
        asked += step.contact_ids
        contacts |= dict.fromkeys(step.contact_ids)
    assert asked == ["s0", "s1", "s2", "s3", "s4"]
    assert refusal_of(ended("b", 40), contacts=contacts, rows=rows).reason == "history_undecided"
    # What runs, as the history says, comes first.
    assert found(ended("b", 40), contacts={"b": None}, rows=row("b", s1=30, s2=None)) == Describe(("s2", "s1"))


def test_six_that_run_leave_room_for_the_one_that_is_found() -> None:
    """Its own description is the one that a named source takes too."""
    running = [open_(f"r{number}", until=WEEK + number) for number in range(6)]
    contacts: dict[str, Contact | None] = {entry.session_id: contact(entry.session_id, None) for entry in running}
    assert found(*running, ended("a", 10), contacts=contacts) == Describe(("a",))
    assert found(*running, ended("a", 10), contacts={**contacts, "a": contact("a", 10)}) == LatestChat("a", 10)


@pytest.mark.parametrize(("age", "seconds"), [(0, 3), (-0.9, 3), (0.5, 2), (2, 1), (1.9, 1), (-5, 8), (-1000, 303)])
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
    # Told ahead, by a clock that is minutes off; and by one that is believed no more.
    assert wait(NOW + 200) == 260
    assert wait(NOW + 300) == 360
    assert wait(NOW + 301) == 3
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
