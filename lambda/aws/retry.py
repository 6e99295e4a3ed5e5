"""Calls of an AWS service. A call is retried if that may help: a few attempts within a deadline, with full jitter."""

import os
import time
from collections.abc import Callable, Mapping

from aws.answer import Answer, Document, Outcome, is_worth_another_try, read_answer
from aws.client import Client
from aws.no_answer import DeadlineExceeded, Stale, Unreachable, Unreadable
from shared.typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from threading import Event

# A caller waits for the answer.
_MOST_ATTEMPTS = 3
# Before the second attempt; twice as much before each further one, up to the last of these.
_LONGEST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_OF_ALL_SECONDS = 5.0
# An attempt may take this long, or half of the remaining time if that is longer. Later answers are unlikely.
_READ_SECONDS = 1.0
# An attempt with less time than this would only use up the quota.
_LEAST_ATTEMPT_SECONDS = 0.2


class Operation(NamedTuple):
    """A call of a service. `read` parses a 200 answer. It raises Unreadable if it cannot."""

    method: str
    target: str
    body: bytes
    read: Callable[[Document], object]
    # Beside the headers that every call has.
    headers: Mapping[str, str] = {}
    # Types of errors that look like a throttle, but a retry does not help.
    final: tuple[str, ...] = ()


class Retry:
    """The calls of one request of a function, by one deadline of time.monotonic()."""

    def __init__(self, deadline: float, most_attempts: int = _MOST_ATTEMPTS) -> None:
        self.deadline = deadline
        self._most_attempts = most_attempts
        self._attempts: list[str] = []

    @property
    def attempts(self) -> int:
        """How many there were so far, of all calls."""
        return len(self._attempts)

    def until(self, deadline: float) -> "Retry":
        """A Retry with less time for the same request of the function. Its attempts count in this Retry too."""
        sooner = Retry(min(deadline, self.deadline), self._most_attempts)
        sooner._attempts = self._attempts
        return sooner

    def call(self, operation: Operation, client: Client, given_up: "Event | None" = None) -> Outcome:
        """Call, and retry with the same request if that may help and there is time.

        :param given_up: shared by two calls at the same time that are useless without each other. The first call that
            gives up sets it, and the other makes no more attempts.
        """
        attempts = 0
        while True:
            if self.deadline - time.monotonic() < _LEAST_ATTEMPT_SECONDS:
                return DeadlineExceeded("too little of the deadline was left")
            attempts += 1
            self._attempts.append(operation.target)
            outcome = self._attempt(operation, client, last=attempts == self._most_attempts)
            if not is_worth_another_try(outcome) or _is_final(outcome, operation):
                return outcome
            # Full jitter; importing `random` for one number would cost a cold start milliseconds.
            longest = min(_LONGEST_PAUSE_SECONDS * 2 ** (attempts - 1), _LONGEST_PAUSE_OF_ALL_SECONDS)
            pause = 0.0 if isinstance(outcome, Stale) else longest * os.urandom(1)[0] / 255
            left = self.deadline - time.monotonic()
            in_vain = given_up is not None and given_up.is_set()
            if in_vain or attempts == self._most_attempts or left < pause + _LEAST_ATTEMPT_SECONDS:
                if given_up is not None:
                    given_up.set()
                return outcome
            time.sleep(pause)

    def _attempt(self, operation: Operation, client: Client, *, last: bool) -> Outcome:
        now = time.monotonic()
        # A silent service must leave time for a retry.
        enough = self.deadline if last else now + max(_READ_SECONDS, (self.deadline - now) / 2)
        deadline = min(enough, self.deadline)
        try:
            response = client.send(operation.method, operation.target, operation.body, deadline, operation.headers)
            return read_answer(response, operation.read)
        except (Unreachable, DeadlineExceeded, Unreadable) as failure:
            return failure


def _is_final(outcome: Outcome, operation: Operation) -> bool:
    return isinstance(outcome, Answer) and outcome.error_type in operation.final
