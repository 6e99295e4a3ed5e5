"""`persistent-chat verify`: it holds where the endpoint is sound, and names the step that fails where it is broken."""

import json
import re
import signal
import subprocess
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from connect_persistent_chat.commands.walk import PROMISES
from connect_persistent_chat.shared import wire
from local.chats import Chats
from local.cloud import Cloud
from local.connect.instances import FLOW_ID
from local.tokens import Tokens
from tests.local import breaking
from tests.local.breaking import ACTION, with_environment, without_permission
from tests.local.callers import Users, token_of
from tests.local.deployments import Deployed
from tests.local.verifying import COMMAND, WAITING, running, verify

pytestmark = pytest.mark.usefixtures("without_quotas", "with_events")
ROLE = "StarterRole"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
OF_START = {step for step in PROMISES if step.startswith("start_")}
OF_HISTORY = {"latest", "start_latest"}
_Case = TypeVar("_Case")


def started(cloud: Cloud) -> int:
    """How many chats Amazon Connect has started."""
    return int(cloud.control("GET", "calls").get("StartChatContact", {}).get("200", 0))


def some(cases: Sequence[_Case], in_every_run: Collection[_Case]) -> list[Any]:
    """As parameters: these in every run, and the others with `make prove`, because they take minutes."""
    return [pytest.param(case, marks=() if case in in_every_run else pytest.mark.prove) for case in cases]


@pytest.fixture
def urls(starting: Deployed) -> tuple[str, ...]:
    """The outputs of an endpoint for backends, with a history and a start, as they are."""
    return ("--url", starting.outputs["StarterUrl"], "--start-url", starting.outputs["StarterStartUrl"])


@pytest.fixture(autouse=True)
def tidy(cloud: Cloud) -> Iterator[None]:
    """However a run ended, nothing that it began runs on."""
    yield
    assert running(cloud) == []


def test_every_promise_holds_with_a_history_and_a_start(cloud: Cloud, urls: tuple[str, ...], tmp_path: Path) -> None:
    """Two runs at once do not disturb each other, and the same happens in both: the reports are equal."""
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor() as pool:
        one, other = pool.map(lambda folder: verify(cloud, folder, *urls), folders)
    for done in (one, other):
        assert done.status == 0, done.errors
        assert done.errors == ""
        assert set(done.results.values()) == {"held"}
        assert done.assumptions == {"held"}
        assert [line.partition(": ")[2] for line in done.lines[1 : len(PROMISES) + 1]] == list(PROMISES.values())
    assert one.timeless == other.timeless
    text = json.dumps(one.report)
    # Ids, also of the instance; the account; addresses; and the made-up customers.
    assert not ID.search(text)
    assert not any(private in text for private in (cloud.account, "http", "amazonaws", "verify-"))
    erase = r"persistent-chat erase --recorder <output HistoryRecorder> --customer persistent-chat-verify-[0-9a-f-]{36}"
    assert [re.sub(erase, "", line) for line in one.lines[-2:]] == ["", "-other"]


def test_without_a_start_chats_are_started_by_amazon_connect(
    cloud: Cloud, starting: Deployed, sound: Deployed, tmp_path: Path
) -> None:
    """With a history, and without one, where no request can leave its source out. A flow may be named."""
    done = verify(cloud, tmp_path, "--url", starting.outputs["StarterUrl"], "--history", flow="flow-22222222")
    assert done.status == 0, done.errors
    assert {step for step, result in done.results.items() if result != "held"} == OF_START
    done = verify(cloud, tmp_path, "--url", sound.outputs["FirstUrl"])
    assert done.status == 0, done.errors
    assert {step for step, result in done.results.items() if result != "held"} == OF_START | OF_HISTORY
    assert done.report["history"] is False
    assert not any("erase" in line for line in done.lines)


