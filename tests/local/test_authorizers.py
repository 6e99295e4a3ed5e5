"""Lambda authorizers on the local cloud: who may invoke them, and what of their answers counts."""

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from local.cloud import Cloud
from tests.local.raw import Raw, Socket
from tests.local.test_gateway import template

# Does what the token says, which is JSON.
SOURCE = """
import json, time

def handler(event, context):
    token = event.get("authorizationToken") or event["headers"]["authorization"]
    print("asked")
    do = json.loads(token.replace("METHOD", event["methodArn"]))
    time.sleep(do.get("sleep", 0))
    if "raise" in do:
        raise Exception(do["raise"])
    return do["return"]
"""
UNAUTHORIZED = (401, "UNAUTHORIZED", "Unauthorized")
FAILURE = (503, "AUTHORIZER_FAILURE", None)
CONFIGURATION = (503, "AUTHORIZER_CONFIGURATION_ERROR", "Internal server error")
DENIED = (403, "ACCESS_DENIED", "User is not authorized to access this resource")
EXPLICITLY = (403, "ACCESS_DENIED", "User is not authorized to access this resource with an explicit deny")


# How the API words refusals: the status of each type of gateway response.
WORDED = {
    "UNAUTHORIZED": "401",
    "ACCESS_DENIED": "403",
    "AUTHORIZER_FAILURE": "503",
    "AUTHORIZER_CONFIGURATION_ERROR": "503",
}


class Function(NamedTuple):
    """A deployed function."""

    name: str
    arn: str
    uri: str


def policy(effect: str = "Allow", action: Any = "execute-api:Invoke", **more: Any) -> dict[str, Any]:
    """An authorizer's answer."""
    statement = {"Effect": effect, "Action": action, "Resource": "METHOD", **more}
    return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def token(**do: Any) -> str:
    """What the function shall do."""
    return json.dumps(do)


ALLOWED = token(**{"return": policy()})


def said(answer: Raw) -> tuple[int, Any, Any]:
    """Status, type and message, as the API's gateway responses word them."""
    document = json.loads(answer.body)
    return answer.status, document.get("type"), document.get("message")


@pytest.fixture(scope="module")
def socket(cloud: Cloud) -> Socket:
    """The cloud's socket."""
    return Socket(cloud)


@pytest.fixture(scope="module")
def function(cloud: Cloud) -> Function:
    """An authorizer's function that nobody may invoke yet."""
    name, code = f"authorizer-{uuid.uuid4()}", io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", SOURCE)
    logs = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    role = role_of(cloud, "lambda.amazonaws.com", logs)
    made = cloud.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.14",
        Handler="index.handler",
        Role=role,
        Timeout=60,
        Code={"ZipFile": code.getvalue()},
    )
    arn = made["FunctionArn"]
    return Function(name, arn, f"arn:aws:apigateway:{cloud.region}:lambda:path/2015-03-31/functions/{arn}/invocations")


def role_of(cloud: Cloud, service: str, *statements: dict[str, Any]) -> str:
    """A role that a service may take on; its ARN."""
    iam, name = cloud.client("iam"), f"role-{uuid.uuid4()}"
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Statement": statements}))
    return str(made["Role"]["Arn"])


class Api(NamedTuple):
    """A deployed API that asks the authorizer."""

    id: str
    authorizer: str
    path: str


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, function: Function) -> Callable[..., Api]:
    """Deploys an API whose refusals are worded by gateway responses of its own, as the constructs' are."""

    def deploy(**authorizer: Any) -> Api:
        stacks, name = cloud.client("cloudformation"), f"authorized-{uuid.uuid4()}"
        whole = template(name, {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}})
        resources, of_api = whole["Resources"], {"RestApiId": {"Ref": "Api"}}
        resources["Authorizer"] = {
            "Type": "AWS::ApiGateway::Authorizer",
            "Properties": {
                **of_api,
                "Name": "a",
                "Type": "TOKEN",
                "AuthorizerUri": function.uri,
                "IdentitySource": "method.request.header.Authorization",
                "AuthorizerResultTtlInSeconds": 0,
                **authorizer,
            },
        }
        for number, (kind, status) in enumerate(WORDED.items()):
            body = f'{{"type": "{kind}", "message": $context.error.messageString}}'
            resources[f"Worded{number}"] = {
                "Type": "AWS::ApiGateway::GatewayResponse",
                "Properties": {
                    **of_api,
                    "ResponseType": kind,
                    "StatusCode": status,
                    "ResponseTemplates": {"application/json": body},
                },
            }
        resources["Deployment"]["DependsOn"] = [name for name in resources if name.startswith(("Method", "Worded"))]
        whole["Outputs"]["Authorizer"] = {"Value": {"Ref": "Authorizer"}}
        stacks.create_stack(StackName=name, TemplateBody=json.dumps(whole))
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        api = outputs["Api"]
        return Api(api, outputs["Authorizer"], f"/_aws/execute-api/{api}/v1/")

    return deploy


