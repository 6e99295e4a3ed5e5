"""What a command shows that walks through the local cloud in steps, and how it ends."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .cdk import CdkFailed
from .cloud import Cloud, CloudError

_PROGRESS_SECONDS = 1.0
_WIDTH = 150
# Of a command that failed.
_LINES_SHOWN = 30


class StepFailed(Exception):
    """A step did not do what it should."""


# Their text says what happened; of any other error its kind says more.
_FORESEEN = (StepFailed, CdkFailed, CloudError, BotoCoreError, ClientError)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what begins, and how long it took; an error that ends it bears its name as a note."""
    print(f"• {name}", flush=True)
    began = time.monotonic()
    try:
        yield
    except Exception as error:
        error.add_note(name)
        raise
    print(f"  done in {time.monotonic() - began:.1f} s", flush=True)


class Progress:
    """Shows that a command works: its warnings, and of its other lines one a second."""

    def __init__(self) -> None:
        self._shown = 0.0

    def __call__(self, line: str) -> None:
        """A line of the command."""
        now = time.monotonic()
        if now - self._shown >= _PROGRESS_SECONDS or "[Warning" in line:
            self._shown = now
            tell(line)


def tell(line: str) -> None:
    """A line of a command."""
    print(f"  │ {line[:_WIDTH]}", flush=True)


def show(value: Any) -> None:
    """What a step got."""
    print("  " + json.dumps(value), flush=True)


def expect(what: str, got: Any, expected: Any) -> None:
    """Raise StepFailed unless it is as it should be."""
    if got != expected:
        raise StepFailed(f"{what}: got {got}, expected {expected}")


def walk(steps: Callable[[Cloud], None]) -> int:
    """Take the steps on a cloud of their own. 0 only if every one did what it should; nothing is left running."""
    try:
        with step("Start the local cloud: MiniStack with Amazon Connect added"):
            cloud = Cloud().__enter__()
        try:
            steps(cloud)
        finally:
            cloud.__exit__(None, None, None)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.", file=sys.stderr)
        return 130
    except Exception as error:
        why = str(error) if isinstance(error, _FORESEEN) else f"{type(error).__name__}: {error}"
        if isinstance(error, CdkFailed):
            why = "\n".join(["the command line says", *why.splitlines()[-_LINES_SHOWN:]])
        (where,) = getattr(error, "__notes__", ["none: between two of them"])
        print(f"\nFailed in the step '{where}': {why}", file=sys.stderr)
        return 1
    print("All steps did what they should.")
    return 0
