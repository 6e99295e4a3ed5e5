"""What is an instant: the same for Connect's answers, its events and the history."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connect.instants import LEAST_SECONDS, TOO_LATE_SECONDS, instant_of


def test_the_bounds_are_the_years_that_are_named() -> None:
    """They stand as numbers, because nothing here may import datetime."""
    assert datetime.fromtimestamp(LEAST_SECONDS, UTC) == datetime(2000, 1, 1, tzinfo=UTC)
    assert datetime.fromtimestamp(TOO_LATE_SECONDS, UTC) == datetime(2100, 1, 1, tzinfo=UTC)


@given(st.floats() | st.integers())
@example(LEAST_SECONDS)
@example(TOO_LATE_SECONDS)
@example(float("nan"))
@example(10**400)
@example(-(10**400))
def test_a_number_is_an_instant_unset_or_refused_by_where_it_lies(seconds: float) -> None:
    """A number too great for a float, and not a number, lie nowhere below 2100."""
    if seconds < LEAST_SECONDS:
        assert instant_of(seconds) is None
    elif LEAST_SECONDS <= seconds < TOO_LATE_SECONDS:
        assert (instant_of(seconds), type(instant_of(seconds))) == (seconds, float)
    else:
        with pytest.raises(ValueError, match="no instant before 2100"):
            instant_of(seconds)


@pytest.mark.parametrize("value", [True, False, None, "1700000000", b"1", [], [1_700_000_000], {}, 1j], ids=repr)
def test_what_is_no_number_is_said(value: Any) -> None:
    """For Python True is a 1, and would be an unset time."""
    with pytest.raises(ValueError, match="no number"):
        instant_of(value)
