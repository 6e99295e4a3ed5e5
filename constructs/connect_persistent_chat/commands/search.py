"""The chats that began in a period, as Amazon Connect lists them: each once, in the order in which they began."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from connect_persistent_chat.commands.asking import Pace
from connect_persistent_chat.commands.failure import CommandFailed
from connect_persistent_chat.commands.recorder import Chat, Page, Recorder

# Amazon Connect searches as far back as two years. Nobody says whether 730 days exactly are still that.
LONGEST_AGO = timedelta(days=729, hours=23)
# The widest range of a search is documented nowhere; the console's is eight weeks. Wider ones would save a minute of
# two years, and one that is refused would end every backfill.
WINDOW = timedelta(days=7)
_PAGE = 100
# Then it is made anew from where it came to: a search lists its first 10,000 results at most, and nobody says for how
# long a token lives.
_PAGES_A_SEARCH = 10
# SearchContacts passes once a second for what is older than two weeks, else ten times (service quotas). A day less,
# so that it is never the clock that decides.
_RECENT = timedelta(days=13)
_OLD_SECONDS, _RECENT_SECONDS = 1.0, 0.1


class Period(NamedTuple):
    """From when to when contacts began."""

    start: datetime
    end: datetime


class Search:
    """Searches of one run. `now` is by Amazon Connect's clock; `wait` and `clock` are time's, or a test's."""

    def __init__(
        self,
        recorder: Recorder,
        now: datetime,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recorder = recorder
        self._pace = Pace(wait, clock)
        self._recent = now - _RECENT
        self._clock = clock
        self._began = clock()

    def windows(self, period: Period) -> Iterator[Period]:
        """Parts of a period that a search may span."""
        start = period.start
        while start < period.end:
            end = min(start + WINDOW, period.end)
            yield Period(start, end)
            start = end

    def pages(self, window: Period) -> Iterator[list[Chat]]:
        """The chats of a window. Raises CommandFailed, or botocore's errors."""
        start, seen = window.start, dict[str, datetime]()
        while True:
            listed, token, last = 0, None, start
            while True:
                page = self._page(start, window.end, token)
                listed += len(page.chats)
                fresh = [chat for chat in page.chats if chat.id not in seen]
                if fresh:
                    yield fresh
                    last = fresh[-1].began
                seen |= {chat.id: chat.began for chat in fresh}
                token = page.token
                if not token or (listed >= _PAGES_A_SEARCH * _PAGE and _second(last) > _second(start)):
                    break
            if _second(last) == _second(start) or (not token and listed >= page.total):
                return
            # A search is made in whole seconds, so what began in the last one comes again.
            start, seen = last, {id: began for id, began in seen.items() if began >= _second(last)}

    def _page(self, start: datetime, end: datetime, token: str | None) -> Page:
        is_old = start < self._recent + timedelta(seconds=self._clock() - self._began)
        self._pace.keep(_OLD_SECONDS if is_old else _RECENT_SECONDS)
        try:
            return self._recorder.search(start, end, _PAGE, token)
        finally:
            self._pace.ended()


def _second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def period_of(
    now: datetime, retention: timedelta, start: datetime | None, end: datetime | None, *, resumed: bool
) -> Period:
    """What was asked for, and by default all that both Amazon Connect and the history keep. Raises CommandFailed.

    A run that goes on may have begun when its first day was still kept.
    """
    end, oldest = min(end or now, now), now - LONGEST_AGO
    if start is None:
        start = max(oldest, now - retention)
    elif start < oldest and resumed:
        start = oldest
    elif start < oldest:
        raise CommandFailed(
            f"--from: got {start.isoformat()}, expected a time since {oldest:%Y-%m-%dT%H:%M:%SZ}: Amazon Connect "
            "searches only the last two years."
        )
    if start >= end:
        raise CommandFailed(f"--from: got {start.isoformat()}, expected a time before {end.isoformat()}.")
    return Period(start, end)
