"""A session as the history knows it: facts about its segments, joined; and as the index has it.

Joining is commutative, associative and idempotent, so late, repeated and reordered events end in one state.
"""

from collections.abc import Mapping
from typing import NamedTuple

# A chat lasts 10,080 minutes at most (StartChatContact, ChatDurationInMinutes).
LONGEST_CHAT_SECONDS = 10_080 * 60


class Segment(NamedTuple):
    """What is known of a segment: when it ended, or else when it began; in milliseconds since the epoch."""

    began: int | None
    ended: int | None


class Fact(NamedTuple):
    """A fact about one segment."""

    session_id: str
    contact_id: str
    segment: Segment


class Session(NamedTuple):
    """A session of which at least one segment is known."""

    # Its initial contact's.
    id: str
    # By contact id.
    segments: Mapping[str, Segment]

    @property
    def running(self) -> tuple[str, ...]:
        """The segments of which no end is known, in the order of their ids."""
        return tuple(sorted(id for id, segment in self.segments.items() if segment.ended is None))

    @property
    def ended(self) -> int | None:
        """The latest end that is known, in milliseconds since the epoch."""
        return max((segment.ended for segment in self.segments.values() if segment.ended is not None), default=None)

    @property
    def until(self) -> int:
        """When it ended; while a segment is not known to have ended, when it has to have at the latest."""
        longest = LONGEST_CHAT_SECONDS * 1000
        return max(
            segment.ended if segment.ended is not None else (segment.began or 0) + longest
            for segment in self.segments.values()
        )


def joined(before: Session | None, fact: Fact) -> Session:
    """The session with one more fact."""
    segments = dict(before.segments) if before is not None else {}
    known = segments.get(fact.contact_id)
    segments[fact.contact_id] = _joined(known, fact.segment) if known is not None else _kept(fact.segment)
    return Session(fact.session_id, segments)


def _joined(one: Segment, other: Segment) -> Segment:
    return _kept(Segment(_latest(one.began, other.began), _latest(one.ended, other.ended)))


def _kept(segment: Segment) -> Segment:
    """Its end says all; when it began counts only until then."""
    return Segment(segment.began if segment.ended is None else None, segment.ended)


def _latest(one: int | None, other: int | None) -> int | None:
    return max((time for time in (one, other) if time is not None), default=None)


class Entry(NamedTuple):
    """A session in the index; times in milliseconds since the epoch."""

    session_id: str
    # Never before `ended`.
    until: int
    ended: int | None
    running: tuple[str, ...]
    # Whether it is not as the recorder writes it; then what is left of it are ids that can be ones.
    broken: bool = False


class Entries(NamedTuple):
    """A customer's sessions in the index, those that may have ended last first."""

    entries: tuple[Entry, ...]
    # Whether there are others, which come after the last of these.
    more: bool
