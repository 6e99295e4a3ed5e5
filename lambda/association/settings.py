"""The function's environment, read once."""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from association import names
from aws.endpoint import Endpoint
from history import names as history_names

_AUTHORIZATIONS = (names.IAM, names.IAM_WITH_IDENTITY_POOLS, names.COGNITO, names.AUTHORIZER)


class SettingsError(Exception):
    """An environment variable is missing or malformed. The text begins with "environment variable"."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        problem = f"malformed: got {value[:100]!r}" if value else "missing: got nothing"
        super().__init__(
            f"environment variable {name} is {problem}, expected {expected}. "
            "The construct sets it; deploy the stack again."
        )


class Settings(NamedTuple):
    """What the construct decided for this function."""

    # 1 to 100 letters, digits and hyphens.
    instance_id: str
    # Where Amazon Connect answers, unless the variables of the AWS SDKs say otherwise.
    connect_endpoint_url: str
    # For one HTTP request, from the handler's start; greater than 0.
    deadline_seconds: float
    # How long after a chat's end its transcript is awaited; at least 0.
    transcript_delay_seconds: float
    # "customer_id", "attribute:<name>", or "unchecked": the caller is trusted.
    customer_identity: str
    # "iam", "iam_with_identity_pools", "cognito" or "authorizer".
    authorization: str
    # Of "cognito": the app clients whose ID tokens count.
    app_clients: tuple[str, ...]
    # Of "cognito" and "authorizer": the claim, or the authorizer's key, that names the customer.
    customer_claim: str
    # "*", or exact origins.
    cors_allowed_origins: tuple[str, ...]
    # The table with the customers' chats; "" if there is none, and every request has to name its source.
    history_table: str
    # Where DynamoDB answers, unless the variables of the AWS SDKs say otherwise; "" without a table.
    history_endpoint_url: str
    # How long after a chat's start its own event is awaited; 0 without a table.
    event_delay_seconds: float

    @property
    def has_history(self) -> bool:
        """Whether the latest chat of a customer can be looked up."""
        return bool(self.history_table)

    @property
    def checks_customers(self) -> bool:
        """Whether both contacts have to carry the same customer."""
        return self.customer_identity != names.UNCHECKED

    def as_environment(self) -> dict[str, str]:
        """The variables that these settings were read from, as the proof of a deployment compares them."""
        variables = {
            names.INSTANCE_ID: self.instance_id,
            names.CONNECT_ENDPOINT_URL: self.connect_endpoint_url,
            names.DEADLINE_SECONDS: f"{self.deadline_seconds:.15g}",
            names.TRANSCRIPT_DELAY_SECONDS: f"{self.transcript_delay_seconds:.15g}",
            names.CUSTOMER_IDENTITY: self.customer_identity,
            names.AUTHORIZATION: self.authorization,
            names.APP_CLIENTS: " ".join(self.app_clients),
            names.CUSTOMER_CLAIM: self.customer_claim,
            names.CORS_ALLOWED_ORIGINS: " ".join(self.cors_allowed_origins),
            history_names.TABLE: self.history_table,
            history_names.ENDPOINT_URL: self.history_endpoint_url,
            history_names.EVENT_DELAY_SECONDS: f"{self.event_delay_seconds:.15g}" if self.has_history else "",
        }
        return {name: value for name, value in variables.items() if value}


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises SettingsError."""
    authorization = matching(environ, names.AUTHORIZATION, "|".join(_AUTHORIZATIONS), " or ".join(_AUTHORIZATIONS))
    knows_person = authorization in (names.COGNITO, names.AUTHORIZER)
    has_history = bool(environ.get(history_names.TABLE))
    return Settings(
        instance_id=matching(
            environ,
            names.INSTANCE_ID,
            # The length is a look-ahead: the pattern is that of every id.
            f"(?=.{{1,{names.INSTANCE_ID_LENGTH}}}$){names.ID_PATTERN}",
            f"1 to {names.INSTANCE_ID_LENGTH} letters, digits and hyphens",
        ),
        connect_endpoint_url=url(environ, names.CONNECT_ENDPOINT_URL, "Amazon Connect"),
        deadline_seconds=seconds(environ, names.DEADLINE_SECONDS, more_than_zero=True),
        transcript_delay_seconds=seconds(environ, names.TRANSCRIPT_DELAY_SECONDS, more_than_zero=False),
        customer_identity=matching(
            environ,
            names.CUSTOMER_IDENTITY,
            f"{names.CUSTOMER_ID}|{names.UNCHECKED}|{names.ATTRIBUTE_PREFIX}{names.ATTRIBUTE_PATTERN}",
            f"{names.CUSTOMER_ID}, {names.ATTRIBUTE_PREFIX}<name> or {names.UNCHECKED}",
        ),
        authorization=authorization,
        app_clients=_words(environ, names.APP_CLIENTS, required=authorization == names.COGNITO),
        customer_claim=matching(environ, names.CUSTOMER_CLAIM, "(?s:.+)", "the name of a claim")
        if knows_person
        else "",
        cors_allowed_origins=_words(environ, names.CORS_ALLOWED_ORIGINS, required=False),
        history_table=environ.get(history_names.TABLE, ""),
        history_endpoint_url=url(environ, history_names.ENDPOINT_URL, "DynamoDB") if has_history else "",
        event_delay_seconds=seconds(environ, history_names.EVENT_DELAY_SECONDS, more_than_zero=False)
        if has_history
        else 0,
    )


def matching(environ: Mapping[str, str], name: str, pattern: str, expected: str) -> str:
    """A variable that matches. Raises SettingsError."""
    value = environ.get(name, "")
    if not re.fullmatch(pattern, value):
        raise SettingsError(name, value, expected)
    return value


def _words(environ: Mapping[str, str], name: str, *, required: bool) -> tuple[str, ...]:
    value = environ.get(name, "")
    if required and not value.split():
        raise SettingsError(name, value, "words with spaces between them")
    return tuple(value.split())


def seconds(environ: Mapping[str, str], name: str, *, more_than_zero: bool) -> float:
    """A variable that is a number of seconds. Raises SettingsError."""
    value = environ.get(name, "")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0 or (more_than_zero and number == 0):
        raise SettingsError(name, value, f"a number of seconds {'greater than' if more_than_zero else 'of at least'} 0")
    return number


def url(environ: Mapping[str, str], name: str, service: str) -> str:
    """A variable that is an endpoint's URL. Raises SettingsError."""
    value = environ.get(name, "")
    try:
        Endpoint.parse(value)
    except ValueError:
        raise SettingsError(name, value, f"the URL of {service} in this region") from None
    return value
