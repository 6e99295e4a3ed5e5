"""How a command stops after it began something that must not stay: it ends that first."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SIGNALS = (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
_SENTENCE = b"\nStopping. First the command ends all that it began.\n"


class Stopping:
    """Ctrl-C, `kill` and a closed terminal."""

    def __init__(self) -> None:
        self._held = self._asked = False

    def listen(self) -> None:
        """From now on they raise KeyboardInterrupt, unless whoever started the process ignores them (`nohup`)."""
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._stop)

    def _stop(self, *_: object) -> None:
        self._asked = True
        # A second one must not end what ends the first.
        self.ignore()
        # If the terminal was closed, nobody can read it.
        with suppress(OSError):
            os.write(2, _SENTENCE)
        if not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """What begins in here is known when the process is stopped: it is stopped after it. Not to be nested."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            # Also if it failed: nothing else begins.
            if self._asked:
                raise KeyboardInterrupt

    @staticmethod
    def ignore() -> None:
        """From now on nothing is stopped."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
