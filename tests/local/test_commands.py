"""The commands, as people run them: the history filled from what Amazon Connect has, and one customer erased."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.chats import Chats
from local.cloud import Cloud
from tests.distributions import environment, install, oldest
from tests.local.breaking import without_permission
from tests.local.callers import Door, token_of
from tests.local.deployments import Deployed, log_of
from tests.local.recorded import Recorded

# More is done in a second than Connect allows.
pytestmark = pytest.mark.usefixtures("without_quotas", "with_events")

COMMAND = Path(sys.executable).with_name("persistent-chat")


class Shell:
    """Runs the command in a folder of its own, as a user of the local cloud would."""

    def __init__(self, historic: Deployed, folder: Path) -> None:
        self.folder = folder
        self.recorder = historic.outputs["Recorder"]
        self.command = COMMAND
        self._environment = dict(historic.cloud.environment())

    def be(self, key: str, secret: str) -> None:
        """Run as this IAM user from now on."""
        self._environment |= {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """The command, running."""
        return subprocess.Popen(
            [str(self.command), *arguments],
            cwd=self.folder,
            env={**os.environ, **self._environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def state(self) -> dict[str, Any]:
        """How far the one backfill in this folder came; nothing before it began."""
        found = list(self.folder.glob("persistent-chat-*.json"))
        state: dict[str, Any] = json.loads(found[0].read_text()) if found else {}
        return state

    def written(self) -> int:
        """When the state was written last, in nanoseconds; 0 before it was."""
        return max((file.stat().st_mtime_ns for file in self.folder.glob("persistent-chat-*.json")), default=0)

    def run(self, *arguments: str, typed: str = "", status: int = 0, within: float = 600) -> tuple[str, str]:
        """What it said, on both streams."""
        with self.start(*arguments, "--recorder", self.recorder) as process:
            said, errors = process.communicate(typed, timeout=within)
        assert process.returncode == status, said + errors
        assert "Traceback" not in errors
        return said, errors


@pytest.fixture
def shell(historic: Deployed, tmp_path: Path) -> Shell:
    """A shell in an empty folder."""
    return Shell(historic, tmp_path)


def unrecorded_chats(cloud: Cloud, count: int) -> dict[str, list[str]]:
    """Customers with a session each that no event told of."""
    chats = Chats(cloud)
    cloud.control("POST", "events", {"lost": 1})
    customers = [f"customer-{uuid.uuid4()}" for _ in range(count)]
    made = {customer: chats.past(customer) for customer in customers}
    cloud.control("POST", "events", {})
    return made


def now(cloud: Cloud) -> str:
    """By Connect's clock, a second later: its answers tell whole ones."""
    return str(cloud.control("POST", "clock", {"advance": 1})["now"])


def test_a_backfill_records_what_was_before(cloud: Cloud, historic: Deployed, shell: Shell, recorded: Recorded) -> None:
    """A customer of old comes back; a second run changes nothing, and goes on where the first ended."""
    began = now(cloud)
    made = unrecorded_chats(cloud, 3)
    cloud.control("POST", "contacts", {"Channel": "VOICE", "CustomerId": next(iter(made))})
    anonymous = Chats(cloud).start(None)
    period = ("--from", began, "--to", now(cloud), "--rate", "25")
    said, errors = shell.run("backfill", *period)
    assert ": 10 chats. no customer: 1, recorded: 9" in said
    assert "100% |" in errors
    for customer, (first, _, third) in made.items():
        ((session, item),) = recorded.sessions(customer).items()
        assert (session, set(item["segments"])) == (first, {first, _, third})
    customer, (_, _, last) = next(iter(made.items()))
    current = Chats(cloud).start(customer)
    Chats(cloud).told()
    assert Door(historic, "BackendUrl").latest(current).document == {"ContinuedFromContactId": last}
    state = shell.state()
    assert state["from"] == began
    # What began a moment ago may not be found yet: the newest minutes are searched again.
    assert datetime.fromisoformat(state["until"]) == datetime.fromisoformat(began)
    before = recorded.everything()
    again, _ = shell.run("backfill", *period)
    assert "known: 9, no customer: 1" in again
    anew, _ = shell.run("backfill", *period, "--state", "another.json")
    assert "known: 9, no customer: 1" in anew
    assert recorded.everything() == before
    assert anonymous not in before


