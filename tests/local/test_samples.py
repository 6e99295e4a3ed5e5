"""The samples of docs/calling.md, and one of docs/local-tests.md, work as they stand there."""

import json
import os
import re
import shlex
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from local.chats import Chats
from local.clients import Answer, send
from local.cloud import Cloud
from local.proxy import RecordingProxy
from local.tokens import Tokens
from tests.local.callers import Users
from tests.local.deployments import Deployed

ROOT = Path(__file__).resolve().parents[2]


def sample(kind: str) -> str:
    """A sample of the page, as it stands there."""
    page = (ROOT / "docs/calling.md").read_text(encoding="utf-8")
    block = page.partition(f"<!-- sample: {kind} -->\n```")[2]
    return block.partition("\n")[2].partition("```")[0]


CURL = ["bash", "-euo", "pipefail", "-c"]
PYTHON = [sys.executable, "-W", "ignore", "-c"]


def said(deployed: Deployed, kind: str, output: str, **variables: str) -> str:
    """What a sample prints that calls this endpoint."""
    environment = {
        **os.environ,
        **deployed.cloud.environment(),
        "ENDPOINT_URL": deployed.cloud.execute_api_url(deployed.outputs[output]),
        **variables,
    }
    command = PYTHON if kind.endswith("boto3") else CURL
    done = subprocess.run(
        [*command, sample(kind)], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["curl", "boto3"])
def test_the_call_continues_a_chat(sound: Deployed, kind: str) -> None:
    """A user copies it, sets the variables, and gets the contact that is continued."""
    chats = Chats(sound.cloud)
    past, contact = chats.past(), chats.start()
    assert past[2] in said(sound, kind, "FirstUrl", CONTACT_ID=contact, SOURCE_CONTACT_ID=past[0])


@pytest.mark.parametrize("kind", ["curl", "boto3"])
def test_the_chats_are_what_the_calls_need(sound: Deployed, kind: str) -> None:
    """Somebody who has nothing but the local cloud makes a first call."""
    chats = sample("chats").replace("http://127.0.0.1:4566", sound.cloud.url)
    url = sound.cloud.execute_api_url(sound.outputs["FirstUrl"])
    call = sample(kind) if kind == "curl" else shlex.join([*PYTHON, sample(kind)])
    script = f"{chats}\necho; export ENDPOINT_URL={url}\n{call}\necho; echo $SOURCE_CONTACT_ID"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run([*CURL, script], env=kept, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    *_, answer, source = filter(None, done.stdout.splitlines())
    assert (json.loads(answer) if kind == "curl" else {"ContinuedFromContactId": answer}) == {
        "ContinuedFromContactId": source
    }


def test_the_call_with_an_id_token(doors: Deployed) -> None:
    """A signed-in customer's, of the customer's own chats."""
    chats, users = Chats(doors.cloud), Users(doors.cloud, doors.outputs["Pool"])
    name, client = f"sample-{uuid.uuid4()}", doors.outputs["OurClient"]
    customer, token = users.sign_up(name, client), users.tokens(name, client)["IdToken"]
    past, contact = chats.past(customer), chats.start(customer)
    answer = said(doors, "token", "CognitoUrl", CONTACT_ID=contact, SOURCE_CONTACT_ID=past[0], ID_TOKEN=token)
    assert past[2] in answer


@pytest.mark.usefixtures("without_quotas", "with_events")
@pytest.mark.parametrize("kind", ["latest curl", "latest boto3"])
def test_the_call_without_a_source(historic: Deployed, kind: str) -> None:
    """The latest chat is found; without one the sample says so."""
    chats, customer = Chats(historic.cloud), str(uuid.uuid4())
    first = chats.start(customer)
    chats.told()
    expected = "{}" if kind == "latest curl" else "There is no past chat.\n"
    assert said(historic, kind, "BackendUrl", CONTACT_ID=first) == expected
    past, contact = chats.past(customer), chats.start(customer)
    chats.told()
    assert past[2] in said(historic, kind, "BackendUrl", CONTACT_ID=contact)


@pytest.mark.usefixtures("without_quotas", "with_events", "held_clock")
def test_the_call_waits_as_it_is_told(historic: Deployed) -> None:
    """The transcript needs another two seconds. Connect's clock goes forward with the first answer."""
    chats, customer = Chats(historic.cloud), str(uuid.uuid4())
    past = chats.start(customer)
    chats.end(past, wait=58)
    contact = chats.start(customer)
    chats.told()

    def heard(answer: Answer) -> None:
        if answer.status == 400:
            chats.wait(2)

    url = historic.cloud.execute_api_url(historic.outputs["BackendUrl"])
    with RecordingProxy(historic.cloud.url) as proxy:
        proxy.heard = heard
        through = url.replace(historic.cloud.url, proxy.url)
        printed = said(historic, "latest boto3", "BackendUrl", CONTACT_ID=contact, ENDPOINT_URL=through)
        refused, continued = proxy.take()
    assert printed == f"{past}\n"
    assert (refused.answer.status, refused.answer.headers["Retry-After"]) == (400, "2")
    assert continued.asked - refused.answered > 1.9


@pytest.mark.usefixtures("without_quotas", "with_events")
@pytest.mark.parametrize("kind", ["start curl", "start boto3"])
def test_the_start_of_a_customer_who_signed_in(starting: Deployed, tokens: Tokens, kind: str) -> None:
    """One call continues the latest chat; where it cannot, the sample says why, with the seconds to wait."""
    chats, customer = Chats(starting.cloud), str(uuid.uuid4())
    variables = {
        "START_URL": starting.cloud.execute_api_url(starting.outputs["SignedInStartUrl"]),
        "ID_TOKEN": tokens.sign_in(customer, "client"),
    }

    def started() -> str:
        return said(starting, kind, "SignedInUrl", **variables)

    assert "ontinued" not in started()
    past = chats.past(customer)
    chats.told()
    assert past[2] in started()
    chats.end(chats.start(customer), wait=0)
    chats.told()
    printed = started()
    assert "transcript_not_ready" in printed
    assert re.search(r"retry-after=\d+|\"RetryAfterSeconds\": ?\d+", printed)


def test_a_customer_of_a_user_pool_signs_in_for_own_tests(starting: Deployed) -> None:
    """The token of docs/local-tests.md starts a chat: an app with Cognito needs it in each of its tests."""
    page = (ROOT / "docs/local-tests.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {"Cloud": Cloud}
    exec("def sign_in" + page.partition("```python\ndef sign_in")[2].partition("```")[0], names)
    cloud, outputs = starting.cloud, starting.outputs
    token = names["sign_in"](cloud, outputs["Pool"], outputs["PoolClient"], "for own tests")
    body = {"ParticipantDetails": {"DisplayName": "Customer"}}
    url = cloud.execute_api_url(outputs["PooledStartUrl"])
    assert send(cloud, url, body, method="PUT", token=token).status == 200
