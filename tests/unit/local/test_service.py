"""The local Connect as one service: the order of its checks, its faults, its quotas, its control path."""

import asyncio
import json
import time
from typing import Any

import pytest

from local.connect.control import Control
from local.connect.instances import FLOW_ID
from local.connect.service import INSTANCE_ID, Connect, Request, Response

DENIED = Response(403, {"x-amzn-ErrorType": "AccessDeniedException"}, b"{}")
# What a chat that can show forms has to support.
FORMS = [
    "text/plain",
    "application/vnd.amazonaws.connect.message.interactive",
    "application/vnd.amazonaws.connect.message.interactive.response",
]
CHAT = {"InstanceId": INSTANCE_ID, "ContactFlowId": FLOW_ID, "ParticipantDetails": {"DisplayName": "d"}}


class Caller:
    """Calls one Connect."""

    def __init__(self) -> None:
        self.connect = Connect("123456789012", "us-east-1")
        self.asked: list[tuple[str, str]] = []
        self.allowed = True

    def __call__(self, method: str, path: str, fields: Any = None, query: str = "") -> Response:
        body = b"" if fields is None else json.dumps(fields).encode()

        def authorize(action: str, resource: str) -> Response | None:
            self.asked.append((action, resource.partition("instance/")[2] or resource))
            return None if self.allowed else DENIED

        return asyncio.run(self.connect.answer(Request(method, path, query, body, "us-east-1"), authorize))

    def control(self, method: str, path: str, fields: Any = None) -> tuple[int, Any]:
        """A call of the control path."""
        body = b"" if fields is None else json.dumps(fields).encode()
        answer = Control(self.connect).answer(method, path, body)
        return answer.status, json.loads(answer.body)

    def started(self, **more: Any) -> str:
        """A chat's id."""
        return str(json.loads(self("PUT", "/contact/chat", {**CHAT, **more}).body)["ContactId"])


@pytest.fixture
def call() -> Caller:
    """A new Connect."""
    return Caller()


@pytest.mark.parametrize(
    ("method", "path", "fields", "asked"),
    [
        (
            "POST",
            "/contact/persistent-contact-association/i/c",
            {"SourceContactId": "s"},
            [
                ("connect:CreatePersistentContactAssociation", "i"),
                ("connect:CreatePersistentContactAssociation", "i/contact/c"),
            ],
        ),
        ("GET", "/contacts/i/c", None, [("connect:DescribeContact", "i/contact/c")]),
        ("GET", "/instance", None, [("connect:ListInstances", "*"), ("ds:DescribeDirectories", "*")]),
        ("GET", "/instance/i", None, [("connect:DescribeInstance", "i"), ("ds:DescribeDirectories", "*")]),
        ("GET", "/instance/i/storage-configs", None, [("connect:ListInstanceStorageConfigs", "i")]),
        (
            "PUT",
            "/contact/chat",
            {"InstanceId": "i", "ContactFlowId": "f"},
            [("connect:StartChatContact", "i/contact-flow/f"), ("connect:StartChatContact", "i/contact/*")],
        ),
        ("GET", "/contact-flows/i/f", None, [("connect:DescribeContactFlow", "i/contact-flow/f")]),
        ("GET", "/contact-flows-summary/i", None, [("connect:ListContactFlows", "i")]),
        ("POST", "/contact/stop", {"InstanceId": "i", "ContactId": "c"}, [("connect:StopContact", "i/contact/c")]),
    ],
)
def test_each_operation_needs_what_the_reference_says(
    call: Caller, method: str, path: str, fields: Any, asked: list[tuple[str, str]]
) -> None:
    """Service Authorization Reference; the association needs both resources."""
    call(method, path, fields)
    assert call.asked == asked


def test_permission_comes_before_validation(call: Caller) -> None:
    """Who may not ask learns nothing about the request."""
    call.allowed = False
    assert call("PUT", "/contact/chat", {}) == DENIED
    call.allowed = True
    assert call("PUT", "/contact/chat", {}).headers["x-amzn-ErrorType"] == "InvalidParameterException"


