"""From a request to the local Connect's own answer: whose chat starts, with what, and what it continues."""

import json
import time
from typing import Any

import pytest

from aws.no_answer import Unreachable
from local.connect.instances import FLOW_ID
from local.connect.service import INSTANCE_ID
from tests.unit.association.events import answer
from tests.unit.association.events import event as association_event
from tests.unit.association.events import fields as association_fields
from tests.unit.history.dynamodb import refused
from tests.unit.start.conftest import Function
from tests.unit.start.world import HELP_ID, PEOPLE, SEVERAL, fields, past_of

SECRET = "s3cret"


def test_a_chat_starts_with_connects_own_answer(function: Function) -> None:
    """An SDK reads it as Connect's; nobody keeps it, and the log tells the contact and no token."""
    told = function.ask()
    assert (told.status, set(told.body)) == (200, {"ContactId", "ParticipantId", "ParticipantToken"})
    assert told.headers["Cache-Control"] == "no-store"
    assert "x-persistent-chat-not-continued" not in told.headers
    assert function.connect.contact(told.body["ContactId"]).customer_id == "ann"
    assert (told.line["verdict"], told.line["rule"]) == ("started", "not_looked_up")
    assert told.line["initialContactId"] == told.body["ContactId"]
    assert told.body["ParticipantToken"] not in json.dumps(told.line)


def test_everything_that_is_taken_reaches_connect_and_nothing_else(function: Function) -> None:
    """Each field in its place; the duration is the construct's, and the token none of the caller's."""
    function.use(CHAT_DURATION_MINUTES="90")
    talk = {
        "ParticipantDetails": {"DisplayName": "Ann"},
        "InitialMessage": {"ContentType": "text/plain", "Content": "hello"},
        "SupportedMessagingContentTypes": ["text/plain", "text/markdown"],
        "Attributes": {"topic": "bill"},
    }
    body = fields(InstanceId=INSTANCE_ID.upper(), ContactFlowId="sales", ClientToken=SECRET, **talk)
    assert function.ask(body).status == 200
    (sent,) = function.connect.starts
    token = sent.pop("ClientToken")
    expected = {"InstanceId": INSTANCE_ID, "ContactFlowId": FLOW_ID, "CustomerId": "ann", "ChatDurationInMinutes": 90}
    assert sent == {**talk, **expected}
    assert SECRET not in token


@pytest.mark.parametrize(
    "named", ["help", HELP_ID, f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE_ID}/contact-flow/{HELP_ID}"]
)
def test_a_flow_is_named_by_its_name_its_id_or_its_arn(function: Function, named: str) -> None:
    """Teams have it in one of these forms."""
    function.use(SEVERAL)
    function.connect.instance.flows[HELP_ID] = function.connect.instance.flows[FLOW_ID]
    assert function.ask(fields(ContactFlowId=named)).status == 200
    assert function.connect.starts[0]["ContactFlowId"] == HELP_ID


@pytest.mark.parametrize(
    "flow",
    [
        "44444444-4444-4444-8444-444444444444",
        "Sales",
        f"{FLOW_ID}:1",
        f"../contact-flow/{FLOW_ID}",
        f"arn:aws:connect:us-east-1:123456789012:instance/another/contact-flow/{FLOW_ID}",
        f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE_ID}/contact-flow/{FLOW_ID}/x",
    ],
)
def test_another_flow_is_not_found_whether_it_exists_or_not(function: Function, flow: str) -> None:
    """Nobody starts a chat with a flow that was not given, or learns which others there are."""
    exists = function.connect.instance.set_flow(None).id
    told = [function.ask(fields(ContactFlowId=one)) for one in (flow, exists)]
    assert [(one.status, one.line["rule"]) for one in told] == [(404, "unknown_flow")] * 2
    assert told[0].body == told[1].body
    assert function.connect.sent == []


