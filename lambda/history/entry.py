"""What the index tells of a customer's sessions."""

from typing import NamedTuple


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
