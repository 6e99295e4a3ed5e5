"""A proof that would pass on a broken endpoint is worthless: each link is broken, and named.

The endpoint is broken through AWS's own APIs. Then the provisioning function is asked for the proof, as an
Update would. Each test mends what it broke.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.local.deployments import Deployed

ACTION = "connect:CreatePersistentContactAssociation"


@pytest.fixture(scope="module")
def prove(sound: Deployed) -> Callable[[], str | None]:
    """Ask for the proof of the first endpoint; what it said if it failed."""
    function = sound.physical_id("AWS::Lambda::Function", "ConnectPersistentChatProvisioningFunction")
    properties = _proof_properties(sound)

    def ask() -> str | None:
        answer = sound.cloud.client("lambda").invoke(
            FunctionName=function,
            Payload=json.dumps(
                {
                    "RequestType": "Update",
                    "ResourceType": "Custom::PersistentChatProof",
                    "LogicalResourceId": "Proof",
                    "PhysicalResourceId": "proof",
                    "ResourceProperties": {**properties, "PatienceSeconds": "1"},
                }
            ),
        )
        said = json.loads(answer["Payload"].read())
        return str(said["errorMessage"]) if "FunctionError" in answer else None

    assert ask() is None, "the sound endpoint does not pass"
    return ask


def _proof_properties(sound: Deployed) -> dict[str, Any]:
    function = _function(sound)
    configured = sound.cloud.client("lambda").get_function_configuration(FunctionName=function)
    return {
        "Url": sound.outputs["FirstUrl"],
        "Function": configured["FunctionArn"],
        "Environment": configured["Environment"]["Variables"],
        "Actions": [ACTION],
    }


def _function(sound: Deployed) -> str:
    return sound.physical_id("AWS::Lambda::Function", "FirstFunction")


def _api(sound: Deployed) -> str:
    return sound.outputs["FirstUrl"].partition("//")[2].partition(".")[0]


@contextmanager
def without_stage(sound: Deployed) -> Iterator[None]:
    """The stage is deleted."""
    gateway = sound.cloud.client("apigateway")
    stage = gateway.get_stage(restApiId=_api(sound), stageName="v1")
    gateway.delete_stage(restApiId=_api(sound), stageName="v1")
    yield
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
    yield
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
    yield
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
def without_permission(sound: Deployed, action: str = ACTION) -> Iterator[None]:
    """The role's policy no longer allows one action."""
    iam = sound.cloud.client("iam")
    role = sound.physical_id("AWS::IAM::Role", "FirstRole")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    rest = json.loads(json.dumps(document))
    for statement in rest["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [one for one in actions if one != action] or ["none:None"]
    assert rest != document
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(rest))
    yield
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@contextmanager
def without_one_resource(sound: Deployed, kept: str) -> Iterator[None]:
    """The role's policy allows the action on one of its two resources only."""
    iam = sound.cloud.client("iam")
    role = sound.physical_id("AWS::IAM::Role", "FirstRole")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    rest = json.loads(json.dumps(document))
    for statement in rest["Statement"]:
        if ACTION in statement["Action"]:
            (statement["Resource"],) = (
                one for one in statement["Resource"] if one.endswith("/contact/*") == (kept == "contacts")
            )
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(rest))
    yield
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@contextmanager
def other_code(sound: Deployed, code: str) -> Iterator[None]:
    """The function's code is another."""
    functions = sound.cloud.client("lambda")
    template = sound.template()
    (asset,) = (
        resource["Properties"]["Code"]
        for key, resource in template["Resources"].items()
        if key.startswith("FirstFunction") and resource["Type"] == "AWS::Lambda::Function"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("association/__init__.py", "")
        archive.writestr("association/handler.py", code)
    functions.update_function_code(FunctionName=_function(sound), ZipFile=buffer.getvalue())
    yield
    bucket = f"cdk-hnb659fds-assets-{sound.cloud.account}-{sound.cloud.region}"
    functions.update_function_code(FunctionName=_function(sound), S3Bucket=bucket, S3Key=asset["S3Key"])


@contextmanager
def other_environment(sound: Deployed, change: Callable[[dict[str, str]], object]) -> Iterator[None]:
    """The function's environment is another."""
    functions = sound.cloud.client("lambda")
    kept = functions.get_function_configuration(FunctionName=_function(sound))["Environment"]["Variables"]
    changed = dict(kept)
    change(changed)
    functions.update_function_configuration(FunctionName=_function(sound), Environment={"Variables": changed})
    yield
    functions.update_function_configuration(FunctionName=_function(sound), Environment={"Variables": kept})


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

    set_to(kept.replace(_function(sound), "nowhere"))
    yield
    set_to(kept)


CRASHING = "raise RuntimeError('crashes on import')"
SILENT = "def handle(event, context):\n    return {}"


@pytest.mark.parametrize(
    ("break_it", "link"),
    [
        (without_stage, "stage"),
        (without_gateway_response, "stage"),
        (without_authorization, "authorization"),
        (without_permission, f"permission {ACTION}"),
        (lambda sound: without_one_resource(sound, "contacts"), f"permission {ACTION}"),
        (lambda sound: without_one_resource(sound, "instance"), f"permission {ACTION}"),
        (lambda sound: other_code(sound, CRASHING), "function"),
        (lambda sound: other_code(sound, SILENT), "environment"),
        (lambda sound: other_environment(sound, lambda e: e.pop("DEADLINE_SECONDS")), "environment"),
        (lambda sound: other_environment(sound, lambda e: e.update(DEADLINE_SECONDS="9")), "environment"),
        (
            lambda sound: other_environment(sound, lambda e: e.update(CONNECT_INSTANCE_ID="another")),
            "environment",
        ),
        (disconnected, "gateway to function"),
    ],
    ids=[
        "stage deleted",
        "gateway response deleted",
        "authorization removed",
        "permission removed",
        "instance removed from the permission",
        "contacts removed from the permission",
        "code crashes",
        "code of something else",
        "variable removed",
        "variable changed",
        "another instance",
        "integration leads elsewhere",
    ],
)
def test_the_proof_names_the_broken_link(
    sound: Deployed, prove: Callable[[], str | None], break_it: Any, link: str
) -> None:
    """And passes again once it is mended."""
    with break_it(sound):
        said = prove()
    assert said is not None, "the proof passed on a broken endpoint"
    assert f"Broken link: {link}." in said
    assert prove() is None
