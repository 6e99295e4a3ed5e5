"""A command as a child: what a caller of it is promised beyond what tests of the CDK's command line show."""

import os
import sys
import time

from local.command import run


def test_one_that_takes_too_long_is_ended_and_fails() -> None:
    """A client that hangs must not hold a pipeline for hours."""
    began = time.monotonic()
    code = "import time; print('begun', flush=True); time.sleep(60)"
    status, printed = run([sys.executable, "-c", code], os.environ, within=1)
    assert (status < 0, printed) == (True, "begun\n")
    assert time.monotonic() - began < 30


def test_one_that_fails_tells_its_status() -> None:
    """And what it printed on both streams."""
    status, printed = run([sys.executable, "-c", "import sys; sys.exit('refused')"], os.environ)
    assert (status, printed) == (1, "refused\n")
