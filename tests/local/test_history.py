"""The history through the front door: contact events in, the customer's latest chat out."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from local.chats import Chats
from local.cloud import Cloud
from tests.local.callers import Door, lasting, new_customer, token_of
from tests.local.deployments import Deployed
from tests.local.recorded import Item, Recorded

# Time in these tests is not the machine's.
pytestmark = pytest.mark.usefixtures("without_quotas", "with_events")


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
    current, newcomer = chats.start(customer), chats.start(new_customer())
    chats.told()

    def token(name: str) -> str:
        return token_of({"customer": name})

    refused = [people.latest(contact, token=token("somebody")) for contact in (current, newcomer, str(uuid.uuid4()))]
    assert [answer.status for answer in refused] == [404, 404, 404]
    assert lasting(refused[0]) == lasting(refused[1]) == lasting(refused[2])
    answer = people.latest(current, token=token(customer))
    assert answer.document == {"ContinuedFromContactId": last[2]}


def test_a_table_that_says_what_is_not_so_misleads_nobody(
    backend: Door, chats: Chats, recorded: Recorded, customer: str
) -> None:
    """Somebody else's later chat stands among the customer's own: it is passed over."""
    theirs, last = chats.past(new_customer()), chats.past(customer)
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


@pytest.mark.usefixtures("held_clock")
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
    assert seconds == 50
    assert chats.associations_of(current) == []
    chats.wait(seconds - 1)
    assert backend.latest(current).headers["Retry-After"] == "1"
    chats.wait(1)
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


@pytest.mark.usefixtures("held_clock")
def test_before_the_chats_own_event_nothing_is_looked_up(
    cloud: Cloud, backend: Door, chats: Chats, recorded: Recorded, customer: str
) -> None:
    """No event has come yet: a chat of a moment ago is unknown, and an older one is not taken for the last."""
    older = chats.past(customer)
    chats.told()
    cloud.control("POST", "events", {"lost": 1})
    short = chats.start(customer)
    chats.end(short, wait=0)
    current = chats.start(customer)
    answer = backend.latest(current)
    assert (answer.status, answer.document["__type"]) == (400, "InvalidRequestException")
    assert answer.headers["Retry-After"] == "3"
    recorded.record([short, current])
    chats.wait(120)
    assert backend.latest(current).document == {"ContinuedFromContactId": short}
    assert older[2] != short


@pytest.mark.usefixtures("held_clock")
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


UNKNOWN = "00000000-0000-4000-8000-000000000000"


def instant(cloud: Cloud, ahead: float = 0) -> int:
    """By Connect's clock, in milliseconds."""
    now = datetime.fromisoformat(cloud.control("POST", "clock", {"advance": 0})["now"])
    return round((now.timestamp() + ahead) * 1000)


def poisons(theirs: str) -> dict[str, Callable[[Item, int], Item]]:
    """What somebody who may write to the table could make of the row of the latest chat.

    `theirs` is a contact of another customer's, and the number is this instant.
    """

    def segments(item: Item, **more: dict[str, int]) -> Item:
        return {**item, "segments": {**item["segments"], **more}}

    return {
        "a segment that never was": lambda item, now: segments(
            {**item, "running": {UNKNOWN}, "until": now + 10**8}, **{UNKNOWN: {"began": now}}
        ),
        "somebody else's segment": lambda item, now: segments(
            {**item, "running": {theirs}, "until": now + 10**8}, **{theirs: {"began": now}}
        ),
        "a beginning that never was": lambda item, now: {**item, "session": UNKNOWN},
        "somebody else's beginning": lambda item, now: {**item, "session": theirs},
        "no id as a segment": lambda item, now: {**item, "running": {"../x"}, "until": now + 10**8},
        "no id as a session": lambda item, now: {**item, "session": "a/../b?c#d"},
        "a huge session": lambda item, now: {**item, "session": "s" * 1024},
        "an end before 2000": lambda item, now: {**item, "ended": 1},
        "an end that is text": lambda item, now: {**item, "ended": "soon"},
        "an end far ahead": lambda item, now: {**item, "ended": now + 10**9, "until": now + 10**9},
        "no end": lambda item, now: {name: value for name, value in item.items() if name != "ended"},
        "until for ever": lambda item, now: {**item, "until": 10**37},
        "until a fraction": lambda item, now: {**item, "until": now + Decimal("0.5")},
        "a list that runs": lambda item, now: {**item, "running": ["a"]},
        "numbers that run": lambda item, now: {**item, "running": {1, 2}, "until": now + 10**8},
        "a hundred that run": lambda item, now: {
            **item,
            "running": {str(uuid.uuid4()) for _ in range(100)},
            "until": now + 10**8,
        },
    }


# The others are for the long run.
IN_EVERY_RUN = ("somebody else's segment", "somebody else's beginning", "no id as a session", "until for ever")


@pytest.mark.parametrize(
    "poison",
    [pytest.param(name, marks=() if name in IN_EVERY_RUN else pytest.mark.prove) for name in poisons("")],
)
def test_a_poisoned_row_is_no_500_and_hides_no_later_chat(
    cloud: Cloud, backend: Door, chats: Chats, recorded: Recorded, customer: str, poison: str
) -> None:
    """Either the latest chat is continued all the same, or it is said what to send: never an older one in silence."""
    theirs = chats.past(new_customer())
    chats.past(customer)
    last = chats.past(customer)
    chats.told()
    item = recorded.sessions(customer)[last[0]]
    poisoned = poisons(theirs[0])[poison](item, instant(cloud))
    if poisoned["session"] != last[0]:
        recorded.delete(item)
    recorded.write(poisoned)
    current = chats.start(customer)
    chats.told()
    answer = backend.latest(current)
    if answer.status == 200:
        assert answer.document == {"ContinuedFromContactId": last[2]}
        return
    assert (answer.status, answer.document["__type"]) == (400, "InvalidRequestException")
    assert "Retry-After" not in answer.headers
    assert "SourceContactId" in answer.document["message"]
    assert chats.associations_of(current) == []
    named = [id for id in last if id in answer.document["message"]]
    assert backend.ask(current, (named or last)[0]).status == 200


