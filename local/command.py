"""A command as a child of this process: told line by line, and it never outlives whoever asked."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import TIMEOUT_MAX, Timer


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    say: Callable[[str], None] | None = None,
    *,
    within: float = TIMEOUT_MAX,
    folder: Path | None = None,
) -> tuple[int, str]:
    """Run a command and return its exit status and what it printed.

    :param say: called with each line as it comes.
    :param within: after so many seconds it is ended, and its status is negative (default: never).
    :param folder: where it runs (default: the current folder).

    Whatever ends this function ends the command and its children.
    """
    lines = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A group of its own, so that what it starts ends with it.
        start_new_session=True,
    ) as process:
        assert process.stdout is not None

        def end() -> None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        too_long = Timer(within, end)
        too_long.start()
        try:
            for line in process.stdout:
                lines.append(line)
                if say is not None and line.strip():
                    say(line.rstrip())
            process.wait()
        finally:
            too_long.cancel()
            end()
    return process.returncode, "".join(lines)
