"""The participant service of the local cloud, with real clients: boto3, the AWS SDK for JavaScript, and ChatJS."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config

from local.cloud import Cloud
from tests.local.talking import CHATJS, ChatJS, Customer, PlainSocket

pytestmark = pytest.mark.usefixtures("without_quotas")
PREFIX = "application/vnd.amazonaws.connect."
ONCE = Config(retries={"total_max_attempts": 1})
ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = "https://chat.example"


def past(cloud: Cloud, *lines: str) -> str:
    """A chat with these messages, which has ended and is written. Returns its contact id."""
    customer = Customer(cloud)
    customer.connect()
    for line in lines:
        customer.say(line)
    customer.leave()
    cloud.control("POST", "clock", {"advance": 60})
    return customer.contact


def continue_(cloud: Cloud, contact: str, source: str) -> None:
    """Continue a past chat by the API, after the start."""
    cloud.client("connect").create_persistent_contact_association(
        InstanceId=cloud.instance_id,
        InitialContactId=contact,
        RehydrationType="ENTIRE_PAST_SESSION",
        SourceContactId=source,
    )


def test_boto3_chats(cloud: Cloud) -> None:
    """botocore can make each call and read its answer. The errors are those of the model."""
    source = past(cloud, "old")
    customer = Customer(cloud, PersistentChat={"RehydrationType": "FROM_SEGMENT", "SourceContactId": source})
    customer.connect()
    customer.say("new")
    customer.agent("join")
    customer.agent("say", Content="hi")
    shown = [item for item in customer.shown() if item["Type"] == "MESSAGE"]
    assert [(item["Content"], item.get("RelatedContactId"), item.get("ContactId")) for item in shown] == [
        ("old", source, None),
        ("new", None, customer.contact),
        ("hi", None, customer.contact),
    ]
    client = customer.client
    typed = client.send_event(ContentType=f"{PREFIX}event.typing", ConnectionToken=customer.token)
    assert typed["Id"]
    with pytest.raises(client.exceptions.ValidationException, match="1024"):
        customer.say("x" * 1025)
    customer.leave()
    with pytest.raises(client.exceptions.AccessDeniedException):
        customer.say("late")


def test_the_sdk_for_javascript_chats(cloud: Cloud) -> None:
    """This SDK is another implementation of the same model."""
    customer = Customer(cloud)
    script = """
        import * as sdk from "@aws-sdk/client-connectparticipant";
        const [endpoint, ParticipantToken] = process.argv.slice(1);
        const credentials = { accessKeyId: "x", secretAccessKey: "x" };
        const client = new sdk.ConnectParticipantClient({ endpoint, region: "us-east-1", credentials });
        const Type = ["WEBSOCKET", "CONNECTION_CREDENTIALS"];
        const connection = await client.send(new sdk.CreateParticipantConnectionCommand({ ParticipantToken, Type }));
        const { ConnectionToken } = connection.ConnectionCredentials;
        const message = { ConnectionToken, ContentType: "text/plain", Content: "hello" };
        await client.send(new sdk.SendMessageCommand(message));
        const { Transcript } = await client.send(new sdk.GetTranscriptCommand({ ConnectionToken }));
        await client.send(new sdk.DisconnectParticipantCommand({ ConnectionToken }));
        const refused = await client.send(new sdk.SendMessageCommand(message)).catch((error) => error.name);
        console.log(JSON.stringify([Transcript.map((item) => item.Content ?? item.ContentType), refused]));
    """
    arguments = ["node", "--input-type=module", "-e", script, cloud.url, customer.started["ParticipantToken"]]
    said = subprocess.run(arguments, cwd=CHATJS, capture_output=True, text=True, check=True, timeout=60).stdout
    assert json.loads(said) == [["hello", f"{PREFIX}event.participant.joined"], "AccessDeniedException"]


def test_chatjs_from_the_first_word_to_the_last(cloud: Cloud) -> None:
    """The client reports to a page: each message once and in order, typing, people, the transfer, the end."""
    customer = Customer(cloud)
    with ChatJS(customer) as page:
        page.connect()
        sent = page.call("sendMessage", message="hello", contentType="text/plain")["result"]
        customer.agent("join", DisplayName="Bob")
        customer.agent("type")
        customer.agent("say", Content="hi")
        following = customer.agent("transfer")["ContactId"]
        page.call("sendMessage", message="still there?", contentType="text/plain")
        cloud.control("POST", f"contacts/{following}/say", {"Content": "yes", "Role": "SYSTEM"})
        page.wait("onTyping")
        shown = page.call("getTranscript", maxResults=100)["result"]["Transcript"]
        assert [item["Content"] for item in shown if item["Type"] == "MESSAGE"] == [
            "hello",
            "hi",
            "still there?",
            "yes",
        ]
        assert sent["Id"] in [item["Id"] for item in shown]
        assert "result" in page.call("disconnectParticipant")
        page.wait("onEnded")
        assert page.messages() == ["hello", "hi", "still there?", "yes"]
        types = [one["data"]["ContentType"] for one in page.events if one["event"] == "onMessage"]
        for event in ("participant.joined", "participant.left", "transfer.succeeded", "chat.ended"):
            assert f"{PREFIX}event.{event}" in types


def test_chatjs_shows_the_past_of_a_chat_that_is_continued_later(cloud: Cloud) -> None:
    """The association is made while the page is open. The page gets an event, and can then read the past."""
    source = past(cloud, *(f"old {number}" for number in range(20)))
    customer = Customer(cloud)
    with ChatJS(customer) as page:
        page.connect()
        page.call("sendMessage", message="new", contentType="text/plain")
        assert page.call("getTranscript")["result"].get("NextToken") is None
        continue_(cloud, customer.contact, source)
        page.wait("onChatRehydrated")
        lines: list[str] = []
        more: dict[str, Any] = {}
        for _ in range(3):
            answer = page.call("getTranscript", **more)["result"]
            lines[:0] = [item["Content"] for item in answer["Transcript"] if item["Type"] == "MESSAGE"]
            more = {"nextToken": answer.get("NextToken")}
        assert lines == [*(f"old {number}" for number in range(20)), "new"]
        assert more == {"nextToken": None}


def test_chatjs_comes_back_when_its_connection_is_cut(cloud: Cloud) -> None:
    """The client connects again by itself, and gets new messages."""
    customer = Customer(cloud)
    with ChatJS(customer) as page:
        page.connect()
        assert customer.agent("cut") == {"sockets": 1}
        page.wait("onConnectionLost")
        page.wait("onConnectionEstablished", 3)
        customer.agent("say", Content="welcome back", Role="SYSTEM")
        page.wait("onMessage")
        assert page.messages()[-1:] == ["welcome back"]


def test_chatjs_learns_that_the_chat_ended_meanwhile(cloud: Cloud) -> None:
    """Its connection is cut, and the chat ends. The client learns this because a new connection is refused."""
    customer = Customer(cloud)
    with ChatJS(customer) as page:
        page.connect()
        cloud.control(
            "POST", "faults", {"operation": "CreateParticipantConnection", "kind": "latency", "seconds": 5, "times": 1}
        )
        customer.agent("cut")
        page.wait("onConnectionLost")
        cloud.client("connect").stop_contact(InstanceId=cloud.instance_id, ContactId=customer.contact)
        page.wait("onEnded")


def asked(cloud: Cloud, method: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    """Ask the cloud as a browser would. Returns the answer's status and headers."""
    parts = urlsplit(cloud.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request(method, path, body=b"{}" if method == "POST" else None, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def test_pages_of_any_origin_reach_the_service_and_its_socket_only(cloud: Cloud) -> None:
    """The service accepts only its own tokens. Pages cannot reach the calls that play agents."""
    page = {"Origin": ELSEWHERE, "Sec-Fetch-Site": "cross-site", "User-Agent": "Mozilla/5.0"}
    status, headers = asked(
        cloud,
        "OPTIONS",
        "/participant/connection",
        {**page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-amz-bearer"},
    )
    assert (status, headers["access-control-allow-origin"]) == (204, "*")
    status, headers = asked(cloud, "POST", "/participant/connection", {**page, "x-amz-bearer": "none"})
    assert (status, headers["access-control-allow-origin"]) == (403, "*")
    for path in ("/_connect/chats", "/_connect/agent", "/participant/connection/x", "/"):
        status, headers = asked(cloud, "GET", path, page)
        assert status == 403, path
        assert "access-control-allow-origin" not in headers
    customer = Customer(cloud)
    with PlainSocket(customer.connect(), {"Origin": ELSEWHERE}) as socket:
        customer.say("hello")
        assert socket.item()["Content"] == "hello"
    for path in ("/participant/sockets?token=x", "/participant/socket?token=x", "/_aws/execute-api/a/b"):
        refused = PlainSocket(f"ws://{urlsplit(cloud.url).netloc}{path}", {"Origin": ELSEWHERE}, subscribe=False)
        with refused:
            assert refused.refused == 403


def test_the_agents_window_is_served_to_a_person_and_to_no_frame(cloud: Cloud) -> None:
    """A person opens it from the address bar. A page of another origin cannot put it into a frame."""
    person = {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document", "User-Agent": "Mozilla/5.0"}
    status, headers = asked(cloud, "GET", "/_connect/agent", person)
    assert (status, headers["x-frame-options"]) == (200, "DENY")
    frame = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe", "User-Agent": "Mozilla/5.0"}
    assert asked(cloud, "GET", "/_connect/agent", frame)[0] == 403


@contextmanager
def own_cloud() -> Iterator[tuple[subprocess.Popen[str], Cloud]]:
    """A cloud's process, which ends when its standard input does."""
    arguments = [sys.executable, "-m", "local", "--port", "0", "--until-stdin-closes"]
    process = subprocess.Popen(
        arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        port = process.stdout.readline().split("http://127.0.0.1:")[1].split()[0]
        yield process, Cloud.at(int(port))


def test_the_cloud_stops_while_people_chat() -> None:
    """It closes their sockets in order. It does not wait for anybody, and prints nothing."""
    with own_cloud() as (process, cloud):
        customer = Customer(cloud)
        with PlainSocket(customer.connect()) as socket:
            began = time.monotonic()
            _, said = process.communicate(timeout=60)
            assert time.monotonic() - began < 9
            with pytest.raises(EOFError, match="closed 1001"):
                socket.next()
    assert said == ""


def test_the_cloud_stops_while_a_peer_does_not_read() -> None:
    """The messages that wait for this peer are lost. Otherwise Ctrl-C could not end the cloud."""
    with own_cloud() as (process, cloud):
        customer = Customer(cloud)
        with PlainSocket(customer.connect()) as socket:
            asked = socket.frame({"topic": "aws/subscribe", "content": {"topics": ["x" * 60_000]}})
            for _ in range(200):
                socket.send_bytes(asked)
            _, said = process.communicate(timeout=60)
    assert said == ""


def test_a_large_body_holds_nobody_up(cloud: Cloud) -> None:
    """A page of any origin can send a large body. The cloud reads it, but does not keep it."""
    connection = http.client.HTTPConnection(urlsplit(cloud.url).netloc, timeout=60)
    connection.request("POST", "/participant/message", b"x" * 64 * 1024 * 1024)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_socket_speaks_its_topics(cloud: Cloud) -> None:
    """No item comes before the subscription. The cloud ignores a message that it cannot read."""
    customer = Customer(cloud)
    with PlainSocket(customer.connect(), subscribe=False) as socket:
        customer.say("before")
        for junk in ("junk", "[]", "{}", '{"topic": "aws/else"}', '{"topic": "aws/subscribe", "content": 1}'):
            socket.send(junk)
        assert socket.next()["content"]["status"] == "failure"
        socket.send({"topic": "aws/heartbeat"})
        assert socket.next() == {"topic": "aws/heartbeat"}
        socket.send({"topic": "aws/ping"})
        assert socket.next() == {"topic": "aws/ping", "statusCode": 200, "statusContent": "OK"}
        assert socket.is_silent()
        socket.send({"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}})
        assert socket.next() == {
            "topic": "aws/subscribe",
            "content": {"status": "success", "topics": ["aws/chat"]},
        }
        customer.say("after")
        assert socket.item()["Content"] == "after"


def test_the_address_of_a_socket_expires(cloud: Cloud) -> None:
    """It expires after a hundred seconds of Connect's clock. A socket that is open already stays open."""
    customer = Customer(cloud)
    url = customer.connect()
    with PlainSocket(url) as socket:
        cloud.control("POST", "clock", {"advance": 100})
        late = PlainSocket(url, subscribe=False)
        with late:
            assert late.refused == 403
        customer.say("x")
        assert socket.item()["Content"] == "x"


def fault(cloud: Cloud, operation: str, kind: str, **more: Any) -> None:
    """Add a fault for the next call only."""
    cloud.control("POST", "faults", {"operation": operation, "kind": kind, "times": 1, **more})


@pytest.mark.parametrize("kind", ["cut_before", "cut_half"])
def test_a_socket_is_cut_and_nothing_is_lost(cloud: Cloud, kind: str) -> None:
    """It is cut before an item, or in the middle of it. The transcript has the item once, and a new socket works."""
    customer = Customer(cloud)
    with PlainSocket(customer.connect()) as socket:
        fault(cloud, "SocketItem", kind)
        customer.say("one")
        with pytest.raises(EOFError, match="cut"):
            socket.next()
    with PlainSocket(customer.connect()) as socket:
        customer.say("two")
        assert socket.item()["Content"] == "two"
    assert customer.lines() == ["one", "two"]


def test_a_heartbeat_is_not_answered(cloud: Cloud) -> None:
    """One heartbeat gets no answer. The next one gets a late answer."""
    customer = Customer(cloud)
    with PlainSocket(customer.connect()) as socket:
        fault(cloud, "SocketHeartbeat", "silence")
        socket.send({"topic": "aws/heartbeat"})
        # If the heartbeat had an answer, it would come before this one.
        socket.send({"topic": "aws/ping"})
        assert socket.next()["topic"] == "aws/ping"
        fault(cloud, "SocketHeartbeat", "latency", seconds=0.5)
        began = time.monotonic()
        socket.send({"topic": "aws/heartbeat"})
        assert socket.next() == {"topic": "aws/heartbeat"}
        assert time.monotonic() - began >= 0.5


def connections(cloud: Cloud) -> int:
    """How many connections were made so far."""
    return int(cloud.control("GET", "calls")["CreateParticipantConnection"]["200"])


def closed(cloud: Cloud, still_open: int = 0) -> None:
    """Wait until all sockets are closed but these."""
    until = time.monotonic() + 60
    while cloud.control("GET", "sockets")["open"] != still_open:
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.prove
def test_chatjs_reconnects_when_its_heartbeat_is_not_answered(cloud: Cloud) -> None:
    """It waits ten seconds for the answer, and then makes a new connection."""
    customer = Customer(cloud)
    with ChatJS(customer) as page:
        page.connect()
        # The first heartbeat was answered. From then on the client expects an answer to each one.
        time.sleep(5)
        before, until = connections(cloud), time.monotonic() + 120
        fault(cloud, "SocketHeartbeat", "silence")
        # The client reports no event for this, because the old socket stays until the new one has subscribed.
        while connections(cloud) == before:
            assert time.monotonic() < until
            time.sleep(0.5)
        # The new socket opens and subscribes, and then the client closes the old one.
        time.sleep(5)
        closed(cloud, 1)
        customer.agent("say", Content="x", Role="SYSTEM")
        page.wait("onMessage")
        assert page.messages() == ["x"]


def test_half_a_frame_of_a_client_harms_nobody(cloud: Cloud) -> None:
    """Half a frame is no message. Only the connection of this client ends, and the chat goes on."""
    customer = Customer(cloud)
    with PlainSocket(customer.connect()) as socket:
        frame = socket.frame({"topic": "aws/heartbeat"})
        socket.send_bytes(frame[: len(frame) // 2])
    broken = PlainSocket(customer.connect())
    with broken:
        broken.send_bytes(b"\xff" * 40)
        with pytest.raises(EOFError):
            broken.next()
    with PlainSocket(customer.connect()) as socket:
        customer.say("x")
        assert socket.item()["Content"] == "x"


def test_a_call_is_cut_after_its_effect_and_repeated(cloud: Cloud) -> None:
    """The SDK tries again with the same ClientToken, so the message is there once."""
    customer = Customer(cloud)
    customer.connect()
    fault(cloud, "SendMessage", "cut_after")
    customer.say("once")
    assert customer.lines() == ["once"]


def test_transcripts_are_objects_of_the_clouds_s3(cloud: Cloud) -> None:
    """The object is where DescribeContact says, in the format that third parties read."""
    contact = past(cloud, "hello")
    described = cloud.client("connect").describe_contact(InstanceId=cloud.instance_id, ContactId=contact)["Contact"]
    bucket, _, key = described["Recordings"][0]["Location"].partition("/")
    document = json.loads(cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert (document["ContactId"], document["AWSAccountId"]) == (contact, cloud.account)
    assert "hello" in [item.get("Content") for item in document["Transcript"]]
    # If the object is deleted, the past chat is not shown any more.
    cloud.client("s3").delete_object(Bucket=bucket, Key=key)
    customer = Customer(cloud)
    customer.connect()
    continue_(cloud, customer.contact, contact)
    assert customer.lines() == []


def test_a_transcript_is_written_while_nobody_asks(cloud: Cloud) -> None:
    """It is written even if nobody sets the clock forward."""
    cloud.control("POST", "transcripts", {"seconds": 0.5})
    try:
        customer = Customer(cloud)
        customer.connect()
        customer.leave()
        s3, until = cloud.client("s3"), time.monotonic() + 60
        prefix = "connect/local/ChatTranscripts/"

        def keys() -> list[str]:
            listed = s3.list_objects_v2(Bucket="amazon-connect-transcripts", Prefix=prefix)
            return [one["Key"] for one in listed.get("Contents", ())]

        while not any(customer.contact in key for key in keys()):
            assert time.monotonic() < until
            time.sleep(0.2)
    finally:
        cloud.control("POST", "transcripts", {"seconds": 45})


@pytest.mark.prove
def test_a_thousand_messages(cloud: Cloud) -> None:
    """With one of the largest size: each is on the socket once and in order, and also in the transcript."""
    customer = Customer(cloud)
    lines = [f"line {number}" for number in range(1_000)] + ["x" * 1024]
    with PlainSocket(customer.connect()) as socket:
        for line in lines:
            customer.agent("say", Content=line, Role="SYSTEM")
        heard = [socket.item() for _ in lines]
    assert [item["Content"] for item in heard] == lines
    assert len({item["Id"] for item in heard}) == len(lines)
    assert customer.lines() == lines


@pytest.mark.prove
def test_fifty_customers_at_once(cloud: Cloud) -> None:
    """Each customer gets all of their own chat, and nothing of another chat. Afterwards no socket is open."""
    wrong: list[object] = []

    def chat(number: int) -> None:
        try:
            customer = Customer(cloud, f"customer {number}")
            with PlainSocket(customer.connect()) as socket:
                lines = [f"{number}: {turn}" for turn in range(5)]
                for line in lines:
                    customer.say(line)
                heard = [socket.item()["Content"] for _ in lines]
                assert (heard, customer.lines()) == (lines, lines)
                customer.leave()
                ends = [socket.item()["ContentType"].rpartition(".")[2] for _ in range(2)]
                assert ends == ["left", "ended"]
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=chat, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    closed(cloud)


@pytest.mark.prove
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux has this file")
def test_memory_is_what_chats_are() -> None:
    """After a chat's end, the cloud keeps its contact and its transcript, but nothing of its connections."""
    with Cloud() as cloud:
        process = cloud._process
        assert process is not None

        def megabytes() -> float:
            status = Path(f"/proc/{process.pid}/status").read_text()
            return int(status.split("VmRSS:")[1].split()[0]) / 1024

        def chat(times: int) -> None:
            for _ in range(times):
                customer = Customer(cloud)
                for _ in range(3):
                    with PlainSocket(customer.connect()):
                        customer.say("hello")
                customer.leave()

        cloud.control("POST", "quotas", {"enabled": False})
        chat(50)
        before = megabytes()
        chat(100)
        # 80 kB each.
        assert megabytes() - before < 8
        closed(cloud)
