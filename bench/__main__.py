"""`make bench`: measures, and writes docs/benchmarks.md with its pictures. Takes about ten minutes."""

import os
import platform
from pathlib import Path

import matplotlib

from bench import cold, cost, history, measure
from bench.text import ms, say, table
from connect_persistent_chat.endpoint import wire
from local.cdk import bootstrap
from local.cloud import Cloud
from local.deploy import deploy_app

matplotlib.use("svg")
from matplotlib import pyplot

DOCS = Path(__file__).resolve().parents[1] / "docs"
PICTURES = DOCS / "benchmarks"
QUOTA = 5
SIZES = (1_000, 10_000, 100_000)
LATENCY = 0.05
LIMITS = ("rateLimit", "burstLimit")
MEMORY_GB = 0.5
# Of PersistentChatMonitoring; metrics beside those by rule.
ALARMS, METRICS = 8, 4


def picture(name: str, title: str, unit: str, bars: dict[str, float]) -> str:
    """A bar chart beside the page, and the line that shows it."""
    PICTURES.mkdir(exist_ok=True)
    figure, axes = pyplot.subplots(figsize=(8, 0.6 * len(bars) + 1.2))
    drawn = axes.barh(list(bars), list(bars.values()), color="#2f6f9f")
    axes.bar_label(drawn, fmt="%.3g", padding=3)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(PICTURES / f"{name}.svg", metadata={"Date": None})
    pyplot.close(figure)
    return f"![{title}](benchmarks/{name}.svg)\n"


def cold_part(cloud: Cloud) -> tuple[str, dict[str, measure.Figures]]:
    """Cold starts."""
    say("cold starts")
    figures = measure.cold(cloud, 9)
    shown = picture(
        "cold",
        "CPU time until a function is ready, without Lambda's runtime",
        "CPU milliseconds",
        {name: one["own_ready_cpu"] * 1000 for name, one in figures.items()},
    )
    text = (
        "## Cold\n\nReady: the handler can be called. First a process starts Python, and imports what Lambda's runtime "
        "needs. No function can change that. The columns with `process` include this part, the others leave it out. "
        "Connect is the local cloud behind TLS, with the system's certificates. "
        f"{cold.python_of(figures)} AWS runs the functions on 3.14: `make runtime` measures on that version. "
        "This project reads only Amazon's certificates, while it starts. The plain handler reads all of the system's, "
        "with its first call. [decisions/own-signed-client.md](decisions/own-signed-client.md) says what takes the "
        "time.\n\n"
    )
    return f"{text}{cold.table_of(figures)}\n{shown}\n{cold.tables_of_others(cloud, 9)}", figures


def warm_part(cloud: Cloud) -> tuple[str, dict[str, float]]:
    """Warm requests; and how long one takes with latency, for the cost."""
    say("warm requests")
    figures = measure.warm(cloud, 5, 300)
    plain = figures["plain boto3"]
    rows = [
        (name, ms(one["cpu"]), f"{one['cpu'] / plain['cpu']:.2f}", ms(one["wall"])) for name, one in figures.items()
    ]
    slow = measure.with_latency(cloud, LATENCY, 40, 3)
    growth = measure.growth(cloud, 5000)
    over = slow["both"] - slow["alone"] * 2
    text = (
        "## Warm\n\nOne request in a warm process. Connect answers at once.\n\n"
        + table(("handler", "CPU ms", "of plain", "wall ms"), rows)
        + "\n"
        + picture("warm", "A warm request", "CPU milliseconds", {n: f["cpu"] * 1000 for n, f in figures.items()})
        + f"\nWith {ms(LATENCY)} ms of latency on each of Connect's operations, a request with the rule on takes "
        f"{ms(slow['both'])} ms: both contacts are described at the same time. One call alone takes "
        f"{ms(slow['alone'])} ms, so the rule takes {ms(over)} ms.\n\n"
        "Memory after 500 requests of one process, each for a new chat, with the rule, over TLS: "
        f"{growth['few_mb']:.1f} MB; after 5,000: {growth['many_mb']:.1f} MB.\n"
    )
    return text, {"this project": slow["both"], "plain boto3": LATENCY + plain["wall"]}


