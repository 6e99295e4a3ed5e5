"""Asking an AWS service, and asking again while that may help.

Not by the SDK: it has a budget of retries, which staying above a quota for minutes uses up, and then it gives up at the
first refusal. Others share the quotas, so being too early is no failure here.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ReadTimeoutError, SSLError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError

from connect_persistent_chat.commands.failure import CommandFailed, one_line
from connect_persistent_chat.shared import throttles

# The recorder answers within 30 s.
SDK = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=10, read_timeout=40)
# For one call that is refused because it came too soon.
_MOST_SECONDS = 600.0
# In a row of one call that ends otherwise: no connection, half an answer, 5xx. Of a service that never answered the
# address may be wrong.
_MOST_FAILURES, _MOST_FAILURES_AT_FIRST = 8, 4
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 20.0
# From this pause on it is said that there is one.
_SAID_FROM_SECONDS = 8.0
# A function that is being updated takes no invocation.
_PASSING = frozenset(("RequestTimeout", "ResourceConflictException"))
# What the SDK raises for an answer in which it finds nothing where it expects an object.
_UNREADABLE = (ResponseParserError, AttributeError, TypeError)

Result = TypeVar("Result")


class Patience:
    """For all calls of a command. `wait` is time.sleep, or a test's; `say` tells people why nothing happens."""

    def __init__(self, wait: Callable[[float], None] = time.sleep, say: Callable[[str], None] = lambda _: None) -> None:
        self._wait = wait
        self._say = say
        self._answered: set[str] = set()

    def ask(self, service: str, call: Callable[[], Result]) -> Result:
        """What the call returns. `service` is its name for people.

        Raises botocore's errors, CommandFailed if the answer is none of AWS's.
        """
        waited, failures, pause = 0.0, 0, _FIRST_PAUSE_SECONDS
        while True:
            try:
                result = call()
            except (ClientError, BotoCoreError, *_UNREADABLE) as error:
                throttled = _is_throttle(error)
                # Silence takes long enough.
                failures += 0 if throttled else 2 if isinstance(error, ReadTimeoutError) else 1
                most = _MOST_FAILURES if service in self._answered else _MOST_FAILURES_AT_FIRST
                if (throttled and waited >= _MOST_SECONDS) or failures >= most or not _may_pass(error):
                    raise _for_people(service, error) from error
            else:
                self._answered.add(service)
                return result
            if pause >= _SAID_FROM_SECONDS:
                left = f", for up to {(_MOST_SECONDS - waited) / 60:.0f} minutes" if throttled else ""
                why = "is busy" if throttled else "does not answer"
                self._say(f"{service} {why}. The command asks again in {pause:.0f} s{left}.")
            self._wait(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


class Pace:
    """So many seconds between calls, at least: from the end of one to the beginning of the next."""

    def __init__(self, wait: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic) -> None:
        self._wait = wait
        self._clock = clock
        self._ended: float | None = None

    def keep(self, seconds: float) -> None:
        """Wait until that long after the last call."""
        left = seconds - (self._clock() - self._ended) if self._ended is not None else 0.0
        if left > 0:
            self._wait(left)

    def ended(self) -> None:
        """A call has ended just now."""
        self._ended = self._clock()


def _status_of(error: Exception) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(error, ClientError) else 0


def _code_of(error: Exception) -> str:
    return error.response["Error"].get("Code", "") if isinstance(error, ClientError) else ""


def _is_throttle(error: Exception) -> bool:
    return _code_of(error) in throttles.CODES or _status_of(error) == 429


def _may_pass(error: Exception) -> bool:
    """Whether asking again may help."""
    if isinstance(error, SSLError):
        return False
    if isinstance(error, HTTPClientError | NoConnection | ResponseParserError):
        return True
    return _is_throttle(error) or _status_of(error) >= 500 or _code_of(error) in _PASSING


def _for_people(service: str, error: Exception) -> Exception:
    if isinstance(error, _UNREADABLE):
        return CommandFailed(f"{service}: the answer is not one of AWS ({one_line(error)[:200]}). Check the address.")
    return error
