"""The participant service in this process: its calls, tokens, sizes, quotas, errors and faults."""

import asyncio
import base64
import hashlib
import json
import re
from typing import Any

import pytest

from local.connect.control import Control
from local.connect.participant_service import Asked
from tests.unit.local.participating import BOTH, CHAT, REGION, Refused, World, kinds

TYPING = "application/vnd.amazonaws.connect.event.typing"
READ = "application/vnd.amazonaws.connect.event.message.read"
DELIVERED = "application/vnd.amazonaws.connect.event.message.delivered"


@pytest.fixture
def world() -> World:
    """A new Amazon Connect."""
    return World()


def test_a_chat_from_its_start_to_its_end(world: World) -> None:
    """Each thing that happens becomes an item in the transcript and on the sockets, in order."""
    customer = world.start(InitialMessage={"ContentType": "text/plain", "Content": "first"})
    customer.say("hello")
    agent = world.control("POST", f"contacts/{customer.contact}/join", DisplayName="Bob")["ParticipantId"]
    world.control("POST", f"contacts/{customer.contact}/say", Content="hi")
    world.control("POST", f"contacts/{customer.contact}/say", Content="please wait", Role="SYSTEM")
    world.control("POST", f"contacts/{customer.contact}/leave")
    shown = customer.shown()
    assert kinds(shown) == [
        "first",
        "participant.joined",
        "hello",
        "participant.joined",
        "hi",
        "please wait",
        "participant.left",
    ]
    assert [item["ParticipantRole"] for item in shown] == [*["CUSTOMER"] * 3, *["AGENT"] * 2, "SYSTEM", "AGENT"]
    assert {item["DisplayName"] for item in shown} == {"Ada", "Bob", "SYSTEM_MESSAGE"}
    assert shown[4]["ParticipantId"] == agent
    assert {item["ContactId"] for item in shown} == {customer.contact}
    customer("disconnect")
    delivered = world.delivered[customer.contact]
    assert kinds(delivered) == [*kinds(shown), "participant.left", "chat.ended"]
    assert {item["InitialContactId"] for item in delivered} == {customer.contact}
    # An item has the same Id in both, so a page does not show it twice.
    assert [item["Id"] for item in delivered][: len(shown)] == [item["Id"] for item in shown]
    assert world.described(customer.contact)["DisconnectTimestamp"]


def test_each_token_is_for_its_own_calls(world: World) -> None:
    """The ParticipantToken can only make a connection. The ConnectionToken can do everything else."""
    customer = world.start()
    with pytest.raises(Refused, match="403 AccessDeniedException"):
        world.ask("transcript", customer.started["ParticipantToken"])
    with pytest.raises(Refused, match="403 AccessDeniedException"):
        world.ask("connection", customer.token, Type=BOTH)
    with pytest.raises(Refused, match=r"400 ValidationException.*ConnectionToken: required"):
        world.ask("transcript")
    with pytest.raises(Refused, match="400 ValidationException"):
        world.ask("transcript", "")


def test_tokens_expire_by_connects_clock(world: World) -> None:
    """A connection is valid for a day, a socket's address for a hundred seconds. The ParticipantToken stays valid."""
    customer = world.start(connect=False)
    answer = customer.connect()
    address = answer["Websocket"]["Url"].partition("token=")[2]
    participants, clock = world.connect.conversations.participants, world.connect.clock
    assert participants.addressed(address, clock.now())
    world.wait(100)
    assert participants.addressed(address, clock.now()) is None
    customer("transcript")
    world.wait(86_400)
    with pytest.raises(Refused, match="403 AccessDeniedException"):
        customer("transcript")
    customer.connect()
    customer("transcript")


def test_an_ended_chat_answers_nobody(world: World) -> None:
    """It is the same whether the customer or the backend ended it. A page learns of the end by this refusal."""
    by_customer, by_backend = world.start(), world.start()
    by_customer("disconnect")
    world.stop(by_backend.contact)
    for customer in (by_customer, by_backend):
        with pytest.raises(Refused, match="403 AccessDeniedException"):
            customer("message", ContentType="text/plain", Content="late")
        with pytest.raises(Refused, match="403 AccessDeniedException"):
            customer.connect()


