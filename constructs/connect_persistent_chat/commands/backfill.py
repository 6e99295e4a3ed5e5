"""`persistent-chat backfill`: the chats that Amazon Connect still has, into the history."""

import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from connect_persistent_chat.commands import arguments
from connect_persistent_chat.commands.failure import one_line

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

_FAILURES_SHOWN = 20


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """The command and its arguments."""
    does = "record the chats that Amazon Connect still has in the history"
    command = commands.add_parser("backfill", help=does, description=f"R{does[1:]}.")
    command.set_defaults(run=run)
    arguments.add_recorder(command)
    command.add_argument(
        "--from",
        dest="start",
        type=arguments.instant,
        help="record chats that began since this day or instant, such as 2026-01-31 or 2026-01-31T12:00 (UTC; "
        "default: two years ago, or as long ago as the history keeps chats)",
    )
    command.add_argument(
        "--to",
        dest="end",
        type=arguments.instant,
        help="record chats that began before this day or instant (default: now)",
    )
    command.add_argument(
        "--rate",
        type=arguments.rate,
        default=5,
        help=f"how often DescribeContact may be called in a second, from 1 to {arguments.MOST_RATE} (default: 5; the "
        "quota is 10, and the endpoints need it, too)",
    )
    command.add_argument(
        "--state",
        type=Path,
        help="the file that keeps how far the command came, so that the same command goes on from there (default: "
        "persistent-chat-<recorder>.json in this folder, with the instant of --from in its name)",
    )


def run(options: "Namespace") -> int:
    """Fill the history, and say how the chats fared. Raises CommandFailed, botocore's errors, or OSError."""
    from tqdm import tqdm

    from connect_persistent_chat.commands.filling import Filling
    from connect_persistent_chat.commands.progress import Of, Progress, is_there
    from connect_persistent_chat.commands.recorder import Recorder
    from connect_persistent_chat.commands.search import Search, period_of

    recorder = Recorder(options.recorder, say=lambda text: tqdm.write(text, file=sys.stderr))
    now, retention = recorder.now(), timedelta(seconds=recorder.retention_seconds)
    since = f"-{options.start:%Y%m%dT%H%M%S}" if options.start else ""
    state = options.state or Path(f"persistent-chat-{recorder.name}{since}.json")
    period = period_of(now, retention, options.start, options.end, resumed=is_there(state))
    progress = Progress(state, Of(recorder.arn, options.start), period.start, now)
    if progress.resumed:
        going_on = (
            f"Going on from {progress.until.isoformat()}, as {state} says. To start from the beginning, remove it."
        )
        print(one_line(going_on), file=sys.stderr)
    filling = Filling(recorder, Search(recorder, now), options.rate, progress)
    try:
        filling.run(period)
    finally:
        period_said = f"{period.start:%Y-%m-%d} to {progress.until:%Y-%m-%d}"
        print(f"{period_said}: {filling.fared.total()} chats. {_said(filling.fared)}")
        _say_failures(progress.failed)
    return 1 if progress.failed else 0


def _say_failures(failed: Mapping[str, str]) -> None:
    for contact_id, reason in list(failed.items())[:_FAILURES_SHOWN]:
        print(f"Error: {contact_id} could not be recorded: {one_line(reason)}", file=sys.stderr)
    if len(failed) > _FAILURES_SHOWN:
        print(f"Error: and {len(failed) - _FAILURES_SHOWN} more", file=sys.stderr)
    if failed:
        print("The same command tries them again first. The recorder's log says more.", file=sys.stderr)


def _said(fared: Mapping[str, int]) -> str:
    return ", ".join(f"{how.replace('_', ' ')}: {count}" for how, count in sorted(fared.items()))