@pytest.mark.prove
def test_the_oldest_boto3_and_tqdm_do(
    cloud: Cloud, shell: Shell, recorded: Recorded, distributions: Path, tmp_path: Path
) -> None:
    """Lower bounds are what somebody has installed already; the commands need no CDK beside them."""
    python = environment(tmp_path)
    (wheel,) = distributions.glob("*.whl")
    install(python, "--no-deps", wheel)
    install(python, *oldest("commands"))
    shell.command, began = python.with_name("persistent-chat"), now(cloud)
    ((customer, (first, *_)),) = unrecorded_chats(cloud, 1).items()
    said, errors = shell.run("backfill", "--from", began, "--to", now(cloud), "--rate", "25")
    assert "recorded: 3" in said
    assert "100% |" in errors
    assert set(recorded.sessions(customer)) == {first}
    shell.run("erase", "--customer", customer)
    assert recorded.sessions(customer) == {}


@pytest.mark.prove
def test_a_backfill_keeps_within_connects_quotas(cloud: Cloud, shell: Shell, recorded: Recorded) -> None:
    """Searches of old contacts pass once a second, descriptions ten times: it keeps to that, and nothing fails."""
    began = datetime.fromisoformat(now(cloud)) - timedelta(days=36)
    made = unrecorded_chats(cloud, 3)
    cloud.control("POST", "quotas", {"enabled": True})
    before = throttled(cloud)
    said, _ = shell.run("backfill", "--from", began.isoformat(), "--to", now(cloud))
    assert "failed" not in said
    assert throttled(cloud) == before
    for customer, (first, *_) in made.items():
        assert set(recorded.sessions(customer)) == {first}


def throttled(cloud: Cloud) -> dict[str, int]:
    """How often the calls of a backfill came too soon."""
    calls = cloud.control("GET", "calls")
    operations = ("SearchContacts", "DescribeContact")
    return {operation: calls.get(operation, {}).get("ThrottlingException", 0) for operation in operations}


@pytest.mark.prove
def test_two_years_of_empty_weeks_end_well(cloud: Cloud, shell: Shell) -> None:
    """A young contact centre, with Connect's quotas: 105 searches, once a second, whoever else searches."""
    began = now(cloud)
    cloud.control("POST", "quotas", {"enabled": True})
    before = throttled(cloud)
    said, errors = shell.run("backfill")
    assert "failed" not in said
    assert "100% |" in errors
    assert throttled(cloud) == before
    reached = datetime.fromisoformat(shell.state()["until"])
    assert timedelta(minutes=14) < datetime.fromisoformat(began) - reached < timedelta(minutes=16)


@pytest.mark.prove
def test_another_who_uses_the_quota_up_is_waited_for(cloud: Cloud, shell: Shell) -> None:
    """The quota is the account's: a search is refused more often than the SDK repeats it."""
    began = datetime.fromisoformat(now(cloud)) - timedelta(days=70)
    cloud.control("POST", "faults", {"operation": "SearchContacts", "kind": "throttle", "times": 9})
    said, errors = shell.run("backfill", "--from", began.isoformat())
    assert "failed" not in said
    assert "Amazon Connect is busy. The command tries again in 20 s, for up to 10 minutes." in errors


def test_the_rate_is_one_of_calls(cloud: Cloud, historic: Deployed, shell: Shell) -> None:
    """Anonymous sessions take two calls for each later segment: with the quotas on, none is refused."""
    chats, began = Chats(cloud), now(cloud)
    cloud.control("POST", "events", {"lost": 1})
    first = chats.start(None)
    for _ in range(9):
        first = chats.transferred(first)
    cloud.control("POST", "events", {})
    period = ("--from", began, "--to", now(cloud), "--rate", "10")
    cloud.control("POST", "quotas", {"enabled": True})
    before, started = throttled(cloud), time.monotonic()
    said, _ = shell.run("backfill", *period)
    assert ": 10 chats. no customer: 10" in said
    assert throttled(cloud) == before
    # 19 calls.
    assert time.monotonic() - started > 1.9


