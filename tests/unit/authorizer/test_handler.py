"""The function: what API Gateway gets, and what the log says, and does not say."""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, get_args

import pytest

from authorizer.failure import IssuerFailed
from authorizer.keys import Key
from aws import trust
from shared import reasons
from shared.key import key_of
from tests.unit.authorizer.signing import CLAIMS, ENVIRONMENT, NOW, jwk, keys, token

ARN = "arn:aws:execute-api:us-east-1:123456789012:api/v1/POST/contact/persistent-contact-association/i/c"
CONTEXT = SimpleNamespace(aws_request_id="22222222-2222-4222-8222-222222222222")
FINGERPRINT = f"sha256:{key_of(ENVIRONMENT['CONNECT_INSTANCE_ID'], 'person')[:16]}"


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The function's module, freshly started, with an issuer of one key."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    trust.commons.cache_clear()
    sys.modules.pop("authorizer.handler", None)
    module = importlib.import_module("authorizer.handler")
    show(module, monkeypatch, keys(jwk()))
    monkeypatch.setattr(time, "time", lambda: NOW)
    yield module
    del sys.modules["authorizer.handler"]


def show(module: ModuleType, monkeypatch: pytest.MonkeyPatch, shown: dict[str | None, Key] | Exception) -> None:
    """The issuer shows these keys, or fails."""

    def read_keys(_settings: object) -> dict[str | None, Key]:
        if isinstance(shown, Exception):
            raise shown
        return shown

    monkeypatch.setattr(module.issuer, "read_keys", read_keys)


def event(text: Any) -> dict[str, Any]:
    """What the gateway asks."""
    return {"type": "TOKEN", "authorizationToken": text, "methodArn": ARN}


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one line of the log, without what differs in each run."""
    (text,) = capsys.readouterr().out.splitlines()
    fields: dict[str, Any] = json.loads(text)
    assert fields.pop("durationMs") >= 0
    assert fields.pop("requestId") == CONTEXT.aws_request_id
    return fields


@pytest.mark.parametrize("before", ["", "Bearer ", "bearer "])
def test_a_right_token_lets_its_customer_in(
    before: str, handler: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """For the one method that was asked for. The endpoint's function gets the customer and nothing else."""
    assert handler.handle(event(before + token()), CONTEXT) == {
        "principalId": FINGERPRINT,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": ARN}],
        },
        "context": {"customer": "person"},
    }
    assert line(capsys) == {"level": "INFO", "verdict": "granted", "caller": FINGERPRINT}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "token_malformed"),
        (7, "token_malformed"),
        ("", "token_malformed"),
        ("Bearer", "token_malformed"),
        ("Basic x", "token_malformed"),
        (token(header={"alg": "none"}), "token_algorithm"),
        (token(header={"alg": "RS256", "typ": "at+jwt"}), "token_no_id"),
        (token(header={"alg": "RS256", "kid": "b"}), "token_key"),
        (token()[:-4] + "AAAA", "token_signature"),
        (token({**CLAIMS, "iss": "x"}), "token_issuer"),
        (token({**CLAIMS, "aud": "x"}), "token_audience"),
        (token({**CLAIMS, "exp": "x"}), "token_time"),
        (token({**CLAIMS, "exp": 1}), "token_expired"),
        (token({**CLAIMS, "nbf": NOW + 100}), "token_early"),
        (token({**CLAIMS, "sub": ""}), "token_customer"),
    ],
)
def test_a_refused_token_is_unauthorized(
    text: Any, reason: str, handler: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exactly this text is the gateway's 401. Only the log knows why."""
    with pytest.raises(Exception, match=r"^Unauthorized$") as raised:
        handler.handle(event(text), CONTEXT)
    assert (type(raised.value), raised.value.__context__) == (Exception, None)
    assert reason in get_args(reasons.Unauthorized)
    assert line(capsys) == {"level": "INFO", "verdict": "refused", "rule": reason}


def test_certificates_are_read_while_the_function_starts(handler: ModuleType) -> None:
    """With the first token, on a part of a processor, they would take its caller several times as long."""
    assert handler.trust.commons.cache_info().currsize == 1


def test_an_issuer_that_fails_is_not_unauthorized(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The token may be right: the caller should try again, and nobody has to sign in anew."""
    show(handler, monkeypatch, IssuerFailed("issuer_unreachable", "https://x: got nothing"))
    with pytest.raises(Exception, match=r"^The issuer failed$"):
        handler.handle(event(token()), CONTEXT)
    failed = {"level": "ERROR", "verdict": "failed", "rule": "issuer_unreachable", "detail": "https://x: got nothing"}
    assert line(capsys) == failed


def test_a_bug_lets_nobody_in_and_tells_no_token(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its text may hold what the caller sent; its class and place do not."""
    show(handler, monkeypatch, ZeroDivisionError(token()))
    with pytest.raises(Exception, match=r"^The authorizer failed$") as raised:
        handler.handle(event(token()), CONTEXT)
    assert raised.value.__context__ is None
    fields = line(capsys)
    assert fields.pop("detail").startswith("ZeroDivisionError at test_handler.py:")
    assert fields == {"level": "ERROR", "verdict": "failed", "rule": "bug"}


def test_the_log_never_holds_a_token_or_a_claim(handler: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads it could be that person, or learn who it is."""
    claims = {**CLAIMS, "sub": "MARK", "email": "MARK"}
    texts = (token(claims), token({**claims, "aud": "MARK"}), token(claims, {"alg": "RS256", "kid": "MARK"}))
    for text in texts:
        said = ""
        try:
            handler.handle(event(text), CONTEXT)
        except Exception as refused:
            said = str(refused)
        printed = capsys.readouterr().out + said
        assert "MARK" not in printed
        assert not any(part in printed for part in text.split("."))


def test_a_probe_tells_the_settings_and_whether_the_issuer_works(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment's proof invokes the function directly; the gateway's events always name a method."""
    assert handler.handle({"probe": "settings"}, CONTEXT) == {"probe": "settings", "settings": ENVIRONMENT}
    show(handler, monkeypatch, keys(jwk("a"), jwk("b")))
    assert handler.handle({"probe": "issuer"}, CONTEXT) == {"probe": "issuer", "keys": 2}
    show(handler, monkeypatch, keys(jwk("a")))
    assert handler.handle({"probe": "issuer"}, CONTEXT) == {"probe": "issuer", "keys": 1}
    show(handler, monkeypatch, IssuerFailed("issuer_keys", "None of them."))
    assert handler.handle({"probe": "issuer"}, CONTEXT) == {"probe": "issuer", "error": "None of them."}
    assert "error" in handler.handle(None, CONTEXT)
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        handler.handle({"probe": "settings", "methodArn": ARN}, CONTEXT)
