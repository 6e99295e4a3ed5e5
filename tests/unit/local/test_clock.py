"""Connect's own clock: what is told to a client is what a client can hold against its own."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.connect.clock import Clock
from tests.unit.local.test_service import Caller

ADVANCES = st.lists(st.floats(0, 366 * 86_400) | st.integers(0, 3600), max_size=5)


@given(st.floats(1_700_000_000, 1_900_000_000), ADVANCES)
def test_it_is_ahead_of_the_machine_by_all_that_it_was_set_forward(start: float, advances: list[float]) -> None:
    """In UTC and whole milliseconds, rounded down: an instant that is told has never yet to come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: start)
        ours = Clock()
        for seconds in advances:
            before = ours.now()
            ours.advance(seconds)
            assert ours.now() >= before
        now = ours.now()
    exact = datetime.fromtimestamp(start, UTC) + sum(map(_span, advances), timedelta())
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert timedelta() <= exact - now < timedelta(milliseconds=1)


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_it_goes_with_the_machines_clock() -> None:
    """A chat that runs gets older by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: 1_000_000_000.5)
        ours = Clock()
        ours.advance(60)
        patch.setattr("time.time", lambda: 1_000_000_010.75)
        assert ours.now().timestamp() == 1_000_000_070.75


def test_a_clock_that_is_held_goes_only_as_it_is_told() -> None:
    """However long a test takes, it asks at the second that it means. Later, no time is missing."""
    with pytest.MonkeyPatch.context() as patch:

        def machine(seconds: float) -> None:
            patch.setattr("time.time", lambda: seconds)

        machine(1_000_000_000)
        ours = Clock()
        # Twice is the same as once.
        for hold in (True, True):
            ours.hold(hold)
            machine(1_000_000_010)
            assert ours.now().timestamp() == 1_000_000_000
        ours.advance(59)
        assert ours.now().timestamp() == 1_000_000_059
        for _ in range(2):
            ours.hold(False)
            assert ours.now().timestamp() == 1_000_000_069
        machine(1_000_000_011)
        assert ours.now().timestamp() == 1_000_000_070


@pytest.mark.parametrize("seconds", [math.inf, 1e300, 1001 * 366 * 86_400])
def test_it_is_never_set_to_where_there_is_no_time(seconds: float) -> None:
    """Every later answer would fail; so it stays as it is."""
    ours = Clock()
    ours.hold(True)
    before = ours.now()
    with pytest.raises(OverflowError):
        ours.advance(seconds)
    assert ours.now() == before


def test_who_sets_it_forward_for_ever_is_told_in_one_sentence() -> None:
    """By ten years a call, which is the most that one may: Connect answers all the same."""
    call = Caller()
    answers = [call.control("POST", "clock", {"advance": 10 * 366 * 86_400}) for _ in range(101)]
    assert [status for status, _ in answers] == [200] * 99 + [400] * 2
    assert "ahead by more than 1,000 years" in answers[-1][1]["message"]
    assert call("GET", "/instance").status == 200
    assert call.started()
