"""A deployed history as the commands see it: whatever it or AWS answers, there is a sentence."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from connect_persistent_chat.commands import persistent_chat, retry
from connect_persistent_chat.commands.command_failed import CommandFailed
from connect_persistent_chat.commands.deployed_history import DeployedHistory

SOUND = {
    "CONNECT_INSTANCE_ID": "instance",
    "CUSTOMER_IDENTITY": "customer_id",
    "HISTORY_TABLE": "table",
    "RETENTION_SECONDS": "86400",
}
DATE = "Sun, 23 Nov 2025 12:13:20 GMT"
NO_COUNTS: list[Any] = [-1, 10**9, "1", 1.5, True, None, [], float("inf")]
WHEN = datetime(2025, 11, 23, 12, 13, 20, tzinfo=UTC)


class Aws:
    """The services' clients, all of them."""

    def __init__(self) -> None:
        self.configured: dict[str, Any] = {
            "FunctionArn": "arn",
            "FunctionName": "name",
            "Environment": {"Variables": SOUND},
        }
        self.search: Any = {"ResponseMetadata": {"HTTPHeaders": {"date": DATE}}}
        self.invoke_payload = b""
        self.searched: list[dict[str, Any]] = []
        self.regions: list[str | None] = []

    def session(self, region_name: str | None) -> "Aws":
        """As boto3.session.Session."""
        self.regions.append(region_name)
        return self

    def client(self, service: str, config: Any) -> "Aws":
        """With the retries that test_retry.py is about."""
        assert config in (retry.SDK, retry.SDK_AT_FIRST)
        return self

    def get_function_configuration(self, FunctionName: str) -> Any:  # noqa: N803 - as the SDK has it
        """The recorder's."""
        return self.configured

    def search_contacts(self, **fields: Any) -> Any:
        """Whatever is to be answered."""
        self.searched.append(fields)
        if isinstance(self.search, Exception):
            raise self.search
        return self.search

    def get_paginator(self, operation: str) -> "Aws":
        """Of Query."""
        return self

    def paginate(self, **fields: Any) -> list[Any]:
        """A page of somebody who is not AWS."""
        return [{}]

    def invoke(self, **fields: Any) -> Any:
        """The same answer for each contact."""
        return {"Payload": io.BytesIO(self.invoke_payload)}


def history() -> DeployedHistory:
    """The history, which nobody is told about."""
    return DeployedHistory("r", say=lambda _: None)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """AWS, in memory."""
    made = Aws()
    monkeypatch.setattr(boto3.session, "Session", made.session)
    return made


def refused(code: str, **headers: str) -> ClientError:
    """A refusal that came at some time."""
    response: Any = {
        "Error": {"Code": code, "Message": "Signature expired: 1 is now earlier than 2"},
        "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": headers},
    }
    return ClientError(response, "SearchContacts")


def test_the_time_is_amazon_connects(aws: Aws) -> None:
    """This machine's clock may be wrong by minutes: AWS takes its signatures, but no search of the future."""
    assert history().now() == WHEN
    ((end,),) = ([fields["TimeRange"]["EndTime"]] for fields in aws.searched)
    assert end < datetime.now(UTC) - timedelta(minutes=30)


@pytest.mark.parametrize(
    "date",
    ["", "soon", "Sun, 99 Nov 2025 12:13:20 GMT", "Mon, 01 Jan 1990 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"],
)
def test_an_answer_without_a_time_is_told(aws: Aws, date: str) -> None:
    """Nobody knows then how far back two years are."""
    aws.search = {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    with pytest.raises(CommandFailed, match="the answer's Date is "):
        history().now()


def test_a_clock_that_makes_signatures_invalid_is_named(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """AWS says when it was, and not why."""
    aws.search = refused("InvalidSignatureException", date=DATE)
    assert persistent_chat._status(["backfill", "--recorder", "r"]) == 1
    assert capsys.readouterr().err.endswith("is now earlier than 2. Is this machine's clock right?\n")


def test_a_bug_is_told_by_its_place(
    aws: Aws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by what it says: that may be the customer. Never by a stack trace."""
    monkeypatch.setattr(DeployedHistory, "entries", lambda *_: dict[str, Any]()["ada"])
    assert persistent_chat._status(["erase", "--recorder", "r", "--customer", "ada"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Error: KeyError at test_deployed_history.py:")
    assert "ada" not in said.err


def test_the_region_is_that_of_the_aws_command_line(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK for Python reads AWS_DEFAULT_REGION alone."""
    for region in ("eu-central-1", "", None):
        monkeypatch.setenv("AWS_REGION", region) if region is not None else monkeypatch.delenv("AWS_REGION")
        history()
    assert aws.regions == ["eu-central-1", None, None]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "has no CONNECT_INSTANCE_ID and no HISTORY_TABLE and no RETENTION_SECONDS and no CUSTOMER_IDENTITY"),
        ({**SOUND, "RETENTION_SECONDS": "NaN"}, "has no valid retention"),
        ({**SOUND, "RETENTION_SECONDS": "x"}, "has no valid retention"),
        ({**SOUND, "RETENTION_SECONDS": "-1"}, "has no valid retention"),
        ({**SOUND, "RETENTION_SECONDS": "1e300"}, "has no valid retention"),
    ],
)
def test_another_function_is_no_recorder(aws: Aws, variables: dict[str, str], said: str) -> None:
    """And the sentence says what is expected."""
    aws.configured["Environment"]["Variables"] = variables
    with pytest.raises(CommandFailed, match=f"which {said}; expected the recorder of a ChatHistory"):
        history()