def test_a_row_of_nobodys_contacts_is_passed_over(
    cloud: Cloud, backend: Door, chats: Chats, recorded: Recorded, customer: str
) -> None:
    """Unknown ones and somebody else's: none is the customer's, and the customer's own latest chat is continued."""
    theirs, last = chats.past(new_customer()), chats.past(customer)
    chats.told()
    ((_, item),) = recorded.sessions(customer).items()
    later = instant(cloud) - 1000
    for session in (UNKNOWN, theirs[0]):
        end = {"ended": later}
        segments = {session: end, theirs[1]: end, str(uuid.uuid4()): end}
        recorded.write({**item, "session": session, "until": later, "ended": later, "segments": segments})
    current = chats.start(customer)
    chats.told()
    answer = backend.latest(current)
    assert (answer.status, answer.document) == (200, {"ContinuedFromContactId": last[2]})


def test_ten_poisoned_rows_before_a_sound_one(
    cloud: Cloud, backend: Door, chats: Chats, recorded: Recorded, customer: str
) -> None:
    """More than a request may look through: that is said, and what helps."""
    last = chats.past(customer)
    chats.told()
    ((_, item),) = recorded.sessions(customer).items()
    for number in range(10):
        later = instant(cloud) - 1000 + number
        recorded.write({**item, "session": f"p{number}", "until": later, "ended": "x", "segments": "none"})
    current = chats.start(customer)
    chats.told()
    answer = backend.latest(current)
    assert answer.status == 400
    assert answer.document["message"].endswith("Send the SourceContactId.")
    assert backend.ask(current, last[0], "ENTIRE_PAST_SESSION").document == {"ContinuedFromContactId": last[2]}


def test_rows_of_more_than_a_megabyte_are_no_500(
    cloud: Cloud, backend: Door, chats: Chats, recorded: Recorded, customer: str
) -> None:
    """An item holds up to 400 kB, and more on the wire: what is too much to read is said, and what helps."""
    last = chats.past(customer)
    chats.told()
    ((_, item),) = recorded.sessions(customer).items()
    for number in range(3):
        running = {f"{one:x}" for one in range(50_000)}
        recorded.write({**item, "session": f"p{number}", "until": instant(cloud, 10**5), "running": running})
    current = chats.start(customer)
    chats.told()
    answer = backend.latest(current)
    assert (answer.status, answer.document["__type"]) == (400, "InvalidRequestException")
    assert answer.document["message"].endswith("Send the SourceContactId.")
    assert backend.ask(current, last[0], "ENTIRE_PAST_SESSION").document == {"ContinuedFromContactId": last[2]}


def test_an_older_chat_cannot_be_made_the_latest(
    cloud: Cloud, backend: Door, chats: Chats, recorded: Recorded, customer: str
) -> None:
    """A later end is written into its row, where another chat has ended since: Connect is asked about that end."""
    older = chats.past(customer)
    chats.past(customer)
    chats.told()
    item, later = recorded.sessions(customer)[older[0]], instant(cloud) - 1000
    ends = {name: {"ended": later} for name in item["segments"]}
    recorded.write({**item, "until": later, "ended": later, "segments": {**item["segments"], **ends}})
    current = chats.start(customer)
    chats.told()
    answer = backend.latest(current)
    assert answer.status == 400
    assert "or that part belongs to somebody else" in answer.document["message"]


def test_an_event_for_a_poisoned_row_is_kept_and_says_why(
    backend: Door, chats: Chats, recorded: Recorded, customer: str
) -> None:
    """Each event of that session fails: the log tells which item it is, and what to do. Others are recorded."""
    first = chats.start(customer)
    chats.told()
    ((_, item),) = recorded.sessions(customer).items()
    recorded.write({**item, "segments": {first: {"began": "soon"}}})
    recorded.dead_letters()
    chats.end(first)
    beside = chats.past(customer)
    chats.told(120)
    assert first in json.dumps(recorded.dead_letters())
    assert f"the item of the session {first} is not as the recorder writes it" in recorded.log()
    assert beside[0] in recorded.sessions(customer)
    recorded.delete(item)
    assert recorded.record([first]) == {first: "recorded"}


@pytest.mark.usefixtures("held_clock")
@pytest.mark.parametrize("ahead", [30, 299])
def test_a_wait_for_an_end_that_was_told_ahead_is_right_to_the_second(
    cloud: Cloud, backend: Door, chats: Chats, recorded: Recorded, customer: str, ahead: int
) -> None:
    """Clocks may be five minutes apart. A second before the time that is told it is too early, and then it is not."""
    last = chats.start(customer)
    chats.end(last, wait=600)
    chats.told()
    ((_, item),) = recorded.sessions(customer).items()
    end = instant(cloud, ahead)
    recorded.write({**item, "until": end, "ended": end, "segments": {last: {"ended": end}}})
    current = chats.start(customer)
    chats.told()
    answer = backend.latest(current)
    assert answer.status == 400
    seconds = int(answer.headers["Retry-After"])
    assert seconds == ahead + 60
    chats.wait(seconds - 1)
    assert backend.latest(current).headers["Retry-After"] == "1"
    chats.wait(1)
    assert backend.latest(current).document == {"ContinuedFromContactId": last}
