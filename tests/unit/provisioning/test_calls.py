"""What is read of the answers of AWS and of the endpoint, with botocore's own parsers."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from provisioning.calls import Answer, Calls
from tests.unit.local.web import web
from tests.unit.provisioning.world import FUNCTION_ARN, statement

NOT_FOUND = "ResourceNotFoundException"


class Body:
    """An answer's bytes, as urllib3 hands them over."""

    def __init__(self, body: bytes) -> None:
        self._left = body

    def stream(self) -> Iterator[bytes]:
        """All at once."""
        yield self._left

    def read(self, amt: int | None = None) -> bytes:
        """The same, and nothing the second time."""
        body, self._left = self._left, b""
        return body


class Aws:
    """Answers every call of the real clients before it is sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {"REGION": "us-east-1", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "s"}.items():
            monkeypatch.setenv(f"AWS_DEFAULT_{name}" if name == "REGION" else f"AWS_{name}", value)
        self.calls = Calls()
        self.calls._session.events.register("before-send", self._send)
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[AWSPreparedRequest] = []

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self.asked.append(request)
        status, headers, body = self.answers.pop(0)
        return AWSResponse(request.url, status, headers, Body(body))

    def says(self, document: Any, status: int = 200, **headers: str) -> None:
        """The next answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, json.dumps(document).encode()))

    def refuses(self, kind: str, status: int = 400) -> None:
        """The same."""
        self.says({"message": "no"}, status, x_amzn_errortype=kind)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """With the clients of `Calls`."""
    return Aws(monkeypatch)


@given(
    st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_a_body_that_is_no_object_names_no_error(body: bytes) -> None:
    """A proxy's page, or anything else: the proof says what came, and does not fail by itself."""
    assert Answer(200, body).kind is None
    assert Answer(200, b"[" * 100_000).kind is None
    assert Answer(403, b'{"__type": "AccessDeniedException"}').kind == "AccessDeniedException"


def test_an_answer_is_told_by_its_beginning_and_by_what_finds_it_in_the_logs() -> None:
    """The text goes to CloudFormation, which has little room; no other header is anybody's business."""
    headers = {"x-amzn-requestid": "r", "x-amzn-errortype": "ForbiddenException", "set-cookie": "secret"}
    told = str(Answer(403, b"\xff" + b"x" * 1000, headers))
    assert told == f"403 \N{REPLACEMENT CHARACTER}{'x' * 499} (x-amzn-errortype ForbiddenException, x-amzn-requestid r)"
    assert str(Answer(200, b"{}")) == "200 {}"


@pytest.mark.parametrize(
    ("answer", "returned"),
    [
        ({"settings": {}}, {"settings": {}}),
        (None, {"returned": None}),
        ([1], {"returned": [1]}),
        ("x", {"returned": "x"}),
    ],
)
def test_whatever_a_function_returns_is_an_object(aws: Aws, answer: Any, returned: dict[str, Any]) -> None:
    """Another function may stand where ours was, and its log need not be UTF-8."""
    log = base64.b64encode("…the end".encode()[1:]).decode()
    aws.says(answer, x_amz_function_error="Unhandled", x_amz_log_result=log)
    invoked = aws.calls.invoke(FUNCTION_ARN, {"probe": "settings"})
    assert (invoked.error, invoked.answer) == ("Unhandled", returned)
    assert invoked.log.endswith("\N{REPLACEMENT CHARACTER}the end")
    assert json.loads(aws.asked[0].body) == {"probe": "settings"}


def test_an_invocation_is_tried_once(aws: Aws) -> None:
    """The proof knows for how long to ask again; retries of the SDK's would come on top of that."""
    aws.refuses("TooManyRequestsException", 429)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        aws.calls.invoke(FUNCTION_ARN, {})
    assert len(aws.asked) == 1


def test_a_function_without_a_policy_has_no_statements(aws: Aws) -> None:
    """Lambda answers that there is none; any other refusal is one of the proof's own call."""
    aws.refuses(NOT_FOUND, 404)
    assert aws.calls.who_may_invoke("f") == []
    aws.says({"Policy": json.dumps({"Statement": [statement()]})})
    assert aws.calls.who_may_invoke("f") == [statement()]
    aws.refuses("AccessDeniedException", 403)
    with pytest.raises(ClientError, match="AccessDeniedException"):
        aws.calls.who_may_invoke("f")


def test_every_page_is_read(aws: Aws) -> None:
    """The recorder may be the last of the targets, and the second place of transcripts on the next page."""
    aws.says({"Targets": [{"Id": "1"}], "NextToken": "t"})
    aws.says({"Targets": [{"Id": "2"}]})
    assert aws.calls.targets("rule") == [{"Id": "1"}, {"Id": "2"}]
    aws.says({"StorageConfigs": [{"StorageType": "S3"}], "NextToken": "t"})
    aws.says({"StorageConfigs": [{"StorageType": "S3"}]})
    assert len(aws.calls.transcript_storages("i")) == 2
    aws.says({"InstanceSummaryList": [{"Id": "1"}], "NextToken": "t"})
    aws.says({"InstanceSummaryList": [{"Id": "2"}]})
    assert aws.calls.instances() == [{"Id": "1"}, {"Id": "2"}]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("UPDATE_ROLLBACK_IN_PROGRESS", True),
        ("UPDATE_IN_PROGRESS", False),
        # Of a creation: nothing is created while that is undone.
        ("ROLLBACK_IN_PROGRESS", False),
    ],
)
def test_only_an_update_that_is_undone_is_a_roll_back(aws: Aws, status: str, expected: bool) -> None:
    """Any other deployment must not go on without a proof."""
    times = "<StackName>s</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>"
    member = f"<member>{times}<StackStatus>{status}</StackStatus></member>"
    result = f"<DescribeStacksResult><Stacks>{member}</Stacks></DescribeStacksResult>"
    body = f"<DescribeStacksResponse>{result}</DescribeStacksResponse>"
    aws.answers.append((200, {}, body.encode()))
    assert aws.calls.rolls_back("s") is expected