def test_what_must_not_be_known_is_answered_alike(function: Function) -> None:
    """Another instance, another flow, somebody else's past, none at all, another customer: to the letter."""
    function.use(PEOPLE)
    theirs = function.connect.past("bob")
    asked: list[tuple[dict[str, Any], str]] = [
        (fields(InstanceId="another", CustomerId=None), "another_instance"),
        (fields(ContactFlowId="another", CustomerId=None), "unknown_flow"),
        (fields(PersistentChat=past_of(theirs), CustomerId=None), "another_customer"),
        (fields(PersistentChat=past_of("nothing"), CustomerId=None), "unknown_contact"),
        (fields(CustomerId="bob"), "another_caller"),
        (fields(CustomerId="bob", PersistentChat=past_of(theirs)), "another_caller"),
    ]
    told = [function.ask(body, claim="ann") for body, _ in asked]
    assert [one.line["rule"] for one in told] == [reason for _, reason in asked]
    assert {(one.status, json.dumps(one.body)) for one in told} == {(404, json.dumps(told[0].body))}
    assert function.connect.starts == []
    assert "ann" not in json.dumps([one.line for one in told])


@pytest.mark.parametrize("claim", ["", "[a b]", '["ann"]', "x" * 129])
def test_a_claim_that_is_no_customer_starts_nothing(function: Function, claim: str) -> None:
    """Empty, a list, or longer than Connect can name."""
    function.use(PEOPLE)
    told = function.ask(fields(CustomerId=None), claim=claim)
    assert (told.status, told.line["rule"]) == (404, "no_customer")
    # Nor does it help to send what it should have been.
    assert function.ask(fields(CustomerId="ann"), claim=claim).status == 404
    assert function.connect.sent == []


def test_the_customer_is_the_verified_claim(function: Function) -> None:
    """Sent or not; a backend says it, and has to."""
    function.use(PEOPLE)
    for sent in (None, "ann"):
        assert function.ask(fields(CustomerId=sent), claim="ann").status == 200
    assert [sent["CustomerId"] for sent in function.connect.starts] == ["ann", "ann"]
    function.use()
    told = function.ask(fields(CustomerId=None))
    assert (told.status, "CustomerId: got nothing" in told.body["message"]) == (400, True)


def test_a_browser_with_identity_pool_credentials_starts_nothing(function: Function) -> None:
    """It could say any customer."""
    request = association_event(fields())
    request |= {"httpMethod": "PUT", "requestContext": {"identity": {"userArn": "arn:b", "cognitoIdentityId": "1"}}}
    told = function.send(request)
    assert (told.status, told.line["rule"], function.connect.sent) == (403, "identity_pool", [])


def test_the_customer_is_written_where_the_rule_looks(function: Function) -> None:
    """In the attribute, if that names the customer: beside the caller's own, and with no CustomerId."""
    function.use(PEOPLE, CUSTOMER_IDENTITY="attribute:who")
    told = function.ask(fields(CustomerId=None, Attributes={"topic": "bill"}), claim="ann")
    (sent,) = function.connect.starts
    assert (told.status, sent["Attributes"], "CustomerId" in sent) == (200, {"topic": "bill", "who": "ann"}, False)


@pytest.mark.parametrize("name", ["who", "Who", "WHO", "wh\u043e", "who\u200b", "\uff57ho", "who "])
def test_nobody_sets_the_customers_attribute(function: Function, name: str) -> None:
    """In whatever case or spelling: its value is whose chat it is."""
    function.use(PEOPLE, CUSTOMER_IDENTITY="attribute:who")
    told = function.ask(fields(CustomerId=None, Attributes={name: "bob"}), claim="ann")
    assert (told.status, told.line["rule"], function.connect.sent) == (400, "invalid_request", [])


@pytest.mark.parametrize(("stamp", "stamped"), [("true", True), ("false", False)])
def test_an_authentication_is_stamped_only_if_there_was_one(function: Function, stamp: str, stamped: bool) -> None:
    """As the Administrator Guide has it; a backend's word is no authentication of the customer."""
    function.use(PEOPLE, STAMP_AUTHENTICATION=stamp).ask(fields(), claim="ann")
    function.use(STAMP_AUTHENTICATION=stamp).ask()
    person, backend = function.connect.starts
    expected = {"connect:CustomerAuthentication": {"ValueMap": {"Status": {"ValueString": "AUTHENTICATED"}}}}
    assert person.get("SegmentAttributes") == (expected if stamped else None)
    assert "SegmentAttributes" not in backend