def test_a_backfill_that_is_stopped_goes_on(cloud: Cloud, shell: Shell, recorded: Recorded) -> None:
    """Ctrl-C: it says how to go on, and the next run does not begin anew."""
    began = now(cloud)
    made = unrecorded_chats(cloud, 6)
    period = ("--from", began, "--to", now(cloud))
    # Long enough ago to be found for certain.
    Chats(cloud).wait(1200)
    with shell.start("backfill", *period, "--rate", "1", "--recorder", shell.recorder) as process:
        until = time.monotonic() + 300
        seen: set[str] = set()
        # How far it came is written after each contact, one a second.
        while len(seen) < 3:
            assert time.monotonic() < until
            time.sleep(0.05)
            seen |= {shell.state().get("until", began)}
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.splitlines()[-1]) == (130, "Stopped. Run the same command to go on.")
    assert "Traceback" not in errors
    assert len(list(shell.folder.iterdir())) == 1
    reached = datetime.fromisoformat(shell.state()["until"])
    assert datetime.fromisoformat(began) < reached < datetime.fromisoformat(period[3])
    said, errors = shell.run("backfill", *period, "--rate", "25")
    assert f"Continuing from {reached.isoformat()}, as persistent-chat-" in errors
    # What began at the very instant that was reached is looked at again.
    assert "chats." in said
    assert int(said.split(" chats.")[0].split()[-1]) < 18
    assert all(len(recorded.sessions(customer)) == 1 for customer in made)


@pytest.mark.prove
def test_ctrl_c_at_any_moment_leaves_a_whole_state(cloud: Cloud, shell: Shell, recorded: Recorded) -> None:
    """While it asks, waits, records in several threads, or writes how far it came; in the end each chat is recorded."""
    chance = random.Random(1)
    began = now(cloud)
    made = unrecorded_chats(cloud, 10)
    period = ("--from", began, "--to", now(cloud), "--rate", "20")
    Chats(cloud).wait(1200)
    for turn in range(20):
        before = shell.written()
        with shell.start("backfill", *period, "--recorder", shell.recorder) as process:
            until = time.monotonic() + 300
            # In every fourth run, the signal may also come while the command begins.
            while turn % 4 and shell.written() == before and process.poll() is None and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(1 + chance.random() if turn % 4 == 0 else 2 * chance.random())
            process.send_signal(signal.SIGINT)
            said, errors = process.communicate(timeout=300)
        assert process.returncode in (0, 130), said + errors
        assert process.returncode == 0 or errors.splitlines()[-1] == "Stopped. Run the same command to go on."
        assert "Traceback" not in errors
        assert not shell.state() or shell.state()["until"] >= began
    shell.run("backfill", *period)
    assert all(len(recorded.sessions(customer)) == 1 for customer in made)


@pytest.mark.prove
def test_a_throttle_is_waited_for(cloud: Cloud, shell: Shell, recorded: Recorded) -> None:
    """Nothing is left out because Amazon Connect was busy."""
    began = now(cloud)
    made = unrecorded_chats(cloud, 1)
    # More than the recorder's own attempts for one contact.
    for operation, times in {"SearchContacts": 1, "DescribeContact": 4}.items():
        cloud.control("POST", "faults", {"operation": operation, "kind": "throttle", "times": times})
    said, _ = shell.run("backfill", "--from", began, "--to", now(cloud), "--rate", "25")
    assert "recorded: 3" in said
    ((customer, _),) = made.items()
    assert len(recorded.sessions(customer)) == 1