def test_what_is_not_supported_says_so(call: Caller) -> None:
    """And lists what is; an unknown path is no operation at all."""
    answer = call("GET", "/users-summary/i")
    assert b"does not support ListUsers. It supports ListInstances" in answer.body
    assert call("GET", "/nowhere").status == 404


def test_the_flows_of_an_instance_are_listed(call: Caller) -> None:
    """By name, all or those of some types, page by page."""
    path = f"/contact-flows-summary/{INSTANCE_ID}"
    call.connect.instances.get("us-east-1", INSTANCE_ID).set_flow(None, type="CUSTOMER_QUEUE")
    listed = json.loads(call("GET", path).body)["ContactFlowSummaryList"]
    assert [(one["Name"], one["ContactFlowType"]) for one in listed] == [
        (f"flow-{FLOW_ID[:8]}", "CONTACT_FLOW"),
        (f"flow-{listed[1]['Id'][:8]}", "CUSTOMER_QUEUE"),
    ]
    of_type = json.loads(call("GET", path, query="contactFlowTypes=CUSTOMER_QUEUE").body)["ContactFlowSummaryList"]
    assert of_type == listed[1:]
    page = json.loads(call("GET", path, query="maxResults=1").body)
    rest = json.loads(call("GET", path, query=f"maxResults=1&nextToken={page['NextToken']}").body)
    assert page["ContactFlowSummaryList"] + rest["ContactFlowSummaryList"] == listed


def test_one_client_token_makes_one_thing(call: Caller) -> None:
    """The same fields get the same answer; others are refused."""
    first, second = call.started(ClientToken="t"), call.started(ClientToken="t")
    assert first == second
    assert call("PUT", "/contact/chat", {**CHAT, "ClientToken": "t", "CustomerId": "c"}).status == 400
    assert call.started(ClientToken="u") != first


def test_a_chat_may_continue_another_from_its_start(call: Caller) -> None:
    """StartChatContact's own PersistentChat counts as the one association; a refused one starts no chat."""
    past = call.started()
    persistent = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": past}
    refused = call("PUT", "/contact/chat", {**CHAT, "PersistentChat": persistent})
    assert refused.status == 400
    call("POST", "/contact/stop", {"InstanceId": INSTANCE_ID, "ContactId": past})
    started = json.loads(call("PUT", "/contact/chat", {**CHAT, "PersistentChat": persistent}).body)
    assert started["ContinuedFromContactId"] == past
    again = call("POST", f"/contact/persistent-contact-association/{INSTANCE_ID}/{started['ContactId']}", persistent)
    assert again.status == 400
    assert b"already" in again.body


def test_a_chat_begins_related_to_another_contact(call: Caller) -> None:
    """Of any channel; it has to be there, and excludes PersistentChat. Events and DescribeContact show it."""
    told: list[Any] = []
    call.connect.events.deliver = told.append
    voice = call.control("POST", "contacts", {"Channel": "VOICE"})[1]["ContactId"]
    chat = call.started(RelatedContactId=voice)
    assert json.loads(call("GET", f"/contacts/{INSTANCE_ID}/{chat}").body)["Contact"]["RelatedContactId"] == voice
    assert {event["detail"].get("relatedContactId") for event in told[2:]} == {voice}
    assert call.control("GET", f"contacts/{chat}/history")[1]["ContactIds"] == []
    none = call("PUT", "/contact/chat", {**CHAT, "RelatedContactId": "none"})
    assert none.headers["x-amzn-ErrorType"] == "ResourceNotFoundException"
    persistent = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": chat}
    both = call("PUT", "/contact/chat", {**CHAT, "RelatedContactId": voice, "PersistentChat": persistent})
    assert both.headers["x-amzn-ErrorType"] == "InvalidRequestException"
    assert len(told) == 4


