"""`make clients`: each sample of examples/clients calls an endpoint that is really deployed, on the local cloud."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import debian
from .cdk import bootstrap
from .chats import Chats
from .clients import Answer
from .cloud import Cloud
from .command import run
from .deploy import context_of, context_of_users, deploy_app
from .proxy import Exchange, RecordingProxy
from .steps import Progress, StepFailed, expect, show, step, tell, walk
from .tokens import Tokens

FOLDER = "examples/clients"
# The virtual environment's own.
_NODE = str(Path(sys.executable).parent / "node")
SAMPLES: dict[str, Sequence[str]] = {
    "boto3": [sys.executable, f"{FOLDER}/continue_chat.py"],
    "curl": ["bash", f"{FOLDER}/continue_chat.sh"],
    "the AWS SDK for JavaScript": [_NODE, f"{FOLDER}/javascript/continue_chat.js"],
    "R": ["Rscript", f"{FOLDER}/continue_chat.R"],
}
# Of customers who sign in.
STARTS: dict[str, Sequence[str]] = {"the AWS SDK for JavaScript": [_NODE, f"{FOLDER}/javascript/start_chat.js"]}
_CUSTOMER = "customer-4711"
_SAMPLE_SECONDS = 120
_DELAY_SECONDS = 60
# So a client is told to wait 5 seconds.
_ENDED_SECONDS_AGO = 55
# Clocks differ by a little: a client may sleep less than it counts.
_EARLY_SECONDS = 0.05
_LATE_SECONDS = 60


class Backend:
    """A company's backend: it has a role's temporary credentials, which may call the endpoint and nothing else."""

    def __init__(self, cloud: Cloud, address: str, proxy: RecordingProxy) -> None:
        self._proxy = proxy
        self._variables = {
            **cloud.environment(),
            **role_credentials(cloud, address),
            "ENDPOINT_URL": address.replace(cloud.url, proxy.url),
            # Python too tells that it waits before it does.
            "PYTHONUNBUFFERED": "1",
        }
        # The samples name the endpoint themselves.
        del self._variables["AWS_ENDPOINT_URL"]

    def call(
        self, sample: Sequence[str], contact: str, source: str, heard: Callable[[Answer], None] = lambda _: None
    ) -> tuple[int, str, list[Exchange]]:
        """A sample's exit status, what it printed, and what it sent and got. `heard` gets each answer first."""
        self._proxy.heard = heard
        variables = {**self._variables, "CONTACT_ID": contact, "SOURCE_CONTACT_ID": source}
        status, printed = run(sample, variables, tell, within=_SAMPLE_SECONDS)
        return status, printed, self._proxy.take()


class Page:
    """A page on which a customer is signed in: it has an ID token, and no credentials."""

    def __init__(self, cloud: Cloud, address: str, proxy: RecordingProxy) -> None:
        self._proxy = proxy
        kept = {name: value for name, value in cloud.environment().items() if not name.startswith("AWS_")}
        self._variables = {
            **kept,
            "START_URL": address.replace(cloud.url, proxy.url),
            "ID_TOKEN": Tokens(cloud).sign_in(_CUSTOMER),
        }

    def call(self, sample: Sequence[str]) -> tuple[int, str, list[Exchange]]:
        """A sample's exit status, what it printed, and what it sent and got."""
        status, printed = run(sample, self._variables, tell, within=_SAMPLE_SECONDS)
        return status, printed, self._proxy.take()


def call_all(cloud: Cloud) -> None:
    """All samples. Raises StepFailed, CdkFailed or ClientError."""
    with step("Look for curl and R, and bring what is missing"):
        debian.bring(debian.CLIENTS)
    with step("Deploy the app"):
        bootstrap(cloud, Progress())
        outputs = deploy_app(cloud, context_of(instance=cloud.instance_id), Progress())
    chats = Chats(cloud)
    with RecordingProxy(cloud.url) as proxy:
        backend = Backend(cloud, outputs["EndpointUrl"], proxy)
        for name, sample in SAMPLES.items():
            with step(f"With {name}: a chat is continued"):
                associate(backend, chats, sample)
            with step(f"With {name}: another customer's chat is refused, by Amazon Connect's error"):
                refuse(backend, chats, sample)
            with step(f"With {name}: a chat that ended a moment ago is continued after a wait"):
                wait(backend, chats, sample)
        with step("Deploy the app again, for customers who sign in and start chats"):
            outputs = deploy_app(cloud, context_of_users(cloud), Progress())
        page = Page(cloud, outputs["StartUrl"], proxy)
        for name, sample in STARTS.items():
            with step(f"With {name}: a chat starts, and continues the customer's latest"):
                start(page, chats, sample)
            with step(f"With {name}: a chat starts too early to continue one that ended a moment ago"):
                start_early(page, chats, sample)


