"""Whoever is told to try again gets the answer that was lost, whatever happened in between; and what is no retry is
refused as what it is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.chats import Chats
from local.clients import Answer
from local.cloud import Cloud
from tests.local.breaking import without_permission
from tests.local.callers import Door, new_customer
from tests.local.deployments import Deployed
from tests.local.recorded import Recorded

# Time in these tests is not the machine's.
pytestmark = pytest.mark.usefixtures("without_quotas", "with_events")

ASSOCIATION = "CreatePersistentContactAssociation"


@pytest.fixture
def door(sound: Deployed) -> Door:
    """The endpoint without a history."""
    return Door(sound, "FirstUrl")


def lost(cloud: Cloud, ask: Callable[[], Answer]) -> None:
    """Ask, with Connect's answer cut each time after the effect."""
    cloud.control("POST", "faults", {"operation": ASSOCIATION, "kind": "cut_after"})
    answer = ask()
    cloud.control("DELETE", "faults")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


def nothing(_: Chats, __: str) -> None:
    """The retry comes at once."""


def transfer(chats: Chats, current: str) -> None:
    """An agent transfers the chat."""
    chats.transferred(current)


def survey(chats: Chats, current: str) -> None:
    """The chat ends with a survey that goes on, after a transfer."""
    chats.surveyed(chats.transferred(current))


def end(chats: Chats, current: str) -> None:
    """The customer gave up; an hour later the page asks again."""
    chats.end(current, wait=3600)


def another_window(chats: Chats, current: str) -> None:
    """Another chat of the same customer begins and ends meanwhile, and is recorded."""
    customer = chats.describe(current)["CustomerId"]
    chats.past(customer)
    chats.told()


BETWEEN = [nothing, transfer, survey, end, another_window]


@pytest.mark.parametrize("between", BETWEEN, ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    ("rehydration_type", "source", "continued"), [("FROM_SEGMENT", 1, 1), ("ENTIRE_PAST_SESSION", 0, 2)]
)
@pytest.mark.parametrize("which", ["door", "backend"])
def test_the_answer_that_was_lost_is_given(
    request: pytest.FixtureRequest,
    chats: Chats,
    customer: str,
    which: str,
    rehydration_type: str,
    source: int,
    continued: int,
    between: Callable[[Chats, str], None],
) -> None:
    """Of a source that was named, with a history and without one; once more with another ClientToken."""
    door: Door = request.getfixturevalue(which)
    past, current = chats.past(customer), chats.start(customer)
    lost(door.cloud, lambda: door.ask(current, past[source], rehydration_type))
    between(chats, current)
    for more in ({}, {"ClientToken": "another"}):
        answer = door.ask(current, past[source], rehydration_type, **more)
        assert (answer.status, answer.document) == (200, {"ContinuedFromContactId": past[continued]})
    assert len(chats.associations_of(current)) == 1
    # What is no retry is refused, whatever became of the chat.
    other = chats.past(customer)
    refused = door.ask(current, other[0], rehydration_type)
    assert (refused.status, "continues another chat" in refused.document["message"]) == (400, True)


@pytest.mark.parametrize("between", BETWEEN, ids=lambda one: one.__name__)
def test_the_answer_to_a_look_up_that_was_lost_is_given(
    backend: Door, chats: Chats, customer: str, between: Callable[[Chats, str], None]
) -> None:
    """Also when another chat has ended since: the latest is what it was when the association was made."""
    chats.past(customer)
    last, current = chats.past(customer), chats.start(customer)
    chats.told()
    lost(backend.cloud, lambda: backend.latest(current))
    between(chats, current)
    for body in (b"{}", b'{"ClientToken": "another"}', b'{"RehydrationType": "ENTIRE_PAST_SESSION"}'):
        assert backend.latest(current, body).document == {"ContinuedFromContactId": last[2]}
    assert backend.ask(current, last[0], "ENTIRE_PAST_SESSION").document == {"ContinuedFromContactId": last[2]}
    assert len(chats.associations_of(current)) == 1


@pytest.mark.parametrize("action", ["dynamodb:Query", "dynamodb:GetItem"])
def test_a_retry_needs_no_history_that_answers(backend: Door, historic: Deployed, chats: Chats, action: str) -> None:
    """What cannot be told is not refused: the answer names what is continued."""
    customer = new_customer()
    last, current = chats.past(customer), chats.start(customer)
    chats.told()
    lost(backend.cloud, lambda: backend.latest(current))
    with without_permission(historic, action, "BackendRole"):
        assert backend.latest(current).document == {"ContinuedFromContactId": last[2]}


