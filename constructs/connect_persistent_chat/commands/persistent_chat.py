"""Fill a history, erase one customer from it, show that an endpoint keeps its promises, or start the local cloud."""

import io
import os
import sys

from connect_persistent_chat.commands import interrupt

# Until `main` runs, Ctrl-C shows a stack trace. So not even typing is imported.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

_EXTRA = ("boto3", "botocore", "tqdm")
# In AWS's answers to a signature that is too old, or not valid yet.
_CLOCK = ("RequestExpired", "RequestTimeTooSkewed", "Signature expired", "Signature not yet current")


def main(arguments: "Sequence[str] | None" = None) -> int:
    """The exit status: 0 if all was done, 1 with a sentence if not, 2 for a wrong argument, 130 after Ctrl-C."""
    # Before anything is imported that takes long.
    interrupt.handle()
    _open_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # As on standard error: what its encoding does not have must not end the command.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = _status(arguments)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    status = _flushed(status)
    interrupt.ignore()
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


def _open_closed_streams() -> None:
    """Let a closed stream (`2>&-`) lead nowhere. Else Python prints errors to standard output, or into a file that got
    the stream's number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # It gets the lowest free number, which is this one.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


def parser() -> "ArgumentParser":
    """The commands and their arguments."""
    from argparse import ArgumentParser

    from connect_persistent_chat.commands import backfill, erase, local, verify

    whole = ArgumentParser(prog="persistent-chat", description=__doc__)
    commands = whole.add_subparsers(dest="command", required=True)
    for command in (backfill, erase, verify, local):
        command.add_to(commands)
    return whole


def _sentence(error: Exception) -> str:
    """What went wrong, in a sentence."""
    from connect_persistent_chat.commands.command_failed import CommandFailed, one_line

    if isinstance(error, ModuleNotFoundError) and error.name in _EXTRA:
        return f"{error.name} is not installed. Install it: pip install 'connect-persistent-chat[commands]'"
    if isinstance(error, CommandFailed | OSError) or _is_botocores(error):
        text = one_line(error)
        return text + (". Is this machine's clock right?" if any(word in text for word in _CLOCK) else "")
    return f"{_place_of(error)}: this should not happen. Report it to the authors of persistent-chat."


def _is_botocores(error: Exception) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    return isinstance(error, BotoCoreError | ClientError)


def _place_of(bug: Exception) -> str:
    """Its class and place. Its text may hold the customer."""
    import traceback
    from pathlib import Path

    last = traceback.extract_tb(bug.__traceback__)[-1]
    return f"{type(bug).__name__} at {Path(last.filename).name}:{last.lineno} {last.name}"


def _flushed(status: int) -> int:
    """The status after all output is written. If its reader has left, Python would print a stack trace at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status or 1
    return status


if __name__ == "__main__":
    sys.exit(main())
