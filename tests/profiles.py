"""One property, two profiles: so many generated cases in every run of the tests, and many more in `make prove`."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Property = Callable[..., None]
# Hypothesis draws the seed only: to draw each number would take longer than what is tested.
CHANCE = st.randoms(use_true_random=True)


def profiles(normal: int, prove: int, *strategies: Any) -> Callable[[Property], Callable[[int], None]]:
    """The test of a property, for cases of these strategies."""

    def test_of(holds: Property) -> Callable[[int], None]:
        @pytest.mark.parametrize("cases", [normal, pytest.param(prove, marks=pytest.mark.prove)])
        def test(cases: int) -> None:
            many = settings(max_examples=cases, deadline=None, suppress_health_check=list(HealthCheck))
            generated: Callable[..., Callable[[], None]] = given(*strategies)
            many(generated(holds))()

        test.__name__, test.__doc__ = holds.__name__, holds.__doc__
        return test

    return test_of
