"""Retries: as often as may help, never past the deadline. What a failure means: connect/test_errors.py."""

from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws import retry
from aws.answer import Answer, is_worth_another_try, read_answer
from aws.http import Response
from aws.no_answer import DeadlineExceeded, Stale, TooLarge, Unreachable, Unreadable
from aws.retry import Operation, Retry

LEAST_SECONDS = 0.2
Failure = Unreachable | Unreadable | DeadlineExceeded
OPERATION = Operation("POST", "/target", b"body", lambda document: document, {"X-Header": "x"})
OK = Response(200, {}, b"{}")
REFUSED = Response(400, {"x-amzn-errortype": "InvalidRequestException"}, b"{}")
THROTTLED = Response(429, {}, b"{}")
FAILED = Response(500, {}, b"{}")
OUTCOMES: list[Response | Failure] = [
    OK,
    REFUSED,
    THROTTLED,
    FAILED,
    Response(408, {}, b""),
    Unreachable("cut"),
    Stale("closed"),
    Unreadable("nonsense"),
    DeadlineExceeded("silence"),
]


class Attempt(NamedTuple):
    """One that was made."""

    at: float
    deadline: float
    sent: tuple[str, str, bytes, Mapping[str, str] | None]


class Time:
    """Time that passes only when it is slept or when an answer takes it; and who answers."""

    def __init__(self, script: Sequence[tuple[Response | Failure, float]]) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.attempts: list[Attempt] = []
        self._script = script

    def monotonic(self) -> float:
        """As of the module `time`."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """As of the module `time`."""
        self.slept.append(seconds)
        self.now += seconds

    def send(
        self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
    ) -> Response:
        """As aws.client.Client: an answer after its seconds, but none after the deadline."""
        self.attempts.append(Attempt(self.now, deadline, (method, target, body, headers)))
        outcome, seconds = self._script[min(len(self.attempts), len(self._script)) - 1]
        self.now += min(seconds, deadline - self.now)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def asked(world: Time, seconds: float, given_up: Event | None = None, **more: int) -> Any:
    """Ask this world, with this much time: the outcome, and how often it was asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retry, "time", world)
        whole = Retry(world.now + seconds, **more)
        client: Any = world
        outcome = whole.call(OPERATION, client, given_up)
        assert whole.attempts == len(world.attempts)
        return outcome


SCRIPTS = st.lists(st.tuples(st.sampled_from(OUTCOMES), st.floats(0, 3)), min_size=1, max_size=9)


@settings(max_examples=300)
@given(SCRIPTS, st.floats(0, 30), st.integers(1, 9))
def test_whatever_is_answered_retries_end_in_time_and_send_the_same(
    script: list[tuple[Response | Failure, float]], seconds: float, most: int
) -> None:
    """The function's own time limit comes after the deadline; and a retry is safe because nothing in it differs."""
    world = Time(script)
    outcome = asked(world, seconds, most_attempts=most)
    end = 1000.0 + seconds
    assert world.now <= end + 1e-6
    assert len(world.attempts) <= most
    for attempt in world.attempts:
        assert end - attempt.at >= LEAST_SECONDS - 1e-6
        assert attempt.at < attempt.deadline <= end
        assert attempt.sent == ("POST", "/target", b"body", {"X-Header": "x"})
    # All but the last were worth another try; and whoever gives up early has an answer, or no time.
    told = [script[min(number, len(script) - 1)][0] for number in range(len(world.attempts))]
    read = [read_answer(one, OPERATION.read) if isinstance(one, Response) else one for one in told]
    assert all(is_worth_another_try(one) for one in read[:-1])
    if read and not is_worth_another_try(read[-1]):
        assert outcome == read[-1]
    elif len(world.attempts) < most:
        longest_pause = min(0.2 * 2 ** max(len(world.attempts) - 1, 0), 5.0)
        assert end - world.now < longest_pause + LEAST_SECONDS + 1e-6


@pytest.mark.parametrize("outcome", OUTCOMES, ids=repr)
def test_the_outcome_is_what_was_said_at_last(outcome: Response | Failure) -> None:
    """Whoever gives up tells why, not that somebody gave up."""
    found = asked(Time([(FAILED, 0), (outcome, 0)]), 8, most_attempts=2)
    if isinstance(outcome, Exception):
        assert found is outcome
    else:
        assert isinstance(found, Answer)
        assert found.status == outcome.status


