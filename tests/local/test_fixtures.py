"""The pytest fixture in somebody's own run of tests: whatever ends the run, the cloud ends too."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.cloud import Cloud, CloudError
from local.page import ROOT

CONFTEST = "from local.fixtures import local_cloud\n"
TESTS = """
import os, signal
from pathlib import Path
import boto3, pytest

made_when_imported = boto3.client("connect")

@pytest.fixture
def noted(local_cloud):
    Path("port").write_text(local_cloud.url.rpartition(":")[2])

@pytest.fixture
def broken(noted):
    raise RuntimeError("broken")

def test_a_client_that_a_module_made_when_it_was_imported(local_cloud):
    (instance,) = made_when_imported.list_instances()["InstanceSummaryList"]
    assert instance["Id"] == local_cloud.instance_id
"""
# Their run, in a process that lives on and may need its settings.
RUN = """
import os, sys, pytest
# pytest's own.
os.environ.pop("PYTEST_CURRENT_TEST", None)
before = dict(os.environ)
status = pytest.main(["-q", "-p", "no:cacheprovider"])
os.environ.pop("PYTEST_CURRENT_TEST", None)
assert {**os.environ} == before, {*os.environ.items()} ^ {*before.items()}
sys.exit(status)
"""
ENDS = {
    "a test fails": ("(noted):\n    assert False", 1, "1 failed, 1 passed"),
    "a fixture raises": ("(broken):\n    pass", 1, "1 passed, 1 error"),
    "Ctrl-C": ("(noted):\n    os.kill(os.getpid(), signal.SIGINT)", 2, "KeyboardInterrupt"),
    "killed": ("(noted):\n    os.kill(os.getpid(), signal.SIGKILL)", -9, ""),
}


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run their tests. The command line of their project does nothing."""
    command = [sys.executable, "-c", RUN]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "AWS_PROFILE": "production"}
    return subprocess.run(
        command,
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        # A shell may have started the tests with SIGINT ignored, as it does behind `&`.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("how", ["a test fails", *(pytest.param(one, marks=pytest.mark.prove) for one in [*ENDS][1:])])
def test_the_cloud_ends_and_the_settings_come_back_however_a_run_ends(how: str, tmp_path: Path) -> None:
    """A cloud that is left takes a port and a processor; a process that goes on may need its own account again."""
    test, status, said = ENDS[how]
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_theirs.py").write_text(f"{TESTS}\ndef test_how_it_ends{test}\n", encoding="utf-8")
    command = tmp_path / "node_modules/.bin/cdk"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n", encoding="utf-8")
    command.chmod(0o755)
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (status, ""), done.stdout
    assert said in done.stdout
    is_gone(int((tmp_path / "port").read_text()))


def is_gone(port: int, within: float = 120) -> None:
    """Nothing answers there any more."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            Cloud.at(port)
        except CloudError:
            return
        time.sleep(0.1)
    raise AssertionError(f"the cloud on port {port} still runs")