def test_a_chat_that_ended_leaves_no_token_in_the_memory(world: World) -> None:
    """This holds for many chats, and for customers who connected often."""
    for _ in range(20):
        customer = world.start()
        for _ in range(3):
            customer.connect()
        world.control("POST", f"contacts/{customer.contact}/join")
        customer("disconnect")
    assert all(held == {} for held in vars(world.connect.conversations.participants).values())
    # If a chat still runs, a new connection removes the connections that have expired.
    customer = world.start()
    for _ in range(5):
        world.wait(86_400)
        customer.connect()
    assert len(world.connect.conversations.participants._connections) == 1


def test_a_customer_goes_on_through_a_transfer_and_a_survey(world: World) -> None:
    """The customer keeps the same tokens. The agents leave. Each item says in which segment it was sent."""
    customer = world.start()
    customer.say("one")
    world.control("POST", f"contacts/{customer.contact}/join")
    second = world.control("POST", f"contacts/{customer.contact}/transfer")["ContactId"]
    customer.say("two")
    with pytest.raises(Refused, match="No agent is in the chat"):
        world.control("POST", f"contacts/{second}/say", Content="x")
    # Who plays the agent often has the id of the start only.
    with pytest.raises(Refused, match=f"has ended. It goes on as {second}."):
        world.control("POST", f"contacts/{customer.contact}/say", Content="x")
    world.control("POST", f"contacts/{second}/join")
    third = world.control("POST", f"contacts/{second}/survey")["ContactId"]
    customer.say("three")
    shown = customer.shown()
    assert kinds(shown)[2:] == [
        "participant.joined",
        "transfer.succeeded",
        "participant.left",
        "two",
        "participant.joined",
        "participant.left",
        "three",
    ]
    assert list(dict.fromkeys(item["ContactId"] for item in shown)) == [customer.contact, second, third]
    one = customer("transcript", ContactId=second, SortOrder="ASCENDING")
    assert kinds(one["Transcript"]) == ["two", "participant.joined", "participant.left"]
    assert customer("transcript", ContactId="another")["Transcript"] == []


@pytest.mark.parametrize(
    ("content_type", "longest"),
    [
        ("text/plain", 1024),
        ("text/markdown", 1024),
        ("application/json", 12_000),
        ("application/vnd.amazonaws.connect.message.interactive.response", 12_288),
    ],
)
def test_a_message_has_a_largest_size(world: World, content_type: str, longest: int) -> None:
    """The size counts characters, and depends on the message's type."""
    customer = world.start(SupportedMessagingContentTypes=["text/plain", content_type])
    customer("message", ContentType=content_type, Content="ü" * longest)
    with pytest.raises(Refused, match=f"400 ValidationException.*at most {longest} characters"):
        customer("message", ContentType=content_type, Content="ü" * (longest + 1))
    assert len(customer.lines()[0]) == longest


def test_a_chat_takes_the_types_that_it_was_started_with(world: World) -> None:
    """It takes only plain text if its start named no other types."""
    with pytest.raises(Refused, match=r"400 ValidationException.*supports text/plain"):
        world.start()("message", ContentType="text/markdown", Content="*x*")
    with pytest.raises(Refused, match=r"400 ValidationException.*Content"):
        world.start()("message", ContentType="text/plain", Content="")


def test_a_client_token_sends_nothing_twice(world: World) -> None:
    """A retry gets the first answer. Other content with the same token is a mistake."""
    customer = world.start()
    assert customer.say("x", ClientToken="t") == customer.say("x", ClientToken="t")
    with pytest.raises(Refused, match=r"400 ValidationException.*ClientToken"):
        customer.say("y", ClientToken="t")
    assert customer.say("x") != customer.say("x", ClientToken="another")
    assert customer.lines() == ["x"] * 3
    # The same token of another customer is another token.
    assert world.start().say("x", ClientToken="t")


