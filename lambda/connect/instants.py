"""The check of instants, for Amazon Connect's answers, its events, and the history."""

# An unset time comes as 1970-01-01T00:00:00.001Z in published events; Amazon Connect is of 2017.
LEAST_SECONDS = 946_684_800
# From the year 2100 on.
TOO_LATE_SECONDS = 4_102_444_800
# How much two clocks may differ. An end may be at most this far in the future.
CLOCKS_APART_SECONDS = 300


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
