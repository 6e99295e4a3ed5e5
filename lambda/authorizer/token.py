"""A token, taken apart: a JWS in compact form. Nothing in it is believed before its signature is."""

import re
from typing import NamedTuple

from authorizer import strict
from authorizer.failure import Refused

# API Gateway takes no more than this in all headers of a request.
_MOST_CHARACTERS = 10_240
_PARTS = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)


class Token(NamedTuple):
    """The parts of a token."""

    algorithm: str
    # Which key of the issuer signed it; None if the token does not say.
    kid: str | None
    # What is signed.
    signed: bytes
    signature: bytes
    # JSON, if it is right: nobody has read it yet.
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
    """Take a token apart. Raises Refused: malformed, or of a kind that is no ID token."""
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
    # An access token is "at+jwt" (RFC 9068), a logout token "logout+jwt".
    if fields.get("typ", "JWT") not in ("JWT", "jwt") or "crit" in fields or "b64" in fields:
        raise Refused("token_no_id")
    if "kid" in fields and not isinstance(kid, str):
        raise Refused("token_malformed")
    signed = text.rpartition(".")[0].encode()
    return Token(algorithm, kid if isinstance(kid, str) else None, signed, signature, claims)
