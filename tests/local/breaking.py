"""Ways to break a deployed endpoint, through AWS's own APIs; each mends what it broke."""

import copy
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.local.deployments import Deployed

ACTION = "connect:CreatePersistentContactAssociation"
DESCRIBE = "connect:DescribeContact"


def function_of(sound: Deployed) -> str:
    """The first endpoint's function."""
    return sound.physical_id("AWS::Lambda::Function", "FirstFunction")


def _api(sound: Deployed) -> str:
    return sound.outputs["FirstUrl"].partition("//")[2].partition(".")[0]


@contextmanager
def without_stage(sound: Deployed) -> Iterator[None]:
    """The stage is deleted."""
    gateway = sound.cloud.client("apigateway")
    stage = gateway.get_stage(restApiId=_api(sound), stageName="v1")
    gateway.delete_stage(restApiId=_api(sound), stageName="v1")
    try:
        yield
    finally:
        gateway.create_stage(
            restApiId=_api(sound), stageName="v1", deploymentId=stage["deploymentId"], tracingEnabled=True
        )


@contextmanager
def without_authorization(sound: Deployed) -> Iterator[None]:
    """The method asks nobody who they are."""
    gateway = sound.cloud.client("apigateway")
    resources = gateway.get_resources(restApiId=_api(sound), limit=100)["items"]
    (resource,) = (item["id"] for item in resources if item["path"].endswith("{InitialContactId}"))

    def set_to(authorization: str) -> None:
        gateway.update_method(
            restApiId=_api(sound),
            resourceId=resource,
            httpMethod="POST",
            patchOperations=[{"op": "replace", "path": "/authorizationType", "value": authorization}],
        )
        gateway.create_deployment(restApiId=_api(sound), stageName="v1")

    set_to("NONE")
    try:
        yield
    finally:
        set_to("AWS_IAM")


@contextmanager
def without_gateway_response(sound: Deployed) -> Iterator[None]:
    """Strangers are refused in the gateway's own words, as by a stage that does not exist."""
    gateway = sound.cloud.client("apigateway")
    kind = "MISSING_AUTHENTICATION_TOKEN"
    kept = gateway.get_gateway_response(restApiId=_api(sound), responseType=kind)
    gateway.delete_gateway_response(restApiId=_api(sound), responseType=kind)
    other = gateway.get_gateway_response(restApiId=_api(sound), responseType="DEFAULT_4XX")
    gateway.delete_gateway_response(restApiId=_api(sound), responseType="DEFAULT_4XX")
    gateway.create_deployment(restApiId=_api(sound), stageName="v1")
    try:
        yield
    finally:
        for one in (kept, other):
            gateway.put_gateway_response(
                restApiId=_api(sound),
                responseType=one["responseType"],
                statusCode=one["statusCode"],
                responseParameters=one["responseParameters"],
                responseTemplates=one["responseTemplates"],
            )
        gateway.create_deployment(restApiId=_api(sound), stageName="v1")


@contextmanager
def other_policies(sound: Deployed, role: str, change: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Every statement of a role's policies is changed."""
    iam, name = sound.cloud.client("iam"), sound.physical_id("AWS::IAM::Role", role)
    kept = {
        policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    }
    changed = copy.deepcopy(kept)
    for document in changed.values():
        for statement in document["Statement"]:
            change(statement)
    assert changed != kept

    def put(documents: dict[str, Any]) -> None:
        for policy, document in documents.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))

    put(changed)
    try:
        yield
    finally:
        put(kept)


def actions_of(statement: dict[str, Any]) -> list[str]:
    """A statement's actions, of which a single one may stand without a list."""
    actions = statement["Action"]
    return actions if isinstance(actions, list) else [actions]


def without_permission(sound: Deployed, action: str = ACTION, role: str = "FirstRole") -> AbstractContextManager[None]:
    """The role's policies no longer allow one action."""

    def change(statement: dict[str, Any]) -> None:
        statement["Action"] = [one for one in actions_of(statement) if one != action] or ["none:None"]

    return other_policies(sound, role, change)


def without_one_resource(sound: Deployed, kept: str) -> AbstractContextManager[None]:
    """The role's policy allows the action on one of its two resources only."""

    def change(statement: dict[str, Any]) -> None:
        if ACTION in actions_of(statement):
            (statement["Resource"],) = (
                one for one in statement["Resource"] if one.endswith("/contact/*") == (kept == "contacts")
            )

    return other_policies(sound, "FirstRole", change)


@contextmanager
def with_code(sound: Deployed, archive: bytes) -> Iterator[None]:
    """The function's code is this zip archive."""
    functions = sound.cloud.client("lambda")
    (asset,) = (
        resource["Properties"]["Code"]
        for key, resource in sound.template()["Resources"].items()
        if key.startswith("FirstFunction") and resource["Type"] == "AWS::Lambda::Function"
    )
    functions.update_function_code(FunctionName=function_of(sound), ZipFile=archive)
    try:
        yield
    finally:
        bucket = f"cdk-hnb659fds-assets-{sound.cloud.account}-{sound.cloud.region}"
        functions.update_function_code(FunctionName=function_of(sound), S3Bucket=bucket, S3Key=asset["S3Key"])


def other_code(sound: Deployed, code: str) -> AbstractContextManager[None]:
    """The function's handler is another."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("association/__init__.py", "")
        archive.writestr("association/handler.py", code)
    return with_code(sound, buffer.getvalue())


@contextmanager
def with_environment(of: Deployed, function: str, change: Callable[[dict[str, str]], object]) -> Iterator[None]:
    """A function's environment is another."""
    functions = of.cloud.client("lambda")
    kept = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    changed = dict(kept)
    change(changed)
    functions.update_function_configuration(FunctionName=function, Environment={"Variables": changed})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=function, Environment={"Variables": kept})


def other_environment(sound: Deployed, change: Callable[[dict[str, str]], object]) -> AbstractContextManager[None]:
    """The first endpoint's function's environment is another."""
    return with_environment(sound, function_of(sound), change)


@contextmanager
def disconnected(sound: Deployed) -> Iterator[None]:
    """The gateway invokes another function."""
    gateway = sound.cloud.client("apigateway")
    resources = gateway.get_resources(restApiId=_api(sound), limit=100)["items"]
    (resource,) = (item["id"] for item in resources if item["path"].endswith("{InitialContactId}"))
    where = {"restApiId": _api(sound), "resourceId": resource, "httpMethod": "POST"}
    kept = gateway.get_integration(**where)["uri"]

    def set_to(uri: str) -> None:
        gateway.update_integration(**where, patchOperations=[{"op": "replace", "path": "/uri", "value": uri}])
        gateway.create_deployment(restApiId=_api(sound), stageName="v1")

    set_to(kept.replace(function_of(sound), "nowhere"))
    try:
        yield
    finally:
        set_to(kept)


@contextmanager
def uninvited(sound: Deployed) -> Iterator[None]:
    """The function's resource policy no longer lets the gateway in."""
    functions, function = sound.cloud.client("lambda"), function_of(sound)
    policy = json.loads(functions.get_policy(FunctionName=function)["Policy"])
    for statement in policy["Statement"]:
        functions.remove_permission(FunctionName=function, StatementId=statement["Sid"])
    try:
        yield
    finally:
        for statement in policy["Statement"]:
            functions.add_permission(
                FunctionName=function,
                StatementId=statement["Sid"],
                Action=statement["Action"],
                Principal=statement["Principal"]["Service"],
                SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
            )