@pytest.mark.parametrize("flow", ["f", FLOW_ID.replace("2", "3"), f"{FLOW_ID} ", "arn:aws:connect:::contact-flow/f"])
def test_a_chat_begins_with_a_flow_that_exists(call: Caller, flow: str) -> None:
    """By id or ARN; each instance has its own."""
    refused = call("PUT", "/contact/chat", {**CHAT, "ContactFlowId": flow})
    assert (refused.status, refused.headers["x-amzn-ErrorType"]) == (404, "ResourceNotFoundException")
    arn = f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE_ID}/contact-flow/{FLOW_ID}"
    assert call.started(ContactFlowId=arn)
    assert call.asked[-2:] == [
        ("connect:StartChatContact", f"{INSTANCE_ID}/contact-flow/{FLOW_ID}"),
        ("connect:StartChatContact", f"{INSTANCE_ID}/contact/*"),
    ]
    made = call.control("POST", "instances", {})[1]["InstanceId"]
    assert call("PUT", "/contact/chat", {**CHAT, "InstanceId": made}).status == 200
    assert call("PUT", "/contact/chat", {**CHAT, "InstanceId": made, "ContactFlowId": arn}).status == 404


@pytest.mark.parametrize(
    ("changed", "described", "started"),
    [
        ({}, None, None),
        ({"Status": "SAVED"}, "ContactFlowNotPublishedException", "ResourceNotFoundException"),
        ({"State": "ARCHIVED"}, None, "ResourceNotFoundException"),
        ({"Type": "CUSTOMER_QUEUE"}, None, "InvalidRequestException"),
    ],
)
def test_a_chat_begins_only_with_a_published_inbound_flow(
    call: Caller, changed: dict[str, str], described: str | None, started: str | None
) -> None:
    """A deployment that looks at its flows sees before anybody chats what a start would be refused for."""
    flow = call.control("POST", "flows", changed)[1]["ContactFlowId"]
    shown = call("GET", f"/contact-flows/{INSTANCE_ID}/{flow}")
    assert shown.headers.get("x-amzn-ErrorType") == described
    assert shown.status == (404 if described else 200)
    if not described:
        document = json.loads(shown.body)["ContactFlow"]
        sound = {"Type": "CONTACT_FLOW", "State": "ACTIVE", "Status": "PUBLISHED"}
        assert {name: document[name] for name in sound} == {**sound, **changed}
        assert (document["Id"], document["Arn"].endswith(f"{INSTANCE_ID}/contact-flow/{flow}")) == (flow, True)
    answer = call("PUT", "/contact/chat", {**CHAT, "ContactFlowId": flow})
    assert answer.headers.get("x-amzn-ErrorType") == started
    sound = {"Type": "CONTACT_FLOW", "State": "ACTIVE", "Status": "PUBLISHED"}
    assert call.control("POST", f"flows/{flow}", sound) == (200, {"ContactFlowId": flow})
    assert call.started(ContactFlowId=flow)


def test_a_flow_belongs_to_one_instance(call: Caller) -> None:
    """The id of another's flow leads nowhere, as one of no flow does."""
    other = call.control("POST", "instances", {})[1]["InstanceId"]
    flow = call.control("POST", "flows", {"InstanceId": other})[1]["ContactFlowId"]
    assert call("GET", f"/contact-flows/{other}/{flow}").status == 200
    for answer in (
        call("GET", f"/contact-flows/{INSTANCE_ID}/{flow}"),
        call("PUT", "/contact/chat", {**CHAT, "ContactFlowId": flow}),
    ):
        assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (404, "ResourceNotFoundException")


def test_what_excludes_each_other_is_refused_before_it_is_looked_for(call: Caller) -> None:
    """Nothing of it has to exist: so a deployment can try its permission without a chat. IAM comes before it."""
    both = {"PersistentChat": {"SourceContactId": "none"}, "RelatedContactId": "none"}
    fields = {**CHAT, "InstanceId": "none", "ContactFlowId": "none", **both}
    answer = call("PUT", "/contact/chat", fields)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (400, "InvalidRequestException")
    assert b"exclude each other" in answer.body
    call.allowed = False
    assert call("PUT", "/contact/chat", fields) == DENIED


