"""Which pages may call: at the preflight, in the function's answers and in the gateway's own refusals the same ones."""

import json
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from association import response
from association.settings import read
from connect_persistent_chat import Authorization, ConfigurationError, CustomerIdentity
from connect_persistent_chat.endpoint.cors import Cors
from tests.synth.apps import HERE, Synthesized, endpoint, stack
from tests.synth.test_authorization import lambda_authorizer
from tests.unit.association.events import ENVIRONMENT

HOSTS = st.sampled_from(
    [
        "a.example",
        "b.example",
        "a-b.c.example",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "a.example.",
        "xn--bcher-kva.example",
    ]
)
ORIGINS = st.builds(
    "{}://{}{}".format, st.sampled_from(["https", "http"]), HOSTS, st.sampled_from(["", ":1", ":65535"])
)
# Nearly one, in each of its parts.
ODD = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["https://", "http://", "HTTPS://", "ftp://", "//", "", "https:"]),
    st.sampled_from(
        ["a.example", "A.example", "*.example", "user@a.example", "", "b\u00fccher.example", "a b", "-a", "[::1]"]
    ),
    st.sampled_from(["", ":", ":0", ":80", ":443", ":080", ":8443", ":65536", ":99999", ":a"]),
    st.sampled_from(["", "", "", "/", "/path", "?q", "#f", " ", "\n"]),
)


def as_a_browser_sends_it(origin: str) -> bool:
    """Whether the text is an origin's serialization: scheme, host, and a port that is not the scheme's own."""
    try:
        parts = urlsplit(origin)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return False
    plain = set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") and host[:1] not in ("", "-", ".")
    if origin.partition("://")[2].startswith("["):
        plain, host = host in ("::1", "2001:db8::1"), f"[{host}]"
    is_default = (parts.scheme, port) in (("http", 80), ("https", 443))
    behind = "" if port is None else f":{port}"
    known = parts.scheme in ("http", "https") and port != 0 and not is_default
    return known and plain and origin == f"{parts.scheme}://{host}{behind}"


def mistakes_in(*origins: str, authorization: Authorization | None = None) -> list[str]:
    """What synthesis says of them."""
    return Cors(origins).mistakes_in(authorization or Authorization.iam(), CustomerIdentity.customer_id())


@settings(max_examples=500)
@given(ODD | ORIGINS)
@example("https://a.example:443")
@example("http://a.example:80")
@example("http://a.example:443")
@example("https://a.example:65536")
@example("https://a.example\n")
@example("null")
@example("http://[::1]:3000")
@example("http://[2001:db8::1]")
@example("http://[0:0:0:0:0:0:0:1]")
@example("http://[::1")
@example("http://[1::2::3]")
@example("http://::1")
@example("https://a.example.")
def test_an_origin_is_taken_exactly_if_a_browser_sends_it(origin: str) -> None:
    """Another would match nothing, and nobody would know why; `null` is what any sandboxed page sends."""
    assert (mistakes_in(origin) == []) == as_a_browser_sends_it(origin)


@pytest.mark.parametrize(
    ("origin", "taken"),
    [
        ("capacitor://localhost", True),
        ("ionic://localhost", True),
        ("capacitor://app.example", True),
        ("tauri://localhost", True),
        (f"chrome-extension://{'abcdefghijklmnop' * 2}", True),
        (f"chrome-extension://{'abcdefghijklmnoq' * 2}", False),
        ("chrome-extension://abcdefghijklmnop", False),
        ("moz-extension://0b1c2d3e-1111-4111-8111-0123456789ab", True),
        ("safari-web-extension://0b1c2d3e-1111-4111-8111-0123456789ab", True),
        ("moz-extension://addon@a.example", False),
        ("Capacitor://localhost", False),
        ("capacitor://localhost/", False),
        ("capacitor://", False),
        ("htps://a.example", False),
        ("ftp://localhost", False),
        ("file://localhost", False),
        ("wss://localhost", False),
    ],
)
def test_a_web_view_and_an_extension_have_an_origin(origin: str, taken: bool) -> None:
    """Pages of an app or of a browser's extension, under a scheme of its own; what no page has stays a mistake."""
    assert (mistakes_in(origin) == []) == taken


