"""How far a backfill came, in a small file: whole at any instant, whatever ends the process or the machine."""

import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, NoReturn

from connect_persistent_chat.commands.failure import CommandFailed
from connect_persistent_chat.shared import wire

_VERSION = 1
# Of contacts that failed, some hundred thousand.
_MOST_BYTES = 64 * 1024 * 1024
_LEAST_YEAR = 2000
# Of what a file says; an ARN is shorter.
_MOST_SHOWN = 300
# A contact is found once it was connected to the system, and an unknown while later. A customer has five minutes to
# connect (StartChatContact); the rest is for the index. What is newer is searched again by the next run.
_SETTLING = timedelta(minutes=15)


class Of(NamedTuple):
    """Which backfill it is."""

    # The recorder's ARN.
    recorder: str
    # From when on it was asked for; None: from as long ago as there is anything.
    asked: datetime | None

    def as_json(self) -> dict[str, str | None]:
        """As the file has it."""
        return {"recorder": self.recorder, "from": self.asked.isoformat() if self.asked else None}


class Progress:
    """How far earlier runs of the same backfill came."""

    def __init__(self, path: Path, of: Of, start: datetime, now: datetime) -> None:
        """`start` is from when on it is; `now` is by Amazon Connect's clock.

        Raises CommandFailed if the file is none of this backfill's, or OSError.
        """
        # A link stays one.
        self._path = Path(os.path.realpath(path))
        self._named = path
        self._of = of
        self._now = now
        # Every contact that began before is recorded, but for those that failed, with their reasons.
        self.until = start
        self.failed: dict[str, str] = {}
        self.resumed = is_there(path)
        if self.resumed:
            self._take(self._read())
        self.keep()

    def reached(self, instant: datetime) -> None:
        """Every contact that began before this instant, and was found, is recorded or failed. Raises CommandFailed."""
        self.until = max(self.until, min(instant, self._now - _SETTLING))
        self.keep()

    def keep(self) -> None:
        """Write the file. Raises CommandFailed."""
        try:
            self._write()
        except OSError as error:
            raise CommandFailed(
                f"--state: {self._named} cannot be written: {error}. Mend that, or name another file."
            ) from error

    def _write(self) -> None:
        kept = {"version": _VERSION, **self._of.as_json(), "until": self.until.isoformat(), "failed": self.failed}
        beside = self._path.with_name(f"{self._path.name}.new")
        # What a run left that was killed.
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        _sync(self._path.parent)

    def _read(self) -> object:
        found = self._path.stat()
        # A pipe would be waited for.
        if not stat.S_ISREG(found.st_mode):
            self._refuse("it is not a regular file")
        if found.st_size > _MOST_BYTES:
            self._refuse(f"it has {found.st_size} bytes")
        try:
            return json.loads(self._path.read_bytes().decode("utf-8"))
        except (ValueError, RecursionError):
            self._refuse("it is not JSON in UTF-8")

    def _take(self, kept: object) -> None:
        if not isinstance(kept, dict) or kept.get("version") != _VERSION:
            self._refuse(f"it has no state of version {_VERSION}")
        same = {name: kept.get(name) for name in self._of.as_json()}
        if same != self._of.as_json():
            raise CommandFailed(
                f"--state: {self._named} belongs to a backfill of {_said(same)}, expected one of "
                f"{_said(self._of.as_json())}. Name another file."
            )
        until, failed = _instant(kept.get("until")), kept.get("failed")
        if until is None or not datetime(_LEAST_YEAR, 1, 1, tzinfo=UTC) <= until <= self._now:
            self._refuse(f"until is not a time from {_LEAST_YEAR} to {self._now:%Y-%m-%dT%H:%MZ}")
        if not isinstance(failed, dict) or not all(map(_is_id, failed)) or not all(map(_is_text, failed.values())):
            self._refuse("failed does not hold contact ids with reasons")
        self.until, self.failed = max(self.until, until), failed

    def _refuse(self, why: str) -> NoReturn:
        raise CommandFailed(
            f"--state: {self._named} is not the state of a backfill: {why}. Name another file, or remove this one to "
            "start from the beginning."
        )


def is_there(path: Path) -> bool:
    """Whether a run left a state there, or something else is. Raises OSError."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _sync(folder: Path) -> None:
    """The file's name is kept as well, where a folder can be opened."""
    if hasattr(os, "O_DIRECTORY"):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _said(same: dict[str, str | None]) -> str:
    start = f"from {same['from']}"[:_MOST_SHOWN] if same["from"] else "without --from"
    return f"{str(same['recorder'])[:_MOST_SHOWN]} {start}"


def _instant(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _is_id(text: str) -> bool:
    return len(text) <= wire.CONTACT_ID_LENGTH and re.fullmatch(wire.ID_PATTERN, text) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str)
