"""The function's entry: HTTP in, HTTP out, one log line; a bug is a 500 and never a crash."""

import importlib
import json
import time
from collections.abc import Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from association import settings
from aws.http import Response
from aws.no_answer import Unreachable
from aws.retry import Retry
from history.session import Segment, Session
from history.table import Table
from shared.key import key_of
from tests.unit.association.events import (
    CONTACT_ID,
    ENVIRONMENT,
    HISTORY,
    INSTANCE_ID,
    NOW,
    SOURCE_ID,
    ConnectClient,
    answer,
    described,
    event,
    fields,
)
from tests.unit.history.dynamodb import DynamoDB


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The handler's module, in an environment as Lambda makes it; Connect grants."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    module = importlib.import_module("association.handler")
    use(module, monkeypatch, ConnectClient.sound())
    return module


def use(handler: ModuleType, monkeypatch: pytest.MonkeyPatch, client: ConnectClient, **variables: str) -> ConnectClient:
    """Have the handler ask this client, with these variables changed."""
    monkeypatch.setattr(handler, "CLIENTS", (client, client))
    monkeypatch.setattr(handler, "SETTINGS", settings.read({**ENVIRONMENT, **variables}))
    return client


def handled(handler: ModuleType, request: Any, capsys: pytest.CaptureFixture[str]) -> tuple[Any, Any, Any]:
    """The answer, its body, and the log line."""
    response = handler.handle(request, SimpleNamespace(aws_request_id="invocation-1"))
    (line,) = capsys.readouterr().out.splitlines()
    return response, json.loads(response["body"]), json.loads(line)


