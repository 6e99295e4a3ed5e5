"""What docs/clients.md says that people get wrong: each mistake gets the answer that stands there."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.auth
import pytest
from botocore.credentials import Credentials

from local.chats import Chats
from local.clients import Answer, send
from local.page import ROOT
from local.samples import role_credentials
from tests.local.callers import PATH
from tests.local.deployments import Deployed

TABLE = (ROOT / "docs/clients.md").read_text(encoding="utf-8").partition("| mistake |")[2].partition("\n\n")[0]
# How each row begins, and its status.
ROWS = {row: int(status) for row, status in re.findall(r"^\| (.+?)(?::.*)? \| (\d+)", TABLE, re.MULTILINE)}


class Caller:
    """A role's session that does everything as it should be done, except for what is told."""

    def __init__(self, deployed: Deployed) -> None:
        self._cloud, chats = deployed.cloud, Chats(deployed.cloud)
        self.address = deployed.cloud.execute_api_url(deployed.outputs["FirstUrl"])
        self.past, self.contact = chats.past(), chats.start()
        self.key = role_credentials(deployed.cloud, self.address)

    def ask(
        self, address: str = "", *, fields: dict[str, Any] | None = None, token: bool = True, **more: Any
    ) -> Answer:
        """The operation; `more` is of `send`."""
        signer = Credentials(
            self.key["AWS_ACCESS_KEY_ID"],
            self.key["AWS_SECRET_ACCESS_KEY"],
            self.key["AWS_SESSION_TOKEN"] if token else None,
        )
        body = {"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": self.past[0], **(fields or {})}
        target = address or self.address + self.contact
        return send(self._cloud, target, json.dumps(body).encode(), credentials=signer, **more)


@pytest.fixture(scope="module")
def caller(sound: Deployed) -> Caller:
    """One with two chats of one customer."""
    return Caller(sound)


def six_minutes_ago(caller: Caller) -> Answer:
    """The call with a clock that is late."""
    late = datetime.now(UTC) - timedelta(minutes=6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: late)
        return caller.ask()


MISTAKES: dict[str, Callable[[Caller], Answer]] = {
    "signed for `connect`": lambda caller: caller.ask(service="connect"),
    "signed for another region than the endpoint's": lambda caller: caller.ask(region="eu-west-1"),
    "temporary credentials without their token": lambda caller: caller.ask(token=False),
    "a clock that is more than 5 minutes wrong": six_minutes_ago,
    "an SDK's client gets the whole `EndpointUrl`": lambda caller: caller.ask(
        f"{caller.address}{PATH[1:]}/{caller.address.split('/')[-2]}/{caller.contact}"
    ),
    "a plain client gets only the stage": lambda caller: caller.ask(caller.address.partition(PATH)[0]),
    "the current contact's id in the body": lambda caller: caller.ask(fields={"InitialContactId": caller.contact}),
}


def test_every_row_is_tried() -> None:
    """A row that nobody tries is a guess."""
    assert set(ROWS) == set(MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_the_answer_of_its_row(caller: Caller, mistake: str) -> None:
    """Somebody who got it wrong finds it by the answer."""
    assert MISTAKES[mistake](caller).status == ROWS[mistake]


def test_without_a_mistake_the_call_succeeds(caller: Caller) -> None:
    """Else the answers above would say nothing."""
    answer = caller.ask()
    assert (answer.status, answer.document) == (200, {"ContinuedFromContactId": caller.past[2]})