@pytest.mark.parametrize("rehydration_type", ["FROM_SEGMENT", "ENTIRE_PAST_SESSION"])
def test_one_request_from_many_sides_at_once_gets_one_answer(
    door: Door, chats: Chats, customer: str, rehydration_type: str
) -> None:
    """Each with a ClientToken of its own, so that Connect refuses all but one."""
    past, current = chats.past(customer), chats.start(customer)
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda token: door.ask(current, past[0], rehydration_type, ClientToken=str(token)), range(6))
        )
    continued = past[0 if rehydration_type == "FROM_SEGMENT" else 2]
    assert [answer.document for answer in answers] == [{"ContinuedFromContactId": continued}] * 6
    assert len(chats.associations_of(current)) == 1


def test_one_look_up_from_many_sides_at_once_gets_one_answer(backend: Door, chats: Chats, customer: str) -> None:
    """The same without a source."""
    last, current = chats.past(customer), chats.start(customer)
    chats.told()
    bodies = [f'{{"ClientToken": "{token}"}}'.encode() for token in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda body: backend.latest(current, body), bodies))
    assert [answer.document for answer in answers] == [{"ContinuedFromContactId": last[2]}] * 6
    assert len(chats.associations_of(current)) == 1


def test_two_requests_at_once_for_two_chats_are_told_apart(door: Door, chats: Chats, customer: str) -> None:
    """One is granted, and the other is refused: never both, and never a 5xx."""
    one, other, current = chats.past(customer), chats.past(customer), chats.start(customer)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda source: door.ask(current, source), (one[1], other[1])))
    assert sorted(answer.status for answer in answers) == [200, 400]
    (refused,) = (answer for answer in answers if answer.status == 400)
    assert "continues another chat" in refused.document["message"]
    assert len(chats.associations_of(current)) == 1


def test_with_unchecked_a_repetition_with_another_token_gets_the_same_answer(sound: Deployed, chats: Chats) -> None:
    """The function may not look, so Connect has to know the request again: a transfer and an end change nothing."""
    door = Door(sound, "SecondUrl")
    past, current = chats.past(), chats.start()
    lost(door.cloud, lambda: door.ask(current, past[0], "ENTIRE_PAST_SESSION", ClientToken="one"))
    chats.transferred(current)
    answer = door.ask(current, past[0], "ENTIRE_PAST_SESSION", ClientToken="another")
    assert (answer.status, answer.document) == (200, {"ContinuedFromContactId": past[2]})
    assert len(chats.associations_of(current)) == 1


@pytest.mark.parametrize("part", [0, 1])
def test_the_whole_after_a_part_without_a_history_is_answered_with_the_part(
    door: Door, chats: Chats, customer: str, part: int
) -> None:
    """Nobody can tell a retry from it: the answer names what is continued."""
    past, current = chats.past(customer), chats.start(customer)
    assert door.ask(current, past[part]).status == 200
    answer = door.ask(current, past[0], "ENTIRE_PAST_SESSION")
    assert (answer.status, answer.document) == (200, {"ContinuedFromContactId": past[part]})


@pytest.mark.parametrize("part", [0, 1])
def test_the_whole_after_a_part_with_a_history_is_refused(
    backend: Door, chats: Chats, customer: str, part: int
) -> None:
    """By name, and as the latest; the part itself is answered again."""
    past, current = chats.past(customer), chats.start(customer)
    chats.told()
    assert backend.ask(current, past[part]).status == 200
    for answer in (backend.ask(current, past[0], "ENTIRE_PAST_SESSION"), backend.latest(current)):
        assert (answer.status, answer.document["__type"]) == (400, "InvalidRequestException")
        assert "already continues a part of that session" in answer.document["message"]
    assert backend.ask(current, past[part]).document == {"ContinuedFromContactId": past[part]}


def test_the_last_segment_is_the_whole(backend: Door, chats: Chats, customer: str) -> None:
    """Named from the segment, it shows all that comes before."""
    past, current = chats.past(customer), chats.start(customer)
    chats.told()
    assert backend.ask(current, past[2]).status == 200
    assert backend.ask(current, past[0], "ENTIRE_PAST_SESSION").document == {"ContinuedFromContactId": past[2]}
    assert backend.latest(current).document == {"ContinuedFromContactId": past[2]}


