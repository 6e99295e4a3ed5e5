"""The chats that began in a period, each once, the earliest first."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from connect_persistent_chat.commands.command_failed import CommandFailed
from connect_persistent_chat.commands.deployed_history import Chat, DeployedHistory

# Amazon Connect searches two years back. No document says whether exactly 730 days are refused.
LONGEST_AGO = timedelta(days=729, hours=23)
# No document says what the widest range of a search is; the console's is eight weeks. A wider one would save a minute
# of two years. If it were refused, every backfill would end.
WINDOW = timedelta(days=7)
_PAGE = 100
# A search lists at most 10,000 results, so it restarts from the last contact seen. How long a token lives is not
# documented.
_PAGES_A_SEARCH = 10
# SearchContacts may be called once a second for contacts older than two weeks, and ten times a second for others
# (service quotas). One day less, so that no clock decides.
_RECENT = timedelta(days=13)
_OLD_SECONDS, _RECENT_SECONDS = 1.0, 0.1


class Period(NamedTuple):
    """The time in which contacts began."""

    start: datetime
    end: datetime


class Search:
    """The searches of one run. `now` is the time of Amazon Connect's clock; `wait` is time.sleep, or a test's."""

    def __init__(self, history: DeployedHistory, now: datetime, wait: Callable[[float], None] = time.sleep) -> None:
        self._history = history
        self._recent = now - _RECENT
        self._wait = wait

    def windows(self, period: Period) -> Iterator[Period]:
        """The parts of a period that one search may cover."""
        start = period.start
        while start < period.end:
            end = min(start + WINDOW, period.end)
            yield Period(start, end)
            start = end

    def pages(self, window: Period) -> Iterator[list[Chat]]:
        """The chats of a window. Raises CommandFailed, and botocore's errors."""
        start, seen = window.start, dict[str, datetime]()
        while True:
            listed, token, last = 0, None, start
            while True:
                self._wait(_OLD_SECONDS if start < self._recent else _RECENT_SECONDS)
                page = self._history.search(start, window.end, _PAGE, token)
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
            # SearchContacts takes whole seconds, so the next search lists the chats of the last one again.
            start, seen = last, {id: began for id, began in seen.items() if began >= _second(last)}


def _second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def period_of(
    now: datetime, retention: timedelta, start: datetime | None, end: datetime | None, *, resumed: bool
) -> Period:
    """The period that was asked for; the default is all that both Amazon Connect and the history keep."""
    end, oldest = min(end or now, now), now - LONGEST_AGO
    if start is None:
        start = max(oldest, now - retention)
    # When an earlier run began, Amazon Connect may still have kept its first day.
    elif resumed:
        start = max(oldest, start)
    elif start < oldest:
        expected = f"expected a time since {oldest:%Y-%m-%dT%H:%M:%SZ}: Amazon Connect searches only the last two years"
        raise CommandFailed(f"--from: got {start.isoformat()}, {expected}.")
    if start >= end:
        raise CommandFailed(f"--from: got {start.isoformat()}, expected a time before {end.isoformat()}.")
    return Period(start, end)
