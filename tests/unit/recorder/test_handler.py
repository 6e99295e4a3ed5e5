"""The recorder's entry: one log line each, what fails is told by its place, and one contact takes no other down."""

import importlib
import json
from types import ModuleType
from typing import Any

import pytest

from aws import retry
from aws.http import Response
from connect.errors import ConnectError
from recorder import settings
from recorder.event import Poison
from shared.key import key_of
from tests.unit.association.events import INSTANCE_ID, NOW, ConnectClient, answer, described
from tests.unit.history.dynamodb import DynamoDB, refused

ENVIRONMENT = {
    "CONNECT_INSTANCE_ID": INSTANCE_ID,
    "CONNECT_ENDPOINT_URL": "http://127.0.0.1:9",
    "CUSTOMER_IDENTITY": "customer_id",
    "HISTORY_TABLE": "table",
    "HISTORY_ENDPOINT_URL": "http://127.0.0.1:9",
    "RETENTION_SECONDS": "1000",
}
# As the Administrator Guide's samples spell it, of a customer's own chat that can show forms.
GUIDE: dict[str, Any] = {
    "eventType": "COMPLETED",
    "contactId": "chat",
    "channel": "CHAT",
    "initiationMethod": "API",
    "instanceArn": f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE_ID}",
    "customerId": "customer",
    "initiationTimestamp": "2025-11-01T10:00:00.000Z",
    "disconnectTimestamp": "2025-11-01T10:20:00.000Z",
    "segmentAttributes": {"connect:Subtype": {"valueString": "connect:Guide"}},
}


class Entry:
    """The handler's module, with an Amazon Connect of these contacts and a table in memory."""

    def __init__(self, module: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.module = module
        self.dynamodb = DynamoDB()
        self.connect = ConnectClient({})
        self._capsys = capsys
        monkeypatch.setattr(module, "CONNECT", (self.connect, self.connect))
        monkeypatch.setattr(module, "DYNAMODB", self.dynamodb)
        monkeypatch.setattr(module, "SETTINGS", settings.read(ENVIRONMENT))

    def has(self, id: str, **fields: Any) -> None:
        """Amazon Connect knows this ended chat."""
        fields = {"InitiationTimestamp": NOW - 900, "DisconnectTimestamp": NOW - 600, **fields}
        self.connect.contacts[id] = described(id, **fields)

    def handle(self, event: Any) -> tuple[Any, list[dict[str, Any]]]:
        """The answer, and the lines of its log."""
        said = self.module.handle(event, None)
        return said, self.lines()

    def lines(self) -> list[dict[str, Any]]:
        """What was logged since."""
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]

    def sessions(self) -> set[tuple[str, str]]:
        """The keys of the table."""
        return set(self.dynamodb.items)


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Entry:
    """An entry in an environment as Lambda makes it; retries follow at once."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(retry, "_LONGEST_PAUSE_OF_ALL_SECONDS", 0)
    return Entry(importlib.import_module("recorder.handler"), monkeypatch, capsys)


def event(**changed: Any) -> dict[str, Any]:
    """As EventBridge delivers it; None takes a key away."""
    detail = {name: value for name, value in {**GUIDE, **changed}.items() if value is not None}
    return {"source": "aws.connect", "detail-type": "Amazon Connect Contact Event", "detail": detail}


@pytest.mark.parametrize("kind", ["COMPLETED", "DISCONNECTED"])
def test_a_customers_own_chat_that_can_show_forms_is_recorded(entry: Entry, kind: str) -> None:
    """The widget's token and StartChatContact set connect:Guide; Amazon Connect need not be asked."""
    said, (line,) = entry.handle(event(eventType=kind))
    assert said == {"verdict": "recorded"}
    assert line == {
        "level": "INFO",
        "eventType": kind,
        "contactId": "chat",
        "verdict": "recorded",
        "attempts": 0,
    }
    assert entry.sessions() == {(key_of(INSTANCE_ID, "customer"), "chat")}


def test_a_backfill_records_a_customers_own_chat_that_can_show_forms(entry: Entry) -> None:
    """By DescribeContact, as by the event."""
    entry.has("chat", SegmentAttributes={"connect:Subtype": {"ValueString": "connect:Guide"}})
    said, _ = entry.handle({"contacts": ["chat"]})
    assert said == {"contacts": {"chat": "recorded"}, "attempts": {"chat": 1}}


