"""What an issuer shows of itself, and each way in which it can fail, over real connections."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from authorizer import issuer
from authorizer.decision import customer_of
from authorizer.failure import IssuerFailed
from authorizer.issuer import read_keys
from authorizer.keys import Keys
from authorizer.settings import Settings, read
from local.tls import Authority
from tests.unit.authorizer.signing import ENVIRONMENT, ISSUER, NOW, jwk, token
from tests.unit.authorizer.web import Web, ok, web

ISSUERS = sorted((Path(__file__).parent / "issuers").glob("*.json"))
KEY_SET = {"keys": [jwk()]}
DISCOVERY = {"issuer": ISSUER, "jwks_uri": "https://issuer.example/keys?p=x"}
WELL_KNOWN = "/tenant/.well-known/openid-configuration"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The issuer is a thread beside the test: on a busy machine it may get its turn late."""
    monkeypatch.setattr("aws.client._CONNECT_FAR_SECONDS", 60)
    monkeypatch.setattr(issuer, "_DEADLINE_SECONDS", 60)


@pytest.fixture
def server() -> Iterator[Web]:
    """An issuer that is right."""
    with web() as one:
        one.answers[WELL_KNOWN] = ok(json.dumps(DISCOVERY).encode())
        one.answers["/keys?p=x"] = ok(json.dumps(KEY_SET).encode())
        yield one


def settings_of(server: Web, **more: str) -> Settings:
    """Settings that lead to it, without TLS."""
    return read({**ENVIRONMENT, "LOCAL_ISSUER_URL": f"http://127.0.0.1:{server.port}", **more})


def failure(server: Web) -> tuple[str, str]:
    """How the issuer fails: the word and the text."""
    with pytest.raises(IssuerFailed) as failed:
        read_keys(settings_of(server))
    return failed.value.reason, str(failed.value)


def test_the_keys_are_where_the_issuer_says(server: Web) -> None:
    """Asked for by the issuer's own name and without a signature of AWS."""
    assert read_keys(settings_of(server)).keys() == {"a", None}
    for request, target in zip(server.requests, (WELL_KNOWN, "/keys?p=x"), strict=True):
        head = request.decode().split("\r\n")
        assert head[0] == f"GET {target} HTTP/1.1"
        assert "Host: issuer.example" in head
        assert "User-Agent: connect-persistent-chat" in head
        assert "Authorization" not in request.decode()


def test_one_connection_serves_both_documents(server: Web) -> None:
    """Each further one costs a caller two ways to the issuer and back."""
    server.keeps = True
    assert read_keys(settings_of(server))
    assert (len(server.requests), server.connections) == (2, 1)


@pytest.mark.parametrize("path", ISSUERS, ids=[path.stem for path in ISSUERS])
def test_the_tokens_of_known_issuers_count(path: Path) -> None:
    """Their documents and ID tokens, as they describe them themselves, with keys of these tests."""
    known = json.loads(path.read_text(encoding="utf-8"))
    shown = json.loads(json.dumps(known["keys"]).replace("key a", jwk("a")["n"]).replace("key b", jwk("b")["n"]))
    with web() as server:
        for url, document in (
            (known["issuer"].rstrip("/") + "/.well-known/openid-configuration", known["discovery"]),
            (known["discovery"]["jwks_uri"], shown),
        ):
            server.answers["/" + url.split("/", 3)[3]] = ok(json.dumps(document).encode())
        claims = known["claims"]
        settings = settings_of(server, ISSUER=known["issuer"], AUDIENCES=claims["aud"])
        keys = read_keys(settings)
    assert len({*keys.values()}) == known["usable"]
    right = token(claims, known["header"])
    assert customer_of(right, settings, Keys(lambda: keys).find, NOW) == claims["sub"]


def test_there_are_six_known_issuers() -> None:
    """A folder that is empty would pass."""
    assert [path.stem for path in ISSUERS] == ["auth0", "cognito", "entra", "google", "keycloak", "okta"]


OTHERS: list[tuple[Any, str]] = [
    ({**DISCOVERY, "issuer": ISSUER + "/"}, "issuer is 'https://issuer.example/tenant/', expected"),
    ({**DISCOVERY, "issuer": [ISSUER]}, "issuer is an array, expected"),
    ({"jwks_uri": DISCOVERY["jwks_uri"]}, "issuer is null, expected"),
    ({"issuer": ISSUER}, "jwks_uri is null, expected a URL"),
    ({**DISCOVERY, "jwks_uri": 7}, "jwks_uri is a number, expected a URL"),
    *(
        ({**DISCOVERY, "jwks_uri": url}, "A URL of the issuer is .*, expected https://host")
        for url in (
            "http://issuer.example/keys",
            "file:///etc/passwd",
            "HTTPS://issuer.example/keys",
            "https://user@issuer.example/keys",
            "https://issuer.example",
            "https://issuer.example/a b",
            "https://issuer.example/a\r\nX: y",
            "https://issuer.example/é",
            "https://issuer.example:99999/keys",
            "//issuer.example/keys",
            "",
        )
    ),
    ([DISCOVERY], "no JSON object"),
    ({}, "no JSON object"),
]