def test_a_stack_whose_status_nobody_tells_is_not_rolled_back(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a denial would let every deployment pass; the log says what was missing."""
    denied = b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
    aws.answers.append((403, {}, denied))
    assert not aws.calls.rolls_back("s")
    assert json.loads(capsys.readouterr().out)["detail"] == "The stack's status is unknown: ClientError"


def test_a_flow_and_the_end_of_a_contact_are_asked_for_by_their_ids(aws: Aws) -> None:
    """The proof's permissions name exactly these."""
    aws.says({"ContactFlow": {"Type": "CONTACT_FLOW"}})
    assert aws.calls.flow("i", "f") == {"Type": "CONTACT_FLOW"}
    aws.says({})
    aws.calls.stop_contact("i", "c")
    assert aws.asked[0].url.endswith("/contact-flows/i/f")
    assert json.loads(aws.asked[1].body)["ContactId"] == "c"


@pytest.mark.parametrize("signed", [True, False])
def test_a_call_of_the_endpoint_is_signed_or_not_at_all(aws: Aws, signed: bool) -> None:
    """A signature on the unsigned call would show nothing of the authorization; a refusal is an answer."""
    with web() as endpoint:
        endpoint.status, endpoint.body = 403, b'{"__type": "AccessDeniedException"}'
        answer = aws.calls.send("POST", f"{endpoint.url}/v1", b"{}", signed=signed)
    (asked,) = endpoint.asked
    authorization = asked.headers.get("Authorization", "")
    assert ("/us-east-1/execute-api/aws4_request" in authorization, bool(authorization)) == (signed, signed)
    assert (asked.method, asked.target, asked.body) == ("POST", "/v1", b"{}")
    assert (answer.status, answer.kind, answer.headers["content-length"]) == (403, "AccessDeniedException", "35")


def test_a_call_of_the_endpoint_has_a_token_if_there_is_one(aws: Aws) -> None:
    """In the header that the gateway hands to an authorizer."""
    with web() as endpoint:
        aws.calls.send("POST", f"{endpoint.url}/v1", b"{}", signed=False, token="Bearer t")
    (asked,) = endpoint.asked
    assert asked.headers["Authorization"] == "Bearer t"
