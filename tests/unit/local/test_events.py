"""Contact events of the local Connect: what they hold, and how they are delivered when that is disturbed."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from local.connect.events import Delivery
from local.connect.service import INSTANCE_ID
from recorder.event import read
from tests.unit.local.test_service import FORMS, Caller

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


class Heard:
    """One Connect, and every event that came."""

    def __init__(self) -> None:
        self.call = Caller()
        self.events = self.call.connect.events
        self.came: list[dict[str, Any]] = []
        self.events.deliver = self.came.append

    def details(self) -> list[tuple[str, str]]:
        """Type and contact of each."""
        return [(event["detail"]["eventType"], event["detail"]["contactId"]) for event in self.came]


@pytest.fixture
def heard() -> Heard:
    """A new Connect."""
    return Heard()


def test_a_session_is_told_segment_by_segment(heard: Heard) -> None:
    """In the order in which things happen; a later segment names its session, the first does not."""
    first = heard.call.started(CustomerId="c")
    second = heard.call.control("POST", f"contacts/{first}/transfer")[1]["ContactId"]
    heard.call("POST", "/contact/stop", {"InstanceId": INSTANCE_ID, "ContactId": second})
    told = heard.details()
    assert ("INITIATED", first) in told
    assert told.index(("DISCONNECTED", first)) > told.index(("INITIATED", first))
    assert told.index(("DISCONNECTED", second)) > told.index(("INITIATED", second))
    of_first, of_second = (
        [event["detail"] for event in heard.came if event["detail"]["contactId"] == id] for id in (first, second)
    )
    assert all("initialContactId" not in detail for detail in of_first)
    assert {detail["initialContactId"] for detail in of_second} == {first}
    assert {detail["customerId"] for detail in of_first + of_second} == {"c"}
    # What is not known yet reads 1970.
    assert of_first[0]["disconnectTimestamp"] == of_first[0]["connectedToSystemTimestamp"] == "1970-01-01T00:00:00.001Z"
    assert of_first[1]["connectedToSystemTimestamp"] == of_first[0]["initiationTimestamp"]
    assert not of_first[-1]["disconnectTimestamp"].startswith("1970-")
    arn = of_first[0]["instanceArn"]
    assert heard.came[0]["resources"] == [f"{arn}/contact/{first}", arn]


@pytest.mark.parametrize("spelling", ["camel", "pascal"])
def test_both_spellings_say_the_same_to_the_recorder(heard: Heard, spelling: str) -> None:
    """Only the keys of the detail differ, and the detail-type."""
    heard.events.set(Delivery(spelling=spelling))
    contact = heard.call.started(CustomerId="c")
    told = read(heard.came[0], INSTANCE_ID, 4e9)
    assert (told.contact_id, told.initial_id, told.customer, told.type) == (contact, contact, "c", "INITIATED")
    first_key = next(iter(heard.came[0]["detail"]))
    assert first_key[0].isupper() == (spelling == "pascal")


@pytest.mark.parametrize("spelling", ["camel", "pascal"])
def test_events_carry_segment_attributes_in_their_own_spelling(heard: Heard, spelling: str) -> None:
    """DescribeContact has the API's; a recorder that reads one of them only would not know a guide."""
    heard.events.set(Delivery(spelling=spelling))
    given = {
        "connect:Subtype": {"ValueString": "connect:Guide"},
        "connect:CustomerAuthentication": {"ValueMap": {"Status": {"ValueString": "AUTHENTICATED"}}},
    }
    guide = heard.call.started(SegmentAttributes=given, SupportedMessagingContentTypes=FORMS)
    described = heard.call("GET", f"/contacts/{INSTANCE_ID}/{guide}").body
    assert json.loads(described)["Contact"]["SegmentAttributes"] == given
    camel = json.loads(json.dumps(given).replace('"Value', '"value'))
    key, expected = ("SegmentAttributes", given) if spelling == "pascal" else ("segmentAttributes", camel)
    assert [event["detail"][key] for event in heard.came] == [expected] * 2


def test_a_contact_has_its_channels_subtype(heard: Heard) -> None:
    """As long as whoever starts it says no other; later segments have it too."""
    chat = heard.call.started()
    heard.call.control("POST", f"contacts/{chat}/transfer")
    heard.call.control("POST", "contacts", {"Channel": "VOICE"})
    told = [event["detail"]["segmentAttributes"]["connect:Subtype"]["valueString"] for event in heard.came]
    assert told == ["connect:Chat"] * 6 + ["connect:Telephony"] * 2


def test_an_update_of_attributes_says_that_it_is_one(heard: Heard) -> None:
    """The recorder asks for the attributes only then."""
    contact = heard.call.started()
    fields = {"InstanceId": INSTANCE_ID, "InitialContactId": contact, "Attributes": {"a": "1"}}
    heard.call("POST", "/contact/attributes", fields)
    (updated,) = (one for one in heard.came if one["detail"]["eventType"] == "CONTACT_DATA_UPDATED")
    assert updated["detail"]["updatedProperties"] == ["UserDefinedAttributes"]
    assert read(updated, INSTANCE_ID, 4e9).updates_attributes
    assert all("updatedProperties" not in one["detail"] for one in heard.came if one is not updated)


def test_shares_are_what_they_say_and_repeat_with_the_seed(heard: Heard) -> None:
    """One in ten lost, one in five twice; the same ones with the same seed."""
    counts = []
    for _ in range(2):
        heard.came.clear()
        heard.events.set(Delivery(lost=0.1, repeated=0.2, seed=7))
        before = heard.events.lost
        for number in range(1000):
            heard.events.send({"number": number}, NOW)
        assert 70 <= heard.events.lost - before <= 130
        counts.append([event["detail"]["number"] for event in heard.came])
    assert counts[0] == counts[1]
    twice = len(counts[0]) - len(set(counts[0]))
    assert 130 <= twice <= 230
    assert heard.events.underway == 0