@pytest.mark.prove
def test_what_cannot_be_recorded_is_named_and_tried_again(
    cloud: Cloud, historic: Deployed, shell: Shell, recorded: Recorded
) -> None:
    """Exit status 1, with the contact and the reason; the same command again records it."""
    began = now(cloud)
    made = unrecorded_chats(cloud, 1)
    period = ("--from", began, "--to", now(cloud), "--rate", "25")
    with without_permission(historic, "connect:DescribeContact", "HistoryRole"):
        said, errors = shell.run("backfill", *period, status=1)
    assert "failed: 3" in said
    ((customer, contacts),) = made.items()
    for contact in contacts:
        assert f"Error: {contact} could not be recorded: connect_denied" in errors
        assert contact in recorded.log()
    said, _ = shell.run("backfill", *period)
    assert ": 3 chats. recorded: 3" in said
    assert len(recorded.sessions(customer)) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backfill", "--recorder", "nothing-of-the-kind"), "Error: --recorder: "),
        (("backfill", "--from", "2999-01-01", "--recorder", "{recorder}"), "Error: --from: got 2999"),
        (("backfill", "--from", "0001-01-01", "--recorder", "{recorder}"), "expected a time since 20"),
        (("backfill", "--to", "0001-01-01", "--recorder", "{recorder}"), "Error: --from: got "),
        (("backfill", "--state", "state", "--recorder", "{recorder}"), "Error: --state: state is not the state"),
        (
            ("backfill", "--state", ".", "--recorder", "{recorder}"),
            "Error: --state: . is not the state of a backfill: it is not",
        ),
        (("erase", "--customer", "x" * 129, "--recorder", "{recorder}"), "Error: --customer: got 129 characters"),
        (("backfill", "--state", "no/such/folder", "--recorder", "{recorder}"), "No such file or directory"),
        (("backfill", "--recorder", "{endpoint}"), "which has no RETENTION_SECONDS; expected the recorder"),
        (("erase", "--customer", "", "--recorder", "{recorder}"), "Error: --customer: got nothing"),
        (("backfill", "--recorder", "{other}"), "which has no CONNECT_INSTANCE_ID and no HISTORY_TABLE and no"),
    ],
)
def test_a_mistake_is_one_sentence(historic: Deployed, shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    """What was got, what is expected."""
    (shell.folder / "state").write_text("{}")
    other = historic.physical_id("AWS::Lambda::Function", "Authorize")
    endpoint = historic.physical_id("AWS::Lambda::Function", "BackendFunction")
    names = {"recorder": shell.recorder, "other": other, "endpoint": endpoint}
    given = [argument.format(**names) for argument in arguments]
    with shell.start(*given) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backfill", "--recorder", "r", "--rate", "0"), "got '0', expected a whole number from 1 to 25"),
        (("backfill", "--recorder", "r", "--from", "soon"), "got 'soon', expected a date such as 2026-01-31"),
        (("backfill",), "--recorder"),
        ((), "command"),
    ],
)
def test_a_wrong_argument_is_explained(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    """Before anything is called."""
    with shell.start(*arguments) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said in errors


def test_one_customer_is_erased(cloud: Cloud, historic: Deployed, shell: Shell, recorded: Recorded) -> None:
    """After it no item and no log line names the customer, and nobody else lost anything."""
    chats = Chats(cloud)
    customer, other = f"customer-{uuid.uuid4()}", f"customer-{uuid.uuid4()}"
    for _ in range(30):
        chats.end(chats.start(customer), wait=0)
    chats.past(other)
    chats.wait(120)
    current = chats.start(customer)
    chats.told()
    # Somebody who is known by this customer asks as well, and leaves a fingerprint.
    person = token_of({"customer": customer})
    assert Door(historic, "PeopleUrl").latest(current, token=person).status in (200, 400)
    assert len(recorded.sessions(customer)) == 31
    chats.end(current)
    chats.told()
    said, errors = shell.run("erase", "--customer", "-", typed=f"{customer}\n")
    assert said.splitlines() == [
        "31 entries were erased.",
        "Point-in-time backups of the table keep the entries for up to 35 days.",
        f"Events that could not be recorded may name the customer: purge the queue {queue_arn(historic)}.",
        "Events of the customer's last chats may still come. Run this command again a day after the last chat.",
    ]
    assert customer not in said + errors
    assert recorded.sessions(customer) == {}
    assert len(recorded.sessions(other)) == 1
    functions = [historic.physical_id("AWS::Lambda::Function", f"{name}Function") for name in ("Backend", "People")]
    logs = [log_of(historic.cloud, function) for function in functions]
    assert [customer in text for text in (recorded.everything(), recorded.log(), *logs)] == [False] * 4
    assert current in logs[1]
    # An event that comes late brings an entry back, as the page says: the command is run again.
    recorded.record([current])
    assert len(recorded.sessions(customer)) == 1
    assert shell.run("erase", "--customer", customer)[0].startswith("1 entries")
    assert recorded.sessions(customer) == {}
    back = chats.start(customer)
    chats.told()
    answer = Door(historic, "BackendUrl").latest(back)
    assert (answer.status, answer.document) == (200, {})
    assert shell.run("erase", "--customer", customer)[0].startswith("1 entries")
    assert shell.run("erase", "--customer", "nobody")[0].startswith("0 entries")


def queue_arn(historic: Deployed) -> str:
    """The ARN of the dead-letter queue."""
    sqs = historic.cloud.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=Recorded(historic).queue, AttributeNames=["QueueArn"])
    return str(attributes["Attributes"]["QueueArn"])


