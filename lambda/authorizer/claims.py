"""The claims of a token whose signature is right: is it a current ID token for us, and who is the customer?

Source: OpenID Connect Core, section 3.1.3.7; RFC 7519, section 4.1; RFC 8725, section 3.
"""

from collections.abc import Mapping

from authorizer import strict
from authorizer.failure import Refused
from authorizer.settings import Settings
from aws.description import is_unicode

_LEEWAY_SECONDS = 60
# The year 5138: a larger number is not a time.
_LATEST = 10**11
# As long as Amazon Connect's CustomerId.
_LONGEST_CUSTOMER = 128


def customer_of(data: bytes, settings: Settings, now: float) -> str:
    """The customer that the claims name. Raises Refused."""
    try:
        claims = strict.object_of(data)
    except ValueError:
        raise Refused("token_malformed") from None
    if claims.get("iss") != settings.issuer:
        raise Refused("token_issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    # The client that asked for the token, if the token names it.
    parties = [claims["azp"]] if "azp" in claims else []
    if not audiences or any(one not in settings.audiences for one in audiences + parties):
        raise Refused("token_audience")
    if _is_no_id_token(claims):
        raise Refused("token_no_id")
    _check_times(claims, now)
    customer = claims.get(settings.customer_claim)
    if not isinstance(customer, str) or not 1 <= len(customer) <= _LONGEST_CUSTOMER or not is_unicode(customer):
        raise Refused("token_customer")
    # The endpoint's function reads this as a list, and a list names no customer.
    if customer.startswith("[") and customer.endswith("]"):
        raise Refused("token_customer")
    return customer


def _is_no_id_token(claims: Mapping[str, object]) -> bool:
    """Whether this is a logout token or an access token. Logout tokens have `events`. Access tokens have `scp` (Entra
    ID, Okta), or `token_use` (Cognito) or `typ` (Keycloak) with another value than in ID tokens."""
    is_access = "scp" in claims or claims.get("token_use", "id") != "id" or claims.get("typ", "ID") != "ID"
    return is_access or "events" in claims


def _check_times(claims: Mapping[str, object], now: float) -> None:
    expires, issued, begins = (_time(value) for value in (claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)))
    if expires <= now - _LEEWAY_SECONDS:
        raise Refused("token_expired")
    if max(issued, begins) > now + _LEEWAY_SECONDS:
        raise Refused("token_early")


def _time(value: object) -> int:
    """Whole seconds since the epoch, as libraries count. Raises Refused.

    Infinity is refused. A boolean is refused too: to Python it is a number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise Refused("token_time")
    return int(value)