def test_a_caller_with_a_token_is_its_own_customer(
    cloud: Cloud, starting: Deployed, tokens: Tokens, tmp_path: Path
) -> None:
    """The token comes on standard input, and neither it nor its customer is printed or written."""
    customer = f"ada-{uuid.uuid4()}"
    urls = ("--url", starting.outputs["SignedInUrl"], "--start-url", starting.outputs["SignedInStartUrl"])
    token = tokens.sign(customer)
    # Somebody who chatted before.
    chats = Chats(cloud)
    chats.end(chats.start(customer))
    chats.told()
    done = verify(cloud, tmp_path, *urls, "--token", "-", typed=f"Bearer {token}\n")
    assert done.status == 0, done.errors
    assert set(done.results.values()) == {"held"}
    assert not any(private in f"{done.lines}{done.report}" for private in (token, customer))


@pytest.mark.parametrize("starts", some([True, False], (True,)))
def test_a_user_of_a_pool_is_its_own_customer(
    cloud: Cloud, starting: Deployed, tmp_path: Path, *, starts: bool
) -> None:
    """Cognito, with a history: with a start, and without one."""
    users, client = Users(cloud, starting.outputs["Pool"]), starting.outputs["PoolClient"]
    name = f"grace-{uuid.uuid4()}"
    customer = users.sign_up(name, client)
    token = users.tokens(name, client)["IdToken"]
    url = ("--url", starting.outputs["PooledUrl"], "--token", "-")
    start = ("--start-url", starting.outputs["PooledStartUrl"]) if starts else ()
    done = verify(cloud, tmp_path, *url, *start, typed=token)
    assert done.status == 0, done.errors
    assert {step for step, result in done.results.items() if result != "held"} == (set() if starts else OF_START)
    assert not any(private in f"{done.lines}{done.errors}{done.report}" for private in (token, customer, name))


@pytest.mark.prove
def test_a_user_of_a_pool_needs_no_history(cloud: Cloud, doors: Deployed, tmp_path: Path) -> None:
    """And no start. But who expects a history is told that there is none."""
    users, client = Users(cloud, doors.outputs["Pool"]), doors.outputs["OurClient"]
    name = f"grace-{uuid.uuid4()}"
    users.sign_up(name, client)
    url = ("--url", doors.outputs["CognitoUrl"], "--token", "-")
    token = users.tokens(name, client)["IdToken"]
    done = verify(cloud, tmp_path, *url, typed=token)
    assert done.status == 0, done.errors
    assert done.report["history"] is False
    done = verify(cloud, tmp_path, *url, "--history", typed=token)
    assert (done.status, done.broken()) == (1, ["latest"])
    assert "This endpoint has no history" in done.errors


def test_a_token_that_only_the_endpoint_reads_needs_its_customer(
    cloud: Cloud, starting: Deployed, tmp_path: Path
) -> None:
    """A Lambda authorizer takes any token."""
    customer = f"ada-{uuid.uuid4()}"
    token = token_of({"customer": customer})
    url = ("--url", starting.outputs["PeopleUrl"], "--token", "-")
    done = verify(cloud, tmp_path, *url, typed=token)
    assert (done.status, done.lines) == (2, [])
    assert done.errors.startswith("Error: --customer: the token has no readable sub.")
    done = verify(cloud, tmp_path, *url, "--customer", customer, typed=token)
    assert done.status == 0, done.errors
    done = verify(cloud, tmp_path, *url, "--customer", "bob", typed=token)
    assert (done.status, done.broken()[0]) == (1, "entire")
    assert "bob" not in json.dumps(done.report)


@pytest.mark.parametrize("starts", some([True, False], (True,)))
def test_a_customer_may_be_an_attribute(
    cloud: Cloud, starting: Deployed, tokens: Tokens, tmp_path: Path, *, starts: bool
) -> None:
    """Its name is an argument, because the endpoint tells nobody. There is no history, with a start and without one."""
    url = ("--url", starting.outputs["ByAttributeUrl"], "--token", "-", "--attribute", "customer")
    start = ("--start-url", starting.outputs["ByAttributeStartUrl"]) if starts else ()
    done = verify(cloud, tmp_path, *url, *start, typed=tokens.sign(f"ada-{uuid.uuid4()}"))
    assert done.status == 0, done.errors
    left_out = OF_HISTORY if starts else OF_START | OF_HISTORY
    assert {step for step, result in done.results.items() if result != "held"} == left_out
    assert (done.report["customer"], done.report["history"]) == ("attribute", False)