def test_a_past_chat_that_is_named_is_continued(function: Function) -> None:
    """If the rule lets it; the log tells what continues what."""
    past = function.connect.past()
    told = function.ask(fields(PersistentChat=past_of(past)))
    assert (told.status, told.body["ContinuedFromContactId"]) == (200, past)
    assert (told.line["rule"], told.line["sourceContactId"]) == ("one_customer", past)
    assert (told.line["rehydrationType"], told.line["continuedFromContactId"]) == ("FROM_SEGMENT", past)


def test_what_the_rule_refuses_starts_nothing(function: Function) -> None:
    """With the association's own refusal and wait."""
    running = function.connect.start()
    ended = function.connect.start()
    function.connect.connect.clock.hold()
    function.connect.stop(ended, 10)
    told = function.ask(fields(PersistentChat=past_of(running)))
    assert (told.status, told.line["rule"], told.headers.get("Retry-After")) == (400, "source_running", None)
    told = function.ask(fields(PersistentChat=past_of(ended)))
    assert (told.status, told.line["rule"]) == (400, "transcript_not_ready")
    assert told.headers["Retry-After"] == "50"
    assert function.connect.starts == []


def test_what_connect_refuses_of_a_named_past_is_refused(function: Function) -> None:
    """It was asked for: a chat without it is not what the caller wants."""
    past = function.connect.past()
    function.connect.instead = lambda method, _: (
        answer(400, {"Message": "no transcript"}, "InvalidRequestException") if method == "PUT" else None
    )
    told = function.ask(fields(PersistentChat=past_of(past)))
    assert (told.status, told.line["rule"], told.body["message"]) == (400, "connect_refused", "no transcript")
    assert len(function.connect.starts) == 1


def test_the_latest_chat_is_continued_by_itself(function: Function) -> None:
    """And a chat that still runs changes nothing."""
    function.use(history=True)
    past, running = function.connect.past(), function.connect.start()
    function.connect.record(function.dynamodb, past, running)
    told = function.ask()
    assert (told.body["ContinuedFromContactId"], told.line["rule"]) == (past, "one_customer")
    assert function.connect.starts[0]["PersistentChat"] == past_of(past, "ENTIRE_PAST_SESSION")
    assert (told.line["sourceContactId"], told.line["attempts"]) == (past, 3)
    function.use(history=True, CONTINUE_LATEST="false")
    assert function.ask().line["rule"] == "not_looked_up"


def test_without_a_past_chat_nothing_is_missing(function: Function) -> None:
    """A first chat is no failure, so nothing is told; somebody else's past is none of the customer's."""
    function.use(history=True)
    function.connect.record(function.dynamodb, function.connect.past("bob"))
    told = function.ask()
    assert (told.status, "NotContinued" in told.body, told.line["rule"]) == (200, False, "no_past_chat")
    assert function.connect.sent == [("PUT", "/contact/chat")]


def test_a_past_that_is_not_ready_lets_the_chat_start_and_is_continued_later(function: Function) -> None:
    """One story: start now, wait as told, and continue by the association."""
    function.use(history=True, CORS_ALLOWED_ORIGINS="*")
    past = function.connect.start()
    function.connect.stop(past, 10)
    function.connect.record(function.dynamodb, past)
    told = function.ask()
    seconds = told.body["NotContinued"]["RetryAfterSeconds"]
    assert told.body["NotContinued"]["Reason"] == told.line["notContinued"] == "transcript_not_ready"
    assert told.headers["x-persistent-chat-not-continued"] == f"transcript_not_ready; retry-after={seconds}"
    assert "x-persistent-chat-not-continued" in told.headers["Access-Control-Expose-Headers"]
    assert (told.status, told.line["verdict"], told.line["rule"]) == (200, "started", "not_continued")
    current = told.body["ContactId"]
    function.connect.record(function.dynamodb, current)
    function.connect.connect.clock.advance(seconds)
    request = association_event({}, InstanceId=INSTANCE_ID, InitialContactId=current)
    assert function.send({**request, "httpMethod": "POST"}).body == {"ContinuedFromContactId": past}


