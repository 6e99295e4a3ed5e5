"""The function's environment, read once."""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from association import names
from aws.endpoint import Endpoint


class SettingsError(Exception):
    """An environment variable is missing or malformed. The text begins with "environment variable"."""


class Settings(NamedTuple):
    """What the construct decided for this function."""

    # 1 to 100 letters, digits and hyphens.
    instance_id: str
    # "unchecked": the caller is trusted.
    customer_identity: str
    # For one HTTP request, from the handler's start; greater than 0.
    deadline_seconds: float
    # Where Amazon Connect answers, unless the variables of the AWS SDKs say otherwise.
    connect_endpoint_url: str

    def as_environment(self) -> dict[str, str]:
        """The variables that these settings were read from, as the proof of a deployment compares them."""
        return {
            names.INSTANCE_ID: self.instance_id,
            names.CUSTOMER_IDENTITY: self.customer_identity,
            names.DEADLINE_SECONDS: f"{self.deadline_seconds:g}",
            names.CONNECT_ENDPOINT_URL: self.connect_endpoint_url,
        }


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises SettingsError."""
    return Settings(
        _instance_id(environ), _customer_identity(environ), _deadline(environ), _connect_endpoint_url(environ)
    )


def _instance_id(environ: Mapping[str, str]) -> str:
    value = _required(environ, names.INSTANCE_ID, "the id of an Amazon Connect instance")
    if not re.fullmatch(names.ID_PATTERN, value) or len(value) > names.INSTANCE_ID_LENGTH:
        raise _malformed(
            names.INSTANCE_ID, value, f"1 to {names.INSTANCE_ID_LENGTH} letters, digits and hyphens"
        )
    return value


def _customer_identity(environ: Mapping[str, str]) -> str:
    value = _required(environ, names.CUSTOMER_IDENTITY, f'"{names.UNCHECKED}"')
    if value != names.UNCHECKED:
        raise _malformed(names.CUSTOMER_IDENTITY, value, f'"{names.UNCHECKED}"')
    return value


def _deadline(environ: Mapping[str, str]) -> float:
    expected = "a number of seconds greater than 0"
    value = _required(environ, names.DEADLINE_SECONDS, expected)
    try:
        seconds = float(value)
    except ValueError:
        raise _malformed(names.DEADLINE_SECONDS, value, expected) from None
    if not math.isfinite(seconds) or seconds <= 0:
        raise _malformed(names.DEADLINE_SECONDS, value, expected)
    return seconds


def _connect_endpoint_url(environ: Mapping[str, str]) -> str:
    value = _required(environ, names.CONNECT_ENDPOINT_URL, "the URL of Amazon Connect in this region")
    try:
        Endpoint.parse(value)
    except ValueError as error:
        raise SettingsError(
            f"environment variable {names.CONNECT_ENDPOINT_URL} is malformed: {error}"
        ) from None
    return value


def _required(environ: Mapping[str, str], name: str, expected: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(
            f"environment variable {name} is missing: got nothing, expected {expected}. "
            "The construct sets it; deploy the stack again."
        )
    return value


def _malformed(name: str, value: str, expected: str) -> SettingsError:
    return SettingsError(
        f"environment variable {name} is malformed: got {value[:100]!r}, expected {expected}. "
        "The construct sets it; deploy the stack again."
    )
