"""How a command ends that has begun something: it is stopped once, and never between a chat and its id."""

import signal
import subprocess
import sys

import pytest

BEGIN = (
    "import os, signal; from connect_persistent_chat.commands.stopping import Stopping; stopping = Stopping()\n"
    "def stop(): os.kill(os.getpid(), signal.{signal})\n"
)
TIDY = "\nexcept KeyboardInterrupt:\n    stop()\n    print('tidy')"


def process(code: str, number: str, before: signal.Handlers = signal.SIG_DFL) -> tuple[int, str]:
    """A process that runs this: its exit status, and what it printed.

    :param before: what the signal does before. A shell may have started the tests with it ignored, as behind `&`.
    """
    command = [sys.executable, "-c", BEGIN.format(signal=number) + code]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: signal.signal(signal.Signals[number], before),
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_was_begun_is_ended_once(number: str) -> None:
    """A second signal does not stop the end."""
    code = "stopping.listen()\ntry:\n    stop(); print('never')"
    assert process(code + TIDY, number) == (0, "tidy\n")


def test_what_is_held_is_done_before() -> None:
    """The id of a chat is known before the command stops."""
    code = "stopping.listen()\ntry:\n    with stopping.held():\n        stop(); print('begun')\n    print('never')"
    assert process(code + TIDY, "SIGINT") == (0, "begun\ntidy\n")


def test_a_terminal_that_was_closed_does_not_lose_what_began() -> None:
    """Nothing can be written to it any more."""
    code = "stopping.listen()\ntry:\n    with stopping.held():\n        os.close(2); stop(); print('begun')"
    assert process(code + TIDY, "SIGHUP") == (0, "begun\ntidy\n")


def test_what_fails_while_it_is_held_stops_too() -> None:
    """Else the command would go on, and nothing could stop it any more."""
    code = "stopping.listen()\ntry:\n    with stopping.held():\n        stop(); raise ValueError\n    print('never')"
    assert process(code + TIDY, "SIGTERM") == (0, "tidy\n")


def test_after_the_end_nothing_is_stopped() -> None:
    """The result is told."""
    assert process("stopping.listen(); stopping.ignore(); stop(); print('done')", "SIGTERM") == (0, "done\n")


def test_whoever_ignores_a_signal_keeps_it() -> None:
    """nohup has the command ignore that its terminal was closed."""
    code = "stopping.listen(); stop(); print('goes on')"
    assert process(code, "SIGHUP", signal.SIG_IGN) == (0, "goes on\n")
