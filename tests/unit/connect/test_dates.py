"""A service's clock, as its answers tell it; what the answers mean is in test_errors.py."""

import email.utils

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connect.instants import date_of


@settings(max_examples=1_000, deadline=None)
@given(st.integers(0, 4_102_444_800))
def test_a_date_is_read_as_the_standard_library_reads_it(seconds: int) -> None:
    """Every second until the year 2100, leap days included."""
    assert date_of(email.utils.formatdate(seconds, usegmt=True)) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 06 Abc 1994 08:49:37 GMT",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    """Then the rule has no clock, and grants nothing."""
    assert date_of(text) is None