def test_only_so_many_chats_run_at_once(call: Caller) -> None:
    """Another 429 than the rate's: no retry helps before a chat ends. Calls and other instances do not count."""
    call.control("POST", "limits", {"chats": 1})
    call.control("POST", "contacts", {"Channel": "VOICE"})
    first = call.started(ClientToken="t")
    refused = call("PUT", "/contact/chat", CHAT)
    assert (refused.status, refused.headers["x-amzn-ErrorType"]) == (429, "LimitExceededException")
    assert call.started(ClientToken="t") == first
    other = call.control("POST", "instances", {})[1]["InstanceId"]
    assert call.started(InstanceId=other)
    call("POST", "/contact/stop", {"InstanceId": INSTANCE_ID, "ContactId": first})
    assert call.started()
    call.control("POST", "limits", {})
    assert call.started()


def test_a_start_over_its_rate_is_not_worded_as_other_operations(call: Caller) -> None:
    """API Reference: TooManyRequests, which its service model does not have. A fault says the same."""
    call.connect.quotas._now = lambda: 0.0
    answers = [call("PUT", "/contact/chat", CHAT) for _ in range(12)]
    throttled = next(answer for answer in answers if answer.status != 200)
    call.control("POST", "quotas", {"enabled": False})
    call.control("POST", "faults", {"operation": "StartChatContact", "kind": "throttle"})
    for answer in (throttled, call("PUT", "/contact/chat", CHAT)):
        assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (429, "TooManyRequestsException")


PLAIN, MARKDOWN, RESPONSE = "text/plain", "text/markdown", FORMS[2]


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("Attributes", {"a-B_9": "é" * 16_000}, {"a": "é" * 16_384}),
        ("Attributes", {"a": "1"}, {"a b": "1"}),
        ("InitialMessage", {"ContentType": RESPONSE, "Content": "m"}, {"ContentType": FORMS[1], "Content": "m"}),
        ("SupportedMessagingContentTypes", [MARKDOWN, PLAIN], [MARKDOWN]),
        ("SupportedMessagingContentTypes", FORMS, [PLAIN, "text/html"]),
        ("SegmentAttributes", {}, {"connect:Subtype": {"ValueString": "connect:Guide"}}),
        ("ChatDurationInMinutes", 60, 59),
        ("ChatDurationInMinutes", 10_080, 10_081),
        ("ParticipantDetails", {"DisplayName": "d" * 256}, {"DisplayName": "d" * 257}),
        ("CustomerId", "c" * 128, "c" * 129),
        ("PersistentChat", None, {}),
    ],
)
def test_a_chats_fields_are_held_against_the_model_and_the_reference(
    call: Caller, field: str, good: Any, bad: Any
) -> None:
    """What AWS would refuse a backend is refused here already."""
    assert call("PUT", "/contact/chat", {**CHAT, field: good}).status == 200
    refused = call("PUT", "/contact/chat", {**CHAT, field: bad})
    assert refused.status == 400, field
    assert len(call.connect.contacts.all(call.connect.instances.all("us-east-1")[0])) == 1


def test_a_chat_is_answered_with_what_its_page_needs(call: Caller) -> None:
    """Contact, participant and token; a replay gets the same token, as its page has no other way to it."""
    fields = {**CHAT, "ClientToken": "t", "CustomerId": "c"}
    first, again = (json.loads(call("PUT", "/contact/chat", fields).body) for _ in range(2))
    assert set(first) == {"ContactId", "ParticipantId", "ParticipantToken"}
    assert first == again
    assert json.loads(call("GET", f"/contacts/{INSTANCE_ID}/{first['ContactId']}").body)["Contact"]["CustomerId"] == "c"


def test_an_instance_is_one_whatever_its_ids_case(call: Caller) -> None:
    """Also for permissions, so that none is given or missing by a capital."""
    made = call.control("POST", "instances", {})[1]["InstanceId"]
    for spelled in (made, made.upper()):
        assert json.loads(call("GET", f"/instance/{spelled}").body)["Instance"]["Id"] == made
        chat = {**CHAT, "InstanceId": spelled}
        contact = json.loads(call("PUT", "/contact/chat", chat).body)["ContactId"]
        assert call("GET", f"/contacts/{spelled}/{contact}").status == 200
    assert {resource.partition("/")[0] for _, resource in call.asked} == {made, "*"}


