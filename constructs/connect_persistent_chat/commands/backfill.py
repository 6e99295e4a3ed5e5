"""`chat-history backfill`: the chats that Amazon Connect still has, into the history.

Each contact is described and recorded by the recorder, exactly as if its events came late. So it may be stopped,
repeated, and run while events come in.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from connect_persistent_chat.commands.recorder import FAILED, CommandFailed, Recorder

# Amazon Connect keeps contacts for 24 months (Administrator Guide).
LONGEST_AGO = timedelta(days=731)
# A search spans less than this at most.
_WINDOW = timedelta(days=7)
_PAGE = 100
# Then it is made anew from where it came to: a search lists its first 10,000 results at most, and nobody says for how
# long a token lives.
_PAGES_A_SEARCH = 10
# What fails is tried so often, with a pause between that doubles.
_MOST_ATTEMPTS = 4
# So many in a row are no contacts' fault.
_MOST_FAILURES = 25


class Period(NamedTuple):
    """From when to when contacts began."""

    start: datetime
    end: datetime


class Progress:
    """How far earlier runs of the same backfill came, kept in a file."""

    def __init__(self, path: Path, recorder: str, asked: datetime | None, start: datetime) -> None:
        """`asked` is from when on it was asked for, if it was; `start` is from when on it is.

        Raises CommandFailed if the file is another backfill's, or OSError.
        """
        self._path = path
        self._same = {"recorder": recorder, "from": asked.isoformat() if asked else None}
        # Every contact that began before is recorded, but for those that failed, with their reasons.
        self.until = start
        self.failed: dict[str, str] = {}
        self.resumed = path.exists()
        if self.resumed:
            self._read()
        self.keep()

    def _read(self) -> None:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            same = {name: kept[name] for name in self._same}
            until, failed = datetime.fromisoformat(kept["until"]).astimezone(UTC), dict(kept["failed"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CommandFailed(f"--state: {self._path} is no state of a backfill. Name another file.") from error
        if same != self._same:
            raise CommandFailed(
                f"--state: {self._path} is of a backfill of {_said(same)}, expected one of {_said(self._same)}. Name "
                "another file."
            )
        self.until, self.failed = max(self.until, until), failed

    def reached(self, instant: datetime) -> None:
        """Every contact that began before this instant is recorded, or has failed. Raises OSError."""
        self.until = max(self.until, instant)
        self.keep()

    def keep(self) -> None:
        """Write the file. Whatever ends the process, it is whole. Raises OSError."""
        kept = {**self._same, "until": self.until.isoformat(), "failed": self.failed}
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_text(json.dumps(kept), encoding="utf-8")
        beside.replace(self._path)


def _said(same: dict[str, str | None]) -> str:
    return f"{same['recorder']} {'from ' + same['from'] if same['from'] else 'without --from'}"


class Backfill:
    """One run. `wait` is time.sleep, or a test's."""

    def __init__(
        self, recorder: Recorder, rate: int, progress: Progress, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._recorder = recorder
        self._rate = rate
        self._progress = progress
        self._wait = wait
        # How many chats fared how.
        self.fared: Counter[str] = Counter()
        self._failures_in_a_row = 0

    def run(self, period: Period) -> None:
        """Record every chat that began in the period. Raises CommandFailed, botocore's errors, or OSError."""
        again = list(self._progress.failed)
        for index in range(0, len(again), self._rate):
            self._record(again[index : index + self._rate])
        # What failed before may fail for ever; the others are not to suffer for it.
        self._failures_in_a_row = 0
        self._progress.keep()
        whole, done = (int((at - period.start).total_seconds()) for at in (period.end, self._progress.until))
        bar_format = "{percentage:3.0f}% |{bar:30}| {desc}, {elapsed}<{remaining}"
        with tqdm(total=whole, initial=min(done, whole), bar_format=bar_format) as bar:
            while (start := self._progress.until) < period.end:
                end = min(start + _WINDOW, period.end)
                for contacts in self._batches(Period(start, end)):
                    self._record([contact["Id"] for contact in contacts])
                    self._refuse_to_go_on_in_vain()
                    self._reached(contacts[-1]["InitiationTimestamp"], bar, period)
                self._reached(end, bar, period)

    def _reached(self, instant: datetime, bar: Any, period: Period) -> None:
        self._progress.reached(instant)
        bar.set_description_str(
            f"{instant:%Y-%m-%d}: {self.fared.total()} chats, {self.fared['recorded']} new", refresh=False
        )
        bar.update(int((self._progress.until - period.start).total_seconds()) - bar.n)

    def _batches(self, period: Period) -> Iterator[list[dict[str, Any]]]:
        """The chats, in the order in which they began, as many at once as may be described in a second."""
        for contacts in self._pages(period):
            for index in range(0, len(contacts), self._rate):
                yield contacts[index : index + self._rate]

    def _pages(self, period: Period) -> Iterator[list[dict[str, Any]]]:
        """Each chat once."""
        start, seen = period.start, dict[str, datetime]()
        while True:
            listed, token, last = 0, None, start
            while True:
                page = self._recorder.search(start, period.end, _PAGE, token)
                listed += len(page["Contacts"])
                fresh = [contact for contact in page["Contacts"] if contact["Id"] not in seen]
                if fresh:
                    yield fresh
                    last = fresh[-1]["InitiationTimestamp"]
                seen |= {contact["Id"]: contact["InitiationTimestamp"] for contact in fresh}
                token = page.get("NextToken")
                if not token or (listed >= _PAGES_A_SEARCH * _PAGE and _second(last) > _second(start)):
                    break
            if _second(last) == _second(start) or (not token and listed >= page.get("TotalCount", 0)):
                return
            # A search is made in whole seconds, so what began in the last one comes again.
            start, seen = last, {id: began for id, began in seen.items() if began >= _second(last)}

    def _record(self, contact_ids: list[str]) -> None:
        """Until each is recorded, or has failed as often as it is tried."""
        left, pause = contact_ids, 1.0
        for attempt in range(_MOST_ATTEMPTS):
            began = time.monotonic()
            fared = self._recorder.record(left)
            # No more contacts a second than were asked for: the endpoints share the quota.
            self._wait(max(0.0, 1.0 - (time.monotonic() - began)))
            left = [id for id, how in fared.items() if how.startswith(FAILED)]
            for id, how in fared.items():
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
                f"The last {self._failures_in_a_row} chats could not be recorded. Mend the reason, and run the same "
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


def _second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def period_of(recorder: Recorder, start: datetime | None, end: datetime | None) -> Period:
    """What was asked for, and by default all that both Amazon Connect and the history keep. Raises CommandFailed."""
    now = recorder.now()
    end = min(end or now, now)
    if start is None:
        start = now - min(LONGEST_AGO, timedelta(seconds=recorder.retention_seconds))
    elif start < now - LONGEST_AGO:
        raise CommandFailed(
            f"--from: got {start.isoformat()}, expected an instant of the last {LONGEST_AGO.days} days: Amazon Connect "
            "keeps contacts for no longer."
        )
    if start >= end:
        raise CommandFailed(f"--from: got {start.isoformat()}, expected an instant before {end.isoformat()}.")
    return Period(start, end)
