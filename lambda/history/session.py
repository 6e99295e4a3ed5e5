"""A session as the history knows it: facts about its segments, joined; and as the index has it.

Joining is commutative, associative and idempotent, so late, repeated and reordered events end in one state.
"""

from collections.abc import Mapping

from shared.typing import NamedTuple

# A chat lasts 10,080 minutes at most (StartChatContact, ChatDurationInMinutes).
LONGEST_CHAT_SECONDS = 10_080 * 60


class Segment(NamedTuple):
    """What is known of a segment: its end, or else its beginning, in milliseconds since the epoch."""

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
        """When it ended; if a segment's end is unknown, when the session must have ended at the latest."""
        longest = LONGEST_CHAT_SECONDS * 1000
        return max(
            segment.ended if segment.ended is not None else (segment.began or 0) + longest
            for segment in self.segments.values()
        )


def joined(before: Session | None, fact: Fact) -> Session:
    """The session with one more fact. A segment's beginning counts only until its end is known."""
    segments = dict(before.segments) if before is not None else {}
    known = segments.get(fact.contact_id, Segment(None, None))
    began, ended = _latest(known.began, fact.segment.began), _latest(known.ended, fact.segment.ended)
    segments[fact.contact_id] = Segment(began if ended is None else None, ended)
    return Session(fact.session_id, segments)


def _latest(one: int | None, other: int | None) -> int | None:
    return max((time for time in (one, other) if time is not None), default=None)


class Entry(NamedTuple):
    """A session in the index; times in milliseconds since the epoch."""

    session_id: str
    # Never before `ended`.
    until: int
    ended: int | None
    running: tuple[str, ...]
    # Whether the recorder cannot have written it so. Then `running` has only valid ids.
    broken: bool = False


class Entries(NamedTuple):
    """A customer's sessions in the index. Those that may have ended last come first."""

    entries: tuple[Entry, ...]
    # Whether the index has more entries, which come after these.
    more: bool