# What docs/history.md says that each command needs.
NEEDED = {
    "backfill": [
        "lambda:GetFunctionConfiguration",
        "lambda:InvokeFunction",
        "connect:SearchContacts",
        "connect:DescribeContact",
    ],
    "erase": ["lambda:GetFunctionConfiguration", "dynamodb:Query", "dynamodb:DeleteItem"],
}


def statements_for(historic: Deployed, actions: list[str]) -> list[dict[str, Any]]:
    """These actions, each on the resource that the page names."""
    cloud, recorded = historic.cloud, Recorded(historic)
    instance = f"arn:aws:connect:{cloud.region}:{cloud.account}:instance/{cloud.instance_id}"
    place = f"{cloud.region}:{cloud.account}"
    resources = {
        "lambda": f"arn:aws:lambda:{place}:function:{recorded.function}",
        "connect:SearchContacts": instance,
        "connect:DescribeContact": f"{instance}/contact/*",
        "dynamodb": f"arn:aws:dynamodb:{place}:table/{recorded.table}",
    }
    return [
        {"Effect": "Allow", "Action": action, "Resource": resources.get(action, resources.get(action.split(":")[0]))}
        for action in actions
    ]


@pytest.mark.prove
@pytest.mark.parametrize("command", list(NEEDED))
def test_the_permissions_that_a_command_needs_are_those_that_are_documented(
    cloud: Cloud, historic: Deployed, shell: Shell, command: str
) -> None:
    """With all of them it works; without any one of them it says which it lacks, and ends."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "history.md").read_text(encoding="utf-8")
    customer, iam, user = f"customer-{uuid.uuid4()}", cloud.client("iam"), f"operator-{command}"
    chats, began = Chats(cloud), now(cloud)
    chats.end(chats.start(customer))
    chats.told()
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    shell.be(key["AccessKeyId"], key["SecretAccessKey"])
    period = ("--from", began, "--to", now(cloud), "--rate", "25")
    # DescribeContact is needed by the search only (Service Authorization Reference), which the local cloud leaves out.
    removed = [action for action in NEEDED[command] if action != "connect:DescribeContact"]
    for number, missing in enumerate((*removed, None)):
        kept = [action for action in NEEDED[command] if action != missing]
        assert missing is None or f"`{missing}`" in page
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements_for(historic, kept)})
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)
        given = (*period, "--state", f"{number}.json") if command == "backfill" else ("--customer", customer)
        said, errors = shell.run(command, *given, status=0 if missing is None else 1)
        assert missing is None or missing in errors, said + errors
