"""Who calls, as the configured authorization says, and who may not. Nothing that a caller writes itself counts."""

from association import refusal
from association.refusal import Refusal
from association.settings import Settings
from shared import variables
from shared.key import key_of
from shared.typing import NamedTuple

# API Gateway sets these only for a caller with credentials of a Cognito identity pool.
_OF_IDENTITY_POOLS = (
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
)


class Caller(NamedTuple):
    """Who sent the request."""

    # For the log: the principal's ARN, or the customer's fingerprint.
    name: str
    # The customer that the caller is; "": no customer; None: an AWS identity, which may act for every customer.
    customer: str | None
    # AccessDeniedException, if this caller may not use the endpoint.
    denial: Refusal | None = None


def identify(event: dict[str, object], settings: Settings) -> Caller:
    """Who sent this API Gateway proxy event. The settings decide where to look, never the content of the event."""
    context = _mapping(event.get("requestContext"))
    authorizer = _mapping(context.get("authorizer"))
    if settings.authorization == variables.COGNITO:
        return _user(_mapping(authorizer.get("claims")), settings)
    if settings.authorization == variables.AUTHORIZER:
        return _person(authorizer.get(settings.customer_claim), settings)
    identity = _mapping(context.get("identity"))
    arn = identity.get("userArn")
    name = arn if isinstance(arn, str) and arn else "unknown"
    pools_allowed = settings.authorization == variables.IAM_WITH_IDENTITY_POOLS
    if any(identity.get(name) for name in _OF_IDENTITY_POOLS) and not pools_allowed:
        text = "Identities of a Cognito identity pool may not call this endpoint: they are browsers."
        return Caller(name, "", refusal.denied("identity_pool", text))
    return Caller(name, None)


def _user(claims: dict[str, object], settings: Settings) -> Caller:
    """The user of a user pool's token. The gateway checks neither the kind of token nor the app client."""
    claim = settings.customer_claim
    person = _person(None if claim in variables.LISTS_OF_COGNITO else claims.get(claim), settings)
    if claims.get("token_use") != "id":
        text = "The token is not an ID token. Send the user's ID token."
        return Caller(person.name, "", refusal.denied("token_kind", text))
    if claims.get("aud") not in settings.app_clients:
        text = "The token was issued to an app client that may not call this endpoint."
        return Caller(person.name, "", refusal.denied("app_client", text))
    return person


def _person(customer: object, settings: Settings) -> Caller:
    """A list is no customer, nor is the text in brackets that API Gateway makes of one: `[a b]`, `["a","b"]`."""
    if not isinstance(customer, str) or not customer or (customer.startswith("[") and customer.endswith("]")):
        return Caller("nobody", "")
    # Long enough to follow a person through the log, without the customer's id.
    return Caller(f"sha256:{key_of(settings.instance_id, customer)[:16]}", customer)


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
