"""A call is made again for as long as it may help, and no longer."""

import io
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.httpsession import URLLib3Session
from botocore.parsers import ResponseParserError

from connect_persistent_chat.commands.command_failed import CommandFailed
from connect_persistent_chat.commands.retry import SDK, SDK_AT_FIRST, while_busy

Failure = Exception | tuple[int, str]


class Service:
    """AWS Lambda: it fails so often, then it answers; no time is lost."""

    def __init__(self, *failures: Failure) -> None:
        self.failures = list(failures)
        self.waited = 0.0
        self.said: list[str] = []
        self.calls = 0

    def wait(self, seconds: float) -> None:
        """As time.sleep."""
        self.waited += seconds

    def send(self, *_: Any) -> AWSResponse:
        """The next answer to a request of the SDK."""
        self.calls += 1
        failure = self.failures.pop(0) if self.failures else (200, "")
        if isinstance(failure, Exception):
            raise failure
        status, code = failure
        body = io.BytesIO(json.dumps({"FunctionName": "name", "message": "no"}).encode())
        body.stream = lambda **_: iter([body.read()])  # type: ignore[attr-defined]
        return AWSResponse("http://x", status, {"x-amzn-errortype": code}, body)

    def ask(self, sdk: Config = SDK) -> str:
        """By a client of its own, until it answers."""
        session = boto3.session.Session("id", "secret", region_name="us-east-1")
        client = session.client("lambda", config=sdk)
        call: Callable[[], Any] = lambda: client.get_function_configuration(FunctionName="f")  # noqa: E731
        return str(while_busy("AWS Lambda", call, self.said.append, self.wait)["FunctionName"])


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """It answers the SDK, whose own pauses take no time."""
    made = Service()
    monkeypatch.setattr(URLLib3Session, "send", made.send)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    return made


LOST = EndpointConnectionError(endpoint_url="http://x")
CLOSED = ConnectionClosedError(endpoint_url="http://x")
SILENT = ReadTimeoutError(endpoint_url="http://x")


@pytest.mark.parametrize(
    "throttle", [(429, "TooManyRequestsException"), (400, "ThrottlingException"), (503, "Throttling")]
)
def test_what_comes_too_soon_is_asked_again_for_minutes(service: Service, throttle: Failure) -> None:
    """Others share the quota: a busy hour of theirs is no failure of ours. People see why nothing happens."""
    # More than the SDK's budget of retries.
    service.failures = [throttle] * 120
    assert service.ask() == "name"
    assert 300 < service.waited < 600
    assert service.said[0] == "AWS Lambda is busy. The command tries again in 20 s, for up to 10 minutes."
    service.failures, service.waited = [throttle] * 1000, 0.0
    with pytest.raises(ClientError):
        service.ask()
    assert service.waited == 600


@pytest.mark.parametrize("refusal", [(409, "ResourceConflictException"), (429, "")])
def test_what_the_sdk_does_not_take_for_a_throttle_is_waited_for_as_well(service: Service, refusal: Failure) -> None:
    """A function that is being updated takes no invocation for a while; a proxy's 429 names no code."""
    service.failures = [refusal] * 3
    assert service.ask() == "name"
    assert service.waited == 60


@pytest.mark.parametrize("failure", [LOST, CLOSED, SILENT, (500, "InternalServiceException"), (503, "")])
def test_what_may_pass_is_asked_again_a_few_times(service: Service, failure: Failure) -> None:
    """By the SDK. Less often at first: the address may be wrong."""
    for sdk, most in ((SDK, 8), (SDK_AT_FIRST, 4)):
        service.failures = [failure] * (most - 1)
        assert service.ask(sdk) == "name"
        service.failures, service.calls = [failure] * 100, 0
        with pytest.raises((BotoCoreError, ClientError)):
            service.ask(sdk)
        assert service.calls == most
    assert service.said == []


@pytest.mark.parametrize(
    "failure",
    [
        (403, "AccessDeniedException"),
        (403, "ExpiredTokenException"),
        (400, "InvalidParameterException"),
        (404, "ResourceNotFoundException"),
    ],
)
def test_what_will_not_pass_ends_at_once(service: Service, failure: Failure) -> None:
    """Nobody waits in vain."""
    service.failures = [failure]
    with pytest.raises(ClientError):
        service.ask()
    assert service.calls == 1


@pytest.mark.parametrize("kind", [ResponseParserError, AttributeError, TypeError])
def test_an_answer_that_is_none_of_awss_is_a_sentence(kind: type[Exception]) -> None:
    """A page of a proxy, or of whoever listens at a mistyped address: the SDK trips over some."""

    def call() -> str:
        raise kind("no JSON:\n<html>")

    with pytest.raises(CommandFailed, match=r"^Amazon Connect: the answer is not one of AWS \(no JSON: <html>\)"):
        while_busy("Amazon Connect", call, lambda _: None)
