"""The function's environment, read once."""

from collections.abc import Mapping
from typing import NamedTuple

from aws.environment import seconds, text, url, words
from connect.contact import is_identity
from connect.ids import is_id
from shared import variables, wire

_AUTHORIZATIONS = (variables.IAM, variables.IAM_WITH_IDENTITY_POOLS, variables.COGNITO, variables.AUTHORIZER)


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
        return self.customer_identity != variables.UNCHECKED

    def as_environment(self) -> dict[str, str]:
        """The variables that these settings were read from, as the proof of a deployment compares them."""
        told = {
            variables.INSTANCE_ID: self.instance_id,
            variables.CONNECT_ENDPOINT_URL: self.connect_endpoint_url,
            variables.DEADLINE_SECONDS: f"{self.deadline_seconds:.15g}",
            variables.TRANSCRIPT_DELAY_SECONDS: f"{self.transcript_delay_seconds:.15g}",
            variables.CUSTOMER_IDENTITY: self.customer_identity,
            variables.AUTHORIZATION: self.authorization,
            variables.APP_CLIENTS: " ".join(self.app_clients),
            variables.CUSTOMER_CLAIM: self.customer_claim,
            variables.CORS_ALLOWED_ORIGINS: " ".join(self.cors_allowed_origins),
            variables.HISTORY_TABLE: self.history_table,
            variables.HISTORY_ENDPOINT_URL: self.history_endpoint_url,
            variables.EVENT_DELAY_SECONDS: f"{self.event_delay_seconds:.15g}" if self.has_history else "",
        }
        return {name: value for name, value in told.items() if value}


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises SettingsError."""
    authorization = text(environ, variables.AUTHORIZATION, _AUTHORIZATIONS.__contains__, " or ".join(_AUTHORIZATIONS))
    knows_person = authorization in (variables.COGNITO, variables.AUTHORIZER)
    has_history = bool(environ.get(variables.HISTORY_TABLE))
    return Settings(
        instance_id=text(
            environ,
            variables.INSTANCE_ID,
            lambda value: is_id(value, wire.INSTANCE_ID_LENGTH),
            f"1 to {wire.INSTANCE_ID_LENGTH} letters, digits and hyphens",
        ),
        connect_endpoint_url=url(environ, variables.CONNECT_ENDPOINT_URL, "Amazon Connect"),
        deadline_seconds=seconds(environ, variables.DEADLINE_SECONDS, more_than_zero=True),
        transcript_delay_seconds=seconds(environ, variables.TRANSCRIPT_DELAY_SECONDS, more_than_zero=False),
        customer_identity=text(
            environ,
            variables.CUSTOMER_IDENTITY,
            lambda value: value == variables.UNCHECKED or is_identity(value),
            f"{variables.CUSTOMER_ID}, {variables.ATTRIBUTE_PREFIX}<name> or {variables.UNCHECKED}",
        ),
        authorization=authorization,
        app_clients=words(environ, variables.APP_CLIENTS, required=authorization == variables.COGNITO),
        customer_claim=text(environ, variables.CUSTOMER_CLAIM, bool, "the name of a claim") if knows_person else "",
        cors_allowed_origins=words(environ, variables.CORS_ALLOWED_ORIGINS, required=False),
        history_table=environ.get(variables.HISTORY_TABLE, ""),
        history_endpoint_url=url(environ, variables.HISTORY_ENDPOINT_URL, "DynamoDB") if has_history else "",
        event_delay_seconds=seconds(environ, variables.EVENT_DELAY_SECONDS, more_than_zero=False) if has_history else 0,
    )
