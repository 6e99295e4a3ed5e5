"""What a chat shows that continues one already: a retry is answered, unless the history proves that it is none."""

import pytest

from association.earlier_answer import shows_older, shows_part
from association.latest_chat import MOST_ASKED, Known, Read
from association.rule import Describe
from connect.contact import Contact
from history.session import Entries, Entry, Segment, Session

NOW = 3_000_000.0
BEGAN = NOW - 500
CURRENT = Contact("now", "me", "CHAT", "now", "s2", None, BEGAN)
# The session s1 of three segments: they ended within a second.
ENDS = {"s1": 1000.101, "s2": 1000.202, "s3": 1000.303}


def segment(id: str, ended: float | None, session: str = "s1", customer: str = "me") -> Contact:
    """A contact as Connect describes it."""
    return Contact(id, customer, "CHAT", session, None, ended, 0.0)


def row(**ends: float | None) -> Session:
    """The session, with the ends that the history knows."""
    known = {id: Segment(0, None) if end is None else Segment(None, round(end * 1000)) for id, end in ends.items()}
    return Session("s1", known)


def part(
    related: str,
    kept: Session | None,
    *contacts: Contact,
    began: float | None = BEGAN,
    related_ended: float | None = None,
    unknown: str | None = None,
) -> Describe | bool:
    """Whether a chat that continues this segment shows a part only."""
    continued = segment(related, ENDS.get(related, 1000.0) if related_ended is None else related_ended)
    described: dict[str, Contact | None] = {one.id: one for one in contacts}
    if unknown is not None:
        described[unknown] = None
    return shows_part(continued, kept, Known(CURRENT._replace(initiated=began), Entries((), False), {}, described, NOW))


def test_the_last_segment_shows_the_whole() -> None:
    """Whatever else the history knows, and without asking anybody."""
    assert part("s3", row(**ENDS)) is False
    assert part("s3", row(s1=1000.101, s2=1000.202)) is False
    assert part("s1", row(s1=1000.101)) is False


@pytest.mark.parametrize("related", ["s1", "s2"])
def test_a_segment_that_ended_after_the_continued_one_is_missing(related: str) -> None:
    """If Connect knows it as one of the customer's session: the history is only a hint."""
    later = [id for id in ENDS if id > related]
    assert part(related, row(**ENDS)) == Describe(tuple(later))
    assert part(related, row(**ENDS), *(segment(id, ENDS[id]) for id in later)) is True
    # Connect tells whole seconds, perhaps, and a survey may carry no customer.
    assert part(related, row(**ENDS), *(segment(id, 1000.0, customer="") for id in later)) is True
    theirs = [segment(id, ENDS[id], customer="you") for id in later]
    assert part(related, row(**ENDS), *theirs) is False
    assert part(related, row(**ENDS), *(segment(id, ENDS[id], "other") for id in later)) is False


def test_a_row_that_tells_of_unknown_contacts_proves_nothing() -> None:
    """Whoever can write there could have every retry refused."""
    assert part("s2", row(**ENDS), unknown="s3") is False


@pytest.mark.parametrize("ended", [BEGAN + 0.001, BEGAN + 100])
def test_what_ended_after_the_chat_began_may_have_ended_after_the_association(ended: float) -> None:
    """Connect took what had ended last then: the retry gets that answer, also when the rest was recorded since."""
    kept = row(s1=1000.1, s2=1000.2, s3=ended)
    assert part("s2", kept, segment("s3", ended)) is False
    assert part("s2", kept, segment("s3", ended - 1)) is False
    assert part("s2", row(s1=1000.1, s2=1000.2, s3=BEGAN), segment("s3", BEGAN)) is False
    before = row(s1=1000.1, s2=1000.2, s3=BEGAN - 0.5)
    assert part("s2", before, segment("s3", BEGAN - 1)) is True
    assert part("s2", before, segment("s3", BEGAN - 0.5), began=BEGAN - 0.4) is True
    assert part("s2", before, segment("s3", BEGAN - 0.5), began=BEGAN - 0.5) is False
    # Connect's word counts as well.
    assert part("s2", before, segment("s3", BEGAN + 1)) is False


def test_a_segment_of_which_no_end_was_told_is_asked_about() -> None:
    """An end may be recorded late, or never."""
    kept = row(s1=1000.1, s2=1000.2, s3=None)
    assert part("s2", kept) == Describe(("s3",))
    assert part("s2", kept, segment("s3", None)) is False
    assert part("s2", kept, segment("s3", 1001.0)) is True
    assert part("s2", kept, segment("s3", 1000.9)) is True
    assert part("s2", kept, segment("s3", 1000.1)) is False
    assert part("s2", kept, segment("s3", 1000.9), related_ended=1000.0) is False
    assert part("s2", kept, segment("s3", BEGAN + 1)) is False
    assert part("s2", kept, unknown="s3") is False
    # The continued one itself has ended, as Connect says.
    assert part("s3", row(s1=1000.1, s2=1000.2, s3=None)) is False