def test_a_granted_request(handler: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """200 with the contact, the request's id, no caching; the log tells who continued what."""
    response, body, line = handled(handler, event(), capsys)
    assert (response["statusCode"], body) == (200, {"ContinuedFromContactId": SOURCE_ID})
    assert response["headers"]["x-amzn-RequestId"] == "request-1="
    assert response["headers"]["Cache-Control"] == "no-store"
    assert line["verdict"] == "granted"
    assert (line["initialContactId"], line["continuedFromContactId"]) == (CONTACT_ID, SOURCE_ID)


def test_a_refusal_is_rest_json(handler: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Type in header and body, both spellings of the text."""
    response, body, line = handled(handler, event("x"), capsys)
    assert response["statusCode"] == 400
    assert response["headers"]["x-amzn-ErrorType"] == body["__type"] == "InvalidParameterException"
    assert body["Message"] == body["message"]
    assert (line["verdict"], line["level"]) == ("refused", "INFO")


def test_another_instance_is_not_found_and_connect_is_not_asked(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The endpoint serves one instance; the answer is that of an unknown contact, to the letter."""
    client = use(handler, monkeypatch, ConnectClient({}))
    another = handled(handler, event(InstanceId="another"), capsys)[0]
    assert client.sent == []
    unknown = handled(handler, event(), capsys)[0]
    assert another == unknown


def test_out_of_reach_says_when_to_try_again(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both headers: one in seconds for HTTP clients, one in milliseconds for the AWS SDKs."""
    use(handler, monkeypatch, ConnectClient({CONTACT_ID: Unreachable("x")}))
    response, _, line = handled(handler, event(), capsys)
    assert response["statusCode"] == 503
    assert (response["headers"]["Retry-After"], response["headers"]["x-amz-retry-after"]) == ("1", "1000")
    assert (line["verdict"], line["level"]) == ("failed", "ERROR")


def test_a_bug_is_a_500_without_detail_outside(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log tells the class and the place, not the text: that may hold what the caller sent."""

    def buggy(*_: Any) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(handler.Decider, "decide", buggy)
    response, body, line = handled(handler, event(), capsys)
    assert (response["statusCode"], body["message"]) == (500, "The endpoint failed.")
    assert line["detail"].startswith("KeyError at test_handler.py:")
    assert "secret" not in json.dumps(line)


def test_the_log_tells_which_rule_decided(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever audits sees why each request ended as it did; the caller sees only what may be told."""
    contacts = ConnectClient.sound().contacts
    assert handled(handler, event(), capsys)[2]["rule"] == "one_customer"
    linked = described(CONTACT_ID, RelatedContactId=SOURCE_ID)
    client = use(handler, monkeypatch, ConnectClient({**contacts, CONTACT_ID: linked}))
    response, body, line = handled(handler, event(), capsys)
    assert (response["statusCode"], body, line["rule"]) == (200, {"ContinuedFromContactId": SOURCE_ID}, "earlier")
    assert {method for method, _ in client.sent} == {"GET"}
    use(handler, monkeypatch, ConnectClient({**contacts, SOURCE_ID: described(SOURCE_ID, CustomerId="other")}))
    stranger, _, line = handled(handler, event(), capsys)
    assert line["rule"] == "another_customer"
    use(handler, monkeypatch, ConnectClient({CONTACT_ID: contacts[CONTACT_ID]}))
    unknown, _, line = handled(handler, event(), capsys)
    assert line["rule"] == "unknown_contact"
    assert stranger == unknown


@pytest.mark.parametrize(
    ("context", "variables", "rule"),
    [
        ({"identity": {"userArn": "arn:browser", "cognitoIdentityId": "us-east-1:1"}}, {}, "identity_pool"),
        (
            {"authorizer": {"claims": {"sub": "person", "token_use": "access"}}},
            {"AUTHORIZATION": "cognito", "APP_CLIENTS": "app", "CUSTOMER_CLAIM": "sub"},
            "token_kind",
        ),
        (
            {"authorizer": {"claims": {"sub": "person", "token_use": "id", "aud": "other"}}},
            {"AUTHORIZATION": "cognito", "APP_CLIENTS": "app", "CUSTOMER_CLAIM": "sub"},
            "app_client",
        ),
    ],
)
def test_the_log_tells_who_was_refused_and_for_what(
    handler: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    context: dict[str, Any],
    variables: dict[str, str],
    rule: str,
) -> None:
    """Whoever tries is to be followed through the log; Connect is not asked."""
    client = use(handler, monkeypatch, ConnectClient({}), **variables)
    response, _, line = handled(handler, {**event(), "requestContext": context}, capsys)
    assert (response["statusCode"], line["rule"], client.sent) == (403, rule, [])
    assert line["caller"].startswith(("arn:browser", "sha256:"))
    assert (line["initialContactId"], line["sourceContactId"]) == (CONTACT_ID, SOURCE_ID)
    assert "person" not in json.dumps(line)


def test_the_whole_sessions_earlier_answer_takes_one_more_description(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only then: is the contact that was continued one of the source's session?"""
    contacts = {
        **ConnectClient.sound().contacts,
        CONTACT_ID: described(CONTACT_ID, RelatedContactId="last"),
        "last": described("last", InitialContactId=SOURCE_ID, DisconnectTimestamp=NOW - 3000),
    }
    client = use(handler, monkeypatch, ConnectClient(contacts))
    _, body, line = handled(handler, event(fields(RehydrationType="ENTIRE_PAST_SESSION")), capsys)
    assert body == {"ContinuedFromContactId": "last"}
    assert (line["rule"], line["attempts"], len(client.sent)) == ("earlier", 3, 3)


REFUSED = answer(400, {"Message": "It continues a past chat already."}, "InvalidRequestException")
ALREADY = described(CONTACT_ID, RelatedContactId=SOURCE_ID)


class Twin(ConnectClient):
    """Between the description and the association somebody else makes one, so Connect refuses."""

    def __init__(self, then: Any, refused: Any = REFUSED) -> None:
        super().__init__(ConnectClient.sound().contacts, refused)
        self._then = then

    def send(
        self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
    ) -> Response:
        if method == "POST":
            self.contacts[CONTACT_ID] = self._then
        return super().send(method, target, body, deadline, headers)


@pytest.mark.parametrize(
    "refused",
    [
        REFUSED,
        answer(400, {}, "InvalidParameterException"),
        answer(404, {}, "ResourceNotFoundException"),
        answer(409, {}),
    ],
)
def test_the_same_request_twice_at_once_gets_one_answer(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], refused: Any
) -> None:
    """Whatever Connect refuses the second one with, the current contact is described once more before anything is
    refused; also when it was transferred meanwhile."""
    for then in (ALREADY, described(CONTACT_ID, RelatedContactId=SOURCE_ID, DisconnectTimestamp=NOW)):
        client = use(handler, monkeypatch, Twin(then, refused))
        response, body, line = handled(handler, event(fields(ClientToken="another")), capsys)
        assert (response["statusCode"], body) == (200, {"ContinuedFromContactId": SOURCE_ID})
        assert (line["verdict"], line["rule"], line["attempts"]) == ("granted", "earlier", 4)
        assert [method for method, _ in client.sent] == ["GET", "GET", "POST", "GET"]


def test_what_connect_refuses_is_refused_if_nothing_else_is_behind_it(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own words are passed on; an association of somebody else's with another chat is refused as what it is."""
    use(handler, monkeypatch, Twin(described(CONTACT_ID)))
    response, body, line = handled(handler, event(), capsys)
    assert (response["statusCode"], body["message"], line["rule"]) == (
        400,
        "It continues a past chat already.",
        "connect_refused",
    )
    client = use(handler, monkeypatch, Twin(described(CONTACT_ID, RelatedContactId="other")))
    client.contacts["other"] = described("other", DisconnectTimestamp=NOW - 3600)
    response, _, line = handled(handler, event(), capsys)
    assert (response["statusCode"], line["rule"]) == (400, "continues_another")
    # A call is no past chat: Connect's word counts.
    client = use(handler, monkeypatch, Twin(described(CONTACT_ID, RelatedContactId="call")))
    client.contacts["call"] = described("call", Channel="VOICE")
    assert handled(handler, event(), capsys)[2]["rule"] == "connect_refused"


def test_a_refusal_that_cannot_be_looked_into_is_worth_another_try(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """400 would tell the caller to give up, and the association may be there."""
    use(handler, monkeypatch, Twin(answer(429, {}, "ThrottlingException")))
    response, _, line = handled(handler, event(), capsys)
    assert (response["statusCode"], line["rule"]) == (429, "connect_throttled")
    assert response["headers"]["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("refused", "rule"),
    [
        (answer(403, {}, "AccessDeniedException"), "connect_denied"),
        (answer(429, {}, "ThrottlingException"), "connect_throttled"),
        (answer(500, {}), "connect_failed"),
    ],
)
def test_what_is_not_about_the_request_is_not_looked_into(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], refused: Any, rule: str
) -> None:
    """It would only use up the quota."""
    client = use(handler, monkeypatch, Twin(ALREADY, refused))
    assert handled(handler, event(), capsys)[2]["rule"] == rule
    assert client.sent[-1][0] == "POST"


def test_an_instance_id_is_one_whatever_its_case(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the request, and of the configuration; Connect is asked by the configured one, with one ClientToken."""
    tokens = set()
    for configured in ("abcdef00-1111-4111-8111-111111111111", "ABCDEF00-1111-4111-8111-111111111111"):
        for sent in (configured.lower(), configured.upper(), configured.title()):
            client = use(handler, monkeypatch, ConnectClient.sound(), CONNECT_INSTANCE_ID=configured)
            assert handled(handler, event(InstanceId=sent), capsys)[0]["statusCode"] == 200
            assert all(f"/{configured}/" in target for _, target in client.sent)
            tokens.add((configured, client.bodies[-1]))
    assert len(tokens) == 2


def test_with_unchecked_two_of_one_request_send_the_same(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever tokens the callers chose: without permission to look, Connect has to know a repetition by its own."""
    sent = []
    for token in (None, "one", "another"):
        client = use(handler, monkeypatch, ConnectClient({}), CUSTOMER_IDENTITY="unchecked")
        assert handled(handler, event(fields(ClientToken=token)), capsys)[0]["statusCode"] == 200
        sent.append(client.bodies[-1])
    assert sent[0] == sent[1] == sent[2]
    other = use(handler, monkeypatch, ConnectClient({}), CUSTOMER_IDENTITY="unchecked")
    handled(handler, event(fields(SourceContactId="other")), capsys)
    assert other.bodies[-1] != sent[0]


def test_with_unchecked_nothing_is_described(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trusted backend pays for one call only."""
    client = use(handler, monkeypatch, ConnectClient({}), CUSTOMER_IDENTITY="unchecked")
    assert handled(handler, event(), capsys)[0]["statusCode"] == 200
    assert [method for method, _ in client.sent] == ["POST"]


def test_a_customer_may_be_an_attribute(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then CustomerId counts for nothing."""

    def contacts(mine: Any, theirs: Any) -> ConnectClient:
        return ConnectClient(
            {
                CONTACT_ID: described(CONTACT_ID, Attributes=mine),
                SOURCE_ID: described(SOURCE_ID, Attributes=theirs, DisconnectTimestamp=NOW - 3600),
            }
        )

    for mine, theirs, status in (
        ({"who": "a"}, {"who": "a"}, 200),
        ({"who": "a"}, {"who": "b"}, 404),
        ({"who": "a"}, {}, 404),
        ({"who": ""}, {"who": ""}, 404),
        (None, None, 404),
        ({"who": ["a"]}, {"who": ["a"]}, 404),
        (["who"], ["who"], 404),
    ):
        use(handler, monkeypatch, contacts(mine, theirs), CUSTOMER_IDENTITY="attribute:who")
        assert handled(handler, event(), capsys)[0]["statusCode"] == status, (mine, theirs)


def test_pages_of_allowed_origins_may_read_the_answers(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refusals as well; other origins and no origin get no word of it."""
    origins = "https://a.example https://b.example"
    use(handler, monkeypatch, ConnectClient.sound(), CORS_ALLOWED_ORIGINS=origins)
    for sent, allowed in (
        ({"origin": "https://b.example"}, "https://b.example"),
        ({"Origin": "https://a.example"}, "https://a.example"),
        ({"Origin": "https://evil.example"}, None),
        ({"Origin": "https://a.example.evil.example"}, None),
        ({}, None),
        (None, None),
    ):
        for body in (None, "x"):
            response, _, _ = handled(handler, {**event(body), "headers": sent}, capsys)
            assert response["headers"].get("Access-Control-Allow-Origin") == allowed
            assert response["headers"]["Vary"] == "Origin"
            assert "Access-Control-Allow-Credentials" not in response["headers"]
            assert ("Access-Control-Expose-Headers" in response["headers"]) == (allowed is not None)
    use(handler, monkeypatch, ConnectClient.sound(), CORS_ALLOWED_ORIGINS="*")
    response, _, _ = handled(handler, event(), capsys)
    assert response["headers"]["Access-Control-Allow-Origin"] == "*"


def test_no_token_header_or_body_reaches_the_log(handler: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """An allow-list of fields: what is not on it cannot get in."""
    request = {**event(fields(ClientToken="s3cret")), "headers": {"Authorization": "s3cret"}}
    line = handled(handler, request, capsys)[2]
    assert "s3cret" not in json.dumps(line)
    hostile = {**event(fields(SourceContactId="s3cret!", ClientToken=[])), "headers": None}
    assert "s3cret" not in json.dumps(handled(handler, hostile, capsys)[2])


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"requestId": "chosen", "extendedRequestId": "aB+/0_-="}, "aB+/0_-="),
        ({"requestId": "chosen"}, "invocation-1"),
        ({"requestId": "chosen", "extendedRequestId": "a b"}, "invocation-1"),
        ({"requestId": "chosen", "extendedRequestId": ["a"]}, "invocation-1"),
        (None, "invocation-1"),
    ],
)
def test_the_request_id_is_one_that_the_caller_cannot_choose(
    handler: ModuleType, capsys: pytest.CaptureFixture[str], context: Any, expected: str
) -> None:
    """Whoever reports a failure has the id that both logs have, and nobody can give a request the id of another."""
    response, _, line = handled(handler, {**event(), "requestContext": context}, capsys)
    assert response["headers"]["x-amzn-RequestId"] == line["requestId"] == expected


def test_probes_answer_what_the_proof_asks(handler: ModuleType) -> None:
    """The settings, as the construct wrote them, and each permission by itself; nothing else."""
    assert handler.handle({"probe": "settings"}, None)["settings"] == ENVIRONMENT
    tried = handler.handle({"probe": "connect:CreatePersistentContactAssociation"}, None)["answer"]
    assert tried["status"] == 200
    tried = handler.handle({"probe": "connect:DescribeContact"}, None)["answer"]
    assert (tried["status"], tried["type"]) == (404, "ResourceNotFoundException")
    others: list[Any] = [
        {"probe": "x"},
        {},
        [],
        "x",
        {"probe": "settings", "more": 1},
        {"probe": ["settings"]},
    ]
    for unknown in others:
        assert "unknown probe" in handler.handle(unknown, None)["error"]


def test_an_http_request_is_never_a_probe(handler: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A caller cannot ask for the settings through the gateway."""
    response, _, _ = handled(handler, {**event('{"probe":"settings"}'), "probe": "settings"}, capsys)
    assert response["statusCode"] == 400
    assert INSTANCE_ID not in response["body"]


@pytest.fixture
def with_history(handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> DynamoDB:
    """The handler of an endpoint with a history, which holds the past chat of the customer, and its DynamoDB."""
    use(handler, monkeypatch, ConnectClient.sound(), **HISTORY)
    dynamodb = DynamoDB()
    monkeypatch.setattr(handler, "DYNAMODB", dynamodb)
    for id, segment in ((SOURCE_ID, Segment(None, (NOW - 3600) * 1000)), (CONTACT_ID, Segment(NOW * 1000, None))):
        table = Table(dynamodb, "table", Retry(time.monotonic() + 600))  # type: ignore[arg-type]
        table.conditional_write(key_of(INSTANCE_ID, "customer"), None, Session(id, {id: segment}), 1)
    return dynamodb


def test_the_latest_chat_is_looked_up(
    handler: ModuleType, with_history: DynamoDB, capsys: pytest.CaptureFixture[str]
) -> None:
    """The front end sends the contact and nothing else; the log tells what was found."""
    response, body, line = handled(handler, event({}), capsys)
    assert (response["statusCode"], body) == (200, {"ContinuedFromContactId": SOURCE_ID})
    assert (line["verdict"], line["rule"], line["sourceContactId"]) == ("granted", "one_customer", SOURCE_ID)
    assert line["rehydrationType"] == "ENTIRE_PAST_SESSION"
    assert "customer" not in json.dumps(line).replace("one_customer", "")


def test_no_past_chat_is_a_normal_answer(
    handler: ModuleType, with_history: DynamoDB, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is associated."""
    with_history.items.clear()
    response, body, line = handled(handler, event({}), capsys)
    assert (response["statusCode"], body) == (200, {})
    assert (line["verdict"], line["rule"]) == ("nothing", "no_past_chat")
    assert not [sent for sent in handler.CLIENTS[0].sent if sent[0] == "POST"]


def test_a_source_is_taken_as_before(
    handler: ModuleType, with_history: DynamoDB, capsys: pytest.CaptureFixture[str]
) -> None:
    """The history is not asked."""
    with_history.calls.clear()
    response, _, _ = handled(handler, event(), capsys)
    assert response["statusCode"] == 200
    assert with_history.calls == []


def test_a_look_up_that_was_answered_is_answered_again(
    handler: ModuleType, with_history: DynamoDB, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A retry is safe: the same contact, without another association or look-up."""
    with_history.calls.clear()
    client = ConnectClient.sound()
    client.contacts[CONTACT_ID] = described(CONTACT_ID, RelatedContactId=SOURCE_ID)
    monkeypatch.setattr(handler, "CLIENTS", (client, client))
    response, body, line = handled(handler, event({}), capsys)
    assert (response["statusCode"], body) == (200, {"ContinuedFromContactId": SOURCE_ID})
    assert line["rule"] == "earlier"
    # Whether it shows the latest chat, and the whole of it.
    assert with_history.calls == ["Query", "GetItem"]
    assert not [sent for sent in client.sent if sent[0] == "POST"]


def test_the_read_of_the_history_can_be_tried(handler: ModuleType, with_history: DynamoDB) -> None:
    """The proof of a deployment asks for it, and for the settings with those of the history."""
    for action in ("dynamodb:Query", "dynamodb:GetItem"):
        with_history.calls.clear()
        assert handler.handle({"probe": action}, None)["answer"]["status"] == 200
        assert with_history.calls == [action.removeprefix("dynamodb:")]
    assert handler.handle({"probe": "settings"}, None)["settings"] == {**ENVIRONMENT, **HISTORY}