def test_the_whole_after_a_part_whose_rest_was_never_told(
    cloud: Cloud, backend: Door, chats: Chats, customer: str
) -> None:
    """The history knows that there was a survey, and not its end: Connect is asked."""
    first = chats.start(customer)
    third = chats.surveyed(chats.transferred(first))
    chats.told()
    cloud.control("POST", "events", {"lost": 1})
    chats.wait(2)
    chats.end(third)
    cloud.control("POST", "events", {})
    current = chats.start(customer)
    chats.told()
    assert backend.ask(current, first).status == 200
    refused = backend.ask(current, first, "ENTIRE_PAST_SESSION")
    assert (refused.status, "a part of that session" in refused.document["message"]) == (400, True)


def test_the_latest_after_an_older_one_is_refused(backend: Door, chats: Chats, customer: str) -> None:
    """As another chat than the one that is asked for."""
    older, _, current = chats.past(customer), chats.past(customer), chats.start(customer)
    chats.told()
    for source, rehydration_type in ((older[1], "FROM_SEGMENT"), (older[0], "ENTIRE_PAST_SESSION")):
        contact = current if rehydration_type == "FROM_SEGMENT" else chats.start(customer)
        chats.told()
        assert backend.ask(contact, source, rehydration_type).status == 200
        refused = backend.latest(contact)
        assert (refused.status, refused.document["__type"]) == (400, "InvalidRequestException")
        assert "continues another chat" in refused.document["message"]
        # The older one itself is answered again.
        assert backend.ask(contact, source, rehydration_type).status == 200


def test_what_is_recorded_later_refuses_no_retry(
    cloud: Cloud, backend: Door, recorded: Recorded, chats: Chats, customer: str
) -> None:
    """The survey's events are late, and so are those of a chat that goes on in another window."""
    first = chats.start(customer)
    second = chats.transferred(first)
    other = chats.start(customer)
    chats.told()
    cloud.control("POST", "events", {"lost": 1})
    third = chats.surveyed(second)
    chats.end(third)
    current = chats.start(customer)
    chats.wait(10)
    lost(cloud, lambda: backend.ask(current, first, "ENTIRE_PAST_SESSION"))
    chats.end(other)
    cloud.control("POST", "events", {})
    recorded.record([first, second, third, other, current])
    for answer in (backend.ask(current, first, "ENTIRE_PAST_SESSION"), backend.latest(current)):
        assert answer.document == {"ContinuedFromContactId": third}


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("channel", ["VOICE", "TASK", "EMAIL"])
def test_a_chat_that_is_linked_to_a_call_continues_no_chat_yet(
    cloud: Cloud, backend: Door, chats: Chats, customer: str, channel: str, named: bool
) -> None:
    """What becomes of it is Connect's decision: the call is never the answer, and ours is not 'another chat'."""
    last = chats.past(customer)
    call = str(cloud.control("POST", "contacts", {"Channel": channel, "CustomerId": customer})["ContactId"])
    current = chats.start(customer, RelatedContactId=call)
    chats.told()
    answer = backend.ask(current, last[0], "ENTIRE_PAST_SESSION") if named else backend.latest(current)
    assert call not in answer.document.get("ContinuedFromContactId", "")
    if answer.status == 200:
        assert answer.document == {"ContinuedFromContactId": last[2]}
    else:
        assert (answer.status, answer.document["__type"]) == (400, "InvalidRequestException")
        assert "already continues another chat" not in answer.document["message"]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_a_chat_that_is_linked_to_one_that_runs_continues_none_yet(
    backend: Door, chats: Chats, customer: str, own: bool, named: bool
) -> None:
    """It never is the answer: no chat continues one that has not ended."""
    last = chats.past(customer)
    running = chats.start(customer if own else new_customer())
    current = chats.start(customer, RelatedContactId=running)
    chats.told()
    answer = backend.ask(current, last[0], "ENTIRE_PAST_SESSION") if named else backend.latest(current)
    assert (answer.status, answer.document) == (200, {"ContinuedFromContactId": last[2]})
    assert len(chats.associations_of(current)) == 1


def test_an_instance_id_in_another_case_is_the_same_instance(door: Door, chats: Chats, customer: str) -> None:
    """The local instance's id has digits only, so its case shows with another instance's that is none."""
    past, current = chats.past(customer), chats.start(customer)
    assert door.ask(current, past[0], instance=door.cloud.instance_id.upper()).status == 200
    assert door.ask(current, past[0], instance="ABCDEF00-1111-4111-8111-111111111111").status == 404
