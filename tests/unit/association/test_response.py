"""The shape of an answer: whatever it says, an AWS SDK and API Gateway can read it."""

import json
from typing import Any

from hypothesis import given, settings
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


# Which pages may read the answers. The whole way through the function is in test_handler.py.
FEWER = settings(max_examples=40)
ORIGINS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["a.example", "b.example", "a.example.evil.example", "evil-a.example", "localhost"]),
    st.sampled_from(["", ":3000", ":30000"]),
    st.sampled_from(["", "", "", "/", "\r\nX: y"]),
)
ALLOWED = st.lists(ORIGINS, min_size=1, max_size=4, unique=True).map(tuple)
SPELLINGS = st.sampled_from(["origin", "Origin", "ORIGIN"])
OTHERS = st.dictionaries(st.sampled_from(["Host", "Referer", "x-origin", "originx"]), ORIGINS)


@given(st.data(), SPELLINGS, OTHERS, ALLOWED)
def test_a_page_may_read_only_if_its_origin_was_allowed_to_the_letter(
    data: st.DataObject, spelling: str, others: dict[str, str], allowed: tuple[str, ...]
) -> None:
    """However HTTP's version spells the header's name; nothing else in a request is an origin."""
    origin = data.draw(ORIGINS | st.sampled_from(allowed))
    sent = response.cors_headers({"headers": {**others, spelling: origin}}, allowed)
    assert sent.get("Access-Control-Allow-Origin") == (origin if origin in allowed else None)
    assert ("Access-Control-Expose-Headers" in sent) == (origin in allowed)
    # A cache in between must not hand one page's answer to another.
    assert sent["Vary"] == "Origin"


@FEWER
@given(ORIGINS | st.none())
def test_where_every_page_may_read_nobody_is_told_apart(origin: str | None) -> None:
    """The answer names no origin, so that it is the same for all."""
    request: dict[str, object] = {"headers": {} if origin is None else {"origin": origin}}
    sent = response.cors_headers(request, ("*",))
    assert sent == response.cors_headers({}, ("*",))
    assert (sent["Access-Control-Allow-Origin"], "Vary" in sent) == ("*", False)


@FEWER
@given(ORIGINS, ALLOWED | st.just(("*",)))
def test_no_page_is_given_what_a_browser_keeps(origin: str, allowed: tuple[str, ...]) -> None:
    """Cookies and the like would let any allowed page act for its visitor."""
    sent = response.cors_headers({"headers": {"origin": origin}}, allowed)
    assert "Access-Control-Allow-Credentials" not in sent


@FEWER
@given(ORIGINS)
def test_without_allowed_origins_nothing_is_said(origin: str) -> None:
    """No word of it: an endpoint for backends looks like one."""
    assert response.cors_headers({"headers": {"origin": origin}}, ()) == {}


@FEWER
@given(
    st.none()
    | st.text("aé:", max_size=3)
    | st.lists(st.text("aé:", max_size=3), max_size=2)
    | st.dictionaries(st.sampled_from(["origin", "Origin"]), st.none() | st.integers() | st.lists(ORIGINS, max_size=2)),
    ALLOWED,
)
def test_odd_headers_are_no_origin(headers: object, allowed: tuple[str, ...]) -> None:
    """API Gateway says null where there are none, and whoever invokes the function directly says anything."""
    assert response.cors_headers({"headers": headers}, allowed) == {"Vary": "Origin"}