def test_late_and_reordered_events_are_underway_until_they_come(heard: Heard) -> None:
    """Whoever waits for them can see it."""
    # Longer than a busy machine needs to send all of them.
    heard.events.set(Delivery(late=3, reordered=True, seed=1))
    for number in range(20):
        heard.events.send({"number": number}, NOW)
    assert heard.events.underway == 20
    until = time.monotonic() + 60
    while heard.events.underway:
        assert time.monotonic() < until
        time.sleep(0.01)
    numbers = [event["detail"]["number"] for event in heard.came]
    assert sorted(numbers) == list(range(20)) != numbers


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"late": -1}, "late: got -1, expected seconds from 0"),
        ({"lost": 2}, "lost: got 2, expected a share from 0 to 1"),
        ({"repeated": "often"}, 'repeated: got "often", expected a share'),
        ({"reordered": 1}, "reordered: got 1, expected true or false"),
        ({"spelling": "snake"}, 'spelling: got "snake", expected one of camel, pascal, mixed'),
        ({"seed": 0.5}, "seed: got 0.5, expected a whole number"),
        ({"late": 1, "soon": True}, "Unknown: soon"),
    ],
)
def test_a_wrong_switch_changes_nothing(heard: Heard, fields: dict[str, Any], said: str) -> None:
    """What was got, what is expected."""
    status, document = heard.call.control("POST", "events", fields)
    assert (status, said in document["message"]) == (400, True), document
    assert heard.events.delivery == Delivery()


def test_the_control_path_counts_and_sends(heard: Heard) -> None:
    """Any detail, for poison; and the switches end with an empty call."""
    assert heard.call.control("POST", "events", {"lost": 1, "spelling": "mixed"})[0] == 200
    assert heard.call.control("POST", "events/raw", {"detail": {"any": "thing"}})[0] == 200
    assert heard.came == []
    heard.call.control("POST", "events", {})
    heard.call.control("POST", "events/raw", {"detail": {"any": "thing"}})
    assert [event["detail"] for event in heard.came] == [{"any": "thing"}]
    assert heard.call.control("GET", "events")[1] == {"sent": 2, "lost": 1, "underway": 0}
    assert heard.call.control("POST", "events/raw", {"detail": "text"})[0] == 400


def search(heard: Heard, **more: Any) -> dict[str, Any]:
    """SearchContacts over all that was begun."""
    now = heard.call.connect.clock.now().timestamp()
    fields = {
        "InstanceId": INSTANCE_ID,
        "TimeRange": {"Type": "INITIATION_TIMESTAMP", "StartTime": now - 3600, "EndTime": now + 1},
        "SearchCriteria": {"Channels": ["CHAT"]},
        "Sort": {"FieldName": "INITIATION_TIMESTAMP", "Order": "ASCENDING"},
        **more,
    }
    answer = heard.call("POST", "/search-contacts", fields)
    return {"status": answer.status, **json.loads(answer.body)}


def test_a_search_lists_contacts_in_their_order_page_by_page(heard: Heard) -> None:
    """Chats only if so asked, by when they began."""
    chats = [heard.call.started() for _ in range(3)]
    heard.call.control("POST", "contacts", {"Channel": "VOICE"})
    page = search(heard, MaxResults=2)
    assert [contact["Id"] for contact in page["Contacts"]] == chats[:2]
    assert page["TotalCount"] == 3
    rest = search(heard, MaxResults=2, NextToken=page["NextToken"])
    assert [contact["Id"] for contact in rest["Contacts"]] == chats[2:]
    assert "NextToken" not in rest
    assert len(search(heard, SearchCriteria={})["Contacts"]) == 4


@pytest.mark.parametrize(
    "more",
    [
        {"SearchCriteria": {"AgentIds": ["a"]}},
        {"Sort": {"FieldName": "INITIATION_TIMESTAMP", "Order": "DESCENDING"}},
        {"TimeRange": {"Type": "INITIATION_TIMESTAMP", "StartTime": 0, "EndTime": 9 * 7 * 86_400}},
        {"TimeRange": {"Type": "INITIATION_TIMESTAMP", "StartTime": 5, "EndTime": 4}},
        {"TimeRange": {"Type": "DISCONNECT_TIMESTAMP", "StartTime": 1, "EndTime": 2}},
    ],
)
def test_a_search_that_would_be_answered_wrongly_is_refused(heard: Heard, more: dict[str, Any]) -> None:
    """Better none than one that leaves out what was asked for."""
    assert search(heard, **more)["status"] == 400


def test_older_contacts_are_searched_once_a_second(heard: Heard) -> None:
    """Amazon Connect service quotas: 10 a second for the last two weeks, one for what is older."""
    heard.call.connect.quotas._now = lambda: 0.0
    now = heard.call.connect.clock.now().timestamp()

    def statuses(days: int) -> list[int]:
        start = now - days * 86_400
        period = {"Type": "INITIATION_TIMESTAMP", "StartTime": start, "EndTime": start + 86_400}
        return [search(heard, TimeRange=period)["status"] for _ in range(4)]

    assert statuses(13) == [200] * 4
    assert statuses(15)[:2] == [200, 429]


def test_a_call_is_told_as_well(heard: Heard) -> None:
    """It is for the recorder to know that it is no chat."""
    heard.call.control("POST", "contacts", {"Channel": "VOICE"})
    assert {event["detail"]["channel"] for event in heard.came} == {"VOICE"}
