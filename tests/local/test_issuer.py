"""The local cloud's issuer over HTTP, as functions and pages reach it; each signature is checked by a library."""

import base64
import hashlib
import http.client
import json
import time
from contextlib import closing
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from local.cloud import Cloud, CloudError
from local.issuer import HOST, ISSUER
from local.tokens import Tokens
from tests.local.raw import FOREIGN, Socket
from tests.local.test_seam import told_by_a_function

DISCOVERY, KEYS = "/_issuer/.well-known/openid-configuration", "/_issuer/keys"
APP = "https://app.example"


@pytest.fixture(scope="module")
def socket(cloud: Cloud) -> Socket:
    """The cloud's socket."""
    return Socket(cloud)


def decoded(part: str) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def published(socket: Socket) -> dict[str, dict[str, str]]:
    """The keys, by their kid."""
    return {key["kid"]: key for key in json.loads(socket.ask("GET", KEYS).body)["keys"]}


def verified(token: str, keys: dict[str, dict[str, str]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims. Raises InvalidSignature, or KeyError for a key that is not published."""
    head, claims, signature = token.split(".")
    header = json.loads(decoded(head))
    key = keys[header["kid"]]
    n, e = (int.from_bytes(decoded(key[name])) for name in ("n", "e"))
    public = RSAPublicNumbers(e, n).public_key()
    public.verify(decoded(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    return header, json.loads(decoded(claims))


def test_somebody_who_signs_in_gets_a_token_of_theirs(socket: Socket, tokens: Tokens) -> None:
    """The whole code flow; two people are two subjects."""
    keys, before = published(socket), int(time.time())
    for name, mail in (("alice", "alice@example.com"), ("bob@mail.example", "bob@mail.example")):
        header, claims = verified(tokens.sign_in(name, "app"), keys)
        assert header == {"alg": "RS256", "typ": "JWT", "kid": header["kid"]}
        assert before <= claims.pop("iat") == claims.pop("exp") - 300
        assert claims == {"iss": ISSUER, "sub": name, "aud": "app", "name": name, "email": mail}


def test_a_page_signs_somebody_in(socket: Socket, tokens: Tokens) -> None:
    """Of another origin: the way there, the redirect with its state, and an answer that the page may read."""
    tokens.client("page", f"{APP}/back")
    verifier = "a-verifier-of-a-page-that-has-enough-characters"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"response_type": "code", "scope": "openid", "client_id": "page", "redirect_uri": f"{APP}/back"}
    asked |= {"code_challenge": challenge, "code_challenge_method": "S256", "nonce": "n", "state": "s"}
    navigation = (("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Referer", f"{APP}/"))
    assert b"<form>" in socket.ask("GET", f"/_issuer/authorize?{urlencode(asked)}", *navigation).body
    there = socket.ask("GET", f"/_issuer/authorize?{urlencode({**asked, 'login_hint': 'alice'})}", *navigation)
    place, _, query = there.headers["location"].partition("?")
    back = dict(pair.split("=") for pair in query.split("&"))
    assert (there.status, place, back["state"]) == (302, f"{APP}/back", "s")
    page = (("Origin", APP), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"))
    preflight = socket.ask("OPTIONS", "/_issuer/token", *page, ("Access-Control-Request-Method", "POST"))
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, "*")
    form = {"grant_type": "authorization_code", "code": back["code"], "client_id": "page", "code_verifier": verifier}
    body = urlencode({**form, "redirect_uri": f"{APP}/back"}).encode()
    given = socket.ask(
        "POST", "/_issuer/token", *page, ("Content-Type", "application/x-www-form-urlencoded"), body=body
    )
    assert (given.status, given.headers["access-control-allow-origin"]) == (200, "*")
    assert given.headers["cache-control"] == "no-store"
    _, claims = verified(json.loads(given.body)["id_token"], published(socket))
    assert (claims["sub"], claims["aud"], claims["nonce"]) == ("alice", "page", "n")
    for path in (DISCOVERY, KEYS):
        assert socket.ask("GET", path, *page).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("call", ["clients", "tokens", "keys", "faults", "calls"])
def test_no_page_reaches_what_is_done_to_the_issuer(socket: Socket, call: str) -> None:
    """Else any page could be anybody. Nor does the issuer's own name lead there."""
    for method in ("GET", "POST", "OPTIONS", "DELETE"):
        answer = socket.ask(method, f"/_issuer/control/{call}", *FOREIGN, body=b"{}")
        assert (answer.status, "only for deployed APIs, for signing in and for chats" in answer.message) == (403, True)
        assert socket.ask(method, f"/_issuer/control/{call}", host=HOST, body=b"{}").status == 403
    answer = socket.ask("GET", "/_issuer/control/calls")
    assert (answer.status, "access-control-allow-origin" in answer.headers) == (200, False)


def test_the_issuers_name_leads_to_its_own_addresses_and_nothing_else(socket: Socket) -> None:
    """A function is told where it really is, and goes on to say the name: all addresses are of TLS then."""
    by_name, by_address = (json.loads(socket.ask("GET", DISCOVERY, host=host).body) for host in (HOST, None))
    assert by_name["issuer"] == by_address["issuer"] == ISSUER
    ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    assert [by_name[end].removeprefix(f"{ISSUER}/") for end in ends] == ["authorize", "token", "keys"]
    assert {urlsplit(by_address[end]).netloc for end in ends} == {socket.host}
    assert socket.ask("GET", urlsplit(by_name["jwks_uri"]).path, host=HOST).status == 200
    for path in ("/", "/_connect/calls", "/_ministack/health", "/_issuer/", "/_aws/execute-api/a1b2c3d4/v1/"):
        assert socket.ask("GET", path, host=HOST).status == 403
    for host in (f"www.{HOST}", f"{HOST}.", f"{HOST}:4566", f"x@{HOST}"):
        assert socket.ask("GET", KEYS, host=host).status == 403


def test_a_function_is_told_where_the_issuer_really_is(cloud: Cloud) -> None:
    """By a variable that no function of AWS has; it goes on to ask for the issuer by its name."""
    request = "__import__('urllib.request').request"
    url = f"os.environ['LOCAL_ISSUER_URL'] + '{urlsplit(ISSUER).path}/keys'"
    assert (
        told_by_a_function(cloud, f"{request}.urlopen({request}.Request({url}, headers={{'Host': '{HOST}'}})).status")
        == 200
    )


def test_a_key_that_is_rotated_signs_from_then_on(socket: Socket, tokens: Tokens) -> None:
    """Those before stay until they are forgotten; what they signed then has no key. One may not say its algorithm."""
    old = tokens.sign()
    first = verified(old, published(socket))[0]["kid"]
    second = tokens.rotate()
    assert verified(tokens.sign(), published(socket))[0]["kid"] == second != first
    assert verified(old, published(socket))[0]["kid"] == first
    assert verified(tokens.sign(kid=first), published(socket))[0]["kid"] == first
    third = tokens.rotate(forget=True, alg=False)
    assert set(published(socket)) == {third}
    assert "alg" not in published(socket)[third]
    verified(tokens.sign(), published(socket))
    with pytest.raises(KeyError):
        verified(old, published(socket))
    with pytest.raises(InvalidSignature):
        verified(tokens.sign(kid=first, header={"kid": third}), published(socket))
    tokens.rotate(forget=True)


def test_a_token_says_whatever_a_test_wants(socket: Socket, tokens: Tokens) -> None:
    """Wrong in any claim and in the header, with a right signature; None leaves out."""
    header, claims = verified(
        tokens.sign("s", ["a", "b"], exp=None, iat=1, iss="https://other.example", nonce="é", header={"typ": None}),
        published(socket),
    )
    assert claims == {"iss": "https://other.example", "sub": "s", "aud": ["a", "b"], "iat": 1, "nonce": "é"}
    assert set(header) == {"alg", "kid"}
    with pytest.raises(CloudError, match=r"kid: got 'none', expected one of key-1"):
        tokens.sign(kid="none")


def ask(socket: Socket, path: str) -> bytes:
    """An answer's body, or what http.client raises for half of one."""
    with closing(http.client.HTTPConnection("127.0.0.1", socket.port, timeout=10)) as connection:
        connection.request("GET", path)
        with closing(connection.getresponse()) as answer:
            return answer.read()


@pytest.mark.parametrize("path", [DISCOVERY, KEYS])
def test_the_issuer_fails_as_issuers_do(socket: Socket, tokens: Tokens, path: str) -> None:
    """Each kind as it comes over the wire, and after it the sound answer again."""
    sound = socket.ask("GET", path).body
    tokens.fail("down", times=1)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(socket, path)
    tokens.fail("half", times=1)
    with pytest.raises(http.client.IncompleteRead) as half:
        ask(socket, path)
    assert (half.value.partial, half.value.expected) == (sound[: len(sound) // 2], len(sound) - len(sound) // 2)
    tokens.fail("slow", times=1, seconds=0.5)
    began = time.monotonic()
    assert socket.ask("GET", path).body == sound
    assert time.monotonic() - began >= 0.5
    tokens.fail("huge", times=1)
    assert len(socket.ask("GET", path).body) == 16_000_000 + len(sound)
    for kind, status, content in (("error", 503, b"temporarily"), ("html", 200, b"<p>"), ("garbage", 200, b"\xff{")):
        tokens.fail(kind, times=1)
        answer = socket.ask("GET", path)
        assert (answer.status, content in answer.body) == (status, True)
    tokens.fail("redirect", times=1)
    led = socket.ask("GET", path)
    assert (led.status, led.headers["location"]) == (302, f"{path}?followed")
    tokens.fail("down")
    assert socket.ask("GET", led.headers["location"]).body == sound
    tokens.mend()
    assert socket.ask("GET", path).body == sound


def test_the_issuer_lies_about_itself(socket: Socket, tokens: Tokens) -> None:
    """It is another one, or has no key; only where that is said."""
    tokens.fail("other_issuer")
    assert json.loads(socket.ask("GET", DISCOVERY).body)["issuer"] == f"{ISSUER}/other"
    assert published(socket)
    tokens.mend()
    tokens.fail("no_keys")
    assert published(socket) == {}
    assert json.loads(socket.ask("GET", DISCOVERY).body)["issuer"] == ISSUER


def test_a_fault_may_be_of_one_address_and_calls_are_counted(socket: Socket, tokens: Tokens) -> None:
    """How often a function asks for keys is a promise of its own."""
    before = tokens.calls()
    tokens.fail("error", of="keys")
    assert [socket.ask("GET", path).status for path in (DISCOVERY, KEYS, KEYS)] == [200, 503, 503]
    after = tokens.calls()
    assert {name: after[name] - before[name] for name in after} == {
        "discovery": 1,
        "keys": 2,
        "authorize": 0,
        "token": 0,
    }
    with pytest.raises(CloudError, match=r"POST /_issuer/control/faults: .*kind: got .*expected one of down, error"):
        tokens.fail("fire")
