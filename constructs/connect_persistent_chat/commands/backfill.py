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

from connect_persistent_chat.commands.recorder import CommandFailed, Recorder

# Amazon Connect keeps contacts for 24 months (Administrator Guide).
LONGEST_AGO = timedelta(days=731)
# A search spans less than this at most.
_WINDOW = timedelta(days=7)
_PAGE = 100
_MOST_ATTEMPTS = 8
_LONGEST_PAUSE_SECONDS = 30.0
_THROTTLED = ("failed: connect_throttled", "failed: connect_unreachable", "failed: deadline_exceeded")


class Period(NamedTuple):
    """From when to when contacts began."""

    start: datetime
    end: datetime


class Progress:
    """How far earlier runs came, kept in a file: from when to when every contact was recorded."""

    def __init__(self, path: Path, function: str) -> None:
        """Raises CommandFailed if the file is another's."""
        self._path = path
        self._function = function
        self._covered: Period | None = None
        if path.exists():
            try:
                kept = json.loads(path.read_text(encoding="utf-8"))
                if kept["recorder"] != function:
                    raise CommandFailed(f"--state: {path} is of the recorder {kept['recorder']}, not of {function}.")
                self._covered = Period(*(datetime.fromisoformat(kept[name]) for name in ("from", "until")))
            except (KeyError, TypeError, ValueError) as error:
                raise CommandFailed(f"--state: {path} is no state of a backfill. Name another file.") from error

    def start_of(self, start: datetime) -> datetime:
        """Where a run that is to begin at `start` goes on."""
        covers = self._covered is not None and self._covered.start <= start <= self._covered.end
        if not covers or self._covered is None:
            self._covered = Period(start, start)
        return self._covered.end

    def reached(self, instant: datetime) -> None:
        """Every contact that began before this instant is recorded."""
        assert self._covered is not None
        self._covered = self._covered._replace(end=max(self._covered.end, instant))
        kept = {
            "recorder": self._function,
            "from": self._covered.start.isoformat(),
            "until": self._covered.end.isoformat(),
        }
        # Whatever ends the process, the file is whole.
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_text(json.dumps(kept), encoding="utf-8")
        beside.replace(self._path)


class Backfill:
    """One run. `wait` is time.sleep, or a test's."""

    def __init__(self, recorder: Recorder, rate: int, wait: Callable[[float], None] = time.sleep) -> None:
        self._recorder = recorder
        self._connect = recorder.client("connect")
        self._rate = rate
        self._wait = wait
        self.fared: Counter[str] = Counter()
        # Contacts that could not be recorded, with the reason.
        self.failed: dict[str, str] = {}

    def run(self, period: Period, progress: Progress) -> None:
        """Record every chat that began in the period. Raises CommandFailed, or botocore's errors."""
        start = progress.start_of(period.start)
        whole = max(0, int((period.end - period.start).total_seconds()))
        done = max(0, int((start - period.start).total_seconds()))
        bar_format = "{percentage:3.0f}% |{bar:30}| {desc}, {elapsed}<{remaining}"
        with tqdm(total=whole, initial=done, bar_format=bar_format) as bar:
            while start < period.end:
                end = min(start + _WINDOW, period.end)
                for contacts in self._batches(Period(start, end)):
                    self._record([contact["Id"] for contact in contacts])
                    progress.reached(contacts[-1]["InitiationTimestamp"])
                    self._show(bar, contacts[-1]["InitiationTimestamp"], period)
                progress.reached(end)
                self._show(bar, end, period)
                start = end

    def _batches(self, period: Period) -> Iterator[list[dict[str, Any]]]:
        """The chats, in the order in which they began, as many at once as may be described in a second."""
        pages = self._connect.get_paginator("search_contacts").paginate(
            InstanceId=self._recorder.instance_id,
            TimeRange={"Type": "INITIATION_TIMESTAMP", "StartTime": period.start, "EndTime": period.end},
            SearchCriteria={"Channels": ["CHAT"]},
            Sort={"FieldName": "INITIATION_TIMESTAMP", "Order": "ASCENDING"},
            PaginationConfig={"PageSize": _PAGE},
        )
        for page in pages:
            contacts = page["Contacts"]
            for index in range(0, len(contacts), self._rate):
                yield contacts[index : index + self._rate]

    def _record(self, contact_ids: list[str]) -> None:
        left, pause = contact_ids, 1.0
        for attempt in range(_MOST_ATTEMPTS):
            began = time.monotonic()
            fared = self._recorder.record(left)
            left = [id for id, how in fared.items() if how in _THROTTLED]
            for id, how in fared.items():
                if id not in left or attempt == _MOST_ATTEMPTS - 1:
                    self._count(id, how)
            if not left:
                # No more contacts a second than were asked for: the endpoints share the quota.
                return self._wait(max(0.0, 1.0 - (time.monotonic() - began)))
            self._wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        return None

    def _count(self, contact_id: str, how: str) -> None:
        kind, _, reason = how.partition(": ")
        self.fared[kind] += 1
        if kind == "failed":
            self.failed[contact_id] = reason

    def _show(self, bar: Any, instant: datetime, period: Period) -> None:
        bar.set_description_str(
            f"{instant:%Y-%m-%d}: {self.fared.total()} chats, {self.fared['recorded']} new", refresh=False
        )
        reached = int((instant - period.start).total_seconds())
        bar.update(max(0, reached - bar.n))


def period_of(recorder: Recorder, start: datetime | None, end: datetime | None) -> Period:
    """What was asked for, and by default all that both Amazon Connect and the history keep. Raises CommandFailed."""
    end = end or datetime.now(UTC)
    kept = min(LONGEST_AGO, timedelta(seconds=recorder.retention_seconds))
    start = start or end - kept
    if start >= end:
        raise CommandFailed(f"--from: got {start.isoformat()}, expected an instant before {end.isoformat()}.")
    return Period(start, end)