@pytest.mark.parametrize(
    ("outcome", "reason", "seconds"),
    [
        (refused("ProvisionedThroughputExceededException"), "history_throttled", 1),
        (refused("AccessDeniedException"), "history_failed", None),
        (Unreachable("cut"), "history_unreachable", 1),
        (KeyError(SECRET), "bug", None),
    ],
)
def test_a_history_that_fails_keeps_nobody_from_starting(
    function: Function, outcome: Any, reason: str, seconds: int | None
) -> None:
    """Not even a mistake of ours in it; the log says what failed, and not what was in it."""
    function.use(history=True)
    function.dynamodb.instead = [outcome] * 3
    told = function.ask()
    expected = {"Reason": reason} | ({} if seconds is None else {"RetryAfterSeconds": seconds})
    assert (told.status, told.body["NotContinued"]) == (200, expected)
    assert told.line["notContinued"] == reason
    assert ("detail" in told.line) == (reason != "history_throttled")
    assert SECRET not in json.dumps(told.line)


def test_the_customers_attribute_counts_in_the_size_of_all(function: Function) -> None:
    """Connect would refuse the start, and with a history three of them."""
    function.use(PEOPLE, history=True, CUSTOMER_IDENTITY="attribute:who")
    attributes = {"topic": "x" * (32_768 - len("topic"))}
    told = function.ask(fields(CustomerId=None, Attributes=attributes), claim="ann")
    assert (told.status, function.connect.starts) == (400, [])
    assert (
        "Attributes: got 32774 bytes, expected at most 32768. One of the attributes names the customer."
        in told.body["message"]
    )
    attributes = {"topic": "x" * (32_768 - len("topicwhoann"))}
    assert function.ask(fields(CustomerId=None, Attributes=attributes), claim="ann").status == 200


@pytest.mark.parametrize("failure", [answer(429, {}, "ThrottlingException"), answer(500, {}), Unreachable("cut")])
def test_a_past_that_cannot_be_described_keeps_nobody_from_starting(function: Function, failure: Any) -> None:
    """Connect's quota of descriptions is not that of starts."""
    function.use(history=True)
    function.connect.record(function.dynamodb, function.connect.past())
    function.connect.instead = lambda method, _: failure if method == "GET" else None
    told = function.ask()
    assert told.status == 200
    assert told.body["NotContinued"]["Reason"].startswith("connect_")


