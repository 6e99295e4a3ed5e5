"""Cold starts as a table; by themselves, on any Python: `python -m bench.cold <python>`."""

import sys

from bench import measure
from bench.text import ms, say, table
from local.cloud import Cloud


def python_of(figures: dict[str, measure.Figures]) -> str:
    """Which Python ran the handlers, by their own word."""
    return f"On Python {figures['this project']['python']}."


def table_of(figures: dict[str, measure.Figures], beside: str = "plain boto3") -> str:
    """The handlers, beside the plain one."""
    plain = figures[beside]
    rows = [
        (
            name,
            ms(one["ready_wall"]),
            ms(one["ready_cpu"]),
            f"{one['ready_cpu'] / plain['ready_cpu']:.2f}",
            ms(one["first_wall"]),
            f"{one['peak_mb']:.1f}",
            f"{one['peak_mb'] / plain['peak_mb']:.2f}",
        )
        for name, one in figures.items()
    ]
    head = ("handler", "ready, ms", "ready, CPU ms", "of plain", "first answer, ms", "peak memory, MB", "of plain")
    return table(head, rows)


def tables_of_others(cloud: Cloud, runs: int, python: str = sys.executable) -> str:
    """The functions that start chats and those that check ID tokens. The given Python need not have PyJWT."""
    starts = measure.cold_starts_of_chats(cloud, runs, python)
    authorizers = measure.cold_authorizers(cloud, runs)
    return (
        f"A function that also starts chats:\n\n{table_of(starts, 'plain boto3 that starts chats')}\n"
        "An authorizer for ID tokens, on this Python ([why it takes more than a quarter](decisions/oidc.md)):\n\n"
        f"{table_of(authorizers, 'plain PyJWT')}"
    )


def main(python: str) -> None:
    """Measure on this Python, and print."""
    say("cold starts")
    with Cloud() as cloud:
        cloud.control("POST", "quotas", {"enabled": False})
        figures = measure.cold(cloud, 9, python)
        others = tables_of_others(cloud, 9, python)
    print(f"{python_of(figures)}\n\n{table_of(figures)}")
    print(others)


if __name__ == "__main__":
    main(sys.argv[1])
