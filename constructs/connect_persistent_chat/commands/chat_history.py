"""`chat-history`: fill a history from the contacts that Amazon Connect still has, or erase one customer from it."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

try:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from connect_persistent_chat.commands.backfill import Backfill, Progress, period_of
    from connect_persistent_chat.commands.erase import erase
    from connect_persistent_chat.commands.recorder import CommandFailed, Recorder
except ModuleNotFoundError as missing:
    sys.exit(f"Error: {missing.name} is not installed. Install it: pip install 'connect-persistent-chat[commands]'")

_MOST_RATE = 25
_FAILURES_SHOWN = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all was done; 1, with what is to be done about it, if not; 130 after Ctrl-C."""
    options = parser().parse_args(arguments)
    try:
        recorder = Recorder(boto3.session.Session(), options.recorder)
        if options.command == "erase":
            return _erase(recorder, options.customer)
        return _backfill(recorder, options)
    except (CommandFailed, BotoCoreError, ClientError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command to go on.", file=sys.stderr)
        return 130


def _backfill(recorder: Recorder, options: argparse.Namespace) -> int:
    period = period_of(recorder, options.start, options.end)
    since = f"-{options.start:%Y%m%dT%H%M%S}" if options.start else ""
    state = options.state or Path(f"chat-history-{recorder.name}{since}.json")
    progress = Progress(state, recorder.arn, options.start, period.start)
    if progress.resumed:
        print(
            f"Going on from {progress.until.isoformat()}, as {state} says. To begin anew, remove it.", file=sys.stderr
        )
    run = Backfill(recorder, options.rate, progress)
    try:
        run.run(period)
    finally:
        print(f"{period.start:%Y-%m-%d} to {progress.until:%Y-%m-%d}: {run.fared.total()} chats. {_said(run.fared)}")
        _say_failures(progress.failed)
    return 1 if progress.failed else 0


def _say_failures(failed: dict[str, str]) -> None:
    for contact_id, reason in list(failed.items())[:_FAILURES_SHOWN]:
        print(f"Error: {contact_id} could not be recorded: {reason}", file=sys.stderr)
    if len(failed) > _FAILURES_SHOWN:
        print(f"Error: and {len(failed) - _FAILURES_SHOWN} more", file=sys.stderr)
    if failed:
        print("The same command tries them again first. The recorder's log says more.", file=sys.stderr)


def _said(fared: dict[str, int]) -> str:
    return ", ".join(f"{how.replace('_', ' ')}: {count}" for how, count in sorted(fared.items()))


def _erase(recorder: Recorder, customer: str) -> int:
    if customer == "-":
        customer = sys.stdin.readline().rstrip("\r\n")
    if not customer:
        raise CommandFailed("--customer: got nothing, expected whom the contacts carry.")
    print(f"{erase(recorder, customer)} entries were erased.")
    print("Point-in-time backups of the table keep them for up to 35 days.")
    if recorder.dead_letters:
        print(f"Events that could not be recorded may name the customer: purge {recorder.dead_letters}.")
    print("Events of the customer's last chats may still come: run this again a day after the last of them.")
    return 0


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    whole = argparse.ArgumentParser(prog="chat-history", description=__doc__)
    commands = whole.add_subparsers(dest="command", required=True)
    backfill = commands.add_parser("backfill", help="record the chats that Amazon Connect still has")
    erase_ = commands.add_parser("erase", help="erase every entry of one customer")
    for command in (backfill, erase_):
        command.add_argument("--recorder", required=True, help="name or ARN of the history's recorder function")
    backfill.add_argument(
        "--from", dest="start", type=_instant, help="when the first of the chats began (default: as long ago as kept)"
    )
    backfill.add_argument("--to", dest="end", type=_instant, help="when the last of them began (default: now)")
    backfill.add_argument(
        "--rate",
        type=_rate,
        default=5,
        help=f"chats a second, 1 to {_MOST_RATE}; each takes one of DescribeContact's quota, 10 (default: 5)",
    )
    backfill.add_argument(
        "--state",
        type=Path,
        help="where it is kept how far it came (default: chat-history-<recorder>[-<from>].json in this folder)",
    )
    erase_.add_argument("--customer", required=True, help="whom the contacts carry; -: read it from standard input")
    return whole


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a date such as 2026-01-31") from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def _rate(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 2 or not 1 <= int(text) <= _MOST_RATE:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a whole number from 1 to {_MOST_RATE}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