def test_what_is_too_large_is_not_read_again() -> None:
    """It would be as large the next time, and reading it takes what is left of the deadline."""
    world = Time([(TooLarge("more than 1 MiB"), 0), (FAILED, 0)])
    assert isinstance(asked(world, 8), TooLarge)
    assert len(world.attempts) == 1


def test_without_time_nothing_is_asked() -> None:
    """The quota is the account's, and an answer that nobody can wait for uses it up."""
    world = Time([(OK, 0)])
    assert isinstance(asked(world, 0.19), DeadlineExceeded)
    assert world.attempts == []
    assert asked(world, 0.21).status == 200


def test_who_has_time_asks_more_often_and_waits_longer_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorder: a throttle that lasts some seconds keeps no event from being recorded."""
    monkeypatch.setattr("os.urandom", lambda _: b"\xff")
    world = Time([(THROTTLED, 0)] * 7 + [(OK, 0)])
    assert asked(world, 20, most_attempts=8).status == 200
    assert [round(pause, 1) for pause in world.slept] == [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]


def test_the_pause_is_drawn_anew_from_nothing_to_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that were throttled together must not come back together."""
    drawn = iter([b"\x00", b"\x80", b"\xff"])
    monkeypatch.setattr("os.urandom", lambda _: next(drawn))
    world = Time([(THROTTLED, 0)])
    asked(world, 20)
    assert world.slept == [0, pytest.approx(0.4 * 128 / 255)]


def test_a_kept_connection_that_was_closed_is_no_reason_to_wait() -> None:
    """Nothing is wrong with the service."""
    world = Time([(Stale("closed"), 0), (OK, 0)])
    assert asked(world, 8).status == 200
    assert world.slept == [0]


def test_silence_is_not_awaited_for_the_whole_deadline() -> None:
    """Half of what is left, and the last attempt all of it: a connection that was forgotten has others after it."""
    world = Time([(Stale("closed at once"), 0)])
    assert isinstance(asked(world, 8), Stale)
    assert [one.deadline - one.at for one in world.attempts] == [4, 4, 8]
    short = Time([(OK, 0)])
    asked(short, 1.5)
    assert short.attempts[0].deadline - short.attempts[0].at == pytest.approx(1)


def test_who_gives_up_ends_what_is_asked_beside_and_who_succeeds_does_not() -> None:
    """One description of two is worth nothing; a refusal of one says nothing about the other."""
    given_up = Event()
    for final in (OK, REFUSED):
        asked(Time([(THROTTLED, 0), (final, 0)]), 8, given_up)
        assert not given_up.is_set()
    asked(Time([(THROTTLED, 0)]), 8, given_up)
    assert given_up.is_set()
    beside = Time([(THROTTLED, 0), (OK, 0)])
    assert asked(beside, 8, given_up).status == 429
    assert (len(beside.attempts), beside.slept) == (1, [])


def test_what_is_final_for_an_operation_is_not_tried_again() -> None:
    """A quota of chats that run at once looks like a throttle; in the next second it is as full."""
    for kind, most in (("LimitExceededException", 1), ("TooManyRequestsException", 3)):
        world = Time([(Response(429, {"x-amzn-errortype": kind}, b"{}"), 0)])
        client: Any = world
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(retry, "time", world)
            outcome = Retry(world.now + 8).call(OPERATION._replace(final=("LimitExceededException",)), client)
        assert isinstance(outcome, Answer)
        assert (outcome.error_type, len(world.attempts)) == (kind, most)


@pytest.mark.parametrize(("seconds", "sooner", "left"), [(8, 3, 3), (3, 8, 3)])
def test_calls_with_less_time_count_with_the_others(seconds: float, sooner: float, left: float) -> None:
    """They end before what comes after them, never later than all; and the log tells how many there were in all."""
    world = Time([(FAILED, 9)])
    client: Any = world
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retry, "time", world)
        whole = Retry(world.now + seconds)
        part = whole.until(world.now + sooner)
        part.call(OPERATION, client)
        assert max(attempt.deadline for attempt in world.attempts) <= 1000 + left
        assert whole.attempts == part.attempts == len(world.attempts) > 0
