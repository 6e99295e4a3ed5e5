"""The parts that all Lambda functions of this package share: code, role, log and environment."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Stack, Tokenization
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from connect_persistent_chat.shared import variables
from connect_persistent_chat.source import SOURCE, readable
from connect_persistent_chat.tokens import is_token, measured, with_tokens_as
from constructs import Construct

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64
# By default the C library asks each name server twice, for 5 s each. A look-up has to end before a request's deadline.
_NAME_LOOK_UPS = {"RES_OPTIONS": "timeout:1 attempts:2"}
# The packages of lambda/ that each function needs; the first has the handler.
ASSOCIATION_PACKAGES = ("association", "aws", "connect", "history", "shared")
AUTHORIZER_PACKAGES = ("authorizer", "aws", "shared")
# For an endpoint that also starts chats.
START_PACKAGES = ("start", *ASSOCIATION_PACKAGES)
RECORDER_PACKAGES = ("recorder", "aws", "connect", "history", "shared")
PROVISIONING_PACKAGES = ("provisioning", "shared")

# The most bytes of all environment variables of a function together (AWS Lambda quotas).
_LARGEST_ENVIRONMENT = 4096
# The parameters that set the variables without a limit of their own.
_PARAMETERS = {
    variables.APP_CLIENTS: "authorization",
    variables.CORS_ALLOWED_ORIGINS: "cors_allowed_origins",
    variables.CUSTOMER_CLAIM: "authorization",
    variables.START_ATTRIBUTES: "start",
    variables.START_FLOWS: "start",
    variables.ISSUER: "authorization",
    variables.AUDIENCES: "authorization",
}


def code_of(*packages: str) -> lambda_.Code:
    """These packages of lambda/ as an asset, without the others and without `__pycache__`."""
    exclude = ["/*", *(f"!/{package}" for package in packages), "__pycache__", "*.pyc"]
    return lambda_.Code.from_asset(str(readable(SOURCE)), exclude=exclude, ignore_mode=IgnoreMode.GIT)


def log_group(
    scope: Construct, id: str, retention: logs.RetentionDays | None, removal_policy: RemovalPolicy | None
) -> logs.LogGroup:
    """A log group. By default it keeps events for three months and is deleted with its stack."""
    return logs.LogGroup(
        scope,
        id,
        retention=retention or logs.RetentionDays.THREE_MONTHS,
        removal_policy=removal_policy or RemovalPolicy.DESTROY,
    )


def policy(permissions: Mapping[str, Sequence[str]]) -> iam.PolicyDocument:
    """A policy with one statement for each action, because the proof tests each action by itself."""
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": [*resources]} for action, resources in permissions.items()
    ]
    return iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": statements})


def role_for(
    scope: Construct,
    id: str,
    description: str,
    log: logs.LogGroup,
    permissions: Mapping[str, Sequence[str]],
    *,
    traced: bool = False,
) -> iam.Role:
    """A role for a function. It allows these actions on their resources, and to write the log and the trace."""
    own_log = [log.log_group_arn]
    writes = {"logs:CreateLogStream": own_log, "logs:PutLogEvents": own_log}
    if traced:
        writes |= {"xray:PutTraceSegments": ["*"], "xray:PutTelemetryRecords": ["*"]}
    return iam.Role(
        scope,
        id,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=description,
        # The deployment would also have to wait for a separate policy.
        inline_policies={"Function": policy({**writes, **permissions})},
    )


def function_for(
    scope: Construct,
    id: str,
    *,
    packages: Sequence[str],
    environment: Mapping[str, str],
    role: iam.Role,
    log: logs.LogGroup,
    after: Construct,
    **properties: Any,
) -> lambda_.Function:
    """A traced function of these packages. The first package has the handler. The role has to allow the trace."""
    function = lambda_.Function(
        scope,
        id,
        runtime=RUNTIME,
        architecture=ARCHITECTURE,
        code=code_of(*packages),
        handler=f"{packages[0]}.handler.handle",
        environment=variables_of(environment),
        role=role,
        log_group=log,
        **properties,
    )
    # With the property `tracing` the CDK would add a separate policy for the trace.
    resource = function.node.default_child
    assert isinstance(resource, lambda_.CfnFunction)
    resource.tracing_config = lambda_.CfnFunction.TracingConfigProperty(mode="Active")
    # The deployment checks the instance first, and also the flows if there are any.
    function.node.add_dependency(after)
    return function


def variables_of(environment: Mapping[str, str]) -> dict[str, str]:
    """These variables, and those that every function needs."""
    return {**environment, **_NAME_LOOK_UPS}


def endpoint_url(service: str, stack: Stack) -> str:
    """The address of an AWS service in the stack's region."""
    return f"https://{service}.{stack.region}.{stack.url_suffix}"


def number_of(duration: Duration | None, default: float) -> float:
    """The seconds of a duration, perhaps a token. A default that is a number saves a call of the CDK's engine."""
    found = default if duration is None else measured(duration, "seconds")
    assert found is not None, "a duration whose limits were not checked"
    return found


def seconds_of(duration: Duration | None, default: float) -> str:
    """The seconds of a duration, as text for an environment variable."""
    number = number_of(duration, default)
    return Tokenization.stringify_number(number) if is_token(number) else f"{number:.15g}"


def mistakes_in_size(environment: Mapping[str, str]) -> list[str]:
    """The mistake if these variables are too large together. Tokens count as empty text."""
    # Lambda measures the text of a JSON object (the error message of UpdateFunctionConfiguration).
    known = {name: with_tokens_as("", value) for name, value in variables_of(environment).items()}
    size = len(json.dumps(known, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"))
    if size <= _LARGEST_ENVIRONMENT:
        return []
    longest = max(known, key=lambda name: len(known[name]))
    return [
        f"{_PARAMETERS.get(longest, longest)}: got values that need {size} bytes of environment variables together "
        f"with the other settings, expected at most {_LARGEST_ENVIRONMENT}, which is AWS Lambda's limit. Give fewer or "
        "shorter values."
    ]
