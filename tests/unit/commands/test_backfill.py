"""What a backfill says of its run, and how it exits; the run itself is in test_fill.py."""

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connect_persistent_chat.commands import backfill, deployed_history, fill, search, state
from tests.unit.commands.test_fill import NOW, World

FAILING = 23


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A hundred chats of the last day, a history that the command finds, and no time that is lost."""
    made = World([NOW - timedelta(minutes=20 + minute) for minute in range(100)])

    class Here:
        """As the command's own."""

        recorder_name, recorder_arn, retention = "Recorder", "arn:recorder", timedelta(days=730)
        search, record = staticmethod(made.search), staticmethod(made.record)

        def __init__(self, function: str, say: Callable[[str], None]) -> None:
            assert function == "Recorder"

        def now(self) -> datetime:
            """By Amazon Connect's clock."""
            return NOW

    class Searching(search.Search):
        def __init__(self, history: Any, now: datetime) -> None:
            super().__init__(history, now, made.wait)

    class Fill(fill.Fill):
        def __init__(
            self, history: deployed_history.DeployedHistory, search: search.Search, rate: int, kept: state.State
        ) -> None:
            super().__init__(history, search, rate, kept, made.wait)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deployed_history, "DeployedHistory", Here)
    monkeypatch.setattr(search, "Search", Searching)
    monkeypatch.setattr(fill, "Fill", Fill)
    return made


def run(*arguments: str) -> int:
    """The command, as it is typed."""
    command = ArgumentParser()
    backfill.add_to(command.add_subparsers())
    options = command.parse_args(["backfill", "--recorder", "Recorder", *arguments])
    status: int = options.run(options)
    return status


def test_the_last_line_tells_what_became_of_the_chats(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, where a script reads it, and nothing else there."""
    assert run() == 0
    began = NOW - search.LONGEST_AGO
    assert capsys.readouterr().out == f"{began:%Y-%m-%d} to {NOW:%Y-%m-%d}: 100 chats. recorded: 100\n"


def test_what_failed_is_named_but_not_without_end(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1; the state has all of them, and a screen of failures hides what to do."""
    world.failing = {f"c{number * 2}": 10**6 for number in range(FAILING)}
    assert run() == 1
    out, errors = capsys.readouterr()
    assert out.endswith(f": 100 chats. failed: {FAILING}, recorded: {100 - FAILING}\n")
    said = [line for line in errors.splitlines() if line.startswith("Error: ")]
    assert said[0] == "Error: c0 could not be recorded: DynamoDB: ThrottlingException"
    assert (len(said), said[-1]) == (21, f"Error: and {FAILING - 20} more")
    assert "The same command tries them again first." in errors
    world.failing = {}
    assert run() == 0
    assert "Continuing from" in capsys.readouterr().err


def test_a_run_that_breaks_off_tells_how_far_it_came(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The error alone would leave open whether hours of work are lost."""
    world.interrupt_after = 40
    with pytest.raises(KeyboardInterrupt):
        run()
    assert capsys.readouterr().out.endswith(": 40 chats. recorded: 40\n")


def test_each_beginning_has_a_state_of_its_own(world: World, tmp_path: Path) -> None:
    """One that goes on from another's would leave chats out; the name says which is which."""
    run()
    run("--from", "2026-01-10T12:00:00+02:00")
    run("--state", "mine.json")
    names = {path.name for path in tmp_path.iterdir()}
    expected = {"persistent-chat-Recorder.json", "persistent-chat-Recorder-20260110T100000.json", "mine.json"}
    assert names == expected
