"""The history through the front door: contact events in, the customer's latest chat out."""

import base64
import itertools
import json
import uuid

import pytest

from local.chats import Chats
from local.cloud import Cloud
from tests.local.callers import Door, lasting
from tests.local.deployments import Deployed
from tests.local.recorded import Recorded

# Time in these tests is not the machine's.
pytestmark = pytest.mark.usefixtures("without_quotas", "with_events")

_customers = (f"customer-{number}-{uuid.uuid4()}" for number in itertools.count())


@pytest.fixture
def customer() -> str:
    """One who never chatted before."""
    return next(_customers)


@pytest.fixture
def backend(historic: Deployed) -> Door:
    """The endpoint that trusts AWS identities."""
    return Door(historic, "BackendUrl")


@pytest.fixture
def recorded(historic: Deployed) -> Recorded:
    """What the history holds."""
    return Recorded(historic)


def test_a_front_end_continues_with_nothing_but_the_contact(backend: Door, chats: Chats, customer: str) -> None:
    """The whole of the last session; twice gets the same answer and makes one association."""
    older, last = chats.past(customer), chats.past(customer)
    current = chats.start(customer)
    chats.told()
    for _ in range(2):
        answer = backend.latest(current)
        assert (answer.status, answer.document) == (200, {"ContinuedFromContactId": last[2]})
    (association,) = chats.associations_of(current)
    assert association["SourceContactId"] == last[0]
    assert older[0] not in json.dumps(association)


def test_without_a_past_chat_nothing_is_associated(backend: Door, chats: Chats, customer: str) -> None:
    """A normal answer, and an empty one."""
    current = chats.start(customer)
    chats.told()
    answer = backend.latest(current)
    assert (answer.status, answer.document) == (200, {})
    assert chats.associations_of(current) == []


def test_a_named_source_is_taken_as_before(backend: Door, chats: Chats, customer: str) -> None:
    """One segment of an older session, although there is a later one."""
    older, _ = chats.past(customer), chats.past(customer)
    current = chats.start(customer)
    answer = backend.ask(current, older[1])
    assert (answer.status, answer.document) == (200, {"ContinuedFromContactId": older[1]})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "body: got nothing"),
        (b"[]", "body: got an array"),
        (b'{"RehydrationType":"FROM_SEGMENT"}', "SourceContactId: got nothing"),
        (b'{"SourceContactId":null}', "SourceContactId: got null"),
        (b'{"Latest":true}', "body: got the unknown fields"),
    ],
)
def test_what_is_there_has_to_be_right(backend: Door, chats: Chats, customer: str, body: bytes, said: str) -> None:
    """Left out is not the same as wrong."""
    answer = backend.latest(chats.start(customer), body)
    assert (answer.status, answer.document["__type"]) == (400, "InvalidParameterException")
    assert said in answer.document["message"]


def test_a_stranger_learns_nothing(historic: Deployed, chats: Chats, customer: str) -> None:
    """Another person gets 'not found', whether there is a past chat or not; the customer gets it."""
    people = Door(historic, "PeopleUrl")
    last = chats.past(customer)
    current, newcomer = chats.start(customer), chats.start(next(_customers))
    chats.told()

    def token(name: str) -> str:
        return base64.b64encode(json.dumps({"customer": name}).encode()).decode()

    refused = [people.latest(contact, token=token("somebody")) for contact in (current, newcomer, str(uuid.uuid4()))]
    assert [answer.status for answer in refused] == [404, 404, 404]
    assert lasting(refused[0]) == lasting(refused[1]) == lasting(refused[2])
    answer = people.latest(current, token=token(customer))
    assert answer.document == {"ContinuedFromContactId": last[2]}


def test_a_table_that_says_what_is_not_so_misleads_nobody(
    backend: Door, chats: Chats, recorded: Recorded, customer: str
) -> None:
    """Somebody else's later chat stands among the customer's own: it is passed over."""
    theirs, last = chats.past(next(_customers)), chats.past(customer)
    chats.told()
    ((_, item),) = recorded.sessions(customer).items()
    later = item["until"] + 60_000
    recorded.write(
        {**item, "session": theirs[0], "segments": {theirs[0]: {"ended": later}}, "until": later, "ended": later}
    )
    current = chats.start(customer)
    chats.told()
    assert backend.latest(current).document == {"ContinuedFromContactId": last[2]}


