"""Connect's own clock: that of the machine, set forward at will."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Goes with the machine's clock, ahead of it by all the advances."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """This instant, in UTC and whole milliseconds: finer is nothing that Connect tells."""
        now = datetime.fromtimestamp(time.time(), UTC) + self._ahead
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def advance(self, seconds: float) -> None:
        """Set it forward."""
        self._ahead += timedelta(seconds=seconds)
