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
# Bytes of a function's line, Lambda's own lines, and the access log's line; and a sample of one in twenty traced.
_LOGGED_BYTES = 1500
_TRACED = 0.05
# Of the recorder: an event that is read, joined and written.
_RECORDER_GB_SECONDS = 0.25 * 0.05


class Handler(NamedTuple):
    """What Lambda bills of a handler."""

    memory_gb: float
    cold_seconds: float
    warm_seconds: float


def per_million(handler: Handler, *, share_cold: float) -> dict[str, float]:
    """Dollars for a million calls, of which this share meets a cold function; Lambda bills its start as well."""
    seconds = handler.warm_seconds + share_cold * handler.cold_seconds
    parts = {
        "API Gateway": API_GATEWAY_PER_MILLION,
        "Lambda requests": LAMBDA_PER_MILLION,
        "Lambda time": _MILLION * seconds * handler.memory_gb * LAMBDA_ARM_PER_GB_SECOND,
        "logs": _MILLION * _LOGGED_BYTES / 1e9 * LOGS_PER_GB,
        "traces": TRACES_PER_MILLION * _TRACED,
    }
    return {**parts, "all": sum(parts.values())}


def recorder_per_event() -> float:
    """Dollars for one event: the call, its time, its log line and trace. EventBridge delivers AWS's events for none."""
    parts = (
        LAMBDA_PER_MILLION / _MILLION,
        _RECORDER_GB_SECONDS * LAMBDA_ARM_PER_GB_SECOND,
        _LOGGED_BYTES / 1e9 * LOGS_PER_GB,
        TRACES_PER_MILLION / _MILLION * _TRACED,
    )
    return sum(parts)


def watched_month(*, alarms: int, dashboards: int, metrics: int = 0) -> float:
    """Dollars for a month of being watched; without a call, metrics of logs have no value and cost nothing."""
    return alarms * ALARM_PER_MONTH + dashboards * DASHBOARD_PER_MONTH + metrics * METRIC_PER_MONTH
