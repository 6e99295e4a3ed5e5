"""Ctrl-C: one sentence, exit status 130, and nothing is left running.

Python would raise an exception wherever the program is: in an import, a finalizer, a pool of threads, or at exit. There
it prints a stack trace, waits, or is lost. So the signal handler ends the process at once. The state of a backfill is
complete at every moment, and the next run repeats what was not noted yet.
"""

import os
import signal
import sys

_SENTENCE = b"Stopped. Run the same command to go on.\n"
STATUS = 130


def handle() -> None:
    """From now on Ctrl-C ends the process, unless whoever started it decided otherwise (`nohup`)."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)


def ignore() -> None:
    """From now on Ctrl-C does nothing: the result was told, and the process ends by itself."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stop(*_: object) -> None:
    # A second Ctrl-C must not repeat the sentence.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        os.write(2, (b"\n" if _is_in_a_line() else b"") + _SENTENCE)
        sys.stdout.flush()
    finally:
        os._exit(STATUS)


def _is_in_a_line() -> bool:
    """Whether the cursor stands behind ^C, or behind a progress bar."""
    tqdm = sys.modules.get("tqdm")
    return os.isatty(2) or bool(getattr(getattr(tqdm, "tqdm", None), "_instances", ()))
