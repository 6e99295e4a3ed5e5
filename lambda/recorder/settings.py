"""The recorder's environment, read once."""

import re
from collections.abc import Mapping

from aws.endpoint import Endpoint
from aws.environment import Environment
from connect.contact import is_identity
from connect.ids import is_id
from shared import variables
from shared.typing import NamedTuple

_TABLE = re.compile("[0-9A-Za-z_.-]{3,255}")


class Settings(NamedTuple):
    """What the construct decided for the recorder."""

    instance_id: str
    connect_endpoint: Endpoint
    # "customer_id" or "attribute:<name>".
    customer_identity: str
    table: str
    table_endpoint: Endpoint
    # For how long after its end a session is kept.
    retention_seconds: float
    # The variables that were read.
    environment: Mapping[str, str]


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises SettingsError."""
    of = Environment(environ)
    identities = f"{variables.CUSTOMER_ID} or {variables.ATTRIBUTE_PREFIX}<name>"
    return Settings(
        instance_id=of.text(variables.INSTANCE_ID, lambda value: is_id(value, len(value)), "an instance id"),
        connect_endpoint=of.endpoint("connect", variables.CONNECT_ENDPOINT_URL),
        customer_identity=of.text(variables.CUSTOMER_IDENTITY, is_identity, identities),
        table=of.text(variables.HISTORY_TABLE, _TABLE.fullmatch, "the name of a DynamoDB table"),
        table_endpoint=of.endpoint("dynamodb", variables.HISTORY_ENDPOINT_URL),
        retention_seconds=of.seconds(variables.RETENTION_SECONDS, more_than_zero=True),
        environment=of.seen,
    )
