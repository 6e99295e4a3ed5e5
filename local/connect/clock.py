"""Connect's own clock: that of the machine, set forward or held at will."""

import time
from datetime import UTC, datetime, timedelta

# Far from the year 10,000, which no date has: what is reckoned from an instant still is one.
_FARTHEST = timedelta(days=365_250)


class Clock:
    """Goes with the machine's clock, ahead of it by all the advances. While it is held, only the advances count."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        # The machine's time when it was held.
        self._held: float | None = None

    def now(self) -> datetime:
        """This instant, in UTC and whole milliseconds: finer is nothing that Connect tells."""
        now = datetime.fromtimestamp(time.time() if self._held is None else self._held, UTC) + self._ahead
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def advance(self, seconds: float) -> None:
        """Set it forward. Raises OverflowError, and changes nothing, if it would be ahead by more than 1,000 years."""
        ahead = self._ahead + timedelta(seconds=seconds)
        if ahead > _FARTHEST:
            raise OverflowError("the clock would be ahead by more than 1,000 years")
        self._ahead = ahead

    def hold(self, held: bool = True) -> None:
        """Hold it, or let it go again. Then it shows what it would show if it had never been held."""
        self._held = (self._held or time.time()) if held else None
