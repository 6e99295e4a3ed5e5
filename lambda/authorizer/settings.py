"""The function's environment, read once."""

from collections.abc import Mapping

from authorizer.signature import ALGORITHMS
from aws.endpoint import Endpoint
from aws.environment import Environment, SettingsError
from shared import variables
from shared.typing import NamedTuple


class Settings(NamedTuple):
    """What the construct decided for this function."""

    # The endpoint's instance: with it, this log and the endpoint's log have the same name for a customer.
    instance_id: str
    # Exactly the `iss` of the tokens. It begins with https://.
    issuer: str
    # The clients that people sign in to. Only tokens for these clients are accepted.
    audiences: tuple[str, ...]
    customer_claim: str
    algorithms: tuple[str, ...]
    # The address where the issuer answers on the local cloud. None in AWS.
    local_issuer: Endpoint | None
    # The variables that were read.
    environment: Mapping[str, str]


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises SettingsError."""
    of = Environment(environ)
    algorithms = of.words(variables.ALGORITHMS, required=True)
    if not ALGORITHMS.keys() >= {*algorithms}:
        raise SettingsError(variables.ALGORITHMS, " ".join(algorithms), f"words from {', '.join(ALGORITHMS)}")
    elsewhere = of.text(variables.LOCAL_ISSUER_URL, lambda value: not value or bool(_parsed(value)), "a URL")
    return Settings(
        instance_id=of.text(variables.INSTANCE_ID, bool, "the id of an instance"),
        issuer=of.text(variables.ISSUER, _is_issuer, "https:// and a host, without a query or a fragment"),
        audiences=of.words(variables.AUDIENCES, required=True),
        customer_claim=of.text(variables.CUSTOMER_CLAIM, bool, "the name of a claim"),
        algorithms=algorithms,
        local_issuer=_parsed(elsewhere),
        environment=of.seen,
    )


def _is_issuer(value: str) -> bool:
    endpoint = _parsed(value)
    return endpoint is not None and endpoint.scheme == "https"


def _parsed(url: str) -> Endpoint | None:
    try:
        return Endpoint.parse(url)
    except ValueError:
        return None
