"""Attacks with ID tokens on the deployed endpoint, and an issuer that fails: nobody gets in who should not.

A wrong token is 403, whatever is wrong with it. Only a failing issuer is 503, as nobody knows then who calls.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from local.chats import Chats
from local.cloud import Cloud
from local.issuer import ISSUER, KINDS
from local.tokens import Tokens
from tests.local.breaking import authorizer_of, with_environment
from tests.local.callers import PATH, Door, claims_of, forged, lasting
from tests.local.deployments import Deployed, everything_logged, lines_of, log_of
from tests.local.raw import Socket

pytestmark = pytest.mark.usefixtures("without_quotas")

NEVER = "00000000-0000-4000-8000-000000000000"


def start_anew(issued: Deployed) -> None:
    """The authorizer forgets the keys that it has in memory, as every new process does."""
    with with_environment(issued, authorizer_of(issued), lambda _: None):
        pass


@pytest.fixture(scope="module", autouse=True)
def anew(issued: Deployed) -> None:
    """What other tests did to the issuer's keys is not remembered here."""
    start_anew(issued)


@pytest.fixture
def door(issued: Deployed) -> Door:
    """The endpoint for people who sign in."""
    return Door(issued, "Url")


def past(chats: Chats, customer: str) -> str:
    """A chat that ended long enough ago."""
    contact = chats.start(customer)
    chats.end(contact)
    return contact


def encoded(part: object) -> str:
    """A part of a token."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed_by(key: RSAPrivateKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token of somebody who has a key, but not the issuer's."""
    signed = f"{encoded({'alg': 'RS256', 'typ': 'JWT', **header})}.{encoded(claims)}"
    return f"{signed}.{encoded(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def hmac_of(token: str, secret: bytes) -> str:
    """The token's claims, signed with a secret that everybody knows."""
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    signed = f"{encoded({**header, 'alg': 'HS256'})}.{token.split('.')[1]}"
    return f"{signed}.{encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def public_key(cloud: Cloud) -> dict[str, str]:
    """The newest key that the issuer publishes."""
    keys = json.loads(Socket(cloud).ask("GET", "/_issuer/keys").body)["keys"]
    return dict(keys[-1])


def with_changed(token: str, part: int, change: Callable[[str], str]) -> str:
    """One of its three parts is another."""
    parts = token.split(".")
    parts[part] = change(parts[part])
    return ".".join(parts)


