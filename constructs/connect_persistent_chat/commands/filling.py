"""One run of a backfill: each chat that is found is described and recorded by the recorder.

As if its events came late: so it may be stopped, repeated, and run while events come in.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tqdm import tqdm

from connect_persistent_chat.commands.failure import CommandFailed
from connect_persistent_chat.commands.progress import Progress
from connect_persistent_chat.commands.recorder import Recorder
from connect_persistent_chat.commands.search import Period, Search
from connect_persistent_chat.shared.recording import FAILED

# What fails is tried so often, with a pause between that doubles.
_MOST_ATTEMPTS = 4
# So many in a row are no contacts' fault.
_MOST_FAILURES = 25
# DescribeContact is called for a segment and, if that carries no customer, for its session's first contact.
_CALLS_A_CONTACT = 2


class Filling:
    """One run. `rate` is how often DescribeContact may be called in a second; `wait` is time.sleep, or a test's."""

    def __init__(
        self,
        recorder: Recorder,
        search: Search,
        rate: int,
        progress: Progress,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._recorder = recorder
        self._search = search
        self._rate = rate
        # So that no second has more calls than it may, whatever a contact takes.
        self._at_once = max(1, rate // _CALLS_A_CONTACT)
        self._progress = progress
        self._wait = wait
        # How many chats fared how.
        self.fared: Counter[str] = Counter()
        self._failures_in_a_row = 0

    def run(self, period: Period) -> None:
        """Record every chat that began in the period. Raises CommandFailed, botocore's errors, or OSError."""
        again = list(self._progress.failed)
        for index in range(0, len(again), self._at_once):
            self._record(again[index : index + self._at_once])
        # What failed before may fail for ever; the others are not to suffer for it.
        self._failures_in_a_row = 0
        self._progress.keep()
        start, tried = self._progress.until, frozenset(again)
        whole, done = (int((at - period.start).total_seconds()) for at in (period.end, start))
        bar_format = "{percentage:3.0f}% |{bar:30}| {desc}, {elapsed}<{remaining}"
        with tqdm(total=whole, initial=min(done, whole), bar_format=bar_format) as bar:
            for window in self._search.windows(Period(start, period.end)):
                for chats in self._search.pages(window):
                    for index in range(0, len(chats), self._at_once):
                        batch = chats[index : index + self._at_once]
                        # The newest minutes are searched again, and what failed in them was tried just now.
                        self._record([chat.id for chat in batch if chat.id not in tried])
                        self._refuse_to_go_on_in_vain()
                        self._reached(batch[-1].began, bar, period)
                self._reached(window.end, bar, period)

    def _reached(self, instant: datetime, bar: Any, period: Period) -> None:
        self._progress.reached(instant)
        bar.set_description_str(
            f"{instant:%Y-%m-%d}: {self.fared.total()} chats, {self.fared['recorded']} new", refresh=False
        )
        bar.update(max(0, int((instant - period.start).total_seconds()) - bar.n))

    def _record(self, contact_ids: list[str]) -> None:
        """Until each is recorded, or has failed as often as it is tried."""
        left, pause = contact_ids, 1.0
        for attempt in range(_MOST_ATTEMPTS if left else 0):
            began = time.monotonic()
            fared = self._recorder.record(left)
            # No more calls a second than were asked for: the endpoints share the quota.
            self._wait(max(0.0, fared.attempts / self._rate - (time.monotonic() - began)))
            left = [id for id, how in fared.how.items() if how.startswith(FAILED)]
            for id, how in fared.how.items():
                if id not in left or attempt == _MOST_ATTEMPTS - 1:
                    self._count(id, how)
            if not left:
                return
            if attempt < _MOST_ATTEMPTS - 1:
                self._wait(pause)
                pause *= 2

    def _refuse_to_go_on_in_vain(self) -> None:
        if self._failures_in_a_row >= _MOST_FAILURES:
            self._progress.keep()
            raise CommandFailed(
                f"The last {self._failures_in_a_row} chats could not be recorded. Remove the cause, and run the same "
                "command again."
            )

    def _count(self, contact_id: str, how: str) -> None:
        kind, _, reason = how.partition(": ")
        self.fared[kind] += 1
        if kind == FAILED:
            self._failures_in_a_row += 1
            self._progress.failed[contact_id] = reason
        else:
            self._failures_in_a_row = 0
            self._progress.failed.pop(contact_id, None)