@pytest.mark.parametrize(
    ("said", "texts", "calls"),
    [
        ({"contacts": {"a": "recorded", "b": "known"}, "attempts": {"a": 1, "b": 4}}, ["recorded", "known"], 5),
        # A recorder that was deployed by an earlier version: it may have called twice for each.
        ({"contacts": {"a": "recorded", "b": "known"}}, ["recorded", "known"], 4),
        ({"contacts": {"a": "recorded"}}, ["recorded", "failed: the recorder's answer cannot be read"], 4),
        ({"error": "contacts: no"}, ["failed: contacts: no"] * 2, 4),
        ({"errorType": "Crashed", "errorMessage": "x\ny"}, ["failed: Crashed: x y"] * 2, 4),
        ([], ["failed: the recorder's answer cannot be read"] * 2, 4),
        (None, ["failed: the recorder's answer cannot be read"] * 2, 4),
        # None of these is a count of calls: a run would wait for years, or crash.
        *(
            ({"contacts": {"a": "known", "b": "known"}, "attempts": {"a": count, "b": 1}}, ["known", "known"], 3)
            for count in NO_COUNTS
        ),
        ({"contacts": {"a": "known", "b": "known"}, "attempts": [1, 1]}, ["known", "known"], 4),
    ],
)
def test_whatever_the_recorder_answers_each_contact_has_an_outcome(
    aws: Aws, said: Any, texts: list[str], calls: int
) -> None:
    """And counts as so many calls."""
    aws.invoke_payload = json.dumps(said).encode() if said is not None else b"<html>"
    outcomes = history().record(["a", "b"])
    assert list(outcomes) == ["a", "b"]
    assert [outcome.text for outcome in outcomes.values()] == texts
    assert sum(outcome.calls for outcome in outcomes.values()) == calls


def test_a_contact_without_a_time_keeps_the_order(aws: Aws) -> None:
    """Amazon Connect need not tell when it began; an unset time reads 1970."""
    unset = datetime(1970, 1, 1, tzinfo=UTC)
    aws.search = {"Contacts": [{"Id": "a"}, {"Id": "b", "InitiationTimestamp": unset}], "TotalCount": 2}
    page = history().search(WHEN, WHEN + timedelta(days=1), 100)
    assert [chat.began for chat in page.chats] == [WHEN, WHEN]
    assert (page.total, page.token) == (2, None)


def test_an_answer_in_which_nothing_is_is_no_empty_one(aws: Aws) -> None:
    """A proxy's web page: a week without chats would never be searched again, and nobody be erased."""
    sound = history()
    nothing: list[dict[str, Any]] = [{}, {"Contacts": [{}]}]
    for found in nothing:
        aws.search = found
        with pytest.raises(
            CommandFailed, match=r"Amazon Connect: the answer is not one of AWS \(it has no (Contacts|Id)\)"
        ):
            sound.search(WHEN, WHEN + timedelta(days=1), 100)
    with pytest.raises(CommandFailed, match=r"DynamoDB: the answer is not one of AWS \(it has no Items\)"):
        sound.entries("key")
    for name in ("FunctionArn", "FunctionName"):
        kept = aws.configured.pop(name)
        with pytest.raises(CommandFailed, match=rf"AWS Lambda: the answer is not one of AWS \(it has no {name}\)"):
            history()
        aws.configured[name] = kept