NOW = int(time.time())
STRANGER = generate_private_key(65537, 2048)
SAYS: dict[str, dict[str, Any]] = {
    "for another client": {"audience": "other"},
    "for another client as well": {"audience": ["client", "other"]},
    "for nobody": {"audience": None},
    "for an empty list": {"audience": []},
    "issued to another client": {"azp": "other"},
    "of another issuer": {"iss": "https://evil.example"},
    "of an issuer with a slash more": {"iss": f"{ISSUER}/"},
    "of an issuer in another case": {"iss": ISSUER.upper()},
    "of no issuer": {"iss": None},
    "expired": {"exp": NOW - 3600},
    "without an end": {"exp": None},
    "with an end in words": {"exp": "tomorrow"},
    "with an endless end": {"exp": 10**20},
    "not yet valid": {"nbf": NOW + 36_000},
    "issued in the future": {"iat": NOW + 36_000},
    "without a beginning": {"iat": None},
    "an access token": {"header": {"typ": "at+jwt"}},
    "an access token of Cognito": {"token_use": "access"},
    "an access token of Entra ID": {"scp": "user.read"},
    "an access token of Keycloak": {"typ": "Bearer"},
    "a logout token": {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
    "with a critical header": {"header": {"crit": ["b64"], "b64": False}},
    "of another algorithm": {"header": {"alg": "RS512"}},
    "that names another key set": {"header": {"jku": "https://evil.example/keys", "kid": "evil"}},
    "of a key that is none": {"header": {"kid": "../../dev/null"}},
    "of a key in a number": {"header": {"kid": 1}},
    "of nobody": {"sub": None},
    "of an empty name": {"sub": ""},
    "of a list": {"sub": ["victim"]},
    "of a list in a text": {"sub": '["victim"]'},
    "of a number": {"sub": 7},
    "of a long name": {"sub": "v" * 129},
}


@pytest.mark.parametrize("says", SAYS.values(), ids=SAYS.keys())
def test_a_token_that_says_something_wrong(door: Door, chats: Chats, tokens: Tokens, says: dict[str, Any]) -> None:
    """With a right signature: of another purpose, time, place or person."""
    contact, source = chats.start("victim"), past(chats, "victim")
    answer = door.ask(contact, source, token=tokens.sign(**{"sub": "victim", **says}))
    assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")
    assert lasting(answer) == lasting(door.ask(contact, source, token="junk"))
    assert chats.associations_of(contact) == []


FORGED: dict[str, Callable[[str, Cloud], str]] = {
    "claims of somebody else": lambda token, _: forged(token, sub="victim"),
    "no algorithm": lambda token, _: forged(token, {"alg": "none"}, sub="victim"),
    "no algorithm, in another case": lambda token, _: forged(token, {"alg": "nOnE"}, sub="victim"),
    "no signature": lambda token, _: forged(token, {"alg": "none"}, sub="victim").rpartition(".")[0] + ".",
    "the public key as a secret": lambda token, cloud: hmac_of(
        forged(token, sub="victim"), public_key(cloud)["n"].encode()
    ),
    "the public key's bytes as a secret": lambda token, cloud: hmac_of(
        forged(token, sub="victim"), base64.urlsafe_b64decode(public_key(cloud)["n"] + "==")
    ),
    "an empty secret": lambda token, _: hmac_of(forged(token, sub="victim"), b""),
    "another key of the same name": lambda token, cloud: signed_by(
        STRANGER, {"kid": public_key(cloud)["kid"]}, {**claims_of(token), "sub": "victim"}
    ),
    "another key that the token brings along": lambda token, _: signed_by(
        STRANGER,
        {"jwk": {"kty": "RSA", "e": "AQAB", "n": encoded(STRANGER.public_key().public_numbers().n.to_bytes(256))}},
        {**claims_of(token), "sub": "victim"},
    ),
    "a changed signature": lambda token, _: with_changed(token, 2, lambda text: "A" * len(text)),
    "a short signature": lambda token, _: with_changed(token, 2, lambda text: text[:-4]),
    "a long signature": lambda token, _: with_changed(token, 2, lambda text: f"AAAA{text}"),
    "padding": lambda token, _: f"{token}==",
    "four parts": lambda token, _: f"{token}.AA",
    "two tokens": lambda token, _: f"{token},{token}",
    "another scheme": lambda token, _: f"Basic {token}",
    "two schemes": lambda token, _: f"Bearer Bearer {token}",
    "nothing behind the scheme": lambda _, __: "Bearer",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token(
    door: Door, chats: Chats, tokens: Tokens, cloud: Cloud, forge: Callable[[str, Cloud], str]
) -> None:
    """Made of the attacker's own, which is right."""
    contact, source = chats.start("victim"), past(chats, "victim")
    answer = door.ask(contact, source, token=forge(tokens.sign("attacker"), cloud))
    assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")
    assert chats.associations_of(contact) == []


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}"])
def test_a_right_token_opens_its_owners_chats_only(door: Door, chats: Chats, tokens: Tokens, form: str) -> None:
    """With its scheme or bare. Somebody else's chat is not found, as one that does not exist."""
    contact, source = chats.start("victim"), past(chats, "victim")
    refused = door.ask(contact, source, token=form.format(tokens.sign("attacker")))
    assert refused.status == 404
    assert lasting(refused) == lasting(door.ask(contact, NEVER, token=form.format(tokens.sign("victim"))))
    assert chats.associations_of(contact) == []
    for customer in ("Victim", "victim ", "victim\u200b"):
        assert door.ask(contact, source, token=tokens.sign(customer)).status == 404
    answer = door.ask(contact, source, token=form.format(tokens.sign("victim")))
    assert answer.document == {"ContinuedFromContactId": source}


def test_somebody_who_signs_in_calls_from_any_page(door: Door, chats: Chats, tokens: Tokens) -> None:
    """By the code flow. No credentials are sent by a browser itself, so any origin may be allowed."""
    contact, source = chats.start("ann"), past(chats, "ann")
    page = {"Origin": "https://anywhere.example"}
    answer = door.ask(contact, source, token=tokens.sign_in("ann", "client"), headers=page)
    refused = door.ask(contact, source, token="junk", headers=page)
    assert (answer.status, refused.status) == (200, 403)
    for one in (answer, refused):
        headers = {name.lower(): value for name, value in one.headers.items()}
        assert headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in headers


def test_no_token_and_a_signature_of_the_accounts_root(door: Door, chats: Chats) -> None:
    """Nobody else than the issuer says who calls."""
    contact, source = chats.start("victim"), past(chats, "victim")
    assert door.ask(contact, source, token="").status == 403
    assert door.ask(contact, source).status == 403
    assert chats.associations_of(contact) == []


def test_junk_asks_no_function(issued: Deployed, door: Door, chats: Chats) -> None:
    """What has not even the form of a token is refused by the gateway itself, which costs nothing."""
    before = len(lines_of(issued.cloud, authorizer_of(issued)))
    for junk in ("x", "Bearer x", "a.b", "Basic dXNlcjpwYXNz", "é.é.é".encode().decode("latin-1")):
        assert door.ask(NEVER, NEVER, token=junk).status == 403
    assert len(lines_of(issued.cloud, authorizer_of(issued))) == before


def test_keys_rotated_while_in_use(issued: Deployed, door: Door, chats: Chats, tokens: Tokens) -> None:
    """A new key works at once. What was signed with a key that the issuer has forgotten no longer does."""
    start_anew(issued)
    contact, source, old = chats.start("victim"), past(chats, "victim"), tokens.sign("victim")
    assert door.ask(contact, source, token=old).status == 200
    tokens.rotate(forget=True)
    assert door.ask(contact, source, token=tokens.sign("victim")).status == 200
    answer = door.ask(contact, source, token=old)
    assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.prove if kind == "slow" else ()) for kind in KINDS]
)
def test_an_issuer_that_fails(issued: Deployed, door: Door, chats: Chats, tokens: Tokens, kind: str) -> None:
    """Nobody is let in, and nobody is told that the token is wrong: the page should try again. Then it works."""
    contact, source, token = chats.start("victim"), past(chats, "victim"), tokens.sign("victim")
    start_anew(issued)
    tokens.fail(kind)
    for sent in (token, tokens.sign("attacker"), forged(token, sub="attacker")):
        answer = door.ask(contact, source, token=sent)
        assert (answer.status, answer.document["__type"]) == (503, "InternalServiceException")
        assert {name.lower(): value for name, value in answer.headers.items()}["retry-after"] == "1"
    assert chats.associations_of(contact) == []
    tokens.mend()
    assert door.ask(contact, source, token=token).status == 200


