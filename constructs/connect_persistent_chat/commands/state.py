"""The state of a backfill: a small file that says how far it came, and is complete at every moment."""

import json
import os
import re
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

from connect_persistent_chat.commands.command_failed import CommandFailed
from connect_persistent_chat.shared import wire

_VERSION = 1
# Some hundred thousand contacts that failed.
_MOST_BYTES = 64 * 1024 * 1024
# A search finds a contact after it was connected to the system, and an unknown time after that. A customer has five
# minutes to connect (StartChatContact). The rest is for the index. The next run searches what is newer again.
_SETTLING = timedelta(minutes=15)


class State:
    """How far earlier runs of the same backfill came."""

    def __init__(self, path: Path, recorder: str, asked: datetime | None, start: datetime, now: datetime) -> None:
        """Read the state of this recorder's ARN and of the --from that was asked for, or begin a new one at `start`.

        `now` is by Amazon Connect's clock. Raises CommandFailed if the file is not this state, and OSError.
        """
        self._named = path
        # If it is a link, it stays one.
        self._path = Path(os.path.realpath(path))
        self._backfill = {"recorder": recorder, "from": asked.isoformat() if asked else None}
        self._now = now
        # Every contact that began before is recorded, or failed.
        self.until = start
        # The contacts that failed, with their reasons.
        self.failed: dict[str, str] = {}
        self.resumed = exists(path)
        if self.resumed:
            self._take(self._read())
        self.save()

    def reached(self, instant: datetime) -> None:
        """Save that every contact that began before this instant is recorded, or failed. Raises CommandFailed."""
        self.until = max(self.until, min(instant, self._now - _SETTLING))
        self.save()

    def save(self) -> None:
        """Write the file. Raises CommandFailed."""
        try:
            self._write()
        except OSError as error:
            found = f"{self._named} cannot be written: {error}"
            raise CommandFailed(f"--state: {found}. Fix this, or name another file.") from error

    def _write(self) -> None:
        kept = {"version": _VERSION, **self._backfill, "until": self.until.isoformat(), "failed": self.failed}
        beside = self._path.with_name(f"{self._path.name}.new")
        # A run that was killed may have left it.
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(kept, file)
            file.flush()
            # Else the file could be empty after the power failed.
            os.fsync(file.fileno())
        beside.replace(self._path)

    def _read(self) -> object:
        found = self._path.stat()
        # Reading a pipe would wait.
        if not stat.S_ISREG(found.st_mode):
            self._refuse("it is not a regular file")
        if found.st_size > _MOST_BYTES:
            self._refuse(f"it has {found.st_size} bytes, expected at most {_MOST_BYTES}")
        try:
            return json.loads(self._path.read_bytes().decode("utf-8"))
        except (ValueError, RecursionError):
            self._refuse("it is not JSON in UTF-8")

    def _take(self, kept: object) -> None:
        if not isinstance(kept, dict) or kept.get("version") != _VERSION:
            self._refuse(f"it has no state of version {_VERSION}")
        backfill = {name: kept.get(name) for name in self._backfill}
        if backfill != self._backfill:
            raise CommandFailed(
                f"--state: {self._named} belongs to a backfill of {_described(backfill)}, expected one of "
                f"{_described(self._backfill)}. Name another file."
            )
        try:
            until = datetime.fromisoformat(kept["until"])
            # Raises TypeError if it names no zone.
            valid = until <= self._now
        except (KeyError, TypeError, ValueError):
            valid = False
        if not valid:
            self._refuse(f"its field until is not a time before {self._now:%Y-%m-%dT%H:%MZ}")
        failed = kept.get("failed")
        if not isinstance(failed, dict) or not all(_is_failure(*item) for item in failed.items()):
            self._refuse("its field failed does not hold contact ids with reasons")
        self.until, self.failed = max(self.until, until), failed

    def _refuse(self, why: str) -> NoReturn:
        raise CommandFailed(
            f"--state: {self._named} is not the state of a backfill: {why}. Name another file, or remove this one to "
            "start from the beginning."
        )


def exists(path: Path) -> bool:
    """Whether there is a state, or something else. Unlike Path.exists, it raises OSError."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _described(backfill: dict[str, str | None]) -> str:
    start = f"from {backfill['from']}" if backfill["from"] else "without --from"
    return f"{backfill['recorder']} {start}"


def _is_failure(contact_id: str, reason: object) -> bool:
    is_id = len(contact_id) <= wire.CONTACT_ID_LENGTH and re.fullmatch(wire.ID_PATTERN, contact_id)
    return bool(is_id) and isinstance(reason, str)
