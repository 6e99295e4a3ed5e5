"""The recorder's environment, read once."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from aws.environment import seconds, text, url
from connect.contact import is_identity
from connect.ids import is_id
from shared import variables


class Settings(NamedTuple):
    """What the construct decided for the recorder."""

    instance_id: str
    connect_endpoint_url: str
    # "customer_id" or "attribute:<name>".
    customer_identity: str
    table: str
    # Where DynamoDB answers, unless the variables of the AWS SDKs say otherwise.
    table_endpoint_url: str
    # For how long after its end a session is kept.
    retention_seconds: float

    def as_environment(self) -> dict[str, str]:
        """The variables that these settings were read from, as the proof of a deployment compares them."""
        return {
            variables.INSTANCE_ID: self.instance_id,
            variables.CONNECT_ENDPOINT_URL: self.connect_endpoint_url,
            variables.CUSTOMER_IDENTITY: self.customer_identity,
            variables.HISTORY_TABLE: self.table,
            variables.HISTORY_ENDPOINT_URL: self.table_endpoint_url,
            variables.RETENTION_SECONDS: f"{self.retention_seconds:.15g}",
        }


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises SettingsError."""
    identities = f"{variables.CUSTOMER_ID} or {variables.ATTRIBUTE_PREFIX}<name>"
    return Settings(
        instance_id=text(environ, variables.INSTANCE_ID, lambda value: is_id(value, len(value)), "an instance id"),
        connect_endpoint_url=url(environ, variables.CONNECT_ENDPOINT_URL, "Amazon Connect"),
        customer_identity=text(environ, variables.CUSTOMER_IDENTITY, is_identity, identities),
        table=text(environ, variables.HISTORY_TABLE, _is_table, "the name of a DynamoDB table"),
        table_endpoint_url=url(environ, variables.HISTORY_ENDPOINT_URL, "DynamoDB"),
        retention_seconds=seconds(environ, variables.RETENTION_SECONDS, more_than_zero=True),
    )


def _is_table(name: str) -> bool:
    return re.fullmatch("[0-9A-Za-z_.-]{3,255}", name) is not None