def test_ends_of_two_sources_are_compared_in_whole_seconds() -> None:
    """An event tells milliseconds, DescribeContact perhaps seconds."""
    # The last end was recorded by DescribeContact.
    assert part("s3", row(s1=1000.101, s2=1000.202, s3=1000.0)) is False
    assert part("s2", row(s1=1000.101, s2=1000.0, s3=1000.303)) is False
    assert part("s2", row(s1=1000.101, s2=1000.0, s3=1001.303)) == Describe(("s3",))
    # The continued one is not recorded.
    assert part("s3", row(s1=1000.101, s2=1000.202), related_ended=1000.0) is False
    assert part("s3", row(s1=1000.101, s2=1001.0), related_ended=1000.9) == Describe(("s2",))


def test_what_nobody_can_tell_is_no_part() -> None:
    """No row, no beginning, or more than may be asked about."""
    assert part("s2", None) is False
    assert part("s2", row(**ENDS), began=None) is False
    many = {f"t{number}": 2000.0 + number for number in range(MOST_ASKED)}
    assert part("s2", row(s2=1000.2, **many)) == Describe(("t0", "t1"))
    assert part("s2", row(s2=1000.2, more=2000.0, **many)) is False


def entry(id: str, ended: float, *running: str) -> Entry:
    """A session in the index."""
    return Entry(id, 10**12 if running else round(ended * 1000), round(ended * 1000), running)


def older(
    *entries: Entry,
    contacts: tuple[Contact, ...] = (),
    began: float | None = BEGAN,
    related_ended: float | None = 1000.3,
) -> Describe | Read | bool:
    """Whether a chat that continues s1 continues an older one than the latest."""
    continued = Contact("s2", "me", "CHAT", "s1", None, related_ended, 0.0)
    listed = sorted(entries, key=lambda one: one.until, reverse=True)
    described: dict[str, Contact | None] = {one.id: one for one in contacts}
    current = CURRENT._replace(initiated=began)
    return shows_older(continued, Known(current, Entries(tuple(listed), False), {}, described, NOW))


def test_a_later_chat_that_had_ended_when_this_one_began_was_the_latest() -> None:
    """Then an older one was named; once Connect says that the later one is the customer's."""
    entries = (entry("s1", 1000.3), entry("t", 2000.5))
    assert older(*entries) == Describe(("t",))
    assert older(*entries, contacts=(segment("t", 2000.5, "t"),)) is True
    assert older(entry("t", 2000.5), contacts=(segment("t", 2000.5, "t"),)) is True
    # Somebody else's is passed over, after a look at the rest of its row.
    assert older(*entries, contacts=(segment("t", 2000.5, "t", "you"),)) == Read("t")


def test_a_chat_that_ended_after_this_one_began_may_have_been_none_of_the_past() -> None:
    """Another window: a retry gets the answer that was lost."""
    entries = (entry("s1", 1000.3), entry("t", BEGAN + 1))
    assert older(*entries, contacts=(segment("s1", 1000.3),)) is False
    # Of which no end was told, too.
    running = (entry("s1", 1000.3), entry("t", 10.0, "t"))
    assert older(*running) == Describe(("t",))
    assert older(*running, contacts=(segment("t", BEGAN + 1, "t"), segment("s1", 1000.3))) is False
    assert older(*running, contacts=(segment("t", BEGAN - 1, "t"),)) is True


def test_the_latest_is_not_older() -> None:
    """The common retry; also when its own end came after this chat began, or is told in whole seconds."""
    mine = (segment("s1", 1000.3),)
    assert older(entry("s1", 1000.3), entry("r", 900.0), contacts=mine) is False
    assert older(entry("s1", BEGAN + 9), entry("r", 900.0), contacts=(segment("r", 900.0, "r"),)) is False
    t = (segment("t", 1000.9, "t"),)
    assert older(entry("s1", 1000.3), entry("t", 1000.9), contacts=t) is True
    assert older(entry("t", 1000.9), contacts=t, related_ended=1000.0) is False
    assert older(entry("r", 900.0), contacts=(segment("r", 900.0, "r"),)) is False
    # A later segment of its session ended last.
    assert older(entry("s1", BEGAN + 9), entry("t", 2000.5), contacts=(segment("t", 2000.5, "t"),)) is False
    assert older(
        entry("s1", 2000.7, "s9"), entry("t", 2000.5), contacts=(segment("t", 2000.5, "t"), segment("s9", None))
    ) is (False)
    assert older() is False


def test_without_a_beginning_or_an_end_nothing_is_proved() -> None:
    """The answer names what is continued."""
    entries, contacts = (entry("s1", 1000.3), entry("t", 2000.5)), (segment("t", 2000.5, "t"),)
    assert older(*entries, contacts=contacts, began=None) is False
    assert older(*entries, contacts=contacts, related_ended=None) is False