def test_a_look_up_leaves_time_for_the_start(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets half; a start without time would be the customer's loss."""
    function.use(history=True, DEADLINE_SECONDS="6")
    function.connect.record(function.dynamodb, function.connect.past())
    send, until = function.connect.send, []

    def slow(method: str, target: str, body: bytes, deadline: float, headers: Any = None) -> Any:
        until.append((method, deadline - time.monotonic()))
        if method == "GET":
            time.sleep(max(0, deadline - time.monotonic()))
            raise TimeoutError
        return send(method, target, body, deadline, headers)

    def silent(*arguments: Any, **_: Any) -> Any:
        try:
            return slow(*arguments)
        except TimeoutError:
            raise Unreachable("silent") from None

    monkeypatch.setattr(function.connect, "send", silent)
    told = function.ask()
    assert (told.status, told.body["NotContinued"]["Reason"]) == (200, "connect_unreachable")
    assert all(left <= 3 for method, left in until if method == "GET")
    assert [left > 0.2 for method, left in until if method == "PUT"] == [True]


@pytest.mark.parametrize(
    "refusal",
    [
        answer(400, {"Message": "no transcript"}, "InvalidRequestException"),
        answer(404, {}, "ResourceNotFoundException"),
        answer(403, {}, "AccessDeniedException"),
        answer(500, {}, "InternalServiceException"),
    ],
)
def test_a_past_that_connect_refuses_at_the_start_is_left_out(function: Function, refusal: Any) -> None:
    """Nobody asked for it; the answer says that it was left out, and the log that nothing is continued."""
    function.use(history=True)
    function.connect.record(function.dynamodb, function.connect.past())
    function.connect.instead = lambda _, sent: refusal if "PersistentChat" in sent else None
    told = function.ask()
    assert (told.status, "ContinuedFromContactId" in told.body) == (200, False)
    reasons = ("connect_refused", "connect_not_found", "connect_denied", "connect_failed")
    assert told.body["NotContinued"]["Reason"] in reasons
    assert told.line["rule"] == "not_continued"
    assert function.connect.chats() == 2


def test_a_double_click_starts_one_chat(function: Function) -> None:
    """With the caller's token; also when the past chat became ready, or another ended, in between."""
    function.use(history=True)
    past = function.connect.start()
    function.connect.stop(past, 10)
    function.connect.record(function.dynamodb, past)
    body = fields(ClientToken="click")
    first = function.ask(body)
    second = function.ask(body)
    # The seconds to wait may be one fewer by now.
    assert second.body["NotContinued"].pop("RetryAfterSeconds") <= first.body["NotContinued"].pop("RetryAfterSeconds")
    assert second.body == first.body
    function.connect.connect.clock.advance(60)
    # Connect takes no other fields with the same token, so what was not ready then is left out now as well.
    again = function.ask(body)
    assert again.body["ContactId"] == first.body["ContactId"]
    assert again.body["NotContinued"] == {"Reason": "connect_refused"}
    assert function.connect.chats() == 2


def test_a_replay_whose_past_chat_is_another_one_starts_all_the_same(function: Function) -> None:
    """Connect refuses the token with each other past; no customer is kept from starting, and its repetition is one."""
    function.use(history=True)
    function.connect.record(function.dynamodb, function.connect.past())
    first = function.ask(fields(ClientToken="click"))
    function.connect.record(function.dynamodb, function.connect.past())
    second, third = (function.ask(fields(ClientToken="click")) for _ in range(2))
    assert second.body["ContactId"] != first.body["ContactId"]
    assert second.body["NotContinued"] == {"Reason": "connect_refused"}
    assert third.body == second.body


def test_without_a_token_each_start_is_another_chat(function: Function) -> None:
    """Who starts, ends, and starts again gets a new chat; so do two customers with one token."""
    first = function.ask().body["ContactId"]
    function.connect.stop(first)
    assert function.ask().body["ContactId"] != first
    chats = {function.ask(fields(ClientToken="same", CustomerId=who)).body["ContactId"] for who in ("ann", "bob")}
    assert len(chats) == 2


@pytest.mark.parametrize("first", [answer(429, {}, "TooManyRequestsException"), answer(500, {}), Unreachable("cut")])
def test_a_lost_or_throttled_start_is_tried_again_with_the_same_token(function: Function, first: Any) -> None:
    """Otherwise a lost answer would leave a chat in which nobody is."""
    outcomes = [first]
    function.connect.instead = lambda *_: outcomes.pop() if outcomes else None
    assert function.ask().status == 200
    one, other = function.connect.starts
    assert one == other


def test_the_rate_and_the_quota_of_chats_are_told_apart(function: Function) -> None:
    """Only the first is worth a quick retry, by the function as by the caller."""
    function.connect.connect.quotas.chats = 0
    told = function.ask()
    assert (told.status, told.body["__type"], told.line["rule"]) == (429, "LimitExceededException", "chats_at_once")
    assert "Retry-After" not in told.headers
    assert len(function.connect.starts) == 1
    function.connect.instead = lambda *_: answer(429, {}, "TooManyRequestsException")
    told = function.ask()
    assert (told.status, told.body["__type"], told.line["rule"]) == (429, "ThrottlingException", "connect_throttled")
    assert told.headers["Retry-After"] == "1"
    assert len(function.connect.starts) == 4


@pytest.mark.parametrize("status", [200, 400, 403, 409, 500])
def test_nothing_secret_reaches_a_log_or_an_error(function: Function, status: int) -> None:
    """Not the participant's token, nor what the customer said or is, even if Connect repeats it."""
    function.use(PEOPLE)
    document = {"Message": SECRET} if status not in (200, 403) else {"ParticipantToken": SECRET, "ContactId": "c"}
    function.connect.instead = lambda *_: answer(status, document)
    body = fields(CustomerId=None, Attributes={"topic": SECRET}, ParticipantDetails={"DisplayName": SECRET})
    body["InitialMessage"] = {"ContentType": "text/plain", "Content": SECRET}
    told = function.ask(body, claim=SECRET)
    assert told.status >= 400
    assert SECRET not in json.dumps([told.line, told.body, told.headers])


def test_every_other_request_is_the_associations(function: Function) -> None:
    """The same code, the same answer and line."""
    past, current = function.connect.past(), function.connect.start()
    request = association_event(
        association_fields(SourceContactId=past), InstanceId=INSTANCE_ID, InitialContactId=current
    )
    told = function.send({**request, "httpMethod": "POST"})
    assert (told.body, told.line["verdict"]) == ({"ContinuedFromContactId": past}, "granted")
