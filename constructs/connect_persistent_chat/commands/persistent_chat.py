"""Fill a history of chats from the contacts that Amazon Connect still has, or erase one customer from it."""

import os
import sys

from connect_persistent_chat.commands import stopping

# As typing has it: until `main` runs, Ctrl-C is a stack trace of Python's, so nothing is imported that takes a while.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

_EXTRA = ("boto3", "botocore", "tqdm")
# Refusals of a signature that is too old, or not valid yet.
_CLOCK = ("RequestExpired", "RequestTimeTooSkewed", "Signature expired", "Signature not yet current")


def main(arguments: "Sequence[str] | None" = None) -> int:
    """0 if all was done; 1, with what is to be done about it, if not; 2 for a wrong argument; 130 after Ctrl-C."""
    # Before anything that takes long is imported.
    stopping.at_interrupt()
    _open_what_is_closed()
    try:
        status = _status(arguments)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    status = _flushed(status)
    stopping.no_more()
    return status


def _status(arguments: "Sequence[str] | None") -> int:
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except Exception as error:
        print(f"Error: {_sentence(error)}", file=sys.stderr)
        return 1


def _open_what_is_closed() -> None:
    """A stream that was closed (`2>&-`) leads to nowhere: else errors would be printed to standard output, and files
    would get the stream's number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


def parser() -> "ArgumentParser":
    """What the command takes."""
    from argparse import ArgumentParser

    from connect_persistent_chat.commands import backfill, erase

    whole = ArgumentParser(prog="persistent-chat", description=__doc__)
    commands = whole.add_subparsers(dest="command", required=True)
    for command in (backfill, erase):
        command.add_to(commands)
    return whole


def _sentence(error: Exception) -> str:
    """What went wrong, for people."""
    from connect_persistent_chat.commands.failure import CommandFailed, one_line

    if isinstance(error, ModuleNotFoundError) and error.name in _EXTRA:
        return f"{error.name} is not installed. Install it: pip install 'connect-persistent-chat[commands]'"
    text = one_line(error)
    if isinstance(error, CommandFailed | OSError):
        return text + _hint(text)
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, BotoCoreError | ClientError):
        return text + _hint(text)
    return f"{_place_of(error)}: this should not happen. Report it to the authors of persistent-chat."


def _hint(text: str) -> str:
    return ". Is this machine's clock right?" if any(word in text for word in _CLOCK) else ""


def _place_of(bug: Exception) -> str:
    """Its class and place; what it says may be the customer."""
    import traceback
    from pathlib import Path

    last = traceback.extract_tb(bug.__traceback__)[-1]
    return f"{type(bug).__name__} at {Path(last.filename).name}:{last.lineno} {last.name}"


def _flushed(status: int) -> int:
    """What was printed has arrived, or nobody is there to read it: Python would print a stack trace at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status or 1
    return status


if __name__ == "__main__":
    sys.exit(main())
