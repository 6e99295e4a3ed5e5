"""Verdicts on whole tokens, beside a library's: equal, or stricter with a reason that is named here."""

import base64
import hashlib
import hmac
import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from authorizer.decision import customer_of
from authorizer.failure import Refused
from authorizer.keys import Keys
from tests.unit.authorizer.signing import (
    CLAIMS,
    ISSUER,
    NOW,
    SETTINGS,
    encoded,
    jwk,
    keys,
    number,
    private,
    pss_block,
    raw,
    sign,
)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256")
# An issuer with keys of each algorithm, one without, one for encryption, and one on a curve.
CURVE = ec.generate_private_key(ec.SECP256R1())
SHOWN = [
    jwk("a", alg="RS256"),
    jwk("b", alg="RS384"),
    jwk("c", alg="RS512"),
    jwk("d", alg="PS256"),
    jwk("e"),
    jwk("f", use="enc", alg="RSA-OAEP"),
    json.loads(jwt.algorithms.ECAlgorithm.to_jwk(CURVE.public_key())) | {"kid": "g"},
]
OWN = {"a": "RS256", "b": "RS384", "c": "RS512", "d": "PS256", "e": "RS256"}
WIDE = SETTINGS._replace(algorithms=ALGORITHMS)
# Keys with an `alg` may have any of the four; the one without has RS256, as the library has it.
IN_MEMORY = {**keys(*SHOWN, algorithms=ALGORITHMS)}
IN_MEMORY["e"] = IN_MEMORY["e"]._replace(algorithms=("RS256",))
LIBRARYS = jwt.PyJWKSet([one for one in SHOWN if one.get("use") != "enc" and one["kty"] == "RSA"])


class Draft(NamedTuple):
    """A token in the making."""

    kid: str
    header: dict[str, Any]
    claims: dict[str, Any]
    # Texts that stand for the two, if they are no JSON of this kind.
    head: bytes | None = None
    body: bytes | None = None
    # What makes the signature, and what is done to the whole text.
    signer: Callable[[bytes], bytes] | None = None
    finish: Callable[[str], str] = str


def changed(draft: Draft, **fields: Any) -> Draft:
    """With these fields."""
    return draft._replace(**fields)


Change = Callable[[random.Random, Draft], Draft]
# By name: the change, and why this function may be stricter than the library; "" if it may not.
CHANGES: dict[str, tuple[Change, str]] = {}


def change(name: str, stricter: str = "") -> Callable[[Change], Change]:
    """Add a change of a token."""

    def add(one: Change) -> Change:
        CHANGES[name] = (one, stricter)
        return one

    return add


def claim(name: str, *values: Any, why: str = "", of: str = "claims") -> None:
    """Add the change of one claim, or of one field of the header, to one of these values."""

    def one(rng: random.Random, draft: Draft) -> Draft:
        fields = {**getattr(draft, of)}
        value = rng.choice(values)
        if value is ...:
            fields.pop(name, None)
        else:
            fields[name] = value
        return changed(draft, **{of: fields})

    CHANGES[f"{of} {name} {len(CHANGES)}"] = (one, why)


TIMES = [NOW + offset for offset in (-601, -61, -60.5, -60, -59.5, -59, -1, 0, 1, 59, 59.5, 60, 60.5, 61, 3600)]
NO_TIME = "a time is a number, and one that a clock can show"
for name in ("exp", "iat", "nbf"):
    claim(name, *TIMES)
    claim(name, "1", str(NOW), True, False, -1, 10**12, 10**30, 1e300, why=NO_TIME)
    claim(name, None, "x", [], {}, [NOW], float("1e999"), "1e3")