@pytest.mark.parametrize(
    ("origin", "meant"),
    [
        ("https://a.example/", "https://a.example"),
        ("https://A.example", "https://a.example"),
        ("https://a.example/chat?x=1#y", "https://a.example"),
        ("https://a.example:443", "https://a.example"),
        ("http://a.example:80/", "http://a.example"),
        (" HTTPS://a.example:8443/ ", "https://a.example:8443"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
        ("Capacitor://localhost/", "capacitor://localhost"),
        ("https://user@a.example", None),
        ("https://*.example", None),
        ("a.example", None),
        ("null", None),
        ("https://${Token[TOKEN.7]}/", None),
    ],
)
def test_what_was_meant_is_said(origin: str, meant: str | None) -> None:
    """The right value is there to be copied; where it cannot be told, nothing is guessed."""
    (said,) = mistakes_in(origin)
    assert said.rpartition(" Write ")[2] == f"{meant} instead." if meant else " Write " not in said


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_origin_is_told_once(blank: str) -> None:
    """One mistake, one sentence."""
    with pytest.raises(ConfigurationError) as refused:
        endpoint(stack(), cors_allowed_origins=[blank])
    assert refused.value.mistakes == [
        f"cors_allowed_origins: got {blank!r} in the list, expected a text that is not empty."
    ]


@given(st.lists(st.sampled_from(["https://a.example", "https://A.example", "b", "*"]), max_size=4))
def test_each_wrong_origin_is_named(origins: list[str]) -> None:
    """In their order; `*` is one only alone."""
    wrong = [origin for origin in origins if origin not in ("https://a.example", "*")]
    said = mistakes_in(*origins)
    if "*" in origins and origins != ["*"]:
        first = 'cors_allowed_origins: got "*" beside other origins, expected "*" alone or exact origins.'
        assert said.pop(0) == first
    assert len(said) == len(wrong)
    for mistake, origin in zip(said, wrong, strict=True):
        assert mistake.startswith(f"cors_allowed_origins: got {origin!r}, expected ")


@given(st.lists(ORIGINS, max_size=3, unique=True) | st.just(["*"]), ORIGINS)
def test_a_page_reads_the_gateways_refusals_as_the_functions_answers(origins: list[str], other: str) -> None:
    """Otherwise it would see a network error instead of "try again in a second"."""
    gateways = Cors(origins)
    allowed = read({**ENVIRONMENT, **gateways.environment()}).cors_allowed_origins
    assert allowed == tuple(origins)
    for origin in (*[one for one in origins if one != "*"], other):
        function = response.cors_headers({"headers": {"origin": origin}}, allowed)
        gateway = {
            name: origin if value == "method.request.header.origin" else value.strip("'")
            for name, value in gateways.refusal_headers().items()
        }
        assert "Access-Control-Allow-Credentials" not in {**function, **gateway}
        if origin in origins or origins in (["*"], []):
            assert gateway == function
        else:
            # A gateway response cannot choose: with one origin it names that, with several the caller's own.
            assert gateway["Access-Control-Allow-Origin"] == (origins[0] if len(origins) == 1 else origin)


def test_pages_and_unchecked_contradict_each_other() -> None:
    """A page with credentials of any kind would be all that it takes."""
    with pytest.raises(ConfigurationError, match=r"cors_allowed_origins: got origins with CustomerIdentity.unchecked"):
        endpoint(
            stack(), customer_identity=CustomerIdentity.unchecked(), cors_allowed_origins=["https://chat.example.com"]
        )


def test_pages_with_aws_credentials_warn() -> None:
    """They speak for any customer; once is enough where browsers were allowed by name."""
    for authorization, warning in (
        (Authorization.iam(), "iam-origins"),
        (Authorization.iam(allow_identity_pools=True), "identity-pools"),
    ):
        here = stack(env=HERE)
        endpoint(here, authorization=authorization, cors_allowed_origins=["https://chat.example.com"])
        (said,) = Synthesized(here).warnings()
        assert f"[ack: connect-persistent-chat:{warning}]" in said


def test_no_browser_may_call_by_default(default: Synthesized) -> None:
    """No preflight is answered, and no answer names an origin."""
    assert "Access-Control" not in default.text()
    assert len(default.all("AWS::ApiGateway::Method")) == 1


def test_a_preflight_asks_nobody_for_credentials() -> None:
    """A browser sends none with it; and it allows what the AWS SDKs and a token need, for this method only."""
    here = stack(env=HERE)
    endpoint(here, cors_allowed_origins=["https://a.example"])
    (preflight,) = (
        resource["Properties"]
        for resource in Synthesized(here).all("AWS::ApiGateway::Method").values()
        if resource["Properties"]["HttpMethod"] == "OPTIONS"
    )
    assert preflight["AuthorizationType"] == "NONE"
    (answer,) = preflight["Integration"]["IntegrationResponses"]
    headers = {name.rpartition(".")[2]: value.strip("'") for name, value in answer["ResponseParameters"].items()}
    assert headers["Access-Control-Allow-Methods"] == "POST"
    assert headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert {"Authorization", "Content-Type", "X-Amz-Date"} <= set(headers["Access-Control-Allow-Headers"].split(","))
    assert "Access-Control-Allow-Credentials" not in json.dumps(answer)


@pytest.mark.parametrize(
    "origin", ["https://A.example", "https://a.example/", "a.example", "null", "", "https://*.example", "https://a b"]
)
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    """It would match nothing, and nobody would know why; `*` stands alone."""
    with pytest.raises(ConfigurationError, match="cors_allowed_origins: got"):
        endpoint(stack(), cors_allowed_origins=[origin])
    with pytest.raises(ConfigurationError, match="cors_allowed_origins: got"):
        endpoint(stack(), cors_allowed_origins=["*", "https://a.example"])


def test_everybody_is_refused_where_a_browser_may_send_credentials_by_itself() -> None:
    """A Lambda authorizer may read cookies: then any page could act for its visitor."""
    here = stack(env=HERE)
    authorization = Authorization.authorizer(lambda_authorizer(here), customer_key="k")
    with pytest.raises(ConfigurationError, match="expected exact origins"):
        endpoint(here, authorization=authorization, cors_allowed_origins=["*"])
