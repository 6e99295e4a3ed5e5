"""The parts of a token, which is a JWS in compact form. Nothing in it is trusted before its signature is checked."""

import re

from authorizer import strict
from authorizer.failure import Refused
from shared.typing import NamedTuple

# API Gateway accepts no more than this in all headers of a request together.
_MOST_CHARACTERS = 10_240
_PARTS = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)


class Token(NamedTuple):
    """The parts of a token."""

    algorithm: str
    # The name of the issuer's key that signed the token; None if the token does not say.
    kid: str | None
    # The bytes that are signed.
    signed: bytes
    signature: bytes
    # These bytes should be JSON. They are not read yet.
    claims: bytes


def of(header: str) -> str:
    """The token in an Authorization header, with or without its scheme. Raises Refused."""
    scheme, space, token = header.partition(" ")
    if not space:
        return header
    if scheme.lower() != "bearer":
        raise Refused("token_malformed")
    return token


def parse(text: str, algorithms: tuple[str, ...]) -> Token:
    """Take a token apart. Raises Refused if it is malformed, or if its header shows that it is no ID token."""
    parts = _PARTS.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    if parts is None:
        raise Refused("token_malformed")
    try:
        header, claims, signature = (strict.bytes_of(part) for part in parts.groups())
        fields = strict.object_of(header)
    except ValueError:
        raise Refused("token_malformed") from None
    algorithm, kid = fields.get("alg"), fields.get("kid")
    if algorithm not in algorithms or not isinstance(algorithm, str):
        raise Refused("token_algorithm")
    # The `typ` of an access token is "at+jwt" (RFC 9068), and of a logout token "logout+jwt".
    if fields.get("typ", "JWT") not in ("JWT", "jwt") or "crit" in fields or "b64" in fields:
        raise Refused("token_no_id")
    if "kid" in fields and not isinstance(kid, str):
        raise Refused("token_malformed")
    signed = text.rpartition(".")[0].encode()
    return Token(algorithm, kid if isinstance(kid, str) else None, signed, signature, claims)
