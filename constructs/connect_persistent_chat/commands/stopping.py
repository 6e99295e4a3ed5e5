"""Ctrl-C: one sentence, exit status 130, and nothing left running, whatever the command is doing.

As an exception it would be raised wherever the program is: in an import, a finalizer, a pool of threads, at exit. Each
of these prints a stack trace, waits, or swallows it. So the process ends at once, as if it were killed: the state of a
backfill is whole at any instant, and what was not noted yet is done again.
"""

import os
import signal
import sys

_SENTENCE = b"Stopped. Run the same command to go on.\n"
STATUS = 130


def at_interrupt() -> None:
    """From now on, unless whoever started the command had it ignore Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)


def no_more() -> None:
    """All is done and said: the process ends by itself."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stop(*_: object) -> None:
    # Who presses it twice reads one sentence. Whatever goes wrong here, nobody is there to be told.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        os.write(2, (b"\n" if _is_in_a_line() else b"") + _SENTENCE)
        sys.stdout.flush()
    finally:
        os._exit(STATUS)


def _is_in_a_line() -> bool:
    """A terminal shows ^C; a progress bar is a line without an end."""
    tqdm = sys.modules.get("tqdm")
    return os.isatty(2) or bool(getattr(getattr(tqdm, "tqdm", None), "_instances", ()))
