"""The measurements: each returns figures, and knows nothing of tables."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from botocore.exceptions import ClientError

from local.cdk import cdk
from local.chats import Chats
from local.clients import endpoint_client, send
from local.cloud import Cloud
from local.connect.instances import FLOW_ID
from local.issuer import ISSUER
from local.tls import Authority, bundle_of_system_and, port_of, tls_in_front_of
from local.tokens import Tokens

ROOT = Path(__file__).resolve().parents[1]
# Name, folder and module of the handlers that are compared.
HANDLERS = {
    "empty function": (ROOT / "bench/handlers/empty", "handler"),
    "plain boto3": (ROOT / "bench/handlers/plain", "handler"),
    "this project": (ROOT / "lambda", "association.handler"),
}
# The same for the authorizers of an issuer.
AUTHORIZERS = {
    "empty authorizer": (ROOT / "bench/handlers/empty", "handler"),
    "the least with TLS": (ROOT / "bench/handlers/floor", "handler"),
    "plain PyJWT": (ROOT / "bench/handlers/pyjwt", "handler"),
    "PyJWT as Lambda has it": (ROOT / "bench/handlers/pyjwt_deployed", "handler"),
    "this project's authorizer": (ROOT / "lambda", "authorizer.handler"),
}
# The same for starts of chats.
STARTS = {
    "empty start": (ROOT / "bench/handlers/empty", "handler"),
    "plain boto3 that starts chats": (ROOT / "bench/handlers/plain_start", "handler"),
    "this project, with starts": (ROOT / "lambda", "start.handler"),
}
# Where the sources and libraries of packages are, and their names in the packages.
FILES_OF = """
import sys
from importlib import metadata

for distribution in sys.argv[1:]:
    for file in metadata.files(distribution):
        if file.suffix in (".py", ".so"):
            print(file.locate(), file, sep="\\t")
"""
Figures = dict[str, Any]


def run_handler(
    cloud: Cloud,
    name: str,
    events: list[Figures],
    *,
    times: int = 0,
    checked: bool = False,
    variables: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Figures:
    """One process of a handler that answers the first of these events, and then all of them, so many times.

    `variables` are more of its environment, or other values.
    """
    folder, module = {**HANDLERS, **AUTHORIZERS, **STARTS}[name]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": cloud.region,
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_ENDPOINT_URL": cloud.url,
        "CONNECT_INSTANCE_ID": cloud.instance_id,
        "CONNECT_ENDPOINT_URL": "https://connect.us-east-1.amazonaws.com",
        # Not the default of 8: a slow machine must not end a measurement.
        "DEADLINE_SECONDS": "25",
        "TRANSCRIPT_DELAY_SECONDS": "60",
        "CUSTOMER_IDENTITY": "customer_id" if checked else "unchecked",
        "AUTHORIZATION": "iam",
        **(variables or {}),
    }
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "events.json")
        file.write_text(json.dumps(events), encoding="utf-8")
        child = ROOT / "bench/child.py"
        done = subprocess.run(
            [python, str(child), str(folder), module, str(file), str(times), str(time.time())],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
    assert done.returncode == 0, done.stderr
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def event_of(cloud: Cloud, contact: str, source: str) -> Figures:
    """A request as API Gateway hands it on."""
    fields = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": source, "ClientToken": f"bench-{contact}"}
    return {
        "requestContext": {"requestId": "bench", "identity": {"userArn": "arn:aws:iam::123456789012:root"}},
        "pathParameters": {"InstanceId": cloud.instance_id, "InitialContactId": contact},
        "headers": {},
        "body": json.dumps(fields),
    }


def one_event(cloud: Cloud) -> Figures:
    """A request that may be repeated: its ClientToken gets the same answer again."""
    chats = Chats(cloud)
    source = chats.start()
    chats.end(source)
    return event_of(cloud, chats.start(), source)


@contextmanager
def tls(cloud: Cloud) -> Iterator[dict[str, str]]:
    """The cloud behind TLS, with a certificate of an authority that is named Amazon: the variables that lead there."""
    amazon = Authority("Amazon")
    with tempfile.TemporaryDirectory() as scratch, tls_in_front_of(port_of(cloud.url), amazon.server()) as port:
        bundle = str(bundle_of_system_and(amazon, Path(scratch)))
        yield {"AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}", "SSL_CERT_FILE": bundle, "AWS_CA_BUNDLE": bundle}


@contextmanager
def deployed_packages(python: str, *distributions: str) -> Iterator[dict[str, str]]:
    """This Python's packages as Lambda has them: the variable that leads there.

    The CDK's archive has one date, in 1980, for all files. So no compiled file has its source's date, and Python
    compiles the packages at each cold start.
    """
    listed = subprocess.run(
        [python, "-c", FILES_OF, *distributions], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    with tempfile.TemporaryDirectory() as folder:
        for file, name in (line.split("\t") for line in listed):
            copy = Path(folder, name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
        yield {"DEPLOYED_PACKAGES": folder}


def cold(cloud: Cloud, runs: int, python: str = sys.executable) -> dict[str, Figures]:
    """Process start to ready and to the first answer, one handler after the other, in turns, over TLS.

    `own_` leaves out Lambda's runtime: own_ready_cpu is what AWS calls the initialization of the function.
    """
    events = {name: one_event(cloud) for name in HANDLERS}
    with tls(cloud) as variables:
        return _cold_in_turns(cloud, runs, events, variables, python)


def cold_authorizers(cloud: Cloud, runs: int, python: str = sys.executable) -> dict[str, Figures]:
    """The same for authorizers, which read the keys of the cloud's issuer over TLS."""
    # A token is usually valid for 5 minutes, and all turns may take longer.
    token = Tokens(cloud).sign(audience="client", exp=int(time.time()) + 86_400)
    arn = "arn:aws:execute-api:us-east-1:123456789012:api/v1/POST/contact"
    event = {"type": "TOKEN", "methodArn": arn, "authorizationToken": f"Bearer {token}"}
    settings = {"ISSUER": ISSUER, "AUDIENCES": "client", "CUSTOMER_CLAIM": "sub", "ALGORITHMS": "RS256"}
    with tls(cloud) as variables, deployed_packages(python, "PyJWT", "cryptography", "cffi") as packages:
        there = {**variables, **settings, **packages, "LOCAL_ISSUER_URL": variables["AWS_ENDPOINT_URL"]}
        return _cold_in_turns(cloud, runs, dict.fromkeys(AUTHORIZERS, event), there, python)


