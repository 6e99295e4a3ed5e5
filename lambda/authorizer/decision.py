"""Whether a caller with this token is let in, and which customer the caller is."""

from collections.abc import Callable

from authorizer import claims, signature, token
from authorizer.failure import Refused
from authorizer.keys import Key
from authorizer.settings import Settings


def customer_of(text: str, settings: Settings, find: Callable[[str | None], Key | None], now: float) -> str:
    """The customer to whom this token belongs. Raises Refused, or IssuerFailed.

    :param find: returns the issuer's key with this name; for None, the issuer's only key. None if there is none.
    :param now: seconds since the epoch.
    """
    parts = token.parse(text, settings.algorithms)
    key = find(parts.kid)
    if key is None:
        raise Refused("token_key")
    # The key decides which algorithm is allowed, and not the token.
    if parts.algorithm not in key.algorithms:
        raise Refused("token_algorithm")
    if not signature.is_right(parts.algorithm, key.modulus, key.exponent, parts.signed, parts.signature):
        raise Refused("token_signature")
    return claims.customer_of(parts.claims, settings, now)
