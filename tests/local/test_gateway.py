"""What hardened accounts put before an API, on the local cloud: an address that is off, keys, policies, signatures."""

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.cloud import Cloud
from tests.local.callers import Users
from tests.local.raw import Header, Raw, Socket
from tests.local.test_seam import user

FORBIDDEN = (403, {"message": "Forbidden"})
ANSWER = (200, {"said": "deployed"})
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
TOKEN = "method.request.header.Authorization"
ONCE = Config(retries={"total_max_attempts": 1})


def denying_but(address: str) -> dict[str, Any]:
    """A resource policy that takes calls from one network."""
    condition = {"NotIpAddress": {"aws:SourceIp": [address]}}
    return {"Version": "2012-10-17", "Statement": [EVERYBODY, {**EVERYBODY, "Effect": "Deny", "Condition": condition}]}


def template(key: str, method: dict[str, Any], **api: Any) -> dict[str, Any]:
    """An API with one method that answers by itself, a key and a usage plan."""
    integration = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
        "IntegrationResponses": [
            {"StatusCode": "200", "ResponseTemplates": {"application/json": json.dumps(ANSWER[1])}}
        ],
    }
    ref, stage = {"Ref": "Api"}, {"Ref": "Stage"}
    resources = {
        "Api": ("RestApi", {"Name": "hardened", **api}),
        "Method": (
            "Method",
            {
                "RestApiId": ref,
                "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "HttpMethod": "POST",
                "AuthorizationType": "NONE",
                "Integration": integration,
                "MethodResponses": [{"StatusCode": "200"}],
                **method,
            },
        ),
        "Deployment": ("Deployment", {"RestApiId": ref}),
        "Stage": ("Stage", {"RestApiId": ref, "DeploymentId": {"Ref": "Deployment"}, "StageName": "v1"}),
        "Key": ("ApiKey", {"Enabled": True, "Value": key}),
        "Plan": ("UsagePlan", {"ApiStages": [{"ApiId": ref, "Stage": stage}]}),
        "PlanKey": ("UsagePlanKey", {"KeyId": {"Ref": "Key"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"}}),
    }
    made: dict[str, Any] = {
        name: {"Type": f"AWS::ApiGateway::{kind}", "Properties": properties}
        for name, (kind, properties) in resources.items()
    }
    made["Deployment"]["DependsOn"] = "Method"
    return {"Resources": made, "Outputs": {"Api": {"Value": ref}}}


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """The API keys, by where they open something."""
    return {}


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, keys: dict[str, str]) -> Callable[..., str]:
    """Deploys an API by CloudFormation, and says where it answers."""

    def deploy(method: dict[str, Any] | None = None, authorizer: dict[str, Any] | None = None, **api: Any) -> str:
        stacks, name = cloud.client("cloudformation"), f"hardened-{uuid.uuid4()}"
        # A key's value is one key's only; here it is the stack's name.
        whole = template(name, method or {}, **api)
        if authorizer is not None:
            properties = {"RestApiId": {"Ref": "Api"}, "Name": "a", **authorizer}
            whole["Resources"]["Authorizer"] = {"Type": "AWS::ApiGateway::Authorizer", "Properties": properties}
            whole["Resources"]["Method"]["Properties"]["AuthorizerId"] = {"Ref": "Authorizer"}
        stacks.create_stack(StackName=name, TemplateBody=json.dumps(whole))
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
        keys[path := f"/_aws/execute-api/{stack['Outputs'][0]['OutputValue']}/v1/"] = name
        return path

    return deploy


@pytest.fixture(scope="module")
def socket(cloud: Cloud) -> Socket:
    """The cloud's socket."""
    return Socket(cloud)


@pytest.fixture(scope="module")
def caller(cloud: Cloud) -> Credentials:
    """Somebody who may call every API."""
    allowed = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    return Credentials(*user(cloud, f"caller-{uuid.uuid4()}", allowed))


@pytest.fixture(params=["root", "user"])
def who(request: pytest.FixtureRequest, cloud: Cloud, caller: Credentials) -> Credentials:
    """The cloud's root, whose secret is any, and somebody whose secret is checked."""
    return Credentials(cloud.account, "any") if request.param == "root" else caller


def signed(
    cloud: Cloud, path: str, who: Credentials, body: bytes = b"{}", *, service: str = "execute-api", **more: Any
) -> tuple[Header, ...]:
    """The headers of a POST that is signed as it should be."""
    headers = {"Content-Type": "application/json", **more.pop("headers", {})}
    request = AWSRequest("POST", cloud.url + path, headers, body)
    SigV4Auth(who, service, more.get("region", cloud.region)).add_auth(request)
    return tuple((name, str(value)) for name, value in request.headers.items())


def told(answer: Raw) -> tuple[int, Any]:
    """Status and document."""
    return answer.status, json.loads(answer.body)


def test_a_default_address_that_is_off_forbids_everybody(
    cloud: Cloud, socket: Socket, deployed: Callable[..., str], who: Credentials
) -> None:
    """As AWS documents it; its custom domain goes on to answer."""
    path = deployed(DisableExecuteApiEndpoint=True)
    assert told(socket.ask("POST", path, body=b"{}")) == FORBIDDEN
    assert told(socket.ask("POST", path, *signed(cloud, path, who), body=b"{}")) == FORBIDDEN
    gateway, domain = cloud.client("apigateway"), f"{uuid.uuid4()}.example.com"
    gateway.create_domain_name(domainName=domain, endpointConfiguration={"types": ["REGIONAL"]})
    gateway.create_base_path_mapping(domainName=domain, restApiId=path.split("/")[3], stage="v1")
    assert told(socket.ask("POST", "/", host=domain, body=b"{}")) == ANSWER
    gateway.update_rest_api(
        restApiId=path.split("/")[3],
        patchOperations=[{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "false"}],
    )
    assert told(socket.ask("POST", path, body=b"{}")) == ANSWER


def test_the_address_of_an_http_api_is_off_as_well(cloud: Cloud, socket: Socket) -> None:
    """The other kind of API at the same addresses."""
    gateway = cloud.client("apigatewayv2")
    api = gateway.create_api(Name="http", ProtocolType="HTTP", DisableExecuteApiEndpoint=True)["ApiId"]
    assert told(socket.ask("GET", f"/_aws/execute-api/{api}/")) == FORBIDDEN
    gateway.update_api(ApiId=api, DisableExecuteApiEndpoint=False)
    assert told(socket.ask("GET", f"/_aws/execute-api/{api}/")) != FORBIDDEN


@pytest.mark.parametrize("authorization", ["NONE", "AWS_IAM"])
def test_a_method_that_asks_for_a_key_forbids_whoever_has_none(
    cloud: Cloud,
    socket: Socket,
    deployed: Callable[..., str],
    keys: dict[str, str],
    who: Credentials,
    authorization: str,
) -> None:
    """No key and another one: 403; the key of a usage plan of the stage: the answer."""
    path = deployed({"ApiKeyRequired": True, "AuthorizationType": authorization})
    for key, expected in ((None, FORBIDDEN), ("another", FORBIDDEN), (keys[path], ANSWER)):
        headers = signed(cloud, path, who, headers={"x-api-key": key} if key else {})
        assert told(socket.ask("POST", path, *headers, body=b"{}")) == expected


@pytest.mark.parametrize("authorization", ["NONE", "AWS_IAM"])
def test_a_resource_policys_condition_counts_for_everybody(
    cloud: Cloud, socket: Socket, deployed: Callable[..., str], who: Credentials, authorization: str
) -> None:
    """A deny without exception for the account's root, which MiniStack lets through."""
    for network, status in (("203.0.113.0/24", 403), ("127.0.0.0/8", 200)):
        path = deployed({"AuthorizationType": authorization}, Policy=denying_but(network))
        answer = socket.ask("POST", path, *signed(cloud, path, who), body=b"{}")
        assert answer.status == status
        assert (b"explicit deny in a resource-based policy" in answer.body) == (status == 403), answer


def test_a_resource_policy_counts_for_users_of_a_pool(
    cloud: Cloud, socket: Socket, deployed: Callable[..., str]
) -> None:
    """Who is known but denied, or not allowed, gets no answer; who is not known stays so."""
    idp = cloud.client("cognito-idp")
    pool = idp.create_user_pool(PoolName="p")["UserPool"]
    client = idp.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName="c",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    users = Users(cloud, pool["Id"])
    users.sign_up("somebody", client)
    token = users.tokens("somebody", client)["IdToken"]
    authorizer = {"Type": "COGNITO_USER_POOLS", "ProviderARNs": [pool["Arn"]], "IdentitySource": TOKEN}
    nobody = {"Version": "2012-10-17", "Statement": [{**EVERYBODY, "Action": "execute-api:Other"}]}
    for policy, said in (
        (denying_but("127.0.0.0/8"), b"deployed"),
        (denying_but("203.0.113.0/24"), b"explicit deny in a resource-based policy"),
        (nobody, b"no resource-based policy allows"),
    ):
        path = deployed({"AuthorizationType": "COGNITO_USER_POOLS"}, authorizer, Policy=policy)
        answer = socket.ask("POST", path, ("Authorization", token), body=b"{}")
        assert (answer.status, said in answer.body) == (200 if said == b"deployed" else 403, True), answer
        assert socket.ask("POST", path, ("Authorization", "none"), body=b"{}").status == 401


def test_a_lambda_authorizer_is_not_asked_about_whom_a_policy_denies(
    socket: Socket, deployed: Callable[..., str]
) -> None:
    """It does not even exist here, which is another failure."""
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/none/invocations"
    authorizer = {"Type": "TOKEN", "AuthorizerUri": uri, "IdentitySource": TOKEN}
    for network, status in (("203.0.113.0/24", 403), ("127.0.0.0/8", 500)):
        path = deployed({"AuthorizationType": "CUSTOM"}, authorizer, Policy=denying_but(network))
        answer = socket.ask("POST", path, ("Authorization", "token"), body=b"{}")
        assert (answer.status, b"explicit deny" in answer.body) == (status, status == 403)


def test_a_call_signed_for_something_else_is_refused(
    cloud: Cloud, socket: Socket, deployed: Callable[..., str], who: Credentials
) -> None:
    """Another service, another region, another body, another time: each part of a signature counts."""
    path = deployed({"AuthorizationType": "AWS_IAM"})
    assert told(socket.ask("POST", path, *signed(cloud, path, who), body=b"{}")) == ANSWER
    hashed = {"X-Amz-Content-SHA256": hashlib.sha256(b"{}").hexdigest()}
    assert told(socket.ask("POST", path, *signed(cloud, path, who, headers=hashed), body=b"{}")) == ANSWER
    wrong = [
        (signed(cloud, path, who, service="apigateway"), b"{}"),
        (signed(cloud, path, who, service="connect"), b"{}"),
        (signed(cloud, path, who, region="eu-west-1"), b"{}"),
        (signed(cloud, path, who, headers=hashed), b'{"other": 1}'),
        (signed(cloud, path, who, headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}), b"{}"),
        (tuple((n, v.replace("aws4_request", "aws4")) for n, v in signed(cloud, path, who)), b"{}"),
        (tuple((n, "20200101T000000Z" if n == "X-Amz-Date" else v) for n, v in signed(cloud, path, who)), b"{}"),
    ]
    for headers, body in wrong:
        answer = socket.ask("POST", path, *headers, body=body)
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException"), headers


def test_a_signature_is_of_one_body(
    cloud: Cloud, socket: Socket, deployed: Callable[..., str], caller: Credentials
) -> None:
    """Also if the hash is not stated; of the root nobody can tell."""
    path = deployed({"AuthorizationType": "AWS_IAM"})
    answer = socket.ask("POST", path, *signed(cloud, path, caller), body=b'{"other": 1}')
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")


def test_a_presigned_address_counts_with_its_time_and_scope(
    cloud: Cloud, socket: Socket, deployed: Callable[..., str], who: Credentials
) -> None:
    """As long as it says, for what it says."""
    path = deployed({"AuthorizationType": "AWS_IAM"})

    def presigned(expires: int = 600, service: str = "execute-api", region: str = cloud.region) -> str:
        request = AWSRequest("POST", cloud.url + path)
        SigV4QueryAuth(who, service, region, expires=expires).add_auth(request)
        return str(request.url).removeprefix(cloud.url)

    assert told(socket.ask("POST", presigned())) == ANSWER
    for address in (
        *(presigned(0), presigned(604_801), presigned(service="connect"), presigned(region="eu-west-1")),
        f"{path}?{urlsplit(presigned()).query.replace('X-Amz-Date=20', 'X-Amz-Date=19')}",
        f"{path}?X-Amz-Credential={cloud.account}/20260101/us-east-1/execute-api/aws4_request",
    ):
        assert socket.ask("POST", address).status == 403, address


@pytest.mark.parametrize(("service", "call"), [("sts", "get_caller_identity"), ("connect", "list_instances")])
def test_a_call_signed_for_another_region_is_refused(cloud: Cloud, who: Credentials, service: str, call: str) -> None:
    """The cloud is one region."""
    made = cloud.client(service, who.access_key, who.secret_key, config=ONCE.merge(Config(region_name="eu-west-1")))
    made.meta.events.register(
        "before-sign", lambda request, **_: request.context.update(signing={"region": "eu-west-1"})
    )
    with pytest.raises(ClientError, match="valid region, not 'eu-west-1'"):
        getattr(made, call)()


def test_a_call_is_signed_for_the_service_that_it_reaches(socket: Socket, who: Credentials) -> None:
    """MiniStack goes by X-Amz-Target first: what was signed for one service reached another."""
    target = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    for service in ("sqs", "events", "execute-api", "nonsense"):
        answer = socket.ask("POST", "/", *signed(socket.cloud, "/", who, service=service, headers=target), body=b"{}")
        assert answer.status in (400, 403)
        assert b"scoped to correct service: 'dynamodb'" in answer.body


@pytest.mark.parametrize("key", ["test", "000000000000", "210987654321"])
def test_the_root_is_the_accounts_own(cloud: Cloud, key: str) -> None:
    """MiniStack has a root for each number of an account, and one by name."""
    with pytest.raises(ClientError) as refused:
        cloud.client("iam", key, "any", config=ONCE).list_users()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_nothing_is_done_for_whoever_signs_nothing(socket: Socket) -> None:
    """Nor for half a signature, nor for one of another version."""
    before, users = socket.state(), "/?Action=ListUsers&Version=2010-05-08"
    for method, target in (
        *(("GET", "/"), ("PUT", "/unsigned-bucket"), ("PUT", "/unsigned-bucket/key"), ("GET", users)),
        ("GET", f"{users}&AWSAccessKeyId=123456789012&Signature=s"),
        ("GET", f"{users}&X-Amz-Credential=123456789012/a/us-east-1/iam/aws4_request"),
        ("GET", "/2015-03-31/functions"),
    ):
        answer = socket.ask(method, target)
        assert answer.status in (400, 403, 404), target
        assert b"<Users>" not in answer.body
    assert socket.state() == before


def test_what_cloudformation_leaves_out_is_listed(cloud: Cloud, socket: Socket, deployed: Callable[..., str]) -> None:
    """docs/local-cloud.md says so: no validator, no access log, no time to live, no recovery."""
    stacks, name = cloud.client("cloudformation"), f"left-out-{uuid.uuid4()}"
    left_out = template(
        name, {"RequestValidatorId": {"Ref": "Validator"}, "RequestModels": {"$default": {"Ref": "Model"}}}
    )
    of_api, group = {"RestApiId": {"Ref": "Api"}}, {"Fn::GetAtt": ["Log", "Arn"]}
    left_out["Resources"]["Stage"]["Properties"]["AccessLogSetting"] = {"DestinationArn": group, "Format": "a call"}
    schema = {"type": "object", "required": ["a"]}
    left_out["Resources"] |= {
        "Model": {
            "Type": "AWS::ApiGateway::Model",
            "Properties": {**of_api, "ContentType": "application/json", "Schema": schema},
        },
        "Validator": {
            "Type": "AWS::ApiGateway::RequestValidator",
            "Properties": {**of_api, "ValidateRequestBody": True},
        },
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": name,
                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
                "TimeToLiveSpecification": {"AttributeName": "t", "Enabled": True},
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        },
    }
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(left_out))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
    path = f"/_aws/execute-api/{stack['Outputs'][0]['OutputValue']}/v1/"
    assert told(socket.ask("POST", path, ("Content-Type", "application/json"), body=b"{}")) == ANSWER
    assert cloud.client("logs").filter_log_events(logGroupName=name)["events"] == []
    dynamodb = cloud.client("dynamodb")
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert (ttl["TimeToLiveStatus"], recovery["PointInTimeRecoveryStatus"]) == ("DISABLED", "DISABLED")