def cold_starts_of_chats(cloud: Cloud, runs: int, python: str = sys.executable) -> dict[str, Figures]:
    """The same for a request that starts a chat, for the customer that a backend names."""
    fields = {
        "InstanceId": cloud.instance_id,
        "ContactFlowId": FLOW_ID,
        "ParticipantDetails": {"DisplayName": "Customer"},
        "CustomerId": "bench",
        "ClientToken": "bench",
    }
    event = {
        "httpMethod": "PUT",
        "requestContext": {"requestId": "bench", "identity": {"userArn": "arn:aws:iam::123456789012:root"}},
        "headers": {},
        "body": json.dumps(fields),
    }
    settings = {
        "CUSTOMER_IDENTITY": "customer_id",
        "START_FLOWS": json.dumps({"web": FLOW_ID}),
        "START_ATTRIBUTES": "[]",
        "CONTINUE_LATEST": "true",
        "STAMP_AUTHENTICATION": "false",
    }
    with tls(cloud) as variables:
        return _cold_in_turns(cloud, runs, dict.fromkeys(STARTS, event), {**variables, **settings}, python)


def _cold_in_turns(
    cloud: Cloud, runs: int, events: Mapping[str, Figures], variables: Mapping[str, str], python: str
) -> dict[str, Figures]:
    samples: dict[str, list[Figures]] = {name: [] for name in events}
    for _ in range(runs):
        for name, taken in samples.items():
            taken.append(run_handler(cloud, name, [events[name]], variables=variables, python=python))
    keys = ("ready_wall", "ready_cpu", "own_ready_cpu", "own_first_cpu", "first_wall", "peak_mb")
    return {
        name: {"python": taken[0]["python"], **{key: median(one[key] for one in taken) for key in keys}}
        for name, taken in samples.items()
    }


