"""A token is taken apart, or refused with the word that the log gets."""

from typing import Any

import pytest

from authorizer import token
from authorizer.failure import Refused
from tests.unit.authorizer.signing import encoded
from tests.unit.authorizer.signing import token as signed

RIGHT = signed()
HEAD = b'{"alg":"RS256"}'
HEADER = {"alg": "RS256", "kid": "a", "typ": "JWT"}


def refused(text: str, algorithms: tuple[str, ...] = ("RS256",)) -> str:
    """Why it is refused."""
    with pytest.raises(Refused) as why:
        token.parse(text, algorithms)
    return why.value.reason


@pytest.mark.parametrize("before", ["", "Bearer ", "bearer ", "BEARER "])
def test_the_scheme_is_optional(before: str) -> None:
    """API Gateway's own authorizers take both forms, and a scheme's case means nothing (RFC 9110, 11.1)."""
    assert token.of(before + RIGHT) == RIGHT


@pytest.mark.parametrize(
    "header",
    [
        "Basic x",
        "DPoP x",
        "",
        " ",
        "Bearer",
        "Bearer ",
        " Bearer x",
        "Bearer  x.y.z",
        "Bearer x y",
        "Bearer\tx.y.z",
        "Bearer x.y.z,Bearer x.y.z",
    ],
)
def test_another_header_holds_no_token(header: str) -> None:
    """What a proxy might read in another way is not read at all."""
    with pytest.raises(Refused, match=r"^token_malformed$"):
        token.parse(token.of(header), ("RS256",))


def test_the_parts_of_a_token() -> None:
    """What is signed is the text as it came, not what was read in it."""
    parts = token.parse(RIGHT, ("RS256", "PS256"))
    assert (parts.algorithm, parts.kid) == ("RS256", "a")
    assert parts.signed.decode() + "." + encoded(parts.signature) == RIGHT
    assert encoded(parts.claims) == RIGHT.split(".")[1]
    assert token.parse(signed(header={"alg": "RS256"}), ("RS256",)).kid is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b",
        f"{RIGHT}.",
        f".{RIGHT}",
        f"{RIGHT}.a.b",
        f"{RIGHT}=",
        f"{RIGHT}\n",
        f" {RIGHT}",
        RIGHT.rpartition(".")[0] + ".",
        RIGHT.replace(".", "..", 1),
        RIGHT.replace("e", "é", 1),
        f"{encoded(b'[]')}.e30.e30",
        f"{encoded(b'{{}')}.e30.e30",
        f"{encoded(b'x')}.e30.e30",
        f"{encoded(b'')}.e30.e30",
        signed(header=b'{"alg":"RS256","alg":"RS256"}'),
        signed(header={**HEADER, "kid": 7}),
        signed(header={**HEADER, "kid": None}),
        signed(header={**HEADER, "kid": ["a"]}),
    ],
)
def test_what_is_no_token_is_malformed(text: str) -> None:
    """Three parts of base64url, the first an object: anything else is refused before it can matter."""
    assert refused(text) == "token_malformed"


def test_a_token_is_no_longer_than_the_gateway_takes() -> None:
    """The limit comes before anything is parsed: a huge one costs nothing."""
    longest = f"{encoded(HEAD)}.{'A' * 10_216}.AA"
    assert len(longest) == 10_240
    assert token.parse(longest, ("RS256",))
    assert refused(longest + "A") == "token_malformed"
    assert refused(f"{encoded(b'[' * 10_000_000)}.e30.e30") == "token_malformed"


@pytest.mark.parametrize(
    "algorithm",
    [
        "none",
        "None",
        "NONE",
        "",
        "HS256",
        "HS384",
        "HS512",
        "ES256",
        "RS384",
        "rs256",
        "RS256 ",
        "RS1",
        None,
        7,
        ["RS256"],
        {"RS256": 1},
    ],
)
def test_an_algorithm_that_was_not_permitted_is_refused(algorithm: Any) -> None:
    """Above all `none`, and those with a shared secret: the secret would be the public key."""
    assert refused(signed(header={**HEADER, "alg": algorithm})) == "token_algorithm"
    assert refused(signed(header={"kid": "a"})) == "token_algorithm"


@pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "logout+jwt", "JOSE", "", None, 7, ["JWT"], "JWT "])
def test_another_kind_of_token_is_no_id_token(kind: Any) -> None:
    """An access token is for somebody else, who may hand it on."""
    assert refused(signed(header={**HEADER, "typ": kind})) == "token_no_id"
    assert token.parse(signed(header={**HEADER, "typ": "jwt"}), ("RS256",))


@pytest.mark.parametrize(
    "more", [{"crit": []}, {"crit": ["exp"], "exp": 1}, {"b64": True}, {"b64": False, "crit": ["b64"]}]
)
def test_a_header_that_changes_the_meaning_is_refused(more: Any) -> None:
    """This reader understands no extension, and says so (RFC 7515, 4.1.11)."""
    assert refused(signed(header={**HEADER, **more})) == "token_no_id"


def test_keys_in_a_header_are_not_looked_at() -> None:
    """Whoever brings the key along has signed by himself."""
    more = {"jwk": {"kty": "RSA"}, "jku": "https://evil.example/keys", "x5u": "https://evil.example", "x5c": ["x"]}
    assert token.parse(signed(header={**HEADER, **more}), ("RS256",)).kid == "a"