@pytest.mark.prove
def test_it_keeps_within_the_quotas(cloud: Cloud, urls: tuple[str, ...], tmp_path: Path) -> None:
    """Those of Amazon Connect, which all callers of an instance share."""
    cloud.control("POST", "quotas", {"enabled": True})
    done = verify(cloud, tmp_path, *urls)
    assert (done.status, done.broken()) == (0, []), done.errors
    assert done.assumptions == {"held"}


@pytest.mark.parametrize("kind", some(["cut_before", "cut_after"], ("cut_after",)))
def test_a_chat_whose_answer_was_lost_is_ended_too(
    cloud: Cloud, urls: tuple[str, ...], tmp_path: Path, kind: str
) -> None:
    """The same request gets the same chat."""
    cloud.control("POST", "faults", {"operation": "StartChatContact", "kind": kind, "times": 1})
    done = verify(cloud, tmp_path, *urls[:2])
    assert done.status == 0, done.errors


MOMENTS = ["the endpoint answers", "a chat starts, and", "the customer takes", WAITING, "ENTIRE_PAST", "nothing of"]


STOPS = {
    f"{number.name} at '{moment}'": (moment, number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for moment in MOMENTS
}


@pytest.mark.parametrize("how", some(list(STOPS), ("SIGINT at 'a chat starts, and'", f"SIGTERM at '{WAITING}'")))
def test_whoever_stops_it_leaves_nothing_behind(cloud: Cloud, urls: tuple[str, ...], tmp_path: Path, how: str) -> None:
    """At every step; a second signal does not change that. `tidy` looks at the chats."""
    moment, number = STOPS[how]

    def stop(process: "subprocess.Popen[str]", line: str) -> None:
        if PROMISES["repeat"] in line:
            # Without this, all may be over before the signal for the last moment comes.
            slow = {"operation": "StartChatContact", "kind": "latency", "seconds": 5, "times": 2}
            cloud.control("POST", "faults", slow)
        if moment in line:
            process.send_signal(number)
            process.send_signal(number)

    done = verify(cloud, tmp_path, *urls, when=stop)
    assert (done.status, done.errors.splitlines()[-1], done.report["result"]) == (130, "Stopped.", "stopped")
    assert done.errors.count("Stopping. First the command ends all that it began.") == 1


def test_a_chat_that_begins_while_it_is_stopped_is_ended(cloud: Cloud, sound: Deployed, tmp_path: Path) -> None:
    """The command waits for its id."""
    before = started(cloud)
    # Less than the command waits for an answer.
    slow = {"operation": "StartChatContact", "kind": "latency", "seconds": 6, "times": 1}
    cloud.control("POST", "faults", slow)

    def stop(process: "subprocess.Popen[str]", line: str) -> None:
        if "without credentials" in line:
            threading.Timer(3, process.send_signal, [signal.SIGINT]).start()

    done = verify(cloud, tmp_path, "--url", sound.outputs["FirstUrl"], when=stop)
    assert (done.status, done.report["result"], started(cloud)) == (130, "stopped", before + 1)


READERS = {"| head -3": 1, ">&-": 0, "2>&-": 0}


@pytest.mark.parametrize("reader", some(list(READERS), ("| head -3",)))
def test_a_reader_who_leaves_ends_it_in_order(cloud: Cloud, sound: Deployed, tmp_path: Path, reader: str) -> None:
    """Nobody sees the rest, the chats end, and the report says so."""
    report, url = tmp_path / "report.json", sound.outputs["FirstUrl"]
    words = [str(COMMAND), "verify", "--flow", FLOW_ID, "--yes", "--url", url, "--report", str(report), reader]
    command = f"set -o pipefail; {' '.join(words)}"
    before, over = started(cloud), threading.Event()

    def go_on() -> None:
        """When its first chat has ended, the command waits for the transcript."""
        while not over.wait(0.1):
            if started(cloud) > before and not running(cloud):
                cloud.control("POST", "clock", {"advance": 100})
                break

    clock = threading.Thread(target=go_on)
    clock.start()
    try:
        done = subprocess.run(
            ["bash", "-c", command], env=cloud.environment(), capture_output=True, text=True, timeout=600
        )
    finally:
        over.set()
        clock.join()
    assert "Traceback" not in done.stderr
    assert done.returncode == READERS[reader]
    assert json.loads(report.read_text())["result"] == ("stopped" if READERS[reader] else "held")


class Way(NamedTuple):
    """A way to break an endpoint: the first step that then fails, and words of its sentence."""

    broken: Callable[[Deployed], AbstractContextManager[object]]
    step: str
    said: str


@contextmanager
def fault(of: Deployed, operation: str, kind: str, **fields: Any) -> Iterator[None]:
    """Amazon Connect's own."""
    of.cloud.control("POST", "faults", {"operation": operation, "kind": kind, **fields})
    try:
        yield
    finally:
        of.cloud.control("DELETE", "faults")


@contextmanager
def other_history(starting: Deployed) -> Iterator[None]:
    """The endpoint looks into another table, which is empty."""
    with (
        breaking.other_table(starting) as table,
        breaking.for_everything(starting, ["dynamodb:Query"], ROLE),
        changed(starting, HISTORY_TABLE=table),
    ):
        yield


def changed(starting: Deployed, **variables: str) -> AbstractContextManager[None]:
    """Variables of the endpoint's function are others."""
    function = starting.physical_id("AWS::Lambda::Function", "StarterFunction")
    return with_environment(starting, function, lambda environment: environment.update(variables))


@contextmanager
def late_transcripts(of: Deployed) -> Iterator[None]:
    """An hour late."""
    of.cloud.control("POST", "transcripts", {"seconds": 3600})
    try:
        yield
    finally:
        of.cloud.control("POST", "transcripts", {"seconds": 45})


STARTING = {
    "the rule off": Way(breaking.rule_off, "latest", "continues no past chat. Does the history get the contact events"),
    "another history": Way(other_history, "latest", "continues no past chat"),
    "a recorder of somebody else's chats": Way(
        lambda starting: with_environment(
            starting,
            breaking.recorder_of(starting),
            lambda environment: environment.update(CUSTOMER_IDENTITY="attribute:x"),
        ),
        "latest",
        "continues no past chat",
    ),
    "no permission": Way(lambda starting: without_permission(starting, ACTION, ROLE), "latest", "refused: 500"),
    "no permission to start": Way(
        lambda starting: without_permission(starting, breaking.START, ROLE),
        "start",
        "StartChatContact was refused: 500",
    ),
    "connect fails": Way(lambda of: fault(of, "CreatePersistentContactAssociation", "error"), "latest", "refused: 500"),
    "a start that does not continue": Way(
        lambda starting: changed(starting, CONTINUE_LATEST="false"), "start_latest", "continues no past chat"
    ),
    "a start that checks no customer for one type": Way(
        lambda starting: breaking.changed_code(
            starting,
            "Starter",
            "start/past.py",
            "    if asked.source_contact_id:\n",
            f"    if asked.rehydration_type == '{wire.FROM_SEGMENT}':\n"
            "        return Past('one_customer', asked.source_contact_id, asked.rehydration_type, was_named=True)\n"
            "    if asked.source_contact_id:\n",
        ),
        "start_others",
        "The request succeeded, expected a refusal (404).",
    ),
    "a start that continues and loses the customer": Way(
        lambda starting: breaking.changed_code(
            starting,
            "Starter",
            "start/handler.py",
            'fields["CustomerId"] = customer',
            'fields.update({} if asked.source_contact_id else {"CustomerId": customer})',
        ),
        "start_entire",
        "carries no customer",
    ),
    "no transcript": Way(late_transcripts, "latest", "does not see what was said in the past chat"),
    "nobody may speak": Way(
        lambda of: fault(of, "SendMessage", "error"), "say", "SendMessage was refused: 500 InternalServerException"
    ),
    "throttled": Way(
        lambda of: fault(of, "CreatePersistentContactAssociation", "throttle"),
        "latest",
        "Other calls use up the throttle",
    ),
}


@pytest.mark.parametrize("how", some(list(STARTING), ("the rule off", "no permission")))
def test_a_broken_promise_is_named(
    cloud: Cloud, starting: Deployed, urls: tuple[str, ...], tmp_path: Path, how: str
) -> None:
    """Exit status 1, and one sentence with the step."""
    way = STARTING[how]
    with way.broken(starting):
        done = verify(cloud, tmp_path, *urls)
    assert (done.status, done.broken()[:1]) == (1, [way.step]), done.lines
    (sentence,) = (line for line in done.errors.splitlines() if line.startswith("Error: "))
    assert sentence.startswith(f"Error: {way.step}: ")
    assert way.said in sentence
    assert not ID.search(json.dumps(done.report))
    assert cloud.account not in json.dumps(done.report)


@pytest.mark.prove
def test_a_token_with_which_one_starts_chats_for_others_is_named(
    cloud: Cloud, starting: Deployed, tokens: Tokens, tmp_path: Path
) -> None:
    """The endpoint takes any CustomerId."""
    urls = ("--url", starting.outputs["SignedInUrl"], "--start-url", starting.outputs["SignedInStartUrl"])
    believes = "if asked.source_contact_id:\n        decider.judged(_question('', ''))\n"
    with breaking.changed_code(starting, "SignedIn", "start/past.py", 'decider.judged(_question("", ""))\n', believes):
        done = verify(cloud, tmp_path, *urls, "--token", "-", typed=tokens.sign(f"ada-{uuid.uuid4()}"))
    assert (done.status, done.broken()) == (1, ["start_others"])


# It answers as if all had been done.
LOST = """
import json
def handle(event, context):
    body = json.loads(event["body"])
    source = body.get("SourceContactId")
    said = {"ContinuedFromContactId": source} if source else {"__type": "InvalidParameterException", "message": "m"}
    return {"statusCode": 200 if source else 400, "headers": {"Content-Type": "application/json"},
            "body": json.dumps(said)}
"""
SOUND = {
    "an association lost": Way(lambda sound: breaking.other_code(sound, LOST), "entire", "the association is lost"),
    "no stage": Way(breaking.without_stage, "caller", "Check the address"),
    "a method without authorization": Way(
        breaking.without_authorization, "anonymous", "expected a refusal (401 or 403). Does each method of the API ask"
    ),
    "throttled": Way(breaking.throttled, "caller", "429 TooManyRequestsException"),
}


@pytest.mark.parametrize("how", some(list(SOUND), ("no stage",)))
def test_a_broken_link_is_named(cloud: Cloud, sound: Deployed, tmp_path: Path, how: str) -> None:
    """Also between the gateway and the function."""
    way = SOUND[how]
    with way.broken(sound):
        done = verify(cloud, tmp_path, "--url", sound.outputs["FirstUrl"])
    assert (done.status, done.broken()[:1]) == (1, [way.step]), done.lines
    assert done.errors.splitlines()[-1].startswith(f"Error: {way.step}: ")
    assert way.said in done.errors


def test_an_endpoint_that_trusts_its_callers_breaks_a_promise(cloud: Cloud, sound: Deployed, tmp_path: Path) -> None:
    """`unchecked()`: another customer's chat is continued."""
    done = verify(cloud, tmp_path, "--url", sound.outputs["SecondUrl"])
    assert (done.status, done.broken()) == (1, ["others"])
    assert "The request succeeded, expected a refusal (404)." in done.errors


def test_a_wrong_flow_is_named(cloud: Cloud, sound: Deployed, urls: tuple[str, ...], tmp_path: Path) -> None:
    """One of another type, one that the endpoint was not given, and a name that no flow has."""
    queue = Chats(cloud).flow(Type="CUSTOMER_QUEUE")
    url = ("--url", sound.outputs["FirstUrl"])
    for flow, arguments, said in (
        (queue, url, f"The contact flow {queue} is of type CUSTOMER_QUEUE"),
        (queue, urls, "StartChatContact was refused: 404"),
        ("nothing", url, "--flow: 0 flows of the instance have this name, expected one"),
    ):
        done = verify(cloud, tmp_path, *arguments, flow=flow)
        assert (done.status, done.broken()) == (1, ["start"])
        assert said in done.errors


def test_an_api_that_does_not_exist_is_named(cloud: Cloud, sound: Deployed, tmp_path: Path) -> None:
    """As after `cdk destroy`."""
    url = re.sub(r"//\w+\.", "//nothing.", sound.outputs["FirstUrl"])
    done = verify(cloud, tmp_path, "--url", url)
    assert (done.status, done.broken()) == (1, ["caller"])


@pytest.mark.prove
def test_a_wrong_attribute_is_named(cloud: Cloud, sound: Deployed, tmp_path: Path) -> None:
    """The endpoint looks for the customer elsewhere."""
    done = verify(cloud, tmp_path, "--url", sound.outputs["FirstUrl"], "--attribute", "nobody")
    assert (done.status, done.broken()[0]) == (1, "entire")
    assert "--attribute" in done.errors


@pytest.mark.prove
def test_a_chat_that_cannot_be_ended_is_told(cloud: Cloud, sound: Deployed, tmp_path: Path) -> None:
    """With its id, and how to end it by hand."""
    began = threading.Event()

    def break_it(_: object, line: str) -> None:
        if line.startswith(WAITING) and not began.is_set():
            began.set()
            cloud.control("POST", "faults", {"operation": "StopContact", "kind": "error"})

    done = verify(cloud, tmp_path, "--url", sound.outputs["FirstUrl"], when=break_it)
    cloud.control("DELETE", "faults")
    left = running(cloud)
    for contact in left:
        Chats(cloud).end(contact, wait=0)
    assert (done.status, done.broken()) == (1, ["stop"])
    assert left
    assert all(contact in done.errors for contact in left)
    assert f"stop-contact --instance-id {cloud.instance_id} --contact-id" in done.errors


class Page(BaseHTTPRequestHandler):
    """A proxy that asks people to sign in, whatever was asked for."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html><body>Sign in</body></html>")

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a server whose every answer is a page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_address_that_is_not_the_endpoints_is_named(
    cloud: Cloud, sound: Deployed, tmp_path: Path, page: str
) -> None:
    """A page, or nobody at all. Where AWS should answer, nothing begins."""
    path = f"/contact/persistent-contact-association/{cloud.instance_id}/"
    for address, said in ((page, "Check the address (--url)"), ("http://127.0.0.1:9", "Could not connect")):
        done = verify(cloud, tmp_path, "--url", f"{address}{path}")
        assert (done.status, done.broken()) == (1, ["caller"])
        assert said in done.errors
    (tmp_path / "report.json").unlink()
    done = verify(cloud, tmp_path, "--url", sound.outputs["FirstUrl"], variables={"AWS_ENDPOINT_URL": page})
    assert (done.status, done.lines, done.report) == (2, [], {})
    assert "AWS STS: the answer is not one of AWS" in done.errors


class Echo(Page):
    """API Gateway: it repeats what it does not understand."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sent, session = self.headers.get("Authorization", ""), self.headers.get("X-Amz-Security-Token", "")
        said = (
            f"{sent.split()[-1]!r} not a valid key=value pair in Authorization header: {sent!r}. The Canonical String "
        )
        said += f"for this request should have been 'POST\nx-amz-security-token:{session}\n'"
        body = json.dumps({"message": said}).encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.mark.parametrize("token", ["eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiAiYW5uIn0.c2lnbmF0dXJl", "opaque-1234567890", None])
def test_a_secret_that_an_answer_repeats_is_not_shown(cloud: Cloud, tmp_path: Path, token: str | None) -> None:
    """Neither on the terminal nor in the report, which people attach to an issue. A custom domain is private, too."""
    path = f"/contact/persistent-contact-association/{cloud.instance_id}/"
    key = cloud.client("sts").get_session_token()["Credentials"]
    mine = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_SESSION_TOKEN": key["SessionToken"],
    }
    caller = ("--token", "-", "--customer", "ann") if token else ()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://localhost:{server.server_port}{path}"
        done = verify(cloud, tmp_path, "--url", url, *caller, typed=f"Bearer {token}\n", variables=mine)
        server.shutdown()
    assert (done.status, done.broken()) == (1, ["caller"])
    assert ("[left out]' not a valid key=value pair" if token else "x-amz-security-token:[left out]") in done.errors
    everything = f"{done.lines}{done.errors}{done.report}"
    for secret in (token or mine["AWS_SESSION_TOKEN"], mine["AWS_SESSION_TOKEN"], mine["AWS_SECRET_ACCESS_KEY"]):
        assert secret not in everything
    assert "localhost" not in json.dumps(done.report)