def warm(cloud: Cloud, runs: int, requests: int) -> dict[str, Figures]:
    """CPU and wall for a request, Connect answering at once; also with the same-customer rule on."""
    events = {name: one_event(cloud) for name in HANDLERS}
    samples: dict[str, list[Figures]] = {name: [] for name in (*HANDLERS, "this project, with the rule")}
    for _ in range(runs):
        for name, event in events.items():
            samples[name].append(run_handler(cloud, name, [event], times=requests))
        samples["this project, with the rule"].append(
            run_handler(cloud, "this project", new_events(cloud, requests // 5), times=1, checked=True)
        )
    return {
        name: {
            "cpu": median(one["warm_cpu"] for one in taken),
            "wall": median(wall for one in taken for wall in one["warm_walls"]),
        }
        for name, taken in samples.items()
    }


def new_events(cloud: Cloud, count: int) -> list[Figures]:
    """Requests for one new chat each, of one past chat."""
    chats = Chats(cloud)
    source = chats.start()
    chats.end(source)
    return [event_of(cloud, chats.start(), source) for _ in range(count)]


def with_latency(cloud: Cloud, seconds: float, requests: int, runs: int = 1) -> Figures:
    """Wall of a request with the rule on, Connect being slow; and of one that makes a single call, the association.
    Of each the median, and the least."""
    taken = [_with_latency(cloud, seconds, requests) for _ in range(runs)]
    return {key: median(one[key] for one in taken) for key in taken[0]}


def _with_latency(cloud: Cloud, seconds: float, requests: int) -> Figures:
    events = new_events(cloud, requests)
    for operation in ("DescribeContact", "CreatePersistentContactAssociation"):
        cloud.control("POST", "faults", {"operation": operation, "kind": "latency", "seconds": seconds})
    try:
        # The first answer has linked the first event's chat already, so it is left out.
        both = run_handler(cloud, "this project", events, times=1, checked=True)["warm_walls"][1:]
        alone = run_handler(cloud, "this project", [one_event(cloud)], times=requests)["warm_walls"]
    finally:
        cloud.control("DELETE", "faults")
    return {"both": median(both), "alone": median(alone), "least_both": min(both), "least_alone": min(alone)}


def growth(cloud: Cloud, requests: int) -> Figures:
    """Memory of one process after a tenth of its requests, and after all: new chats, with the rule, over TLS."""
    with tls(cloud) as variables:
        one = run_handler(
            cloud, "this project", new_events(cloud, requests), times=1, checked=True, variables=variables
        )
    return {"few_mb": one["early_mb"], "many_mb": one["last_mb"]}


def load_often(cloud: Cloud, url: str, rate: float, seconds: float, runs: int) -> Figures:
    """As `load`, several times: counts added up, and the medians of the times."""
    taken = [load(cloud, url, rate, seconds) for _ in range(runs)]
    statuses: Counter[int] = Counter()
    for one in taken:
        statuses.update(one["statuses"])
    added = ("throttled_by_connect", "associations", "doubled", "unfounded", "untold")
    return {
        "statuses": dict(sorted(statuses.items())),
        **{key: sum(one[key] for one in taken) for key in added},
        **{key: median(one[key] for one in taken) for key in ("p50", "p99", "sdk")},
    }


# Of so many callers one is an SDK, which tries again by itself. More calls at once than ever wait for an answer.
_OF_SDKS = 10
_MOST_AT_ONCE = 400


def load(cloud: Cloud, url: str, rate: float, seconds: float) -> Figures:
    """Calls at this rate through the deployed endpoint, each for a new chat; one in ten by a default boto3 client.

    Times are those of the calls that were granted, from the moment at which each was to be made.
    """
    chats = Chats(cloud)
    cloud.control("POST", "quotas", {"enabled": False})
    source = chats.start()
    chats.end(source)
    contacts = [chats.start() for _ in range(max(1, round(rate * seconds)))]
    throttled_before = _throttled_by_connect(cloud)
    cloud.control("POST", "quotas", {"enabled": True})
    sdk = endpoint_client(cloud, url, attempts=None)
    address = cloud.execute_api_url(url)
    body = json.dumps({"RehydrationType": "FROM_SEGMENT", "SourceContactId": source}).encode()

    def call(number: int, contact: str) -> tuple[str, int, float]:
        if number % _OF_SDKS == _OF_SDKS - 1:
            status = _by_sdk(sdk, cloud, contact, source)
        else:
            status = send(cloud, address + contact, body).status
        return contact, status, time.monotonic() - began - number / rate

    began = time.monotonic()
    with ThreadPoolExecutor(_MOST_AT_ONCE) as pool:
        running = []
        for number, contact in enumerate(contacts):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            running.append(pool.submit(call, number, contact))
        answers = [one.result() for one in running]
    held = Counter(association["InitialContactId"] for association in cloud.control("GET", "associations"))
    granted = {contact for contact, status, _ in answers if status == 200}
    ours = {contact: held[contact] for contact in contacts if held[contact]}
    by_sdks = {contact for number, contact in enumerate(contacts) if number % _OF_SDKS == _OF_SDKS - 1}
    times = sorted(seconds for contact, status, seconds in answers if status == 200 and contact not in by_sdks)
    return {
        "throttled_by_connect": _throttled_by_connect(cloud) - throttled_before,
        "statuses": dict(sorted(Counter(status for _, status, _ in answers).items())),
        "associations": sum(ours.values()),
        "doubled": sum(1 for count in ours.values() if count > 1),
        # A 200 without an association, and an association whose caller was not answered 200.
        "unfounded": len(granted - set(ours)),
        "untold": len(set(ours) - granted),
        "p50": times[len(times) // 2],
        "p99": times[min(len(times) - 1, int(len(times) * 0.99))],
        # Of the boto3 clients' calls the share that was granted in the end.
        "sdk": len(granted & by_sdks) / len(by_sdks),
    }


def _throttled_by_connect(cloud: Cloud) -> int:
    """How often Connect has said that it was too much."""
    return sum(ended.get("ThrottlingException", 0) for ended in cloud.control("GET", "calls").values())


def _by_sdk(client: Any, cloud: Cloud, contact: str, source: str) -> int:
    try:
        client.create_persistent_contact_association(
            InstanceId=cloud.instance_id,
            InitialContactId=contact,
            RehydrationType="FROM_SEGMENT",
            SourceContactId=source,
        )
    except ClientError as refused:
        return int(refused.response["ResponseMetadata"]["HTTPStatusCode"])
    return 200


def _synthesized(
    synthesize: Callable[[str, str], None], turns: int
) -> tuple[dict[str, dict[int, float]], dict[str, tuple[int, int]]]:
    """For each case: turn by turn, how long this takes into a folder of its own; the largest template's size in bytes,
    and the resources."""
    walls: dict[str, dict[int, float]] = {case: {} for case in ("bare", "1", "10", "50")}
    sizes = {}
    for turn in range(turns):
        # What is compared comes right after each other, in another order each time: the machine's moods change within
        # seconds, and what came before leaves it warm, or hot.
        pair = ("1", "bare") if turn % 2 else ("bare", "1")
        # Those two are a small difference between large numbers, the others are not.
        for case in pair if turn % 10 else (*pair, "10", "50"):
            with tempfile.TemporaryDirectory() as out:
                began = time.monotonic()
                synthesize(case, out)
                walls[case][turn] = time.monotonic() - began
                files = list(Path(out).glob("*.template.json"))
                resources = sum(len(json.loads(file.read_bytes())["Resources"]) for file in files)
                sizes[case] = (max(file.stat().st_size for file in files), resources)
    return walls, sizes


def _of_bare(name: str, walls: Mapping[str, Mapping[int, float]], case: str) -> Figures:
    """The median and the quartiles of what each turn took of its own bare one: the machine's moods are in both."""
    ratios = [wall / walls["bare"][turn] for turn, wall in walls[case].items()]
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return {f"{name}_of_bare": middle, f"{name}_of_bare_from": low, f"{name}_of_bare_to": high}


def _app(case: str) -> list[str]:
    return [sys.executable, str(ROOT / "bench/synthesize.py"), case]


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # As users have it after the first time: compiled.
    return {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": ""}


def _by_the_command(case: str, out: str) -> None:
    cdk("synth", "--quiet", "--app", shlex.join(_app(case)), "--output", out, environment=_environment())


def _by_itself(case: str, out: str) -> None:
    subprocess.run(_app(case), env={**_environment(), "CDK_OUTDIR": out}, check=True, capture_output=True)


def _without_check(case: str, out: str) -> None:
    environment = {**_environment(), "CDK_OUTDIR": out, "CDK_VALIDATION": "false"}
    subprocess.run(_app(case), env=environment, check=True, capture_output=True)


def least_synthesis(turns: int) -> dict[str, float]:
    """The least wall time of the app's own process, for a bare RestApi with a Function, and for 1, 10 and 50 endpoints.

    Other work on the machine only adds to a time. The CDK's check of the templates is left out: it is half of the time
    of the bare app, takes the same for every app, and differs most from run to run.
    """
    walls, _ = _synthesized(_without_check, turns)
    return {case: min(taken.values()) for case, taken in walls.items()}


def synthesis(turns: int) -> dict[str, Figures]:
    """`cdk synth` of a bare RestApi with a Function, and of apps of 1, 10 and 50 endpoints: its wall time, that of
    the app's own process alone, the largest template's size, and the resources."""
    # One kind after the other: in one series, what followed a run of the other kind took some 5 % longer.
    walls, sizes = _synthesized(_by_the_command, turns)
    alone, _ = _synthesized(_by_itself, turns)
    return {
        case: {
            "wall": median(walls[case].values()),
            "alone": median(alone[case].values()),
            **_of_bare("wall", walls, case),
            **_of_bare("alone", alone, case),
            "bytes": sizes[case][0],
            "resources": sizes[case][1],
        }
        for case in walls
    }
