"""A call is made again for as long as it may help, and no longer."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError, SSLError
from botocore.parsers import ResponseParserError

from connect_persistent_chat.commands.asking import SDK, Patience
from connect_persistent_chat.commands.failure import CommandFailed


class Service:
    """Fails so often, then answers; no time is lost."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.waited = 0.0
        self.said: list[str] = []
        self.calls = 0
        self.patience = Patience(self._wait, self.said.append)

    def _wait(self, seconds: float) -> None:
        self.waited += seconds

    def _call(self) -> str:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    def ask(self) -> str:
        """Until it answers."""
        return self.patience.ask("Amazon Connect", self._call)


def refused(code: str, status: int = 400) -> ClientError:
    """As botocore has it."""
    response: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "SearchContacts")


LOST = EndpointConnectionError(endpoint_url="http://x")
THROTTLED = refused("ThrottlingException", 429)


def test_what_comes_too_soon_is_asked_again_for_minutes() -> None:
    """Others share the quota: a busy hour of theirs is no failure of ours. People see why nothing happens."""
    service = Service(*[THROTTLED] * 30)
    assert service.ask() == "answer"
    assert service.calls == 31
    assert 300 < service.waited < 600
    assert service.said[0].startswith("Amazon Connect is busy. The command asks again in 8 s, for up to 10 minutes.")
    again = Service(*[refused("TooManyRequestsException")] * 1000)
    with pytest.raises(ClientError):
        again.ask()
    assert 600 <= again.waited < 640


@pytest.mark.parametrize(
    "failure",
    [
        LOST,
        ResponseParserError("half"),
        refused("InternalServiceException", 500),
        refused("", 503),
        refused("ResourceConflictException", 409),
    ],
)
def test_what_may_pass_is_asked_again_a_few_times(failure: Exception) -> None:
    """More often if the service has answered before: then the address is right."""
    service = Service(failure, failure, failure)
    assert service.ask() == "answer"
    service.failures = [failure] * 7
    assert service.ask() == "answer"
    service.failures = [failure] * 8
    with pytest.raises((type(failure), CommandFailed)):
        service.ask()
    never = Service(*[failure] * 100)
    with pytest.raises((type(failure), CommandFailed)):
        never.ask()
    assert (never.calls, never.waited) == (4, 3.5)


def test_silence_is_awaited_half_as_often() -> None:
    """Forty seconds each."""
    never = Service(*[ReadTimeoutError(endpoint_url="http://x")] * 100)
    with pytest.raises(ReadTimeoutError):
        never.ask()
    assert never.calls == 2


@pytest.mark.parametrize(
    "failure",
    [
        refused("AccessDeniedException", 403),
        refused("ExpiredTokenException", 403),
        refused("InvalidParameterException"),
        refused("ResourceNotFoundException", 404),
        SSLError(endpoint_url="https://x", error="certificate"),
    ],
)
def test_what_will_not_pass_ends_at_once(failure: Exception) -> None:
    """Nobody waits in vain."""
    service = Service(failure)
    with pytest.raises(type(failure)):
        service.ask()
    assert service.calls == 1


@pytest.mark.parametrize("kind", [ResponseParserError, AttributeError, TypeError])
def test_an_answer_that_is_none_of_awss_is_a_sentence(kind: type[Exception]) -> None:
    """A page of a proxy, or of whoever listens at a mistyped address: the SDK trips over some."""
    service = Service(*[kind("no JSON:\n<html>")] * 100)
    with pytest.raises(CommandFailed, match=r"^Amazon Connect: the answer is not one of AWS \(no JSON: <html>\)"):
        service.ask()


def test_the_sdk_asks_once() -> None:
    """Its own budget of retries is used up by minutes above a quota; then it gives up at the first refusal."""
    assert SDK.retries == {"mode": "standard", "total_max_attempts": 1}