def test_a_session_of_segments_is_told_by_every_operation(call: Caller) -> None:
    """DescribeContact, ListAssociatedContacts with pages, and the attributes that segments share."""
    first = call.started(CustomerId="c", Attributes={"a": "1"})
    second = call.control("POST", f"contacts/{first}/transfer")[1]["ContactId"]
    described = json.loads(call("GET", f"/contacts/{INSTANCE_ID}/{second}").body)["Contact"]
    assert (described["InitialContactId"], described["PreviousContactId"]) == (first, first)
    assert (described["CustomerId"], described["Attributes"]) == ("c", {"a": "1"})
    assert "InitialContactId" not in json.loads(call("GET", f"/contacts/{INSTANCE_ID}/{first}").body)["Contact"]
    call(
        "POST",
        "/contact/attributes",
        {"InstanceId": INSTANCE_ID, "InitialContactId": second, "Attributes": {"b": "2"}},
    )
    attributes = json.loads(call("GET", f"/contact/attributes/{INSTANCE_ID}/{first}").body)["Attributes"]
    assert attributes == {"a": "1", "b": "2"}
    listed, token = [], ""
    while True:
        page = json.loads(
            call(
                "GET",
                f"/contact/associated/{INSTANCE_ID}",
                query=f"contactId={second}&maxResults=1" + (f"&nextToken={token}" if token else ""),
            ).body
        )
        listed += [summary["ContactId"] for summary in page["ContactSummaryList"]]
        token = page.get("NextToken")
        if not token:
            break
    assert listed == [first, second]
    stop = {"InstanceId": INSTANCE_ID, "ContactId": first}
    assert call("POST", "/contact/stop", stop).headers["x-amzn-ErrorType"] == "ContactNotFoundException"


def test_pages_of_storage_places_are_followed_by_token(call: Caller) -> None:
    """A made-up token is refused."""
    instance = call.control("POST", "instances", {"TranscriptBuckets": ["a", "b"]})[1]["InstanceId"]
    path, query = f"/instance/{instance}/storage-configs", "resourceType=CHAT_TRANSCRIPTS&maxResults=1"
    page = json.loads(call("GET", path, query=query).body)
    assert page["StorageConfigs"][0]["S3Config"]["BucketName"] == "a"
    rest = json.loads(call("GET", path, query=f"{query}&nextToken={page['NextToken']}").body)
    assert rest["StorageConfigs"][0]["S3Config"]["BucketName"] == "b"
    assert "NextToken" not in rest
    assert call("GET", path, query=f"{query}&nextToken=7").status == 400


def test_a_call_over_the_quota_is_throttled(call: Caller) -> None:
    """StartChatContact: 8 at once."""
    call.connect.quotas._now = lambda: 0.0
    answers = [call("PUT", "/contact/chat", CHAT).status for _ in range(12)]
    assert answers == [200] * 8 + [429] * 4
    call.control("POST", "quotas", {"enabled": False})
    assert call("PUT", "/contact/chat", CHAT).status == 200


