"""The claims of a token whose signature is right: is it an ID token for us, of now, and whose is it?

Source: OpenID Connect Core, section 3.1.3.7; RFC 7519, section 4.1; RFC 8725, section 3.
"""

from collections.abc import Mapping

from authorizer import strict
from authorizer.failure import Refused
from authorizer.settings import Settings
from aws.description import is_unicode

_LEEWAY_SECONDS = 60
# The year 5138: a number beyond it is no time.
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
    audiences = claims.get("aud")
    audiences = audiences if isinstance(audiences, list) else [audiences]
    # The party that the token was issued to, if there is one.
    if not audiences or any(one not in settings.audiences for one in (*audiences, *_present(claims, "azp"))):
        raise Refused("token_audience")
    if _is_no_id_token(claims):
        raise Refused("token_no_id")
    _check_times(claims, now)
    customer = claims.get(settings.customer_claim)
    if not isinstance(customer, str) or not 1 <= len(customer) <= _LONGEST_CUSTOMER or not is_unicode(customer):
        raise Refused("token_customer")
    # The endpoint's function takes this for a list, and so for nobody.
    if customer.startswith("[") and customer.endswith("]"):
        raise Refused("token_customer")
    return customer


def _is_no_id_token(claims: Mapping[str, object]) -> bool:
    """Logout tokens have `events`. Access tokens have `scp` (Entra ID, Okta), or another word than an ID token in
    `token_use` (Cognito) or in the claim `typ` (Keycloak)."""
    others = (
        *(one != "id" for one in _present(claims, "token_use")),
        *(one != "ID" for one in _present(claims, "typ")),
    )
    return "events" in claims or "scp" in claims or any(others)


def _check_times(claims: Mapping[str, object], now: float) -> None:
    expires, issued = _time(claims.get("exp")), _time(claims.get("iat"))
    if expires <= now - _LEEWAY_SECONDS:
        raise Refused("token_expired")
    if any(begins > now + _LEEWAY_SECONDS for begins in (issued, *map(_time, _present(claims, "nbf")))):
        raise Refused("token_early")


def _time(value: object) -> int:
    """Whole seconds since the epoch, as libraries count. Not infinite, and no boolean, which is a number to Python."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise Refused("token_time")
    return int(value)


def _present(claims: Mapping[str, object], name: str) -> tuple[object, ...]:
    return (claims[name],) if name in claims else ()
