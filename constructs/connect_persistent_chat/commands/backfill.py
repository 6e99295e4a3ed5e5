"""`persistent-chat backfill`: adds the chats that Amazon Connect still has to the history."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from connect_persistent_chat.commands import arguments
from connect_persistent_chat.commands.command_failed import one_line

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

_FAILURES_SHOWN = 20


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """The command and its arguments."""
    does = "add the chats that Amazon Connect still has to the history"
    command = commands.add_parser("backfill", help=does, description=f"A{does[1:]}.")
    command.set_defaults(run=run)
    arguments.add_recorder(command)
    command.add_argument(
        "--from",
        dest="start",
        type=arguments.instant,
        help="add chats that began at this time or later, such as 2026-01-31 or 2026-01-31T12:00, in UTC (default: "
        "two years ago, or as long ago as the history keeps chats)",
    )
    to = "add chats that began before this time (default: now)"
    command.add_argument("--to", dest="end", type=arguments.instant, help=to)
    command.add_argument(
        "--rate",
        type=arguments.rate,
        default=5,
        help=f"the most calls of DescribeContact in a second, from 1 to {arguments.MOST_RATE} (default: 5; the quota "
        "is 10, and the endpoints use it as well)",
    )
    command.add_argument(
        "--state",
        type=Path,
        help="the file that stores how far the command came; the same command continues from there (default: "
        "persistent-chat-<recorder>.json in this folder, with the time of --from in its name)",
    )


def run(options: "Namespace") -> int:
    """Fill the history, and say what became of the chats. Raises CommandFailed, botocore's errors, and OSError."""
    from tqdm import tqdm

    from connect_persistent_chat.commands.deployed_history import DeployedHistory
    from connect_persistent_chat.commands.fill import Fill
    from connect_persistent_chat.commands.search import Search, period_of
    from connect_persistent_chat.commands.state import State, exists

    history = DeployedHistory(options.recorder, say=lambda text: tqdm.write(text, file=sys.stderr))
    now = history.now()
    since = f"-{options.start:%Y%m%dT%H%M%S}" if options.start else ""
    path = options.state or Path(f"persistent-chat-{history.recorder_name}{since}.json")
    period = period_of(now, history.retention, options.start, options.end, resumed=exists(path))
    state = State(path, history.recorder_arn, options.start, period.start, now)
    if state.resumed:
        resumed = f"Continuing from {state.until.isoformat()}, as {path} says. To start from the beginning, remove it."
        print(one_line(resumed), file=sys.stderr)
    fill = Fill(history, Search(history, now), options.rate, state)
    try:
        fill.run(period)
    finally:
        counts = ", ".join(f"{outcome.replace('_', ' ')}: {count}" for outcome, count in sorted(fill.outcomes.items()))
        print(f"{period.start:%Y-%m-%d} to {state.until:%Y-%m-%d}: {fill.outcomes.total()} chats. {counts}")
        _say_failures(state.failed)
    return 1 if state.failed else 0


def _say_failures(failed: Mapping[str, str]) -> None:
    for contact_id, reason in list(failed.items())[:_FAILURES_SHOWN]:
        print(f"Error: {contact_id} could not be recorded: {one_line(reason)}", file=sys.stderr)
    if len(failed) > _FAILURES_SHOWN:
        print(f"Error: and {len(failed) - _FAILURES_SHOWN} more", file=sys.stderr)
    if failed:
        print("The same command tries them again first. The recorder's log says more.", file=sys.stderr)
