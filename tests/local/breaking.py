"""Ways to break a deployed endpoint, through AWS's own APIs; each mends what it broke."""

import copy
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.local.deployments import Deployed, api_of

SOURCES = Path(__file__).resolve().parents[2] / "lambda"
ACTION = "connect:CreatePersistentContactAssociation"
DESCRIBE = "connect:DescribeContact"
START = "connect:StartChatContact"


def function_of(sound: Deployed) -> str:
    """The first endpoint's function."""
    return sound.physical_id("AWS::Lambda::Function", "FirstFunction")


def authorizer_of(issued: Deployed) -> str:
    """The function that checks the tokens of an issuer."""
    return issued.physical_id("AWS::Lambda::Function", "IssuedAuthorizerFunction")


def recorder_of(historic: Deployed) -> str:
    """The first history's function."""
    return historic.physical_id("AWS::Lambda::Function", "HistoryRecorder")


def table_of(historic: Deployed) -> str:
    """The first history's table."""
    return historic.physical_id("AWS::DynamoDB::Table", "HistoryTable")


def rule_of(historic: Deployed) -> str:
    """The ARN of the first history's rule."""
    name = historic.physical_id("AWS::Events::Rule", "HistoryEvents")
    return str(historic.cloud.client("events").describe_rule(Name=name)["Arn"])


def _rule_name(historic: Deployed) -> str:
    return rule_of(historic).rpartition("/")[2]


def _api(sound: Deployed) -> str:
    return api_of(sound, "FirstUrl")


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
                # A default has none.
                **({"statusCode": one["statusCode"]} if "statusCode" in one else {}),
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
def with_code(sound: Deployed, archive: bytes, id: str = "First") -> Iterator[None]:
    """The code of an endpoint's function is this zip archive."""
    functions, function = sound.cloud.client("lambda"), sound.physical_id("AWS::Lambda::Function", f"{id}Function")
    (asset,) = (
        resource["Properties"]["Code"]
        for key, resource in sound.template()["Resources"].items()
        if key.startswith(f"{id}Function") and resource["Type"] == "AWS::Lambda::Function"
    )
    functions.update_function_code(FunctionName=function, ZipFile=archive)
    try:
        yield
    finally:
        bucket = f"cdk-hnb659fds-assets-{sound.cloud.account}-{sound.cloud.region}"
        functions.update_function_code(FunctionName=function, S3Bucket=bucket, S3Key=asset["S3Key"])


def other_code(sound: Deployed, code: str) -> AbstractContextManager[None]:
    """The function's handler is another."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("association/__init__.py", "")
        archive.writestr("association/handler.py", code)
    return with_code(sound, buffer.getvalue())


def changed_code(of: Deployed, id: str, file: str, line: str, other: str) -> AbstractContextManager[None]:
    """A line of the functions' code is another."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in SOURCES.rglob("*.py"):
            name, text = path.relative_to(SOURCES).as_posix(), path.read_text(encoding="utf-8")
            if name == file:
                assert line in text
                text = text.replace(line, other)
            archive.writestr(name, text)
    return with_code(of, buffer.getvalue(), id)


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


def uninvited_authorizer(issued: Deployed) -> AbstractContextManager[None]:
    """The gateway may not invoke the authorizer's function."""
    return _uninvited(issued, authorizer_of(issued))


@contextmanager
def other_authorizer(issued: Deployed, code: str) -> Iterator[None]:
    """The authorizer's code is another, for the gateway only: it invokes another function."""
    gateway, functions, made = issued.cloud.client("apigateway"), issued.cloud.client("lambda"), authorizer_of(issued)
    api = api_of(issued, "Url")
    (kept,) = gateway.get_authorizers(restApiId=api)["items"]
    buffer, other = io.BytesIO(), f"other-{uuid.uuid4()}"
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", code)
    functions.create_function(
        FunctionName=other,
        Runtime="python3.14",
        Handler="index.handle",
        Timeout=60,
        Role=functions.get_function_configuration(FunctionName=made)["Role"],
        Code={"ZipFile": buffer.getvalue()},
    )
    functions.add_permission(
        FunctionName=other, StatementId="s", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )

    def set_to(uri: str) -> None:
        operation = {"op": "replace", "path": "/authorizerUri", "value": uri}
        gateway.update_authorizer(restApiId=api, authorizerId=kept["id"], patchOperations=[operation])
        gateway.create_deployment(restApiId=api, stageName="v1")

    set_to(kept["authorizerUri"].replace(made, other))
    try:
        yield
    finally:
        set_to(kept["authorizerUri"])
        functions.delete_function(FunctionName=other)