@pytest.fixture(scope="module")
def api(cloud: Cloud, function: Function, deployed: Callable[..., Api]) -> Api:
    """One whose authorizer may be invoked, and is asked each time."""
    made = deployed()
    permit(cloud, function, f"{made.id}/authorizers/{made.authorizer}")
    return made


def permit(cloud: Cloud, function: Function, source: str) -> None:
    """The function's policy lets the gateway in for a source."""
    cloud.client("lambda").add_permission(
        FunctionName=function.name,
        StatementId=str(uuid.uuid4()),
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{cloud.region}:{cloud.account}:{source}",
    )


def asked(socket: Socket, api: Api, sent: str = ALLOWED) -> Raw:
    """A call with this token."""
    return socket.ask("POST", api.path, ("Authorization", sent), body=b"{}")


@pytest.mark.parametrize("source", [None, "{id}/*/POST/", "{id}/v1/*", "{id}/authorizers/other", "other/authorizers/*"])
def test_an_authorizer_is_invoked_only_if_its_functions_policy_allows_it(
    cloud: Cloud, socket: Socket, function: Function, deployed: Callable[..., Api], source: str | None
) -> None:
    """A permission of the method is none of the authorizer; without the right one, nobody is let in."""
    api = deployed()
    if source is not None:
        permit(cloud, function, source.format(id=api.id))
    assert said(asked(socket, api)) == CONFIGURATION
    permit(cloud, function, f"{api.id}/authorizers/{api.authorizer}")
    assert asked(socket, api).status == 200