def test_keys_in_memory_outlast_an_issuer_that_is_down(
    issued: Deployed, door: Door, chats: Chats, tokens: Tokens
) -> None:
    """But a key that is not among them may be a new one: nobody can know."""
    start_anew(issued)
    contact, source, token = chats.start("victim"), past(chats, "victim"), tokens.sign("victim")
    assert door.ask(contact, source, token=token).status == 200
    tokens.rotate()
    tokens.fail("down")
    assert door.ask(contact, source, token=token).status == 200
    assert door.ask(contact, source, token=tokens.sign("victim")).status == 503


def test_no_token_and_no_name_reach_a_log(issued: Deployed, door: Door, chats: Chats, tokens: Tokens) -> None:
    """Neither of those that were right nor of those that were not, nor while the issuer fails."""
    name = f"s3cret-{uuid.uuid4()}"
    contact, source = chats.start(name), past(chats, name)
    right, wrong = tokens.sign(name, email=f"{name}@example.com"), tokens.sign(name, "s3cret-audience")
    assert door.ask(contact, source, token=right).status == 200
    assert door.ask(contact, source, token=f"Bearer {wrong}").status == 403
    start_anew(issued)
    tokens.fail("garbage")
    assert door.ask(contact, source, token=right).status == 503
    said = everything_logged(issued.cloud)
    rules = {(line.get("verdict"), line.get("rule")) for line in lines_of(issued.cloud, authorizer_of(issued))}
    assert {("granted", None), ("refused", "token_audience"), ("failed", "issuer_unexpected")} <= rules
    for text in ("s3cret", *right.split("."), *wrong.split(".")[1:]):
        assert [line for line in said if text in line] == []
    assert "eyJ" not in log_of(issued.cloud, authorizer_of(issued))


def test_a_stranger_cannot_tell_what_is_wrong(door: Door, chats: Chats, tokens: Tokens) -> None:
    """The answers to all wrong tokens are equal byte by byte, also without any token."""
    contact = chats.start("victim")
    sent = ["", "junk", tokens.sign(audience="other"), tokens.sign(exp=1), forged(tokens.sign(), sub="victim")]
    answers = {repr(lasting(door.send(f"{PATH}/i/{contact}", b"{}", token=token))) for token in sent}
    assert len(answers) == 1
