"""The state of a backfill: whole at any instant, and whatever stands in its place is told in a sentence."""

import contextlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_persistent_chat.commands import state
from connect_persistent_chat.commands.command_failed import CommandFailed
from connect_persistent_chat.commands.state import State

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 1, tzinfo=UTC)
SOUND: dict[str, Any] = {
    "version": 1,
    "recorder": "recorder",
    "from": None,
    "until": "2026-01-10T00:00:00+00:00",
    "failed": {"contact-1": "connect_throttled"},
}


def opened(path: Path) -> State:
    """The state that is there, or a new one."""
    return State(path, "recorder", None, START, NOW)


def sentence(path: Path) -> str:
    """Why the state is refused."""
    with pytest.raises((CommandFailed, OSError)) as refused:
        opened(path)
    return str(refused.value)


def test_what_was_kept_is_gone_on_from(tmp_path: Path) -> None:
    """By the next run of the same backfill."""
    path = tmp_path / "s"
    first = opened(path)
    assert (first.resumed, first.until, first.failed) == (False, START, {})
    first.failed["contact-1"] = "because"
    first.reached(START + timedelta(days=3))
    second = opened(path)
    assert (second.resumed, second.until, second.failed) == (True, START + timedelta(days=3), {"contact-1": "because"})


def test_the_newest_minutes_are_never_passed(tmp_path: Path) -> None:
    """A contact is found a while after it began."""
    made = opened(tmp_path / "s")
    made.reached(NOW)
    assert opened(tmp_path / "s").until == made.until == NOW - timedelta(minutes=15)


def test_it_is_brought_to_the_disk_before_its_name_is(tmp_path: Path, synced: list[str]) -> None:
    """Else the file is empty after the power failed. Until the name is there, the last state counts."""
    opened(tmp_path / "s")
    assert synced == ["file"]


def test_a_run_that_is_killed_while_it_writes_leaves_the_last_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it left beside disturbs nobody."""
    path = tmp_path / "s"
    made = opened(path)
    made.reached(START + timedelta(days=3))
    before = path.read_text()

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            made.reached(START + timedelta(days=4))
    assert path.read_text() == before
    assert opened(path).until == START + timedelta(days=3)
    assert [one.name for one in tmp_path.iterdir()] == ["s"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    """Somebody keeps the state elsewhere, also before there is one."""
    (tmp_path / "s").symlink_to(tmp_path / "elsewhere")
    opened(tmp_path / "s").reached(START + timedelta(days=3))
    assert (tmp_path / "s").is_symlink()
    assert opened(tmp_path / "elsewhere").until == START + timedelta(days=3)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (b"", "it is not JSON in UTF-8"),
        (b"\xff\xfe\x00", "it is not JSON in UTF-8"),
        (b"\x7fELF\x00\x01", "it is not JSON in UTF-8"),
        (b"{", "it is not JSON in UTF-8"),
        (b"[" * 100_000, "it is not JSON in UTF-8"),
        (b"1" * 10_000, "it is not JSON in UTF-8"),
        (b"[]", "it has no state of version 1"),
        (b"{}", "it has no state of version 1"),
        (b"null", "it has no state of version 1"),
        (b"NaN", "it has no state of version 1"),
    ],
)
def test_what_is_no_state_is_refused(tmp_path: Path, kept: bytes, said: str) -> None:
    """And left as it is: it may be somebody's."""
    (tmp_path / "s").write_bytes(kept)
    assert said in sentence(tmp_path / "s")
    assert (tmp_path / "s").read_bytes() == kept


NO_INSTANTS: list[Any] = [
    None,
    7,
    float("nan"),
    "soon",
    "2026-01-10T00:00:00",
    "2026-02-01T00:00:01+00:00",
    "9999-12-31T23:59:59+00:00",
    [],
]
NO_UNTIL = "its field until is not a time before 2026-02-01T00:00Z"
NO_FAILED = "its field failed does not hold contact ids with reasons"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": 2}, "it has no state of version 1"),
        # As a command of another name kept it.
        ({"version": None}, "it has no state of version 1"),
        ({"recorder": "other"}, "belongs to a backfill of other without --from, expected one of recorder "),
        ({"recorder": 7}, "belongs to a backfill of 7 without --from"),
        ({"from": "2026-01-01T00:00:00+00:00"}, "belongs to a backfill of recorder from 2026-01-01T00:00:00+00:00"),
        ({"from": ["x"]}, "belongs to a backfill of recorder from ['x']"),
        *(({"until": until}, NO_UNTIL) for until in NO_INSTANTS),
        *(
            ({"failed": failed}, NO_FAILED)
            for failed in (
                None,
                7,
                [],
                ["contact-1"],
                {"../x": "a"},
                {"": "a"},
                {"a b": "a"},
                {"x" * 257: "a"},
                {"contact-1": 7},
                {"contact-1": None},
                {"contact-1": {"a": 1}},
            )
        ),
    ],
)
def test_a_state_that_is_not_this_backfills_is_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    """Continuing from another's would leave chats out."""
    kept = json.dumps({**SOUND, **changed})
    (tmp_path / "s").write_text(kept)
    assert said in sentence(tmp_path / "s")
    assert (tmp_path / "s").read_text() == kept


@pytest.mark.parametrize("until", ["1999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+23:59"])
def test_a_time_before_the_period_is_its_start(tmp_path: Path, until: str) -> None:
    """The days between are gone, in Amazon Connect or in the history."""
    (tmp_path / "s").write_text(json.dumps({**SOUND, "until": until}))
    assert opened(tmp_path / "s").until == START


def test_what_is_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe would be waited for; a folder, a device and a file too large are not read."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/null")):
        assert "it is not a regular file" in sentence(path)
    (tmp_path / "s").write_text(json.dumps(SOUND))
    monkeypatch.setattr(state, "_MOST_BYTES", 10)
    assert "it has " in sentence(tmp_path / "s")


def test_where_nothing_can_be_kept_is_told_by_the_system(tmp_path: Path) -> None:
    """Before anything is recorded."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "s.new").mkdir()
    for path in (
        tmp_path / "no" / "folder",
        tmp_path / "file" / "s",
        tmp_path / "loop",
        tmp_path / ("x" * 300),
        tmp_path / "s",
        Path("/proc/s"),
    ):
        assert "[Errno" in sentence(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*SOUND, "x"]), JSON), st.booleans())
def test_whatever_is_in_it_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changed: dict[str, Any], whole: bool
) -> None:
    """Never anything else."""
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_text(json.dumps({**SOUND, **changed} if whole else changed))
    with contextlib.suppress(CommandFailed):
        assert opened(path).until <= NOW