def test_an_anonymous_chat_has_no_past(backend: Door, chats: Chats) -> None:
    """Nobody's chats are not one customer's."""
    chats.end(chats.start(None))
    current = chats.start(None)
    chats.told()
    assert backend.latest(current).status == 404


def test_who_comes_back_within_seconds_is_told_when(backend: Door, chats: Chats, customer: str) -> None:
    """Not an older chat by accident: 'not ready', and the number is right to the second."""
    chats.past(customer)
    first = chats.start(customer)
    last = chats.transferred(first)
    chats.end(last, wait=10)
    current = chats.start(customer)
    chats.told()
    answer = backend.latest(current)
    assert (answer.status, answer.document["__type"]) == (400, "InvalidRequestException")
    seconds = int(answer.headers["Retry-After"])
    assert 48 <= seconds <= 50
    assert chats.associations_of(current) == []
    chats.wait(seconds - 5)
    assert backend.latest(current).status == 400
    chats.wait(5)
    assert backend.latest(current).document == {"ContinuedFromContactId": last}


def test_an_end_that_was_not_told_yet_is_asked_for(cloud: Cloud, backend: Door, chats: Chats, customer: str) -> None:
    """The event of the end is lost; the beginning was told, so Connect is asked."""
    chats.past(customer)
    last = chats.start(customer)
    chats.told()
    cloud.control("POST", "events", {"lost": 1})
    chats.end(last)
    cloud.control("POST", "events", {})
    current = chats.start(customer)
    chats.told()
    assert backend.latest(current).document == {"ContinuedFromContactId": last}


def test_a_chat_that_runs_in_another_window_is_no_past_one(backend: Door, chats: Chats, customer: str) -> None:
    """The latest that has ended is continued."""
    last = chats.past(customer)
    chats.start(customer)
    current = chats.start(customer)
    chats.told()
    assert backend.latest(current).document == {"ContinuedFromContactId": last[2]}


def test_before_the_chats_own_event_nothing_is_looked_up(
    cloud: Cloud, backend: Door, chats: Chats, customer: str
) -> None:
    """All events are late: a chat of a moment ago is unknown, and an older one is not taken for the last."""
    older = chats.past(customer)
    chats.told()
    cloud.control("POST", "events", {"late": 2})
    short = chats.start(customer)
    chats.end(short, wait=0)
    current = chats.start(customer)
    answer = backend.latest(current)
    assert (answer.status, answer.document["__type"]) == (400, "InvalidRequestException")
    assert 1 <= int(answer.headers["Retry-After"]) <= 3
    chats.told()
    chats.wait(120)
    assert backend.latest(current).document == {"ContinuedFromContactId": short}
    assert older[2] != short


def test_a_lost_event_of_ones_own_holds_nobody_up(cloud: Cloud, backend: Door, chats: Chats, customer: str) -> None:
    """After the wait the history is taken as it is."""
    last = chats.past(customer)
    chats.told()
    cloud.control("POST", "events", {"lost": 1})
    current = chats.start(customer)
    answer = backend.latest(current)
    assert answer.status == 400
    chats.wait(int(answer.headers["Retry-After"]))
    assert backend.latest(current).document == {"ContinuedFromContactId": last[2]}


def test_a_history_by_attribute(historic: Deployed, chats: Chats, recorded: Recorded, customer: str) -> None:
    """Events tell no attributes: the recorder asks for them."""
    door = Door(historic, "AttributeUrl")
    last = chats.start(None, Attributes={"customer": customer})
    chats.end(last)
    current = chats.start(None, Attributes={"customer": customer})
    chats.told()
    assert door.latest(current).document == {"ContinuedFromContactId": last}
    assert recorded.sessions(customer) == {}


def test_what_is_stored_names_nobody(chats: Chats, recorded: Recorded, customer: str) -> None:
    """Identifiers and times: no item and no log line holds the customer's id."""
    first, second, third = chats.past(customer)
    chats.told()
    ((session, item),) = recorded.sessions(customer).items()
    assert session == first
    assert set(item["segments"]) == {first, second, third}
    assert set(item) == {"customer", "session", "until", "ended", "segments", "expires"}
    assert item["ended"] == item["until"]
    assert abs(item["expires"] - item["until"] // 1000 - 730 * 86_400) <= 1
    assert customer not in recorded.everything()
    assert customer not in recorded.log()
    assert first in recorded.log()