def test_a_customer_may_be_an_attribute(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """No event holds it: Amazon Connect is asked, about a contact of the recorder's own instance."""
    by_attribute = settings.read({**ENVIRONMENT, "CUSTOMER_IDENTITY": "attribute:who"})
    monkeypatch.setattr(entry.module, "SETTINGS", by_attribute)
    entry.has("chat", Attributes={"who": "ada"})
    assert entry.handle(event())[0] == {"verdict": "recorded"}
    assert entry.connect.sent == [("GET", f"/contacts/{INSTANCE_ID}/chat")]
    assert entry.sessions() == {(key_of(INSTANCE_ID, "ada"), "chat")}


def test_an_event_that_both_regions_tell_is_recorded_once(entry: Entry) -> None:
    """With Global Resiliency the replica has the same instance id, and sends each event as well."""
    assert entry.handle(event())[0] == {"verdict": "recorded"}
    replica = GUIDE["instanceArn"].replace("us-east-1", "us-west-2")
    assert entry.handle(event(instanceArn=replica))[0] == {"verdict": "known"}


def test_a_chat_that_completed_without_a_time_is_asked_about(entry: Entry) -> None:
    """A sample of COMPLETED has no disconnectTimestamp: Amazon Connect knows when it was."""
    entry.has("chat")
    assert entry.handle(event(disconnectTimestamp=None))[0] == {"verdict": "recorded"}
    (item,) = entry.dynamodb.items.values()
    assert item["ended"] == {"N": str((NOW - 600) * 1000)}


def test_a_crash_is_logged_with_its_place_and_raised(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda tries again, and logs what is raised: neither that nor our line holds what the event said."""

    def crash(*_: Any) -> bool:
        raise KeyError(GUIDE["customerId"])

    monkeypatch.setattr(entry.module.Recorder, "record_event", crash)
    with pytest.raises(Exception, match=r"^KeyError at test_handler.py:\d+ crash$") as raised:
        entry.handle(event())
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    (line,) = entry.lines()
    assert line.pop("detail") == str(raised.value)
    assert line == {
        "level": "ERROR",
        "eventType": "COMPLETED",
        "contactId": "chat",
        "verdict": "failed",
        "rule": "bug",
        "attempts": 0,
    }


def test_a_probe_that_crashes_is_logged_as_well(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """It logs nothing otherwise."""
    assert entry.handle({"probe": "settings"})[1] == []
    monkeypatch.setattr(entry.module.Connect, "call", lambda *_: [][0])
    with pytest.raises(Exception, match="IndexError at"):
        entry.handle({"probe": "connect:DescribeContact"})
    (line,) = entry.lines()
    assert (line["level"], line["verdict"], line["rule"]) == ("ERROR", "failed", "bug")


def test_poison_and_what_connect_refuses_is_raised_under_its_own_name(entry: Entry) -> None:
    """One line each, with why."""
    with pytest.raises(Poison):
        entry.handle(event(contactId=7))
    (line,) = entry.lines()
    assert (line["level"], line["rule"]) == ("ERROR", "poison")
    entry.connect.contacts["chat"] = answer(403, {}, "AccessDeniedException")
    with pytest.raises(ConnectError):
        entry.handle(event(customerId=None, eventType="DISCONNECTED"))
    (line,) = entry.lines()
    assert (line["level"], line["rule"]) == ("ERROR", "connect_denied")


def bad(got: str) -> str:
    """How an id fares that is none."""
    return f"failed: contact id: got {got}, expected 1 to 256 letters, digits and hyphens"


BAD_IDS: list[tuple[Any, str, str]] = [
    (7, "#0", "a number"),
    (None, "#0", "null"),
    (True, "#0", "a boolean"),
    ({"a": [1]}, "#0", "an object"),
    ([["a"]], "#0", "an array"),
    ("", "", "a string of 0 characters"),
    ("../x", "../x", "a string of 4 characters"),
    ("a b", "a b", "a string of 3 characters"),
    ("a\n", "a\n", "a string of 2 characters"),
    # Lambda could not send an answer with half a surrogate pair, so nobody would learn of the others.
    ("\ud800", "#0", "a string of 1 characters"),
    ("x" * 257, "#0", "a string of 257 characters"),
    ("x" * 200_000, "#0", "a string of 200000 characters"),
]


@pytest.mark.parametrize(("id", "name", "got"), BAD_IDS)
def test_a_bad_id_takes_no_other_down(entry: Entry, id: Any, name: str, got: str) -> None:
    """It is checked like the ids of requests; what is no short text is answered by its place in the list."""
    entry.has("good")
    said, lines = entry.handle({"contacts": [id, "good", "good"]})
    assert said == {"contacts": {name: bad(got), "good": "recorded"}, "attempts": {name: 0, "good": 1}}
    assert [line["level"] for line in lines] == ["ERROR", "INFO"]
    assert "contactId" not in lines[0]


def test_each_contact_fares_for_itself(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is unknown, one crashes, one is denied, one cannot be written, one is no chat: the rest are recorded."""
    entry.has("good")
    entry.has("call", Channel="VOICE")
    entry.has("first")
    entry.has("later", CustomerId=None, InitialContactId="first")
    entry.connect.contacts["denied"] = answer(403, {}, "AccessDeniedException")
    entry.connect.contacts["odd"] = answer(200, {"Contact": {"Id": "odd", "DisconnectTimestamp": "x"}})
    entry.has("crash")
    original = entry.module.Recorder._found
    monkeypatch.setattr(
        entry.module.Recorder, "_found", lambda self, id: {}[id] if id == "crash" else original(self, id)
    )
    said, lines = entry.handle({"contacts": ["good", "crash", "nobody", "call", "later", "denied", "odd"]})
    assert said["contacts"] == {
        "good": "recorded",
        "crash": "failed: bug",
        "nobody": "failed: Amazon Connect knows no such contact",
        "call": "another_channel",
        "later": "recorded",
        "denied": "failed: connect_denied",
        "odd": "failed: connect_unreadable",
    }
    assert said["attempts"] | {"odd": 0} == {
        "good": 1,
        "crash": 0,
        "nobody": 1,
        "call": 1,
        # The segment, and its session's first contact.
        "later": 2,
        "denied": 1,
        "odd": 0,
    }
    assert [line["level"] for line in lines].count("ERROR") == 4
    assert lines[1]["rule"] == "bug"
    assert lines[1]["detail"].startswith("KeyError at test_handler.py:")
    entry.dynamodb.instead = [refused("AccessDeniedException")]
    assert entry.handle({"contacts": ["good"]})[0]["contacts"]["good"].startswith("failed: DynamoDB: 400 AccessDenied")


@pytest.mark.parametrize(
    ("contacts", "got"),
    [
        ([], "an array of 0"),
        (["a"] * 26, "an array of 26"),
        ("abc", "a string of 3 characters"),
        ({"a": 1}, "an object"),
        (None, "null"),
        (7, "a number"),
    ],
)
def test_what_is_no_list_of_contacts_gets_one_sentence(entry: Entry, contacts: Any, got: str) -> None:
    """Never a stack trace: whoever asks directly is told what is expected."""
    said, (line,) = entry.handle({"contacts": contacts})
    assert said == {"error": f"contacts: got {got}, expected an array of 1 to 25 contact ids."}
    assert (line["level"], line["verdict"], line["rule"]) == ("ERROR", "failed", "poison")


def test_a_throttled_description_counts_as_often_as_it_was_asked(entry: Entry) -> None:
    """Each took one of the quota."""
    entry.has("good")
    sound, busy = entry.connect.contacts["good"], [answer(429, {}, "TooManyRequestsException")] * 2
    send = entry.connect.send

    def throttled(*arguments: Any) -> Response:
        answered = send(*arguments)
        return busy.pop() if busy else answered

    entry.connect.send = throttled  # type: ignore[method-assign, assignment]
    assert isinstance(sound, Response)
    said, (line,) = entry.handle({"contacts": ["good"]})
    assert (said["attempts"], line["attempts"]) == ({"good": 3}, 3)
