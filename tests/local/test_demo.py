"""`make demo`, `make clients` and `make chat` end well, say what failed, and leave nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from local import demo
from local.cdk import CdkFailed

ROOT = Path(__file__).resolve().parents[2]


def start(marker: str, module: str = "local.demo") -> "subprocess.Popen[str]":
    """The demo, or another walk, in an environment by which its processes are known."""
    return subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, "DEMO_MARKER": marker},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A shell may have started us with SIGINT ignored, as it does behind `&`; the demo would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def processes_with(marker: str) -> list[str]:
    """The processes that were started in this environment (Linux; elsewhere none is found)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def ended(marker: str) -> None:
    """Nothing is left; what was killed may take a moment to go."""
    until = time.monotonic() + 60
    while left := processes_with(marker):
        assert time.monotonic() < until, left
        time.sleep(0.1)


@pytest.mark.prove
def test_every_step_does_what_it_should() -> None:
    """Exit status 0, the endpoint's answers as JSON without a token, nothing left running."""
    marker = str(uuid.uuid4())
    with start(marker) as process:
        printed, _ = process.communicate(timeout=900)
    assert process.returncode == 0, printed
    answers = [json.loads(line) for line in printed.splitlines() if line.startswith("  {")]
    looked_up, named = (answer["session"] for answer in answers if "session" in answer)
    started = [answer for answer in answers if "ContactId" in answer]
    continued = [answer.get("ContinuedFromContactId") for answer in started]
    assert continued == [None, looked_up[1], None, named[2], named[1], None]
    not_continued = [answer["NotContinued"]["Reason"] for answer in started if "NotContinued" in answer]
    assert not_continued == ["transcript_not_ready"]
    assert {"ContinuedFromContactId": started[1]["ContactId"]} in answers
    assert [answer["status"] for answer in answers if "type" in answer] == [404, 404, 404, 403]
    # Neither Amazon Connect's token nor the issuer's.
    assert "ParticipantToken" not in printed
    assert "eyJ" not in printed
    assert printed.endswith("All steps did what they should.\n")
    ended(marker)


@pytest.mark.prove
@pytest.mark.parametrize(
    ("module", "step"),
    [
        ("local.demo", "Deploy the app"),
        ("local.samples", "With curl: a chat that ended a moment ago"),
        ("local.chat", "Chat, until Ctrl-C"),
    ],
)
def test_ctrl_c_in_the_middle_leaves_nothing_running(module: str, step: str) -> None:
    """While the command line deploys, a sample waits, or people chat: it ends, and the cloud with it."""
    marker = str(uuid.uuid4())
    with start(marker, module) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if step in line:
                break
        assert process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        printed, _ = process.communicate(timeout=120)
    assert (process.returncode, printed.splitlines()[-1]) == (130, "Stopped. Nothing is left running.")
    ended(marker)


def failing(*_: object, **__: object) -> str:
    """A command line that fails."""
    raise CdkFailed("line one\nthe reason\n")


def unforeseen(*_: object, **__: object) -> str:
    """A command line that is not there."""
    raise FileNotFoundError("no such command")


def idle(*_: object, **__: object) -> str:
    """A command line that does nothing, and says nothing."""
    return ""


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (failing, "the reason"),
        (idle, "Stack with id PersistentChat does not exist"),
        (unforeseen, "FileNotFoundError: no such command"),
    ],
)
def test_a_step_that_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: object, said: str
) -> None:
    """Which step and why, and an exit status that a script can see."""
    monkeypatch.setattr(demo, "bootstrap", idle)
    monkeypatch.setattr(demo, "deploy_app", command)
    assert demo.main() == 1
    printed = capsys.readouterr().err
    assert "Failed in the step 'Deploy the app" in printed
    assert said in printed
