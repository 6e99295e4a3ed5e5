"""The function's environment, read once."""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from association import names
from aws.endpoint import Endpoint

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

    @property
    def checks_customers(self) -> bool:
        """Whether both contacts have to carry the same customer."""
        return self.customer_identity != names.UNCHECKED

    def as_environment(self) -> dict[str, str]:
        """The variables that these settings were read from, as the proof of a deployment compares them."""
        variables = {
            names.INSTANCE_ID: self.instance_id,
            names.CONNECT_ENDPOINT_URL: self.connect_endpoint_url,
            names.DEADLINE_SECONDS: f"{self.deadline_seconds:g}",
            names.TRANSCRIPT_DELAY_SECONDS: f"{self.transcript_delay_seconds:g}",
            names.CUSTOMER_IDENTITY: self.customer_identity,
            names.AUTHORIZATION: self.authorization,
            names.APP_CLIENTS: " ".join(self.app_clients),
            names.CUSTOMER_CLAIM: self.customer_claim,
            names.CORS_ALLOWED_ORIGINS: " ".join(self.cors_allowed_origins),
        }
        return {name: value for name, value in variables.items() if value}


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises SettingsError."""
    authorization = _matching(environ, names.AUTHORIZATION, "|".join(_AUTHORIZATIONS), " or ".join(_AUTHORIZATIONS))
    knows_person = authorization in (names.COGNITO, names.AUTHORIZER)
    return Settings(
        instance_id=_matching(
            environ,
            names.INSTANCE_ID,
            # The length is a look-ahead: the pattern is that of every id.
            f"(?=.{{1,{names.INSTANCE_ID_LENGTH}}}$){names.ID_PATTERN}",
            f"1 to {names.INSTANCE_ID_LENGTH} letters, digits and hyphens",
        ),
        connect_endpoint_url=_url(environ, names.CONNECT_ENDPOINT_URL),
        deadline_seconds=_seconds(environ, names.DEADLINE_SECONDS, more_than_zero=True),
        transcript_delay_seconds=_seconds(environ, names.TRANSCRIPT_DELAY_SECONDS, more_than_zero=False),
        customer_identity=_matching(
            environ,
            names.CUSTOMER_IDENTITY,
            f"{names.CUSTOMER_ID}|{names.UNCHECKED}|{names.ATTRIBUTE_PREFIX}{names.ATTRIBUTE_PATTERN}",
            f"{names.CUSTOMER_ID}, {names.ATTRIBUTE_PREFIX}<name> or {names.UNCHECKED}",
        ),
        authorization=authorization,
        app_clients=_words(environ, names.APP_CLIENTS, required=authorization == names.COGNITO),
        customer_claim=_matching(environ, names.CUSTOMER_CLAIM, "(?s:.+)", "the name of a claim")
        if knows_person
        else "",
        cors_allowed_origins=_words(environ, names.CORS_ALLOWED_ORIGINS, required=False),
    )


def _matching(environ: Mapping[str, str], name: str, pattern: str, expected: str) -> str:
    value = environ.get(name, "")
    if not re.fullmatch(pattern, value):
        raise SettingsError(name, value, expected)
    return value


def _words(environ: Mapping[str, str], name: str, *, required: bool) -> tuple[str, ...]:
    value = environ.get(name, "")
    if required and not value.split():
        raise SettingsError(name, value, "words with spaces between them")
    return tuple(value.split())


def _seconds(environ: Mapping[str, str], name: str, *, more_than_zero: bool) -> float:
    value = environ.get(name, "")
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0 or (more_than_zero and seconds == 0):
        raise SettingsError(name, value, f"a number of seconds {'greater than' if more_than_zero else 'of at least'} 0")
    return seconds


def _url(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    try:
        Endpoint.parse(value)
    except ValueError:
        raise SettingsError(name, value, "the URL of Amazon Connect in this region") from None
    return value
