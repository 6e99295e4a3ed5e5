"""Which pages may read the answers. The whole way through the function is in test_handler.py."""

from hypothesis import given, settings
from hypothesis import strategies as st

from association import response

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
