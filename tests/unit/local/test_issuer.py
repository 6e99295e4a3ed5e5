"""The issuer by itself; over HTTP, with real signatures, it is in tests/local/test_issuer.py."""

import asyncio
import base64
import hashlib
import inspect
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import issuer
from local.connect.service import Response
from local.issuer import ADDRESSES, KINDS, PREFIX, Asked, Issuer
from tests.unit.local.test_control import BODIES

BACK = "https://app.example/back?a=b"
VERIFIER = "v" * 43
SOUND = {
    "response_type": "code",
    "scope": "openid email",
    "client_id": "app",
    "redirect_uri": BACK,
    "state": "s&t=1",
    "nonce": "n",
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
    "login_hint": "alice",
}


class Clocked:
    """An issuer with one client, and a clock of the test's."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.issuer = Issuer(lambda: self.now)
        self("POST", "control/clients", json.dumps({"client_id": "app", "redirect_uris": [BACK]}))

    def __call__(self, method: str, path: str, body: str = "", query: str = "") -> Response:
        return asyncio.run(self.issuer.answer(Asked(method, path, "127.0.0.1:1", query, body.encode())))

    def authorize(self, asked: Mapping[str, str]) -> Response:
        """A page that sends somebody here."""
        return self("GET", "authorize", query=urlencode(asked))

    def code(self) -> str:
        """What somebody who signed in is sent back with."""
        return parse_qs(urlsplit(self.authorize(SOUND).headers["Location"]).query)["code"][0]

    def redeem(self, code: str, /, **changed: str) -> tuple[int, dict[str, Any]]:
        """What the token address answers for it."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": "app",
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
            **changed,
        }
        answer = self("POST", "token", urlencode(form))
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, json.loads(answer.body)


@pytest.fixture
def clocked() -> Clocked:
    """A new issuer."""
    return Clocked()


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (60, 200), (60.5, 400)])
def test_a_code_is_short_lived(clocked: Clocked, seconds: float, status: int) -> None:
    """One that lies in a log later is of no use."""
    code = clocked.code()
    clocked.now += seconds
    assert clocked.redeem(code)[0] == status


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": "v" * 42},
        {"code_verifier": ""},
        {"redirect_uri": f"{BACK}/"},
        {"client_id": "another"},
        {"code": "another"},
        {"code_verifier": SOUND["code_challenge"]},
    ],
    ids=str,
)
def test_a_code_is_of_use_once_and_to_whoever_asked_for_it(clocked: Clocked, changed: dict[str, str]) -> None:
    """A wrong try spends it as well: else it could be guessed at."""
    code = clocked.code()
    assert clocked.redeem(code, **changed) == (400, {"error": "invalid_grant"})
    if "code" not in changed:
        assert clocked.redeem(code) == (400, {"error": "invalid_grant"})
    code = clocked.code()
    assert clocked.redeem(code)[0] == 200
    assert clocked.redeem(code) == (400, {"error": "invalid_grant"})


def test_no_other_grant_gives_a_token(clocked: Clocked) -> None:
    """And a parameter that comes twice is none."""
    assert clocked.redeem(clocked.code(), grant_type="password") == (400, {"error": "unsupported_grant_type"})
    twice = clocked("POST", "token", urlencode([("grant_type", "authorization_code")] * 2))
    assert json.loads(twice.body) == {"error": "unsupported_grant_type"}


@given(st.text() | st.sampled_from([BACK + "/", BACK[:-1], BACK.upper(), f"{BACK}&c=d", "javascript:alert(1)", ""]))
def test_nobody_is_sent_to_an_address_that_the_client_does_not_have(address: str) -> None:
    """Exactly one of its own, or a page that leads nowhere."""
    clocked = Clocked()
    for asked in ({**SOUND, "redirect_uri": address}, {**SOUND, "redirect_uri": address, "scope": ""}):
        answer = clocked.authorize(asked)
        assert (answer.status, "Location" in answer.headers) == ((302, True) if address == BACK else (400, False))
    answer = clocked.authorize({**SOUND, "client_id": address})
    assert (answer.status, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
    ],
    ids=str,
)
def test_only_the_code_flow_with_s256_is_there(clocked: Clocked, changed: dict[str, str], error: str) -> None:
    """The page is told in its own address, with its state as it was."""
    location = clocked.authorize({**SOUND, **changed}).headers["Location"]
    assert location.startswith(f"{BACK}&")
    told = parse_qs(urlsplit(location).query)
    assert (told["state"], told["error"], "code" in told) == ([SOUND["state"]], [error], False)


def test_who_gives_no_name_is_asked_for_one(clocked: Clocked) -> None:
    """By a form that keeps what the page sent, and in which nothing of it can run: its origin is the cloud's own."""
    asked = {**SOUND, "state": '"><script>alert(1)</script>', '"><script>': "x"}
    del asked["login_hint"]
    answer = clocked.authorize(asked)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    page = answer.body.decode()
    assert "<script>" not in page
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    assert len(fields) == len(asked)
    assert dict(fields)["redirect_uri"] == BACK
    for name in ("", "a\nb", "n" * 129):
        assert clocked.authorize({**SOUND, "login_hint": name}).status == 200


def test_every_fault_is_another_answer_and_ends(clocked: Clocked) -> None:
    """A kind that changed nothing would let its test pass for nothing."""
    sound = {name: clocked("GET", ADDRESSES[name]) for name in ("discovery", "keys")}
    for kind in KINDS:
        clocked("POST", "control/faults", json.dumps({"kind": kind, "times": 1, "seconds": 0}))
        faulted = {name: clocked("GET", ADDRESSES[name]) for name in sound}
        changed = {name for name in sound if faulted[name] != sound[name]}
        expected = {"slow": set(), "other_issuer": {"discovery"}, "no_keys": {"keys"}}.get(kind, set(sound))
        assert changed == expected, kind
        assert {name: clocked("GET", ADDRESSES[name]) for name in sound} == sound


@given(st.integers(0, 5), BODIES)
def test_whatever_the_control_path_is_sent_it_follows_or_refuses_in_a_sentence(number: int, body: bytes) -> None:
    """People write these calls by hand."""
    here = Issuer()
    method, path, _ = here._calls[number]
    answer = asyncio.run(here.answer(Asked(method, f"control/{path}", "127.0.0.1:1", "", body)))
    assert answer.status in (200, 400)
    assert answer.status == 200 or json.loads(answer.body)["message"].endswith(".")


def test_the_table_lists_the_calls_that_there_are() -> None:
    """It is all the documentation that these calls have where they stand."""
    cells = [line.split("|")[1] for line in (inspect.getdoc(issuer) or "").splitlines() if line.startswith("| ")][1:]
    listed = {pair for cell in cells for pair in re.findall(r"(GET|POST|DELETE) ([a-z]+)", cell)}
    assert listed == {(method, path) for method, path, _ in Issuer()._calls}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "keys", 405), ("GET", "token", 405), ("GET", "nowhere", 404), ("GET", "control/nothing", 404)],
)
def test_what_is_not_there_says_so(clocked: Clocked, method: str, path: str, status: int) -> None:
    """With what there is."""
    answer = clocked(method, path)
    assert (answer.status, json.loads(answer.body)["message"][-1]) == (status, ".")
    assert f"POST {PREFIX}control/tokens, " in json.loads(clocked("GET", "control/nothing").body)["message"]