def load_part(cloud: Cloud, url: str) -> str:
    """Load through the deployed endpoint."""
    rows = []
    for gate, factor, seconds, runs in (
        ("throttle", 0.5, 10, 3),
        ("throttle", 1, 10, 3),
        ("throttle", 2, 10, 3),
        ("throttle", 5, 10, 3),
        ("throttle", 10, 60, 1),
        ("quota", 2, 10, 3),
        ("quota", 10, 20, 3),
    ):
        say(f"load at {factor} times the quota, {runs} times {seconds} s, by the {gate}")
        if gate == "quota":
            lift_throttle(cloud, url)
        one = measure.load_often(cloud, url, factor * QUOTA, seconds, runs)
        answers = ", ".join(f"{count} of {status}" for status, count in one["statuses"].items())
        rows.append(
            (
                gate,
                factor,
                f"{runs} x {seconds}",
                answers,
                one["throttled_by_connect"],
                ms(one["p50"]),
                ms(one["p99"]),
                f"{one['sdk']:.0%}",
                one["associations"],
                one["doubled"],
                one["unfounded"],
                one["untold"],
            )
        )
    head = (
        "gate",
        "times the quota",
        "runs x s",
        "answers",
        "throttled by Connect",
        "p50 of 200, ms",
        "p99 of 200, ms",
        "SDKs' calls granted",
        "associations",
        "doubled",
        "unfounded",
        "untold",
    )
    return (
        "## Load\n\nThrough the deployed endpoint on the local cloud, with Connect's default quotas. First the "
        "endpoint's default throttle is the limit; then it is lifted, and Connect's quota is the limit. Counts are the "
        "totals of all runs, times are the medians of the runs. Each call is for a new chat. One call in ten is made "
        "by a default boto3 client, which retries by itself. The times are those of the other calls that got a 200. "
        "Doubled: chats with two associations. Unfounded: 200 without an association. Untold: associations whose "
        "caller did not get a 200, and so was told to retry. Each simultaneous call is a process of its own here: a "
        "503 means that the machine could not carry more.\n\n" + table(head, rows)
    )


def lift_throttle(cloud: Cloud, url: str) -> None:
    """From now on Connect's own quota is the only gate."""
    method = f"/~1{wire.RESOURCE_PATH.replace('/', '~1')}/{wire.METHOD}"
    limits = [{"op": "replace", "path": f"{method}/throttling/{limit}", "value": "1000"} for limit in LIMITS]
    cloud.client("apigateway").update_stage(
        restApiId=url.partition("//")[2].partition(".")[0], stageName="v1", patchOperations=limits
    )


def _of_bare(kind: str, case: str, one: measure.Figures) -> str:
    of_bare = f"{kind}_of_bare"
    if case == "bare":
        return "1.00"
    return f"{one[of_bare]:.2f} ({one[f'{of_bare}_from']:.2f} to {one[f'{of_bare}_to']:.2f})"


def synthesis_part() -> str:
    """Synthesis."""
    say("synthesis")
    turns = 60
    figures = measure.synthesis(turns)
    rows = [
        (
            "bare RestApi and Function" if name == "bare" else f"{name} endpoints" if name != "1" else "1 endpoint",
            f"{one['wall']:.2f}",
            _of_bare("wall", name, one),
            f"{one['alone']:.2f}",
            _of_bare("alone", name, one),
            round(one["bytes"] / 1024),
            one["resources"],
        )
        for name, one in figures.items()
    ]
    head = ("app", "`cdk synth`, s", "of bare", "the app alone, s", "of bare", "largest template, KB", "resources")
    each = (figures["50"]["wall"] - figures["10"]["wall"]) / 40
    return (
        "## Synthesis\n\nThe wall time of `cdk synth`, and of the app's own process alone. Most of both is the "
        f"CDK's engine and its check of the template. Each ratio is the median of {turns} turns, with its quartiles; "
        "every tenth turn also measures 10 and 50 endpoints. Each endpoint is in a stack of its own; from 10 to 50, "
        f"one more takes {each * 1000:.0f} ms. [decisions/synthesis-time.md](decisions/synthesis-time.md) says what "
        "one endpoint adds, and why.\n\n" + table(head, rows)
    )


def cost_part(cold: dict[str, measure.Figures], warm: dict[str, float]) -> str:
    """Cost, from what was measured: until the first answer from cold, and a warm request's time."""
    ours, plain = (cold[name]["first_wall"] for name in ("this project", "plain boto3"))
    handlers = {
        "this project, with the rule": cost.Handler(MEMORY_GB, ours, warm["this project"]),
        "plain boto3, no check, no traces": cost.Handler(MEMORY_GB, plain, warm["plain boto3"], traced=False),
    }
    rows, parts = [], list[str]()
    for name, handler in handlers.items():
        for share in (1.0, 0.1):
            dollars = cost.per_million(handler, share_cold=share)
            parts = list(dollars)
            rows.append((name, f"{share:.0%}", *(f"{dollars[part]:.2f}" for part in dollars)))
    idle = cost.watched_month(alarms=ALARMS, dashboards=1)
    busy = cost.watched_month(alarms=ALARMS, dashboards=1, metrics=METRICS)
    return (
        f"## Cost\n\nDollars for a million calls, if each of Connect's operations takes {ms(LATENCY)} ms. The "
        "prices, with their date, are in `bench/cost.py`. The times are those above: this machine's, not Lambda's. At "
        "a million calls a month, X-Ray's default traces nearly all of them.\n\n"
        + table(("handler", "cold calls", *parts), rows)
        + "\nIn a month without a call, both cost only what the stored logs cost. `PersistentChatMonitoring` adds "
        f"{idle:.2f} dollars, or {busy:.2f} in a month with calls in every hour, and {cost.METRIC_PER_MONTH:.2f} for "
        "each rule that refuses.\n"
    )


