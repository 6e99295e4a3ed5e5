"""The function's environment, read once."""

from collections.abc import Mapping

from aws.endpoint import Endpoint
from aws.environment import Environment
from connect.contact import is_identity
from connect.ids import is_id
from shared import variables, wire
from shared.typing import NamedTuple

_AUTHORIZATIONS = (variables.IAM, variables.IAM_WITH_IDENTITY_POOLS, variables.COGNITO, variables.AUTHORIZER)


class Settings(NamedTuple):
    """What the construct decided for this function."""

    # 1 to 100 letters, digits and hyphens.
    instance_id: str
    connect_endpoint: Endpoint
    # For one HTTP request, from the handler's start; greater than 0.
    deadline_seconds: float
    # How long after a chat's end its transcript is awaited; at least 0.
    transcript_delay_seconds: float
    # "customer_id", "attribute:<name>", or "unchecked": the caller is trusted.
    customer_identity: str
    # "iam", "iam_with_identity_pools", "cognito" or "authorizer".
    authorization: str
    # Only with "cognito": the app clients whose ID tokens count.
    app_clients: tuple[str, ...]
    # Only with "cognito" and "authorizer": the claim, or the authorizer's key, that names the customer.
    customer_claim: str
    # "*", or exact origins.
    cors_allowed_origins: tuple[str, ...]
    # The table with the customers' chats; "" if there is none, and every request has to name its source.
    history_table: str
    # DynamoDB's; None without a table.
    history_endpoint: Endpoint | None
    # How long after a chat's start its own event is awaited; 0 without a table.
    event_delay_seconds: float
    # The variables that were read.
    environment: Mapping[str, str]

    @property
    def checks_customers(self) -> bool:
        """Whether both contacts have to carry the same customer."""
        return self.customer_identity != variables.UNCHECKED


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises SettingsError."""
    of = Environment(environ)
    authorization = of.text(variables.AUTHORIZATION, _AUTHORIZATIONS.__contains__, " or ".join(_AUTHORIZATIONS))
    knows_person = authorization in (variables.COGNITO, variables.AUTHORIZER)
    history_table = of.get(variables.HISTORY_TABLE)
    instances = f"1 to {wire.INSTANCE_ID_LENGTH} letters, digits and hyphens"
    return Settings(
        instance_id=of.text(variables.INSTANCE_ID, lambda value: is_id(value, wire.INSTANCE_ID_LENGTH), instances),
        connect_endpoint=of.endpoint("connect", variables.CONNECT_ENDPOINT_URL),
        deadline_seconds=of.seconds(variables.DEADLINE_SECONDS, more_than_zero=True),
        transcript_delay_seconds=of.seconds(variables.TRANSCRIPT_DELAY_SECONDS, more_than_zero=False),
        customer_identity=of.text(
            variables.CUSTOMER_IDENTITY,
            lambda value: value == variables.UNCHECKED or is_identity(value),
            f"{variables.CUSTOMER_ID}, {variables.ATTRIBUTE_PREFIX}<name> or {variables.UNCHECKED}",
        ),
        authorization=authorization,
        app_clients=of.words(variables.APP_CLIENTS, required=authorization == variables.COGNITO),
        customer_claim=of.text(variables.CUSTOMER_CLAIM, bool, "the name of a claim") if knows_person else "",
        cors_allowed_origins=of.words(variables.CORS_ALLOWED_ORIGINS, required=False),
        history_table=history_table,
        history_endpoint=of.endpoint("dynamodb", variables.HISTORY_ENDPOINT_URL) if history_table else None,
        event_delay_seconds=of.seconds(variables.EVENT_DELAY_SECONDS, more_than_zero=False) if history_table else 0,
        environment=of.seen,
    )
