"""A command as a child: what a caller of it is promised beyond what tests of the CDK's command line show."""

import os
import sys
import threading
import time

import pytest

from local.command import run


def test_one_that_takes_too_long_is_ended_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that hangs must not hold a pipeline for hours. Here its time begins when it has begun."""
    begun = threading.Event()

    class Late(threading.Timer):
        def run(self) -> None:
            begun.wait(60)
            super().run()

    monkeypatch.setattr("local.command.Timer", Late)
    began = time.monotonic()
    code = "import time; print('begun', flush=True); time.sleep(600)"
    status, printed = run([sys.executable, "-c", code], os.environ, lambda _: begun.set(), within=0.5)
    assert (status < 0, printed) == (True, "begun\n")
    assert 0.5 < time.monotonic() - began < 120


def test_one_that_fails_tells_its_status() -> None:
    """And what it printed on both streams."""
    status, printed = run([sys.executable, "-c", "import sys; sys.exit('refused')"], os.environ)
    assert (status, printed) == (1, "refused\n")
