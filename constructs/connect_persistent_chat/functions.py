"""How the code of the functions becomes an asset, and what both sides share: names, and how numbers
are written."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import Duration, FileSystem, RemovalPolicy, Stack, SymlinkFollowMode
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from connect_persistent_chat.source import SOURCE, load
from constructs import Construct

__all__ = [
    "association_names",
    "code_of",
    "endpoint_url",
    "fingerprint_of",
    "history_names",
    "log_group",
    "number_of",
    "out_of_range",
    "provisioning_names",
    "role_for",
    "seconds_of",
    "variables_of",
]

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64
# A name look-up has to end within a request's deadline: by default the C library asks each server for 5 s, twice.
_NAME_LOOK_UPS = {"RES_OPTIONS": "timeout:1 attempts:2"}
# What each function is made of.
ASSOCIATION_PACKAGES = ("association", "aws", "history")
RECORDER_PACKAGES = ("recorder", "association", "aws", "history")


if TYPE_CHECKING:
    from association import names as association_names
    from history import names as history_names
    from provisioning import names as provisioning_names
else:
    association_names = load("association", "names")
    history_names = load("history", "names")
    provisioning_names = load("provisioning", "names")


def _left_out(packages: tuple[str, ...]) -> list[str]:
    others = sorted(path.name for path in SOURCE.iterdir() if path.name not in packages)
    return ["**/__pycache__", "**/*.pyc", *others]


def code_of(*packages: str) -> lambda_.Code:
    """These packages of lambda/ as an asset, without the others and without `__pycache__`."""
    return lambda_.Code.from_asset(str(SOURCE), exclude=_left_out(packages))


def fingerprint_of(*packages: str) -> str:
    """A hash of what `code_of` would deploy."""
    return FileSystem.fingerprint(str(SOURCE), exclude=_left_out(packages), follow=SymlinkFollowMode.EXTERNAL)


def log_group(scope: Construct, id: str, retention: logs.RetentionDays, removal_policy: RemovalPolicy) -> logs.LogGroup:
    """A log group that ends with its stack, unless told otherwise, and forgets after `retention`."""
    return logs.LogGroup(scope, id, retention=retention, removal_policy=removal_policy)


def role_for(
    scope: Construct, id: str, description: str, log: logs.LogGroup, permissions: Sequence[iam.PolicyStatement] = ()
) -> iam.Role:
    """A role for a function that may do nothing but this, and write to its own log."""
    writes = iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log.log_group_arn])
    return iam.Role(
        scope,
        id,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=description,
        # In the role itself: a policy beside it would be one more resource to make and to wait for.
        inline_policies={"Function": iam.PolicyDocument(statements=[writes, *permissions])},
    )


def variables_of(environment: Mapping[str, str]) -> dict[str, str]:
    """All the variables of a function that is told this."""
    return {**environment, **_NAME_LOOK_UPS}


def endpoint_url(service: str, scope: Construct) -> str:
    """Where a service of AWS answers in the scope's region."""
    stack = Stack.of(scope)
    return f"https://{service}.{stack.region}.{stack.url_suffix}"


def number_of(duration: Duration) -> float:
    """Seconds."""
    return duration.to_milliseconds() / 1000


def seconds_of(duration: Duration) -> str:
    """Seconds, as a function's environment has them."""
    return f"{number_of(duration):.15g}"


def out_of_range(name: str, got: Duration, least: int, most: int) -> list[str]:
    """Why this duration cannot be taken, its limits in seconds; empty if it can."""
    try:
        number = number_of(got)
    except RuntimeError:
        return [f"{name}: got a token, expected {least} to {most} seconds that are known at synthesis."]
    return (
        [] if least <= number <= most else [f"{name}: got {number:.15g} seconds, expected {least} to {most} seconds."]
    )