claim("exp", ..., 0)
claim("iat", ...)
claim("nbf", ..., why="")
claim("iss", ISSUER + "/", ISSUER.upper(), ISSUER + "\0", " " + ISSUER, "", None, [ISSUER], 7, ...)
claim("aud", "app", "other", ["app"], ["app", "other"], ["app", "app"])
claim("aud", "App", "", "app ", [], [[]], {}, {"app": 1}, None, 7, True, ["appx"], [["app"]], ["app", 7], ...)
claim("aud", ["app", "foreign"], ["foreign", "other"], why="somebody else has this token as well")
claim("azp", "app", "other")
claim("azp", "foreign", "", None, ["app"], 7, why="the token was issued to somebody else")
claim("sub", "p", "é" * 128, "\U0001f600", "[a", " ", "\0", "\uff11")
claim("sub", "", "x" * 129, "x" * 2000, "[a]", "[]", '["a","b"]', why="no text that can be a customer")
claim("sub", "\ud800", "a\udfff", why="half a surrogate pair can be written nowhere")
claim("sub", 7, None, True, ["a"], {"a": 1}, ...)
claim("events", {}, None, {"http://schemas.openid.net/event/backchannel-logout": {}}, why="a logout token")
claim("token_use", "access", None, ["id"], why="an access token of Cognito")
claim("token_use", "id")
claim("typ", "Bearer", "Logout", None, why="Keycloak's claim says that it is no ID token")
claim("typ", "ID")
claim("scp", "a", [], why="an access token of Entra ID or Okta")
claim("more", "x" * 3000, [[[1]]], {"a": {"b": {}}}, 1.5, -0.0, 10**400, "é\U0001f600")
claim("more", "x" * 9000, why="longer than the gateway takes")
claim("alg", "none", "None", "", "HS256", "HS512", "ES256", "PS384", "RS1", "rs256", None, 7, [], {}, ..., of="header")
claim("alg", *ALGORITHMS, of="header")
claim("kid", "a", "b", "c", "d", "e", of="header")
claim("kid", "f", "g", "h", "", "A", "a ", "a\0", "../a", "' OR 1=1", 7, None, ["a"], {"a": 1}, True, ..., of="header")
claim("typ", "JWT", "jwt", ..., of="header")
claim("typ", "at+jwt", "application/at+jwt", "logout+jwt", "", None, 7, ["JWT"], why="no ID token", of="header")
claim("crit", [], ["exp"], ["x"], None, "exp", [7], of="header")
claim("crit", ["b64"], of="header")
claim("b64", False, of="header")
claim("b64", True, None, 1, why="an extension that is not understood", of="header")
claim("jku", "https://evil.example/keys", of="header")
claim("jwk", jwk("z"), of="header")
claim("x5u", "https://evil.example/", of="header")
claim("more", "é", "x" * 1000, [[1]], 10**400, of="header")

ONE_READING = "two readers could read it in two ways"


@change("a name twice in the claims", ONE_READING)
def _(rng: random.Random, draft: Draft) -> Draft:
    name = rng.choice([*CLAIMS])
    first = rng.choice([b'"x"', json.dumps(CLAIMS[name]).encode()])
    body = json.dumps(draft.claims).encode()
    return draft._replace(body=b'{"%s":%s,' % (name.encode(), first) + body[1:])


@change("a name twice below", ONE_READING)
def _(rng: random.Random, draft: Draft) -> Draft:
    return draft._replace(body=b'{"more":[{"a":1,"\\u0061":2}],' + json.dumps(draft.claims).encode()[1:])


@change("a name twice in the header", ONE_READING)
def _(rng: random.Random, draft: Draft) -> Draft:
    twice = rng.choice([b'"alg":"none"', b'"kid":"z"', b'"alg":"HS256"', b'"typ":"x"'])
    return draft._replace(head=b"{" + twice + b"," + json.dumps(draft.header).encode()[1:])


@change("brackets without number", "deeper than any issuer nests")
def _(rng: random.Random, draft: Draft) -> Draft:
    depth = rng.choice([31, 40, 100, 500])
    return draft._replace(body=b'{"more":' + b"[" * depth + b"]" * depth + b"," + json.dumps(draft.claims).encode()[1:])


@change("brackets beyond number")
def _(rng: random.Random, draft: Draft) -> Draft:
    part = b'{"more":' + b"[" * 3000 + b"]" * 3000
    return changed(draft, **{rng.choice(["head", "body"]): rng.choice([part + b"}", b"[" * 5000])})


@change("a number of thousands of digits")
def _(rng: random.Random, draft: Draft) -> Draft:
    return draft._replace(body=b'{"exp":' + b"9" * 5000 + b"}")


