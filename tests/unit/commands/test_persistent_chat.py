"""The command itself, as it is typed: quick to explain, and never a stack trace."""

import io
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from connect_persistent_chat.commands.persistent_chat import main

COMMAND = Path(sys.executable).with_name("persistent-chat")
# Nobody listens there.
NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "123456789012",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "HOME": "/nonexistent",
}
BACKFILL = ("backfill", "--recorder", "r")
STOPPED = "Stopped. Run the same command to go on."


def environment(**changed: str | None) -> dict[str, str]:
    """Of this machine's nothing but the path; None takes a variable away."""
    made = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **NOWHERE, **changed}
    return {name: value for name, value in made.items() if value is not None}


def run(*arguments: str | bytes, cwd: Path | None = None, **changed: str | None) -> tuple[int, str, str]:
    """Its exit status, and what it said on both streams."""
    done = subprocess.run(
        [str(COMMAND), *arguments],
        env=environment(**changed),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said, errors = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in errors
    return done.returncode, said, errors


def test_help_is_plain_and_needs_nothing() -> None:
    """Neither the CDK nor boto3 is imported before a command does something."""
    code = (
        "import sys; from connect_persistent_chat.commands.persistent_chat import parser; parser().format_help(); "
        "print([name for name in ('aws_cdk', 'jsii', 'boto3', 'botocore', 'tqdm') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    status, said, errors = run("--help")
    assert (status, errors) == (0, "")
    assert "backfill" in said
    assert "erase" in said
    for command in ("backfill", "erase", "verify", "local"):
        status, said, errors = run(command, "--help")
        assert (status, errors) == (0, "")
        # No mark-up, and no attribute of Python's.
        assert not set("`_*") & set(said.partition("options:")[0])


def test_a_run_imports_no_cdk() -> None:
    """It takes seconds, and half a gigabyte."""
    code = (
        "import sys\n"
        "from connect_persistent_chat.commands import persistent_chat, fill, deployed_history, erase, walk\n"
        "print([name for name in ('aws_cdk', 'jsii', 'constructs') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_little_is_imported_before_it_can_be_stopped() -> None:
    """Until its first line runs, Ctrl-C is a stack trace of Python's own."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parents[3] / 'constructs')!r}); "
        "import connect_persistent_chat.commands.persistent_chat; "
        "print([name for name in ('typing', 'contextlib', 'argparse', 'datetime') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "text",
    [
        *("soon", "", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-13-01", "2026-W54-1"),
        *("NaN", "1e9", "2026-01-01T25:00", "2026-01-01T00:00+99:00", "-1", "x" * 10_000, "\u0662\u0660\u0662\u0666"),
    ],
)
def test_an_instant_that_is_none_is_explained(text: str) -> None:
    """Before anything is called; a long one is not repeated."""
    for name in ("--from", "--to"):
        status, _, errors = run(*BACKFILL, f"{name}={text}")
        last = errors.splitlines()[-1]
        assert status == 2
        assert f"argument {name}: got " in last
        assert last.endswith("expected a date such as 2026-01-31")
        assert len(last) < 250


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backfill", "--recorder", ""), "argument --recorder: got '', expected the name or the ARN"),
        (("backfill", "--recorder", "../x"), "argument --recorder: got '../x', expected the name or the ARN"),
        (("backfill", "--recorder", b"\xff"), "argument --recorder: got '\\udcff', expected the name or the ARN"),
        ((*BACKFILL, "--rate", "26"), "argument --rate: got '26', expected a whole number from 1 to 25"),
        ((b"\xff",), "invalid choice: '\\udcff'"),
        ((), "required: command"),
    ],
)
def test_a_wrong_argument_is_explained(arguments: tuple[str | bytes, ...], said: str) -> None:
    """Exit status 2."""
    status, _, errors = run(*arguments)
    assert status == 2
    assert said in errors


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Could not connect to the endpoint URL"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "Invalid endpoint: nonsense. Check AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://[::1"}, "Check AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:99999"}, "Error: "),
        ({"AWS_REGION": None}, "You must specify a region"),
        ({"AWS_REGION": "us east 1"}, "us east 1"),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "Unable to locate credentials"),
        ({"AWS_SECRET_ACCESS_KEY": None}, "Partial credentials found"),
        ({"AWS_RETRY_MODE": "x"}, "Could not connect to the endpoint URL"),
        ({"AWS_CONFIG_FILE": "/dev/stdout"}, "Error: "),
    ],
)
def test_what_does_not_answer_is_one_sentence(tmp_path: Path, changed: dict[str, str | None], said: str) -> None:
    """Exit status 1, nothing on standard output, and no state of a run that never was."""
    status, out, errors = run(*BACKFILL, cwd=tmp_path, **changed)
    assert (status, out) == (1, "")
    assert errors.startswith("Error: ")
    assert said in errors
    assert len(errors.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_left_gets_no_stack_trace() -> None:
    """`persistent-chat --help | true`."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [str(COMMAND), "--help"], env=environment(), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_an_error_is_never_said_on_standard_output(closed: str) -> None:
    """Other programs read it: Python's own print goes there if standard error is closed."""
    command = f"{shlex.quote(str(COMMAND))} erase --recorder r --customer c {closed}"
    done = subprocess.run(["/bin/sh", "-c", command], env=environment(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


@pytest.mark.parametrize("milliseconds", [20, 100, 300, 700, None])
def test_ctrl_c_is_one_sentence_whenever_it_comes(tmp_path: Path, milliseconds: int | None) -> None:
    """While modules are imported, arguments are read, or an answer is awaited: 130, and nothing is left running.

    Not before the command's own first line: until then Python itself begins.
    """
    # It takes connections, and never answers.
    with (
        ExitStack() as stack,
        socket.create_server(("127.0.0.1", 0)) as silent,
        subprocess.Popen(
            [str(COMMAND), "erase", "--recorder", "r", "--customer", "c"],
            env=environment(
                AWS_ENDPOINT_URL=f"http://127.0.0.1:{silent.getsockname()[1]}", PYTHONPROFILEIMPORTTIME="1"
            ),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process,
    ):
        assert process.stderr is not None
        while "connect_persistent_chat.commands.persistent_chat" not in process.stderr.readline():
            assert process.poll() is None
        if milliseconds is None:
            # An answer is awaited.
            silent.settimeout(120)
            kept, _ = silent.accept()
            stack.enter_context(kept)
        else:
            time.sleep(milliseconds / 1000)
        for _ in range(3):
            process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=120)
    assert (process.returncode, said) == (130, "")
    assert [line for line in errors.splitlines() if not line.startswith("import time:")] == [STOPPED]


def test_what_an_encoding_does_not_have_ends_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer in another language, in a terminal that has no letters for it."""
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
    monkeypatch.setattr("connect_persistent_chat.commands.interrupt.handle", lambda: None)
    monkeypatch.setattr("connect_persistent_chat.commands.interrupt.ignore", lambda: None)
    assert main(["--help"]) == 0
    print("caf\u00e9", flush=True)
    assert shown.getvalue().endswith(b"caf\\xe9\n")


def test_whoever_ignores_ctrl_c_for_it_is_heard() -> None:
    """nohup, or a shell's background job: the command goes on."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        subprocess.Popen(
            [str(COMMAND), *BACKFILL],
            env=environment(AWS_ENDPOINT_URL=f"http://127.0.0.1:{silent.getsockname()[1]}"),
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        ) as process,
    ):
        silent.settimeout(120)
        try:
            asked, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            # Now nobody listens any more.
            silent.close()
            asked.close()
            _, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 1
    assert "Could not connect" in errors
