"""Which period a backfill covers, and the windows it is searched in; the searches themselves are in test_fill.py."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_persistent_chat.commands.command_failed import CommandFailed
from connect_persistent_chat.commands.search import LONGEST_AGO, WINDOW, Period, period_of
from tests.unit.commands.test_fill import NOW, World, search_of

RETENTION = timedelta(days=730)


def test_the_period_is_one_that_connect_and_the_history_keep() -> None:
    """The future is not covered yet; what is gone cannot be searched, and two years exactly may be refused."""
    assert period_of(NOW, RETENTION, None, None, resumed=False) == (NOW - LONGEST_AGO, NOW)
    assert timedelta(days=729) < LONGEST_AGO < timedelta(days=730)
    assert period_of(NOW, timedelta(days=90), None, None, resumed=False).start == NOW - timedelta(days=90)
    assert period_of(NOW, RETENTION, None, datetime(9999, 12, 31, tzinfo=UTC), resumed=False).end == NOW
    first, last = (datetime(year, 1, 1, tzinfo=UTC) for year in (1, 9999))
    for start, end in ((first, None), (NOW - RETENTION, None), (None, first), (NOW, None), (last, None)):
        with pytest.raises(CommandFailed, match=r"^--from: got .*, expected a time (since|before) "):
            period_of(NOW, RETENTION, start, end, resumed=False)


def test_a_run_that_took_days_goes_on_although_its_first_day_is_gone() -> None:
    """The same command is to go on: it names the same instant, which is two years ago by now."""
    period = period_of(NOW, RETENTION, NOW - RETENTION - timedelta(days=3), None, resumed=True)
    assert period.start == NOW - LONGEST_AGO


INSTANTS = st.datetimes(NOW.replace(tzinfo=None) - timedelta(days=900), NOW.replace(tzinfo=None) + timedelta(days=90))
TIMES = st.none() | INSTANTS.map(lambda instant: instant.replace(tzinfo=UTC))


@given(TIMES, TIMES, st.integers(1, 900), st.booleans())
def test_whatever_is_asked_for_a_search_can_have_it_or_it_is_refused(
    start: datetime | None, end: datetime | None, days: int, resumed: bool
) -> None:
    """Amazon Connect refuses what is older, in the middle of a run; a run without an explicit start never is."""
    begins = start or NOW - min(LONGEST_AGO, timedelta(days=days))
    try:
        period = period_of(NOW, timedelta(days=days), start, end, resumed=resumed)
    except CommandFailed:
        too_old = begins < NOW - LONGEST_AGO
        assert (too_old and not resumed) or max(begins, NOW - LONGEST_AGO) >= min(end or NOW, NOW)
        return
    assert NOW - LONGEST_AGO <= period.start < period.end <= NOW
    assert period.end == min(end or NOW, NOW)
    assert period.start == max(begins, NOW - LONGEST_AGO)


@given(st.timedeltas(timedelta(0), timedelta(days=800)))
def test_windows_are_the_whole_period_in_pieces_that_a_search_may_span(length: timedelta) -> None:
    """A gap between two would leave chats out, and no run would ever look there again."""
    period = Period(NOW - length, NOW)
    windows = list(search_of(World([]), NOW).windows(period))
    assert all(timedelta(0) < window.end - window.start <= WINDOW for window in windows)
    # Each begins where the one before ended.
    assert [period.start, *(window.end for window in windows)] == [*(window.start for window in windows), period.end]


def test_a_page_of_nothing_new_is_not_handed_on() -> None:
    """A search that lists no more is made again from its last second, whose first page may have come already."""
    first, second = NOW - timedelta(minutes=30), NOW - timedelta(minutes=20)
    world = World([first] * 100 + [second] * 200, cap=250)
    pages = list(search_of(world, NOW).pages(Period(NOW - timedelta(hours=1), NOW)))
    assert [len(page) for page in pages] == [100, 100, 50, 50]
    assert [chat.id for page in pages for chat in page] == list(world.contacts)
