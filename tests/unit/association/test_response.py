"""The shape of an answer: whatever it says, an AWS SDK and API Gateway can read it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from association import refusal, response
from association.refusal import Refusal

# Anything that a message may hold: line ends, quotation marks, half a surrogate pair.
TEXTS = st.text('aé\r\n"\\\0\u2028\ud800', max_size=9)
HEADERS = {"x-amzn-RequestId": "request", "Access-Control-Allow-Origin": "https://a.example"}
REFUSALS = st.one_of(
    st.builds(refusal.invalid, TEXTS),
    st.builds(refusal.denied, st.just("token_kind"), TEXTS),
    st.builds(refusal.cannot, st.just("same_session"), TEXTS, st.none() | st.integers(1, 400)),
    st.builds(refusal.not_found, st.just("no_customer")),
    st.builds(refusal.throttled, st.just("connect_throttled")),
    st.builds(refusal.failed, st.just("bug"), TEXTS),
    st.builds(refusal.out_of_reach, st.just("deadline_exceeded"), TEXTS),
)


def read(made: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
    """As API Gateway takes it: a whole number, headers of one ASCII line, a body that is text."""
    assert set(made) == {"statusCode", "headers", "body", "isBase64Encoded"}
    assert made["isBase64Encoded"] is False
    for name, value in made["headers"].items():
        assert f"{name}{value}".isascii()
        assert f"{name}{value}".isprintable()
    assert made["body"].isascii()
    return made["statusCode"], made["headers"], json.loads(made["body"])


@given(REFUSALS)
def test_a_refusal_says_one_thing_in_all_places(refused: Refusal) -> None:
    """SDKs read the type from the header or the body, and the text under either of two names."""
    status, headers, body = read(response.error(refused, HEADERS))
    assert status == refused.status
    assert 400 <= status < 600
    assert headers["x-amzn-ErrorType"] == body["__type"] == refused.error_type
    assert body["Message"] == body["message"] == refused.message
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "application/json"
    assert HEADERS.items() <= headers.items()


@given(REFUSALS)
def test_the_two_waits_are_one(refused: Refusal) -> None:
    """HTTP clients read seconds, AWS SDKs milliseconds; who is told no time is not to try again."""
    _, headers, _ = read(response.error(refused, HEADERS))
    if refused.retry_after is None:
        assert not {"Retry-After", "x-amz-retry-after"} & set(headers)
    else:
        assert int(headers["x-amz-retry-after"]) == 1000 * int(headers["Retry-After"]) == 1000 * refused.retry_after


@given(REFUSALS)
def test_whatever_may_go_away_by_itself_says_when_to_come_back(refused: Refusal) -> None:
    """A throttle, or a service that is out of reach: without a time, clients come back at once."""
    if refused.status in (429, 503):
        assert refused.retry_after is not None
        assert refused.retry_after >= 1


@given(st.none() | st.text("0aZ-", min_size=1, max_size=30))
def test_nothing_to_continue_is_no_empty_id(continued: str | None) -> None:
    """An SDK that finds the member takes it for a contact."""
    status, headers, body = read(response.success(continued, HEADERS))
    assert status == 200
    assert body == ({} if continued is None else {"ContinuedFromContactId": continued})
    assert HEADERS.items() <= headers.items()
    assert "x-amzn-ErrorType" not in headers
