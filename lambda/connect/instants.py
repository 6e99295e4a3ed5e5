"""Instants of Amazon Connect's answers, of its events, and of the history: read, and checked."""

import re

# An unset time comes as 1970-01-01T00:00:00.001Z in published events; Amazon Connect is of 2017.
LEAST_SECONDS = 946_684_800
# From the year 2100 on.
TOO_LATE_SECONDS = 4_102_444_800
# How much two clocks may differ. An end may be at most this far in the future.
CLOCKS_APART_SECONDS = 300
_DATE = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# From 1 March of the year 0.
_DAYS_TO_1970 = 719_468


def instant_of(seconds: object) -> float | None:
    """An instant in seconds since the epoch; None if it is unset, that is before 2000. Raises ValueError."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("no number")
    if seconds < LEAST_SECONDS:
        return None
    # NaN fails this comparison too.
    if not seconds < TOO_LATE_SECONDS:
        raise ValueError("no instant before 2100")
    return float(seconds)


def date_of(text: str) -> float | None:
    """An answer's Date in seconds since the epoch: always GMT, in one format (RFC 9110, 5.6.7); None if it is none."""
    # `email.utils` and `time.strptime` can do it as well, and cost a cold start milliseconds.
    found = _DATE.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[part]) for part in (1, 3, 4, 5, 6))
    # Days of the proleptic Gregorian calendar, in years that begin in March.
    month = (_MONTHS.index(found[2]) + 10) % 12
    year -= month >= 10
    days = 365 * year + year // 4 - year // 100 + year // 400 + (month * 306 + 5) // 10 + day - 1 - _DAYS_TO_1970
    return float(((days * 24 + hour) * 60 + minute) * 60 + second)