@change("another encoding", "JSON between systems is UTF-8 (RFC 8259, 8.1)")
def _(rng: random.Random, draft: Draft) -> Draft:
    encoding = rng.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
    name, text = rng.choice([("head", draft.header), ("body", draft.claims)])
    return changed(draft, **{name: json.dumps(text).encode(encoding)})


@change("constants", "JSON has no such number")
def _(rng: random.Random, draft: Draft) -> Draft:
    constant = rng.choice([b"NaN", b"Infinity", b"-Infinity"])
    name = rng.choice([b"more", b"exp", b"nbf"])
    return draft._replace(body=b'{"%s":%s,' % (name, constant) + json.dumps(draft.claims).encode()[1:])


@change("no JSON")
def _(rng: random.Random, draft: Draft) -> Draft:
    text = rng.choice([b"", b"[]", b"null", b"7", b'"x"', b"{", b"{}{}", b"\xff", b"{'a':1}", b'{"a":1,}', b"{}\0"])
    return changed(draft, **{rng.choice(["head", "body"]): text})


@change("raw bytes")
def _(rng: random.Random, draft: Draft) -> Draft:
    body = json.dumps({**draft.claims, "more": "MARK"}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return draft._replace(body=body.replace(b"MARK", rng.choice(["é".encode(), b"\xff", b"\xc0\x80", b"\n"])))


@change("half a surrogate pair in bytes", "it is no UTF-8 (RFC 3629, 3)")
def _(rng: random.Random, draft: Draft) -> Draft:
    return draft._replace(body=b'{"more":"\xed\xa0\x80",' + json.dumps(draft.claims).encode()[1:])


@change("white space in JSON")
def _(rng: random.Random, draft: Draft) -> Draft:
    return draft._replace(body=json.dumps(draft.claims, indent=rng.randint(0, 3)).encode() + b" \r\n\t")


@change("another key")
def _(rng: random.Random, draft: Draft) -> Draft:
    algorithm, name = rng.choice(ALGORITHMS), rng.choice("abcdez")
    return draft._replace(signer=lambda signed: sign(algorithm, signed, private(name)))


@change("the public key as a secret")
def _(rng: random.Random, draft: Draft) -> Draft:
    public = private(draft.kid).public_key()
    forms = serialization.PublicFormat
    secret = rng.choice(
        [
            public.public_bytes(serialization.Encoding.PEM, forms.SubjectPublicKeyInfo),
            public.public_bytes(serialization.Encoding.DER, forms.PKCS1),
            jwk(draft.kid)["n"].encode(),
            base64.urlsafe_b64decode(jwk(draft.kid)["n"] + "=="),
        ]
    )
    algorithm = rng.choice(["HS256", "HS512", "RS256"])
    digest = "sha512" if algorithm == "HS512" else hashlib.sha256
    return draft._replace(
        header={**draft.header, "alg": algorithm}, signer=lambda signed: hmac.digest(secret, signed, digest)
    )


@change("a curve")
def _(rng: random.Random, draft: Draft) -> Draft:
    header = {**draft.header, "alg": "ES256", "kid": rng.choice(["g", draft.kid])}
    return draft._replace(
        header=header, signer=lambda signed: jwt.algorithms.ECAlgorithm(hashes.SHA256).sign(signed, CURVE)
    )


@change("no signature")
def _(rng: random.Random, draft: Draft) -> Draft:
    alg = rng.choice(["none", "NONE", "RS256"])
    return draft._replace(header={**draft.header, "alg": alg}, signer=lambda _: b"")


@change("a damaged signature")
def _(rng: random.Random, draft: Draft) -> Draft:
    modulus = private(draft.kid).public_key().public_numbers().n
    kind, bit = rng.randrange(8), rng.randrange(2048)

    def signer(signed: bytes) -> bytes:
        right = sign(OWN[draft.kid], signed, private(draft.kid))
        value = int.from_bytes(right, "big")
        return (
            (value ^ 1 << bit).to_bytes(256, "big"),
            right[:-1],
            right + b"\0",
            b"\0" + right,
            (value + modulus).to_bytes(257, "big"),
            right[::-1],
            bytes(256),
            (modulus - 1).to_bytes(256, "big"),
        )[kind]

    return draft._replace(signer=signer)


@change("a padding that only looks right")
def _(rng: random.Random, draft: Draft) -> Draft:
    kind = rng.randrange(6)

    def signer(signed: bytes) -> bytes:
        end = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(signed).digest()
        bare = bytes.fromhex("302f300b06096086480165030402010420") + hashlib.sha256(signed).digest()
        return raw(
            (
                b"\0\1" + b"\xff" * 8 + b"\0" + end + bytes(245 - 51),
                b"\0\2" + b"\xff" * 202 + b"\0" + end,
                b"\0\1" + b"\xff" * 204 + b"\0" + bare,
                b"\0\1" + b"\xff" * 221 + b"\0" + end[-32:],
                b"\0\1" + b"\xff" * 198 + b"\0" + end + bytes(4),
                b"\0\1" + b"\0" * 202 + b"\0" + end,
            )[kind],
            private(draft.kid),
        )

    return draft._replace(signer=signer)


@change("a block of PSS")
def _(rng: random.Random, draft: Draft) -> Draft:
    salt = rng.choice([None, b"", bytes(20), bytes(32), bytes(33), bytes(64)])
    trailer, begin = rng.choice([0xBC, 0xBC, 0xCC]), rng.choice([1, 1, 2])
    header = {**draft.header, "alg": "PS256", "kid": "d"}
    return draft._replace(
        header=header, signer=lambda signed: raw(pss_block(signed, 2047, salt, trailer, begin), private("d"))
    )


@change("a signature of other bytes")
def _(rng: random.Random, draft: Draft) -> Draft:
    def finish(text: str) -> str:
        head, body, signature = text.split(".")
        other = encoded(json.dumps({**CLAIMS, "sub": "somebody else"}).encode())
        return rng.choice(
            [f"{head}.{other}.{signature}", f"{body}.{head}.{signature}", f"{head}.{body}.{encoded(b'x')}"]
        )

    return draft._replace(finish=finish)


@change("padding of base64url", "a token has one form (RFC 7515, 2)")
def _(rng: random.Random, draft: Draft) -> Draft:
    part = rng.randrange(3)

    def finish(text: str) -> str:
        parts = text.split(".")
        parts[part] += rng.choice(["=", "==", "=" * (-len(parts[part]) % 4), "===="])
        return ".".join(parts)

    return draft._replace(finish=finish)


@change("another alphabet")
def _(rng: random.Random, draft: Draft) -> Draft:
    position, letter = rng.random(), rng.choice("+/ \n\té=~\0.,;")

    def finish(text: str) -> str:
        at = int(position * len(text))
        return text[:at] + letter + text[at + rng.randrange(2) :]

    return draft._replace(finish=finish)


@change("bits that stand for nothing")
def _(rng: random.Random, draft: Draft) -> Draft:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    def finish(text: str) -> str:
        # 256 bytes leave four bits over.
        last = text[-1:]
        return text[:-1] + alphabet[alphabet.index(last) ^ rng.randrange(1, 16)] if last in alphabet else text

    return draft._replace(finish=finish)


@change("another number of parts")
def _(rng: random.Random, draft: Draft) -> Draft:
    def finish(text: str) -> str:
        head, body, signature = text.split(".")
        return rng.choice(
            [
                f"{head}.{body}",
                f"{head}.{body}.",
                f".{body}.{signature}",
                f"{head}..{signature}",
                text + ".",
                text + ".e30",
                text + "." + text,
                "",
                "..",
                text[:-1],
            ]
        )

    return draft._replace(finish=finish)


def made(rng: random.Random, names: list[str]) -> str:
    """A token with these changes, one after the other."""
    kid = rng.choice([*OWN])
    draft = Draft(kid, {"alg": OWN[kid], "kid": kid, "typ": "JWT"}, {**CLAIMS})
    for name in names:
        draft = CHANGES[name][0](rng, draft)
    head = json.dumps(draft.header).encode() if draft.head is None else draft.head
    body = json.dumps(draft.claims).encode() if draft.body is None else draft.body
    signed = f"{encoded(head)}.{encoded(body)}"
    signer = draft.signer or (lambda data: sign(OWN[kid], data, private(kid)))
    return draft.finish(f"{signed}.{encoded(signer(signed.encode()))}")


def ours(token: str) -> str | None:
    """The customer, or None."""
    try:
        return customer_of(token, WIDE, Keys(lambda: IN_MEMORY).find, NOW)
    except Refused:
        return None


def librarys(token: str) -> str | None:
    """As people write it with PyJWT: the key by its name, and everything demanded that it can demand."""
    try:
        header = jwt.get_unverified_header(token)
        key = LIBRARYS[header["kid"]]
        options: Any = {"require": ["exp", "iat", "iss", "aud", "sub"]}
        claims = jwt.decode(
            token, key, [key.algorithm_name], options, audience=["app", "other"], issuer=ISSUER, leeway=60
        )
    except (jwt.PyJWTError, KeyError, UnicodeError, RecursionError, ValueError):
        return None
    customer = claims["sub"]
    assert isinstance(customer, str)
    return customer


class Clock(datetime):
    """The library's, which stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        """The tests' own time."""
        return cls.fromtimestamp(NOW, tz or UTC)


@pytest.mark.parametrize("count", [500, pytest.param(12_000, marks=pytest.mark.prove)])
def test_every_verdict_is_the_librarys_or_stricter_for_a_reason(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gets in whom a well-kept library would keep out, and nobody is kept out but for a reason of ours."""
    monkeypatch.setattr("jwt.api_jwt.datetime", Clock)
    rng = random.Random(count)
    verdicts: Counter[str] = Counter()
    stricter: Counter[str] = Counter()
    each = [[name] for name in CHANGES for _ in range(3)]
    for number_ in range(count):
        names = each[number_] if number_ < len(each) else rng.sample([*CHANGES], rng.choice([0, 1, 1, 1, 2, 2, 3]))
        token = made(rng, names)
        own, other = ours(token), librarys(token)
        reasons = [name for name in names if CHANGES[name][1]]
        if own is not None or other is None or not reasons:
            assert own == other, (names, token)
        verdicts["both" if own is not None else "neither" if other is None else "stricter"] += 1
        if own is None and other is not None and len(names) == 1:
            stricter.update(names)
    # None of the three is empty, or the test shows nothing.
    assert min(verdicts[kind] for kind in ("both", "neither", "stricter")) > count / 20
    # Each exception above is one.
    assert {*stricter} == {name for name, (_, why) in CHANGES.items() if why}


def test_the_number_of_a_key_is_what_it_was() -> None:
    """The tests' own writing of keys."""
    assert number(65537) == "AQAB"


KEY_CASES: list[tuple[list[dict[str, Any]], dict[str, Any], bool]] = [
    # The key's own algorithm counts, and if it has none, what was permitted.
    ([jwk("a")], {"alg": "RS256", "kid": "a"}, True),
    ([jwk("a")], {"alg": "PS256", "kid": "a"}, False),
    ([jwk("a", alg="RS256")], {"alg": "RS256", "kid": "a"}, True),
    ([jwk("a", alg="RS256")], {"alg": "RS256"}, True),
    ([jwk("a"), jwk("b")], {"alg": "RS256"}, False),
    ([jwk("a"), jwk("b")], {"alg": "RS256", "kid": "b"}, False),
    ([jwk("a"), jwk("b")], {"alg": "RS256", "kid": "c"}, False),
    ([jwk("a"), jwk("b", use="enc")], {"alg": "RS256"}, True),
    ([jwk("a"), jwk("b"), {**jwk("b"), "kid": "a"}], {"alg": "RS256", "kid": "a"}, False),
]


@pytest.mark.parametrize(("shown", "header", "counts"), KEY_CASES)
def test_the_issuers_keys_decide(shown: list[dict[str, Any]], header: dict[str, Any], counts: bool) -> None:
    """A token signed by `a`, with this header: the issuer decides which key and algorithm it may have."""
    signed = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(dict(CLAIMS)).encode())}"
    text = f"{signed}.{encoded(sign(header['alg'], signed.encode(), private('a')))}"
    known = keys(*shown)
    verdict = None
    try:
        verdict = customer_of(text, WIDE, Keys(lambda: known).find, NOW)
    except Refused:
        assert not counts
    assert (verdict == "person") is counts
