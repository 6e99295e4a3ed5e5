"""The shape of an answer: whatever it says, an AWS SDK and API Gateway can read it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from association import answers
from association.answers import Refusal

# Anything that a message may hold: line ends, quotation marks, half a surrogate pair.
TEXTS = st.text('aé\r\n"\\\0\u2028\ud800', max_size=9)
REASONS = st.sampled_from(["one_reason", "another_reason", "a_third"])
HEADERS = {"x-amzn-RequestId": "request", "Access-Control-Allow-Origin": "https://a.example"}
REFUSALS = st.one_of(
    st.builds(answers.invalid, TEXTS),
    st.builds(answers.denied, REASONS, TEXTS),
    st.builds(answers.cannot, REASONS, TEXTS, st.none() | st.integers(1, 400)),
    st.builds(answers.not_found, REASONS),
    st.builds(answers.throttled, REASONS),
    st.builds(answers.failed, REASONS, TEXTS),
    st.builds(answers.out_of_reach, REASONS, TEXTS),
)


def read(response: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
    """As API Gateway takes it: a whole number, headers of one ASCII line, a body that is text."""
    assert set(response) == {"statusCode", "headers", "body", "isBase64Encoded"}
    assert response["isBase64Encoded"] is False
    for name, value in response["headers"].items():
        assert f"{name}{value}".isascii()
        assert f"{name}{value}".isprintable()
    assert response["body"].isascii()
    return response["statusCode"], response["headers"], json.loads(response["body"])


@given(REFUSALS)
def test_a_refusal_says_one_thing_in_all_places(refusal: Refusal) -> None:
    """SDKs read the type from the header or the body, and the text under either of two names."""
    status, headers, body = read(answers.error(refusal, HEADERS))
    assert status == refusal.status
    assert 400 <= status < 600
    assert headers["x-amzn-ErrorType"] == body["__type"] == refusal.error_type
    assert body["Message"] == body["message"] == refusal.message
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "application/json"
    assert HEADERS.items() <= headers.items()


@given(REFUSALS)
def test_the_two_waits_are_one(refusal: Refusal) -> None:
    """HTTP clients read seconds, AWS SDKs milliseconds; who is told no time is not to try again."""
    _, headers, _ = read(answers.error(refusal, HEADERS))
    if refusal.retry_after is None:
        assert not {"Retry-After", "x-amz-retry-after"} & set(headers)
    else:
        assert int(headers["x-amz-retry-after"]) == 1000 * int(headers["Retry-After"]) == 1000 * refusal.retry_after


@given(REFUSALS)
def test_whatever_may_go_away_by_itself_says_when_to_come_back(refusal: Refusal) -> None:
    """A throttle, or a service that is out of reach: without a time, clients come back at once."""
    if refusal.status in (429, 503):
        assert refusal.retry_after is not None
        assert refusal.retry_after >= 1


@given(REASONS, REASONS)
def test_what_may_not_be_known_is_answered_alike(reason: str, another: str) -> None:
    """Somebody else's contact and one that does not exist: the same to the letter, whatever the log says."""
    one, other = answers.not_found(reason), answers.not_found(another)
    assert answers.error(one, HEADERS) == answers.error(other, HEADERS)
    assert (one.reason, other.reason) == (reason, another)


@given(st.text("0123456789abcdef", min_size=12, max_size=12), REASONS)
def test_why_we_failed_stays_inside(secret: str, reason: str) -> None:
    """It may hold a role's ARN, or what Amazon Connect said of it."""
    detail = f"<{secret}>"
    for refusal in (answers.failed(reason, detail), answers.out_of_reach(reason, detail)):
        assert detail not in json.dumps(answers.error(refusal, HEADERS))
        assert refusal.detail == detail


def test_it_is_said_which_service_is_out_of_reach() -> None:
    """With a history there are two."""
    assert answers.out_of_reach("r", "d").message.startswith("Amazon Connect could not be reached in time")
    assert answers.out_of_reach("r", "d", "The history").message.startswith("The history could not be reached in time")


@given(st.none() | st.text("0aZ-", min_size=1, max_size=30))
def test_nothing_to_continue_is_no_empty_id(continued: str | None) -> None:
    """An SDK that finds the member takes it for a contact."""
    status, headers, body = read(answers.success(continued, HEADERS))
    assert status == 200
    assert body == ({} if continued is None else {"ContinuedFromContactId": continued})
    assert HEADERS.items() <= headers.items()
    assert "x-amzn-ErrorType" not in headers