def history_part(cloud: Cloud) -> str:
    """A history: what it weighs and costs, and a look-up as it grows."""
    say("a history that grows")
    resources = cloud.client("cloudformation").describe_stack_resources(StackName="PersistentChat")["StackResources"]
    found = {(one["ResourceType"], one["LogicalResourceId"][:-8]): one["PhysicalResourceId"] for one in resources}
    place = history.Place(
        found["AWS::DynamoDB::Table", "HistoryTable"], found["AWS::Lambda::Function", "EndpointFunction"]
    )
    figures = history.growing(cloud, place, SIZES, 40)
    rows = [
        (
            f"{one['size']:,}",
            ms(one["latest"]),
            ms(one["named"]),
            f"{one['latest'] / one['named']:.2f}",
            ms(one["query"]),
            f"{one['query'] / figures[0]['query']:.2f}",
        )
        for one in figures
    ]
    head = ("items", "look-up, ms", "source named, ms", "of named", "Query alone, ms", "of the first")
    lives = {segments: history.life(segments) for segments in (1, 2, 3)}
    weights = {
        n: [history.size_of(item) for item in (life.item, history.entry_of(life.item))] for n, life in lives.items()
    }
    of = [(n, *weights[n], life.writes, life.write_units, life.events, 1) for n, life in lives.items()]
    units = ("segments", "item, bytes", "index entry, bytes", "writes", "write units", "read units", "of a look-up")
    dollars = {n: history.monthly(1_000_000, 10, life) for n, life in lives.items()}
    bill = [(n, *(f"{one:.2f}" for one in parts.values())) for n, parts in dollars.items()]
    return (
        "## History\n\nA request without a source, compared with one that names it, in a warm process, as the table "
        "grows. Each customer has ten sessions. `Query alone` is the local cloud's own share, measured with boto3: "
        "what it adds as the table grows is the emulator's.\n\n"
        + table(head, rows)
        + "\nOne session in DynamoDB's units, from its first event to its end. Amazon Connect sends up to "
        f"{history.EVENTS_A_SEGMENT} events for each segment. Each event reads the item; two for each segment "
        f"change it.\n\n"
        + table(units, of)
        + "\nA customer's sessions may take 10 GB together, as in every table with a local index: "
        f"that is {10 * 1024**3 // sum(weights[3]):,} sessions of three segments.\n\nDollars a month for a million "
        "customers with ten sessions each, kept for 24 months, each looked up once, from the prices in "
        "`bench/cost.py`.\n\n" + table(("segments", *dollars[1]), bill)
    )


def main() -> None:
    """Measure, and write the page."""
    with Cloud() as cloud:
        cloud.control("POST", "quotas", {"enabled": False})
        cold_text, figures = cold_part(cloud)
        warm_text, warm = warm_part(cloud)
        say("deploying the app")
        bootstrap(cloud)
        context = ["-c", f"instance={cloud.instance_id}"]
        deploy_app(cloud, context)
        (stack,) = cloud.client("cloudformation").describe_stacks(StackName="PersistentChat")["Stacks"]
        load_text = load_part(cloud, stack["Outputs"][0]["OutputValue"])
        deploy_app(cloud, [*context, "-c", "history=true"])
        cloud.control("POST", "quotas", {"enabled": False})
        history_text = history_part(cloud)
    page = [
        "# Benchmarks\n\n`make bench` measures these figures. Each one is the median of several runs. Figures that are "
        "compared come from the same run, measured in turns. Machines differ, so compare the ratios.\n\n"
        f"Machine: {os.cpu_count()} processors ({platform.machine()}), {platform.system()}, Python "
        f"{platform.python_version()}.\n",
        cold_text,
        warm_text,
        load_text,
        history_text,
        synthesis_part(),
        cost_part(figures, warm),
    ]
    (DOCS / "benchmarks.md").write_text("\n".join(page), encoding="utf-8")
    print(f"Written: {DOCS / 'benchmarks.md'}")


if __name__ == "__main__":
    main()
