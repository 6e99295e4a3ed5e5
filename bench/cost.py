"""What it costs, by AWS's published prices in US East (N. Virginia), as written here on 23 November 2026.

Look them up again before you rely on them: they are in dollars, without free tiers, taxes and data transfer.
"""

from typing import NamedTuple

API_GATEWAY_PER_MILLION = 3.50
LAMBDA_PER_MILLION = 0.20
LAMBDA_ARM_PER_GB_SECOND = 0.0000133334
LOGS_PER_GB = 0.50
TRACES_PER_MILLION = 5.00
ALARM_PER_MONTH = 0.10
DASHBOARD_PER_MONTH = 3.00
# One that had a value in each hour; by the hour otherwise.
METRIC_PER_MONTH = 0.30
# DynamoDB on demand, table class Standard.
WRITE_UNITS_PER_MILLION = 0.625
READ_UNITS_PER_MILLION = 0.125
TABLE_PER_GB_MONTH = 0.25
RECOVERY_PER_GB_MONTH = 0.20
_MILLION = 1_000_000
# Bytes of a function's line, Lambda's own lines, and the access log's line.
_LOGGED_BYTES = 1500
# X-Ray's default: the first request of each second, and of the others one in twenty.
_TRACED_EACH_SECOND, _TRACED_OF_THE_REST = 1, 0.05
_SECONDS_A_MONTH = 30 * 86_400
# Of the recorder: an event that is read, joined and written.
_RECORDER_GB_SECONDS = 0.25 * 0.05


class Handler(NamedTuple):
    """What Lambda bills of a handler."""

    memory_gb: float
    cold_seconds: float
    warm_seconds: float
    # Whether its requests are traced by X-Ray.
    traced: bool = True


def _traced_share(per_month: float) -> float:
    """The share of requests that X-Ray's default samples, if they come evenly."""
    rate = per_month / _SECONDS_A_MONTH
    return min(1.0, _TRACED_EACH_SECOND / rate + _TRACED_OF_THE_REST)


def per_million(handler: Handler, *, share_cold: float) -> dict[str, float]:
    """Dollars for a million calls in a month, of which this share meets a cold function; Lambda bills its start too."""
    seconds = handler.warm_seconds + share_cold * handler.cold_seconds
    parts = {
        "API Gateway": API_GATEWAY_PER_MILLION,
        "Lambda requests": LAMBDA_PER_MILLION,
        "Lambda time": _MILLION * seconds * handler.memory_gb * LAMBDA_ARM_PER_GB_SECOND,
        "logs": _MILLION * _LOGGED_BYTES / 1e9 * LOGS_PER_GB,
        "traces": TRACES_PER_MILLION * _traced_share(_MILLION) if handler.traced else 0.0,
    }
    return {**parts, "all": sum(parts.values())}


def recorder_per_event(per_month: float) -> float:
    """Dollars for one event of so many in a month: the call, its time, its log line and trace.

    EventBridge delivers AWS's events for none.
    """
    parts = (
        LAMBDA_PER_MILLION / _MILLION,
        _RECORDER_GB_SECONDS * LAMBDA_ARM_PER_GB_SECOND,
        _LOGGED_BYTES / 1e9 * LOGS_PER_GB,
        TRACES_PER_MILLION / _MILLION * _traced_share(per_month),
    )
    return sum(parts)


def watched_month(*, alarms: int, dashboards: int, metrics: int = 0) -> float:
    """Dollars for a month of being watched; without a call, metrics of logs have no value and cost nothing."""
    return alarms * ALARM_PER_MONTH + dashboards * DASHBOARD_PER_MONTH + metrics * METRIC_PER_MONTH
