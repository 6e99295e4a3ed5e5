"""One run of a backfill: it searches chats, and the recorder describes and records each.

For the recorder they are events that came late. So a run may be stopped and repeated, and may run while events come in.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from tqdm import tqdm

from connect_persistent_chat.commands.command_failed import CommandFailed
from connect_persistent_chat.commands.deployed_history import Chat, DeployedHistory
from connect_persistent_chat.commands.search import Period, Search
from connect_persistent_chat.commands.state import State
from connect_persistent_chat.shared.recording import FAILED

# Between the attempts to record a chat.
_PAUSES_SECONDS = (1, 2, 4)
# So many failures in a row have another cause than the contacts.
_MOST_FAILURES = 25
# DescribeContact is called for a segment and, if that carries no customer, for its session's first contact.
_CALLS_A_CONTACT = 2
Contact = TypeVar("Contact", str, Chat)
_BAR = "{percentage:3.0f}% |{bar:30}| {desc}, {elapsed}<{remaining}"


class Fill:
    """One run. `rate` is the most calls of DescribeContact in a second; `wait` is time.sleep, or a test's."""

    def __init__(
        self,
        history: DeployedHistory,
        search: Search,
        rate: int,
        state: State,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._history = history
        self._search = search
        self._rate = rate
        self._state = state
        self._wait = wait
        # How many chats had which outcome.
        self.outcomes: Counter[str] = Counter()
        self._failures_in_a_row = 0

    def run(self, period: Period) -> None:
        """Record every chat that began in the period. Raises CommandFailed, botocore's errors, and OSError."""
        retried = list(self._state.failed)
        for ids in self._batches(retried):
            self._record(ids)
        # These may fail each time, which must not stop the others.
        self._failures_in_a_row = 0
        self._state.save()
        start = self._state.until
        whole, done = (int((at - period.start).total_seconds()) for at in (period.end, start))
        with tqdm(total=whole, initial=min(done, whole), bar_format=_BAR) as bar:
            for window in self._search.windows(Period(start, period.end)):
                for chats in self._search.pages(window):
                    for batch in self._batches(chats):
                        # The newest minutes are searched again: what failed in them was tried above.
                        self._record([chat.id for chat in batch if chat.id not in retried])
                        if self._failures_in_a_row >= _MOST_FAILURES:
                            self._state.save()
                            raise CommandFailed(
                                f"The last {self._failures_in_a_row} chats could not be recorded. Fix the cause, "
                                "and run the same command again."
                            )
                        self._reached(batch[-1].began, bar, period)
                self._reached(window.end, bar, period)

    def _batches(self, contacts: Sequence[Contact]) -> Iterator[Sequence[Contact]]:
        """Parts that need no more calls than a second may have."""
        size = max(1, self._rate // _CALLS_A_CONTACT)
        return (contacts[index : index + size] for index in range(0, len(contacts), size))

    def _reached(self, instant: datetime, bar: Any, period: Period) -> None:
        self._state.reached(instant)
        text = f"{instant:%Y-%m-%d}: {self.outcomes.total()} chats, {self.outcomes['recorded']} new"
        bar.set_description_str(text, refresh=False)
        bar.update(max(0, int((instant - period.start).total_seconds()) - bar.n))

    def _record(self, contact_ids: Sequence[str]) -> None:
        """Record each, in several attempts if it fails."""
        left, pauses = contact_ids, iter(_PAUSES_SECONDS)
        while left:
            began = time.monotonic()
            outcomes = self._history.record(left)
            calls = sum(outcome.calls for outcome in outcomes.values())
            self._wait(max(0.0, calls / self._rate - (time.monotonic() - began)))
            pause = next(pauses, None)
            left = [id for id, (text, _) in outcomes.items() if pause is not None and text.startswith(FAILED)]
            for id, (text, _) in outcomes.items():
                if id not in left:
                    self._count(id, text)
            if left and pause is not None:
                self._wait(pause)

    def _count(self, contact_id: str, text: str) -> None:
        outcome, _, reason = text.partition(": ")
        self.outcomes[outcome] += 1
        if outcome == FAILED:
            self._failures_in_a_row += 1
            self._state.failed[contact_id] = reason
        else:
            self._failures_in_a_row = 0
            self._state.failed.pop(contact_id, None)