def test_typing_is_told_and_not_kept(world: World) -> None:
    """Typing is an event on the sockets, but it is not in the transcript."""
    customer = world.start()
    assert set(customer("event", ContentType=TYPING)) == {"Id", "AbsoluteTime"}
    world.control("POST", f"contacts/{customer.contact}/join")
    world.control("POST", f"contacts/{customer.contact}/type")
    typed = [item["ParticipantRole"] for item in world.delivered[customer.contact] if item["ContentType"] == TYPING]
    assert typed == ["CUSTOMER", "AGENT"]
    assert "typing" not in kinds(customer.shown())
    with pytest.raises(Refused, match="400 ValidationException"):
        customer("event", ContentType="application/vnd.amazonaws.connect.event.chat.ended")


def test_receipts_stand_in_the_message(world: World) -> None:
    """This holds for two participants. With more, the service answers ConflictException."""
    customer = world.start()
    world.control("POST", f"contacts/{customer.contact}/join")
    message = world.control("POST", f"contacts/{customer.contact}/say", Content="hi")["Id"]
    for kind in (DELIVERED, READ):
        customer("event", ContentType=kind, Content=json.dumps({"messageId": message}))
    (receipt,) = customer.shown()[-1]["MessageMetadata"]["Receipts"]
    assert set(receipt) == {"RecipientParticipantId", "DeliveredTimestamp", "ReadTimestamp"}
    assert receipt["RecipientParticipantId"] == customer.started["ParticipantId"]
    assert world.delivered[customer.contact][-1]["Type"] == "MESSAGEMETADATA"
    for content in (None, "x", "[]", '{"messageId": 1}'):
        with pytest.raises(Refused, match=r"400 ValidationException.*messageId"):
            customer("event", ContentType=READ, **({} if content is None else {"Content": content}))
    customer("event", ContentType=READ, Content='{"messageId": "none"}')
    world.control("POST", f"contacts/{customer.contact}/join")
    with pytest.raises(Refused, match="409 ConflictException"):
        customer("event", ContentType=READ, Content=json.dumps({"messageId": message}))


@pytest.mark.parametrize("what", ["join", "say", "type", "leave"])
def test_nobody_chats_in_a_call(world: World, what: str) -> None:
    """A contact with another channel has no messages."""
    contact = world.control("POST", "contacts", Channel="VOICE")["ContactId"]
    with pytest.raises(Refused, match=r"400 .*is no chat, but VOICE"):
        world.control("POST", f"contacts/{contact}/{what}", **({"Content": "hello"} if what == "say" else {}))


def test_only_messages_have_receipts(world: World) -> None:
    """The events between messages have none."""
    customer = world.start()
    (joined,) = customer.shown()
    customer("event", ContentType=READ, Content=json.dumps({"messageId": joined["Id"]}))
    assert "MessageMetadata" not in customer.shown()[0]


def test_a_connection_is_of_the_wished_types(world: World) -> None:
    """Each part comes only if the call asks for it. The customer joins once, even after several connections."""
    customer = world.start(connect=False)
    token = customer.started["ParticipantToken"]
    assert set(world.ask("connection", token, Type=["CONNECTION_CREDENTIALS"])) == {"ConnectionCredentials"}
    assert world.delivered == {}
    assert world.ask("connection", token, ConnectParticipant=True) == {}
    url = world.ask("connection", token, Type=["WEBSOCKET"])["Websocket"]["Url"]
    assert url.startswith("ws://127.0.0.1:4566/participant/socket?token=")
    assert kinds(world.delivered[customer.contact]) == ["participant.joined"]
    wrongs: list[dict[str, Any]] = [{}, {"Type": []}, {"Type": ["PIGEON"]}, {"Type": ["WEBRTC_CONNECTION"]}]
    for wrong in wrongs:
        with pytest.raises(Refused, match="400 ValidationException"):
            world.ask("connection", token, **wrong)


def answer(world: World, method: str, path: str, body: bytes = b"", host: str = "") -> tuple[int, dict[str, str], Any]:
    """The service's answer: status, headers and document."""
    said = asyncio.run(world.service.answer(Asked(method, path, {"host": host}, body)))
    return said.status, said.headers, json.loads(said.body or b"null")