def uninvited(sound: Deployed) -> AbstractContextManager[None]:
    """The function's resource policy no longer lets the gateway in."""
    return _uninvited(sound, function_of(sound))


@contextmanager
def _uninvited(of: Deployed, function: str) -> Iterator[None]:
    """A function has no policy of its own."""
    functions = of.cloud.client("lambda")
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


@contextmanager
def throttled(sound: Deployed) -> Iterator[None]:
    """The method's throttle lets nothing through, as if others had used it up."""
    gateway = sound.cloud.client("apigateway")
    path = "/~1contact~1persistent-contact-association~1{InstanceId}~1{InitialContactId}/POST/throttling"

    def set_to(limit: int) -> None:
        operations = [
            {"op": "replace", "path": f"{path}/{name}", "value": str(limit)} for name in ("rateLimit", "burstLimit")
        ]
        gateway.update_stage(restApiId=_api(sound), stageName="v1", patchOperations=operations)

    set_to(0)
    try:
        yield
    finally:
        set_to(1000)


@contextmanager
def never_running(sound: Deployed) -> Iterator[None]:
    """The function's reserved concurrency is 0."""
    functions, function = sound.cloud.client("lambda"), function_of(sound)
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=function)


def for_everything(of: Deployed, actions: Sequence[str], role: str) -> AbstractContextManager[None]:
    """A role's policies allow these actions on everything."""

    def change(statement: dict[str, Any]) -> None:
        if set(actions) & set(actions_of(statement)):
            statement["Resource"] = "*"

    return other_policies(of, role, change)


@contextmanager
def rule_off(historic: Deployed) -> Iterator[None]:
    """The rule is disabled."""
    events, name = historic.cloud.client("events"), _rule_name(historic)
    events.disable_rule(Name=name)
    try:
        yield
    finally:
        events.enable_rule(Name=name)


@contextmanager
def other_pattern(historic: Deployed, **keys: Any) -> Iterator[None]:
    """Keys of the rule's pattern are others."""
    events, name = historic.cloud.client("events"), _rule_name(historic)
    kept = events.describe_rule(Name=name)["EventPattern"]
    events.put_rule(Name=name, EventPattern=json.dumps({**json.loads(kept), **keys}))
    try:
        yield
    finally:
        events.put_rule(Name=name, EventPattern=kept)


@contextmanager
def other_target(historic: Deployed, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Iterator[None]:
    """The rule's target is another, or none."""
    events, name = historic.cloud.client("events"), _rule_name(historic)
    (kept,) = events.list_targets_by_rule(Rule=name)["Targets"]

    def set_to(target: dict[str, Any] | None) -> None:
        events.remove_targets(Rule=name, Ids=[kept["Id"]])
        if target is not None:
            events.put_targets(Rule=name, Targets=[target])

    set_to(change(copy.deepcopy(kept)))
    try:
        yield
    finally:
        set_to(kept)


def uninvited_rule(historic: Deployed) -> AbstractContextManager[None]:
    """The recorder's policy no longer lets the rule in."""
    return _uninvited(historic, recorder_of(historic))


@contextmanager
def other_table(historic: Deployed, **index: Any) -> Iterator[str]:
    """A table with another index, which the prover may look at; its name."""
    dynamodb, name = historic.cloud.client("dynamodb"), f"other-{uuid.uuid4()}"
    keys = {"customer": "HASH", "session": "RANGE"}
    usual = {
        "IndexName": "ByEnd",
        "KeySchema": [
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "until", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["ended", "running"]},
    }
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": kind}
            for attribute, kind in {"customer": "S", "session": "S", "until": "N"}.items()
        ],
        KeySchema=[{"AttributeName": attribute, "KeyType": kind} for attribute, kind in keys.items()],
        LocalSecondaryIndexes=[{**usual, **index}],
    )
    try:
        with for_everything(historic, ["dynamodb:DescribeTable"], "ConnectPersistentChatProvisioningRole"):
            yield name
    finally:
        dynamodb.delete_table(TableName=name)