@pytest.mark.parametrize(("document", "text"), OTHERS)
def test_a_discovery_document_that_lies_is_named(document: Any, text: str, server: Web) -> None:
    """One of another issuer, or one that leads away from TLS."""
    server.answers[WELL_KNOWN] = ok(json.dumps(document).encode())
    with pytest.raises(IssuerFailed, match=text) as failed:
        read_keys(settings_of(server))
    assert failed.value.reason == "issuer_unexpected"


@pytest.mark.parametrize("path", [WELL_KNOWN, "/keys?p=x"])
@pytest.mark.parametrize(
    ("answer", "reason", "text"),
    [
        (ok(b"<html></html>"), "issuer_unexpected", "no JSON object"),
        (ok(b""), "issuer_unexpected", "no JSON object"),
        (ok(b"[" * 100_000), "issuer_unexpected", "no JSON object"),
        (ok(b" " * (1024 * 1024 + 1)), "issuer_unexpected", "larger than 1048576 bytes"),
        (b"SSH-2.0-x\r\n\r\n", "issuer_unexpected", "no HTTP status line"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
            "issuer_unexpected",
            "got 302 .*, expected 200",
        ),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "issuer_unexpected", "got 404"),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "issuer_unexpected", "got 503"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", "issuer_unreachable", "ended after 2 of 99 bytes"),
        (None, "issuer_unreachable", "Unreachable"),
    ],
)
def test_an_issuer_that_fails_is_named(path: str, answer: bytes | None, reason: str, text: str, server: Web) -> None:
    """With its URL, what came and what should: for the log, and for a deployment."""
    server.answers[path] = answer
    with pytest.raises(IssuerFailed, match=text) as failed:
        read_keys(settings_of(server))
    assert failed.value.reason == reason
    assert f"https://issuer.example{path}: got " in str(failed.value)


def test_a_length_that_is_too_short_gives_no_other_document(server: Web) -> None:
    """What is behind the end belongs to nothing."""
    body = json.dumps(DISCOVERY).encode()
    server.answers[WELL_KNOWN] = ok(body) + b'{"issuer":"https://evil.example"}'
    assert read_keys(settings_of(server))
    server.answers[WELL_KNOWN] = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + body
    assert failure(server)[0] == "issuer_unexpected"


def test_a_slow_issuer_is_waited_for_as_long_as_the_deadline(server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller waits as well."""
    monkeypatch.setattr(issuer, "_DEADLINE_SECONDS", 0.5)
    server.answers[WELL_KNOWN] = 0.7
    reason, text = failure(server)
    assert (reason, "within the deadline" in text) == ("issuer_unreachable", True)


def test_nobody_there_is_named() -> None:
    """Its name is in the text, or its address."""
    with web() as gone:
        pass
    reason, text = failure(gone)
    assert reason == "issuer_unreachable"
    assert "openid-configuration: got Unreachable: ConnectionRefusedError" in text


def test_keys_that_cannot_be_used_are_named(server: Web) -> None:
    """The deployment's proof shows it."""
    server.answers["/keys?p=x"] = ok(json.dumps({"keys": [jwk(use="enc")]}).encode())
    assert failure(server) == ("issuer_keys", "None of the issuer's keys can be used: key 1: use is not sig.")


@pytest.mark.parametrize("authority", ["Amazon", "Somebody"])
def test_an_issuer_proves_who_it_is(authority: str, trusted: Callable[..., None]) -> None:
    """By a certificate of any authority that the system trusts, a common one or not."""
    signer = Authority(authority)
    trusted(signer, Authority("Amazon"))
    with web(signer.server()) as server:
        name = f"https://127.0.0.1:{server.port}/tenant"
        document = {"issuer": name, "jwks_uri": f"{name}/keys"}
        server.answers = {
            WELL_KNOWN: ok(json.dumps(document).encode()),
            "/tenant/keys": ok(json.dumps(KEY_SET).encode()),
        }
        assert read_keys(read({**ENVIRONMENT, "ISSUER": name}))


@pytest.mark.parametrize("mistake", ["a stranger", "expired", "another name", "no TLS"])
def test_an_issuer_that_cannot_prove_it_is_not_believed(mistake: str, trusted: Callable[..., None]) -> None:
    """Else whoever is on the way could sign for everybody."""
    signer = Authority("Amazon")
    trusted(Authority("Amazon") if mistake == "a stranger" else signer)
    address = "127.0.0.2" if mistake == "another name" else "127.0.0.1"
    with web(None if mistake == "no TLS" else signer.server(address, expired=mistake == "expired")) as server:
        name = f"https://127.0.0.1:{server.port}/tenant"
        server.answers = {WELL_KNOWN: ok(json.dumps({"issuer": name, "jwks_uri": f"{name}/keys"}).encode())}
        with pytest.raises(IssuerFailed) as failed:
            read_keys(read({**ENVIRONMENT, "ISSUER": name}))
        assert failed.value.reason == "issuer_unreachable"
