"""Ctrl-C as the process sees it, which it ends; as people press it, it is in test_persistent_chat.py."""

import os
import signal
import subprocess
import sys

import pytest

from connect_persistent_chat.commands import interrupt

SENTENCE = "Stopped. Run the same command to go on.\n"
BEGIN = "import os, signal, sys; from connect_persistent_chat.commands import interrupt; "
STOP = "os.kill(os.getpid(), signal.SIGINT); "


def process(code: str) -> tuple[int, str, str]:
    """A process that runs this: its exit status, and what it said on both streams."""
    begin = f"{BEGIN}signal.signal(signal.SIGINT, signal.default_int_handler); "
    # Whoever runs the tests may have Python hold nothing back.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", begin + code]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_what_was_said_before_is_still_told() -> None:
    """A pipe gets nothing of it by itself, because the process does not end in the usual way."""
    assert process(f"interrupt.handle(); print('so far'); {STOP}print('more')") == (130, "so far\n", SENTENCE)


def test_the_sentence_begins_a_line_of_its_own_behind_a_progress_bar() -> None:
    """Of tqdm's: its line has no end yet, and the sentence would stand behind the numbers."""
    status, _, errors = process(f"from tqdm import tqdm; interrupt.handle(); bar = tqdm(total=9); {STOP}")
    assert status == 130
    *bar, last = errors.splitlines()
    assert (f"{last}\n", "0/9" in bar[-1]) == (SENTENCE, True)


def test_after_the_last_word_nothing_is_stopped() -> None:
    """Else a run that has told its result would end as if it had not finished."""
    assert process(f"interrupt.handle(); interrupt.ignore(); {STOP}print('done')") == (0, "done\n", "")


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL, lambda *_: None], ids=["ignored", "end", "own"])
def test_whoever_decides_about_ctrl_c_already_keeps_it(handler: signal.Handlers) -> None:
    """nohup has the command ignore it, and a program that uses its parser may have a way of its own."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        interrupt.handle()
        assert signal.getsignal(signal.SIGINT) is handler
        interrupt.ignore()
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
