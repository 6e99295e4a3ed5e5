"""Cold starts as a table. `python -m bench.cold <python>` measures three turns by itself, on any Python."""

import sys

from bench import measure
from bench.text import ms, say, table
from local.cloud import Cloud


def python_of(figures: dict[str, measure.Figures]) -> str:
    """Which Python ran the handlers, by their own word."""
    return f"On Python {figures['this project']['python']}."


def table_of(figures: dict[str, measure.Figures], beside: str = "plain boto3") -> str:
    """The handlers, compared with one of them."""
    plain = figures[beside]
    rows = [
        (
            name,
            ms(one["ready_cpu"]),
            f"{one['ready_cpu'] / plain['ready_cpu']:.2f}",
            ms(one["own_ready_cpu"]),
            f"{one['own_ready_cpu'] / plain['own_ready_cpu']:.2f}",
            ms(one["own_first_cpu"]),
            f"{one['own_first_cpu'] / plain['own_first_cpu']:.2f}",
            ms(one["first_wall"]),
            f"{one['peak_mb']:.1f}",
            f"{one['peak_mb'] / plain['peak_mb']:.2f}",
        )
        for name, one in figures.items()
    ]
    of = f"of {beside}"
    head = (
        "handler",
        "process until ready, CPU ms",
        of,
        "ready, CPU ms",
        of,
        "first answer, CPU ms",
        of,
        "process until first answer, ms",
        "process's peak memory, MB",
        of,
    )
    return table(head, rows)


def tables_of_others(cloud: Cloud, runs: int, python: str = sys.executable) -> str:
    """The functions that start chats and those that check ID tokens."""
    starts = measure.cold_starts_of_chats(cloud, runs, python)
    authorizers = measure.cold_authorizers(cloud, runs, python)
    return (
        f"A function that also starts chats:\n\n{table_of(starts, 'plain boto3 that starts chats')}\n"
        "An authorizer for ID tokens ([what takes the time](decisions/oidc.md)):\n\n"
        f"{table_of(authorizers, 'PyJWT as Lambda has it')}"
    )


def main(python: str) -> None:
    """Measure on this Python, and print."""
    say("cold starts")
    with Cloud() as cloud:
        cloud.control("POST", "quotas", {"enabled": False})
        figures = measure.cold(cloud, 3, python)
        others = tables_of_others(cloud, 3, python)
    print(f"{python_of(figures)}\n\n{table_of(figures)}")
    print(others)


if __name__ == "__main__":
    main(sys.argv[1])