def associate(backend: Backend, chats: Chats, sample: Sequence[str]) -> None:
    """One call, and Amazon Connect holds the association."""
    past, contact = chats.past(), chats.start()
    status, printed, exchanges = backend.call(sample, contact, past[0])
    _expect_continued(chats, contact, past[2], status, printed)
    expect("answers", _statuses(exchanges), [200])


def refuse(backend: Backend, chats: Chats, sample: Sequence[str]) -> None:
    """One call; the error's name and message reach the user; nothing is associated."""
    past, contact = chats.past("customer"), chats.start("another customer")
    status, printed, exchanges = backend.call(sample, contact, past[0])
    expect("answers", _statuses(exchanges), [404])
    (answer,) = (exchange.answer for exchange in exchanges)
    expect("x-amzn-ErrorType", _header(answer.headers, "x-amzn-ErrorType"), "ResourceNotFoundException")
    expect("exit status", status, 1)
    _expect_said(printed, "ResourceNotFoundException: ", answer.document["message"])
    expect("associations", chats.associations_of(contact), [])


def wait(backend: Backend, chats: Chats, sample: Sequence[str]) -> None:
    """Told to wait, it waits as long, calls once more, and Amazon Connect holds the association."""

    def heard(answer: Answer) -> None:
        if answer.status == 400:
            chats.wait(_DELAY_SECONDS)

    past = chats.start()
    # A client may take long to start: Connect's clock is held until the client is told to wait.
    with chats.held_clock():
        chats.end(past, wait=_ENDED_SECONDS_AGO)
        contact = chats.start()
        status, printed, exchanges = backend.call(sample, contact, past, heard)
    expect("answers", _statuses(exchanges), [400, 200])
    refused, continued = exchanges
    seconds = int(_header(refused.answer.headers, "Retry-After"))
    expect("Retry-After", seconds, _DELAY_SECONDS - _ENDED_SECONDS_AGO)
    waited = continued.asked - refused.answered
    show({"Retry-After": seconds, "waited": round(waited, 2), "message": refused.answer.document["message"]})
    expect("told in the message", f"Try again in {seconds} s" in refused.answer.document["message"], True)
    if not seconds - _EARLY_SECONDS <= waited <= seconds + _LATE_SECONDS:
        raise StepFailed(f"seconds waited: got {waited:.2f}, expected {seconds} and at most {_LATE_SECONDS} more")
    _expect_said(printed, f"wait {seconds} s")
    _expect_continued(chats, contact, past, status, printed)


def start(page: Page, chats: Chats, sample: Sequence[str]) -> None:
    """One call without a word about the past, and Amazon Connect holds the association."""
    past = chats.past(_CUSTOMER)
    chats.told()
    status, printed, exchanges = page.call(sample)
    expect("answers", _statuses(exchanges), [200])
    _expect_continued(chats, exchanges[0].answer.document["ContactId"], past[2], status, printed)


def start_early(page: Page, chats: Chats, sample: Sequence[str]) -> None:
    """One call; the chat starts without the past one, and the user is told why and how long to wait."""
    with chats.held_clock():
        chats.end(chats.start(_CUSTOMER), wait=0)
        chats.told()
        status, printed, exchanges = page.call(sample)
    expect("exit status", status, 0)
    expect("answers", _statuses(exchanges), [200])
    _expect_said(printed, "transcript_not_ready; retry-after=")
    expect("associations", chats.associations_of(exchanges[0].answer.document["ContactId"]), [])


def _expect_continued(chats: Chats, contact: str, last: str, status: int, printed: str) -> None:
    expect("exit status", status, 0)
    _expect_said(printed, last)
    expect("associations", len(chats.associations_of(contact)), 1)
    expect("RelatedContactId", chats.describe(contact).get("RelatedContactId"), last)


def _expect_said(printed: str, *parts: str) -> None:
    for part in parts:
        if part not in printed:
            raise StepFailed(f"printed: got {printed!r}, expected {part!r} in it")


def _statuses(exchanges: list[Exchange]) -> list[int]:
    return [exchange.answer.status for exchange in exchanges]


def _header(headers: dict[str, str], name: str) -> str:
    return {key.lower(): value for key, value in headers.items()}[name.lower()]


def role_credentials(cloud: Cloud, address: str) -> dict[str, str]:
    """Those of a role that may call this endpoint, with their token."""
    api_id = address.partition("/_aws/execute-api/")[2].partition("/")[0]
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{cloud.account}:root"}, "Action": "sts:AssumeRole"}
    allow = {
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": f"arn:aws:execute-api:{cloud.region}:{cloud.account}:{api_id}/*/POST/contact/*",
    }
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="backend", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
    iam.put_role_policy(
        RoleName="backend", PolicyName="call-the-endpoint", PolicyDocument=json.dumps({"Statement": [allow]})
    )
    key = cloud.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="clients")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_SESSION_TOKEN": key["SessionToken"],
    }


if __name__ == "__main__":
    sys.exit(walk(call_all))