CANNOT_BEGIN: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "no address": (("--url", "https://a.example/"), {}, "expected the output EndpointUrl"),
    "no start": (("--start-url", "https://a.example/"), {}, "expected the output StartUrl"),
    "unencrypted": (("--url", "http://a.example/contact/persistent-contact-association/i/"), {}, "expected the output"),
    "no credentials": ((), {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "Unable to locate credentials"),
    "nobody's address": ((), {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "Could not connect to the endpoint URL"),
    "no token": (("--token", "-"), {}, "--token: expected one line with a token on standard input"),
    "a customer without a token": (("--customer", "c"), {}, "--customer: got it without --token"),
    "no place for the report": (("--report", "/nonexistent/report"), {}, "No such file or directory"),
}


@pytest.mark.parametrize("how", list(CANNOT_BEGIN))
def test_what_cannot_begin_is_a_sentence(cloud: Cloud, sound: Deployed, tmp_path: Path, how: str) -> None:
    """Exit status 2, and no chat began."""
    arguments, variables, said = CANNOT_BEGIN[how]
    before = started(cloud)
    done = verify(cloud, tmp_path, "--url", sound.outputs["FirstUrl"], *arguments, variables=variables)
    assert (done.status, said in done.errors) == (2, True), done.errors
    assert started(cloud) == before


# What docs/verify.md says that the credentials need.
NEEDED = {
    "execute-api:Invoke": "caller",
    "connect:StartChatContact": "latest",
    "connect:DescribeContact": "start",
    "connect:StopContact": "end",
    "connect:ListContactFlows": "start",
    "connect:CreatePersistentContactAssociation": None,
}


@pytest.mark.parametrize("missing", some([None, *NEEDED], ("connect:DescribeContact",)))
def test_the_permissions_that_it_needs_are_those_that_are_documented(
    cloud: Cloud, starting: Deployed, urls: tuple[str, ...], tmp_path: Path, missing: str | None
) -> None:
    """With all of them it works; without one it names the step. Without the last, some assumptions are not seen."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "verify.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+:\w+)`", page, re.M)) == set(NEEDED)
    instance = f"arn:aws:connect:{cloud.region}:{cloud.account}:instance/{cloud.instance_id}"
    resources = {
        "execute-api:Invoke": f"arn:aws:execute-api:{cloud.region}:{cloud.account}:*",
        "connect:StartChatContact": [f"{instance}/contact-flow/*", f"{instance}/contact/*"],
        "connect:ListContactFlows": instance,
        "connect:CreatePersistentContactAssociation": [instance, f"{instance}/contact/*"],
    }
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resources.get(action, f"{instance}/contact/*")}
        for action in NEEDED
        if action != missing
    ]
    iam, user = cloud.client("iam"), f"verifier-{uuid.uuid4()}"
    iam.create_user(UserName=user)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    mine = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    done = verify(cloud, tmp_path, *urls, flow="flow-22222222", variables=mine)
    step = NEEDED[missing] if missing else None
    seen = done.assumptions
    if missing == "connect:StopContact":
        # Nobody may end it but somebody else.
        for contact in running(cloud):
            Chats(cloud).end(contact, wait=0)
    if step is None:
        assert done.status == 0, done.errors
        assert seen == ({"held", "not seen"} if missing else {"held"})
    else:
        assert (done.status, done.broken()[0]) == (1, step)
        assert str(missing) in done.errors or step == "caller"