def test_pages_of_any_origin_may_read_all_answers(world: World) -> None:
    """They may read refusals, too. A preflight allows all headers that the client sends."""
    status, headers, _ = answer(world, "OPTIONS", "/participant/message")
    allowed = set(headers["Access-Control-Allow-Headers"].split(","))
    assert status == 204
    assert allowed >= {
        "authorization",
        "content-type",
        "x-amz-bearer",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-user-agent",
    }
    for path in ("/participant/message", "/participant/nothing", "/participant/attachment"):
        status, headers, _ = answer(world, "POST", path, b"[")
        assert (headers["Access-Control-Allow-Origin"], status >= 400) == ("*", True)
        assert "x-amzn-ErrorType" in headers["Access-Control-Expose-Headers"]


def test_what_is_not_supported_says_so(world: World) -> None:
    """The first is an operation of the model that the cloud does not have. The second is no operation at all."""
    for method, path in (("POST", "/participant/attachment"), ("GET", "/participant/message")):
        status, headers, said = answer(world, method, path)
        assert (status, headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")
        assert "supports CreateParticipantConnection, SendMessage" in said["Message"]


def test_quotas_are_each_instances(world: World) -> None:
    """All customers of an instance share a burst, and a call over it is throttled. Another instance has its own."""
    first, second = world.start(), world.start()
    other = world.control("POST", "instances")["InstanceId"]
    elsewhere = world.start(InstanceId=other)
    world.connect.quotas.enabled = True
    for turn in range(15):
        (first, second)[turn % 2].say("x")
    with pytest.raises(Refused, match="429 ThrottlingException"):
        assert [first.say("x") for _ in range(5)] == []
    elsewhere.say("x")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "throttle"}, "429 ThrottlingException"),
        ({"kind": "error"}, "500 InternalServerException"),
        ({"kind": "error", "status": 503}, "503 ServiceUnavailableException"),
    ],
)
def test_faults_come_in_the_services_own_words(world: World, fault: dict[str, Any], said: str) -> None:
    """The call with the fault has no effect."""
    customer = world.start()
    world.control("POST", "faults", operation="SendMessage", times=1, **fault)
    with pytest.raises(Refused, match=said):
        customer.say("x")
    customer.say("y")
    assert customer.lines() == ["y"]
    assert world.control("GET", "calls")["SendMessage"]["200"] == 1


def test_sockets_have_faults_of_their_own(world: World) -> None:
    """A fault that only sockets have is refused for a call, and a fault that only calls have for a socket."""
    world.control("POST", "faults", operation="SocketHeartbeat", kind="silence")
    for operation, kind in (("SendMessage", "silence"), ("SocketItem", "throttle")):
        with pytest.raises(Refused, match="kind: got"):
            world.control("POST", "faults", operation=operation, kind=kind)


def test_the_chats_that_run_are_listed(world: World) -> None:
    """A person who plays the agents needs this list."""
    customer = world.start()
    world.start()("disconnect")
    second = world.control("POST", f"contacts/{customer.contact}/transfer")["ContactId"]
    world.control("POST", f"contacts/{second}/join", DisplayName="Bob")
    assert world.control("GET", "chats") == [
        {"ContactId": second, "InitialContactId": customer.contact, "DisplayName": "Ada", "Agents": ["Bob"]}
    ]


def test_a_replayed_start_gives_the_same_participant(world: World) -> None:
    """A page that did not get the first answer goes on in the same chat."""
    start = world.connect.operations.supported["StartChatContact"]
    once, again = (start({**CHAT, "ClientToken": "t"}, REGION) for _ in range(2))
    assert once == again
    assert world.ask("connection", again["ParticipantToken"], Type=BOTH)


def test_the_agents_window_cannot_be_framed(world: World) -> None:
    """It can do all that the control path can. So only its own script and style may run in it."""
    answer = Control(world.connect).answer("GET", "agent", b"")
    policy = answer.headers["Content-Security-Policy"]
    assert (answer.status, answer.headers["X-Frame-Options"]) == (200, "DENY")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.body.decode(), re.DOTALL)
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    # The window shows the texts of customers as text, never as markup.
    assert b"innerHTML" not in answer.body