def test_an_authorizers_role_takes_the_place_of_the_policy(
    cloud: Cloud, socket: Socket, function: Function, deployed: Callable[..., Api]
) -> None:
    """If the gateway may take it on, and it may invoke this function; a policy that allows it helps no wrong role."""
    invoke = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function.arn}
    sound = role_of(cloud, "apigateway.amazonaws.com", invoke)
    assert asked(socket, deployed(AuthorizerCredentials=sound)).status == 200
    for role in (
        role_of(cloud, "lambda.amazonaws.com", invoke),
        role_of(cloud, "apigateway.amazonaws.com"),
        role_of(cloud, "apigateway.amazonaws.com", {**invoke, "Resource": f"{function.arn}-other"}),
        f"{sound}-gone",
    ):
        api = deployed(AuthorizerCredentials=role)
        permit(cloud, function, f"{api.id}/authorizers/{api.authorizer}")
        assert said(asked(socket, api)) == CONFIGURATION, role


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        ({"raise": "Unauthorized"}, UNAUTHORIZED),
        ({"raise": "unauthorized"}, FAILURE),
        ({"raise": " Unauthorized"}, FAILURE),
        ({"raise": "Unauthorized: expired"}, FAILURE),
        ({"raise": "the issuer is down"}, FAILURE),
        ({"return": None}, CONFIGURATION),
        ({"return": "text"}, CONFIGURATION),
        ({"return": json.dumps(policy())}, CONFIGURATION),
        ({"return": [policy()]}, CONFIGURATION),
        ({"return": {"principalId": "p"}}, CONFIGURATION),
        ({"return": {"principalId": "p", "policyDocument": "text"}}, CONFIGURATION),
        ({"return": {"principalId": "p", "policyDocument": {"Statement": "text"}}}, CONFIGURATION),
        ({"return": policy("allow")}, CONFIGURATION),
        ({"return": {**policy(), "context": {"claims": {"sub": "s"}}}}, CONFIGURATION),
        ({"return": {**policy(), "context": {"groups": ["g"]}}}, CONFIGURATION),
        ({"return": {**policy(), "context": "text"}}, CONFIGURATION),
        ({"return": {"principalId": "p", "policyDocument": {"Statement": []}}}, DENIED),
        ({"return": policy(Resource=[])}, DENIED),
        ({"return": policy(Resource="METHODother")}, DENIED),
        ({"return": policy(action="execute-api:ManageConnections")}, DENIED),
        ({"return": policy(Condition={"StringEquals": {"aws:PrincipalTag/a": "b"}})}, DENIED),
        ({"return": policy("Deny")}, EXPLICITLY),
    ],
    ids=repr,
)
def test_what_is_no_yes_is_refused_in_the_gateways_own_words(
    socket: Socket, api: Api, do: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    """The stack words each by its gateway responses: a caller is told 401, 403 and 503 apart, and nobody is let in."""
    status, kind, message = said(asked(socket, api, token(**do)))
    assert (status, kind) == expected[:2]
    assert message == expected[2] or (expected == EXPLICITLY and str(message).startswith(EXPLICITLY[2]))


def test_an_authorizer_that_takes_too_long_is_a_failure(
    cloud: Cloud, socket: Socket, api: Api, function: Function
) -> None:
    """It takes longer than its own Timeout."""
    functions = cloud.client("lambda")
    functions.update_function_configuration(FunctionName=function.name, Timeout=1)
    try:
        answer = asked(socket, api, token(**{"sleep": 30, "return": policy()}))
    finally:
        functions.update_function_configuration(FunctionName=function.name, Timeout=60)
    assert said(answer) == FAILURE


@pytest.mark.parametrize("action", ["execute-api:Invoke", ["execute-api:*"], "*", "EXECUTE-API:invoke"], ids=repr)
def test_a_policy_that_allows_lets_in(socket: Socket, api: Api, action: Any) -> None:
    """In every spelling that IAM has for it, with a context of plain values."""
    answer = {**policy(action=action), "context": {"a": "1", "b": 2, "c": True}}
    assert asked(socket, api, token(**{"return": answer})).status == 200


def test_without_a_token_the_function_is_not_asked(cloud: Cloud, socket: Socket, api: Api, function: Function) -> None:
    """401 of the gateway itself; and with no time to live each call with one is asked anew."""
    before = times(cloud, function)
    assert said(socket.ask("POST", api.path, body=b"{}")) == UNAUTHORIZED
    assert times(cloud, function) == before
    for _ in range(3):
        assert asked(socket, api).status == 200
    assert times(cloud, function) == before + 3


def test_with_a_time_to_live_the_function_is_asked_once(
    cloud: Cloud, socket: Socket, function: Function, deployed: Callable[..., Api]
) -> None:
    """For each token; what the last test counts is no accident."""
    api = deployed(AuthorizerResultTtlInSeconds=300)
    permit(cloud, function, f"{api.id}/authorizers/*")
    before = times(cloud, function)
    for sent in (ALLOWED, ALLOWED, token(more=1, **{"return": policy()}), ALLOWED):
        assert asked(socket, api, sent).status == 200
    assert times(cloud, function) == before + 2


def test_an_authorizer_of_requests_is_held_to_the_same(
    cloud: Cloud, socket: Socket, function: Function, deployed: Callable[..., Api]
) -> None:
    """The other type of Lambda authorizer: permission, verdict and words."""
    api = deployed(Type="REQUEST")
    assert said(asked(socket, api)) == CONFIGURATION
    permit(cloud, function, f"{api.id}/authorizers/{api.authorizer}")
    assert asked(socket, api).status == 200
    assert said(asked(socket, api, token(**{"raise": "Unauthorized"}))) == UNAUTHORIZED
    assert said(asked(socket, api, token(**{"return": policy(action="s3:*")}))) == DENIED


def times(cloud: Cloud, function: Function) -> int:
    """How often the function ran."""
    events = cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function.name}")["events"]
    return sum(event["message"].strip() == "asked" for event in events)
