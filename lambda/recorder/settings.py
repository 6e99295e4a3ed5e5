"""The recorder's environment, read once."""

from collections.abc import Mapping
from typing import NamedTuple

from association import names as association_names
from association.settings import matching, seconds, url
from history import names


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
            association_names.INSTANCE_ID: self.instance_id,
            association_names.CONNECT_ENDPOINT_URL: self.connect_endpoint_url,
            association_names.CUSTOMER_IDENTITY: self.customer_identity,
            names.TABLE: self.table,
            names.ENDPOINT_URL: self.table_endpoint_url,
            names.RETENTION_SECONDS: f"{self.retention_seconds:.15g}",
        }


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises SettingsError."""
    attribute = f"{association_names.ATTRIBUTE_PREFIX}{association_names.ATTRIBUTE_PATTERN}"
    return Settings(
        instance_id=matching(environ, association_names.INSTANCE_ID, association_names.ID_PATTERN, "an instance id"),
        connect_endpoint_url=url(environ, association_names.CONNECT_ENDPOINT_URL, "Amazon Connect"),
        customer_identity=matching(
            environ,
            association_names.CUSTOMER_IDENTITY,
            f"{association_names.CUSTOMER_ID}|{attribute}",
            f"{association_names.CUSTOMER_ID} or {association_names.ATTRIBUTE_PREFIX}<name>",
        ),
        table=matching(environ, names.TABLE, "[0-9A-Za-z_.-]{3,255}", "the name of a DynamoDB table"),
        table_endpoint_url=url(environ, names.ENDPOINT_URL, "DynamoDB"),
        retention_seconds=seconds(environ, names.RETENTION_SECONDS, more_than_zero=True),
    )