@pytest.mark.parametrize(
    ("fault", "status", "cut", "effect"),
    [
        ({"kind": "throttle"}, 429, "", False),
        ({"kind": "error", "status": 503}, 503, "", False),
        ({"kind": "error"}, 500, "", False),
        ({"kind": "cut_before"}, 0, "whole", False),
        ({"kind": "cut_after"}, 200, "whole", True),
        ({"kind": "cut_half"}, 200, "half", True),
        ({"kind": "garbage"}, 200, "", True),
        ({"kind": "latency", "seconds": 0.01}, 200, "", True),
    ],
)
def test_faults_happen_before_or_after_the_effect(
    call: Caller, fault: dict[str, Any], status: int, cut: str, effect: bool
) -> None:
    """And end after their times, or all at once."""
    call.control("POST", "faults", {"operation": "StartChatContact", "times": 1, **fault})
    answer = call("PUT", "/contact/chat", {**CHAT, "ClientToken": "t"})
    assert (answer.status, answer.cut) == (status, cut)
    # The same token tells whether the first call took effect.
    assert (call("PUT", "/contact/chat", {**CHAT, "ClientToken": "t", "CustomerId": "c"}).status == 400) == effect
    call.control("POST", "faults", {"operation": "StartChatContact", **fault})
    call.control("DELETE", "faults")
    assert call("PUT", "/contact/chat", CHAT).status == 200
    assert sum(sum(ended.values()) for ended in call.control("GET", "calls")[1].values()) == 3


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "said"),
    [
        ("GET", "nothing", None, 404, "There are POST /_connect/contacts"),
        ("PUT", "clock", None, 404, "No such call"),
        ("POST", "clock", {}, 400, "advance: missing"),
        ("POST", "clock", {"advance": -1}, 400, "advance: got -1, expected seconds from 0"),
        ("POST", "clock", {"advance": True}, 400, "advance: got true"),
        ("POST", "clock", {"advance": 1, "x": 2}, 400, "Unknown: x"),
        ("POST", "clock", {"advance": 1, "hold": 1}, 400, "hold: got 1, expected true or false"),
        ("POST", "contacts/none/transfer", None, 404, "No such contact"),
        ("POST", "contacts", {"Channel": "PIGEON"}, 400, "expected one of VOICE, CHAT"),
        ("POST", "contacts", {"Channel": "CHAT", "Attributes": {"a": 1}}, 400, "Attributes"),
        ("POST", "contacts", {"Channel": "CHAT", "CustomerId": ""}, 400, "CustomerId"),
        ("POST", "instances", {"TranscriptBuckets": "a"}, 400, "TranscriptBuckets"),
        ("POST", "instances", {"InstanceStatus": "BROKEN"}, 400, "InstanceStatus"),
        ("POST", "flows", {"Type": "INBOUND"}, 400, "expected one of CONTACT_FLOW, CUSTOMER_QUEUE"),
        ("POST", "flows", {"InstanceId": "none"}, 400, "Not found: instance none"),
        ("POST", "flows/none", {"Status": "SAVED"}, 400, "Not found: contact flow none"),
        ("POST", "limits", {"chats": -1}, 400, "chats: got -1"),
        ("POST", "faults", {"operation": "StartChat", "kind": "throttle"}, 400, "operation: got"),
        ("POST", "faults", {"operation": "StopContact", "kind": "fire"}, 400, "kind: got"),
        ("POST", "faults", {"operation": "StopContact", "kind": "error", "status": 404}, 400, "status: got"),
        ("POST", "faults", {"operation": "StopContact", "kind": "error", "times": 0}, 400, "times: got 0"),
        ("POST", "quotas", {"enabled": 1}, 400, "enabled: got 1"),
        ("POST", "quotas", [], 400, "expected a JSON object"),
    ],
)
def test_a_bad_control_call_says_what_it_got_and_changes_nothing(
    call: Caller, method: str, path: str, fields: Any, status: int, said: str
) -> None:
    """The control path is for people as well."""
    got, document = call.control(method, path, fields)
    assert (got, said in document["message"]) == (status, True), document
    assert call.connect.faults.next("StopContact") is None


def test_the_clock_goes_forward_and_the_answers_date_with_it(call: Caller) -> None:
    """The rule's time is that of Connect's own answer."""
    before = call("GET", "/instance").headers["Date"]
    call.control("POST", "clock", {"advance": 3600})
    assert call("GET", "/instance").headers["Date"] != before
    assert call.connect.clock.now().timestamp() > time.time() + 3500


def test_instances_that_are_not_active_take_no_contacts(call: Caller) -> None:
    """And one that does not exist is not found."""
    made = call.control("POST", "instances", {"InstanceStatus": "CREATION_FAILED"})[1]["InstanceId"]
    assert call("PUT", "/contact/chat", {**CHAT, "InstanceId": made}).status == 400
    assert call("PUT", "/contact/chat", {**CHAT, "InstanceId": "none"}).status == 404
    contact = call.started()
    sound = call.control("POST", "instances", {})[1]["InstanceId"]
    assert call("GET", f"/contacts/{sound}/{contact}").status == 404
