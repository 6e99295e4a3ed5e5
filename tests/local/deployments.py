"""Stacks, synthesized in the tests' own process and deployed by the real command line."""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from aws_cdk import (
    App,
    CfnOutput,
    CliCredentialsStackSynthesizer,
    Duration,
    Environment,
    Stack,
    Tags,
)
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns

from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ChatStart,
    ConnectInstance,
    CustomerIdentity,
    PersistentChatEndpoint,
    PersistentChatMonitoring,
    ProofScope,
)
from local.cdk import cdk
from local.cloud import Cloud
from local.connect.instances import FLOW_ID
from local.issuer import ISSUER

Fill = Callable[[Stack], None]
# MiniStack enforces the throttle in real time, and most tests make more calls than Connect's quota allows.
UNTHROTTLED: dict[str, Any] = {"throttle_rate_limit": 1000, "throttle_burst_limit": 1000}
# A busy machine may stand still for seconds. Tests that are not about time give it more.
PATIENCE, DEADLINE = Duration.seconds(60), Duration.seconds(25)


class Deployed:
    """A deployed stack."""

    def __init__(self, cloud: Cloud, name: str, outputs: Mapping[str, str]) -> None:
        self.cloud = cloud
        self.name = name
        self.outputs = outputs

    def physical_id(self, resource_type: str, part: str = "") -> str:
        """The physical id of the one resource of a type whose logical id begins with this part."""
        (resource,) = (
            resource
            for resource in self._resources
            if resource["ResourceType"] == resource_type and resource["LogicalResourceId"].startswith(part)
        )
        return str(resource["PhysicalResourceId"])

    @property
    def stack_id(self) -> str:
        """Its ARN."""
        return str(self._resources[0]["StackId"])

    @cached_property
    def _resources(self) -> list[dict[str, Any]]:
        found = self.cloud.client("cloudformation").describe_stack_resources(StackName=self.name)
        return list(found["StackResources"])

    def template(self) -> dict[str, Any]:
        """The template as CloudFormation has it."""
        body = self.cloud.client("cloudformation").get_template(StackName=self.name)["TemplateBody"]
        parsed: dict[str, Any] = json.loads(body) if isinstance(body, str) else body
        return parsed


def log_of(cloud: Cloud, function: str, since: float = 0) -> str:
    """What a function has logged, since then in seconds since the epoch; of more than 10,000 lines the first."""
    configured = cloud.client("lambda").get_function_configuration(FunctionName=function)
    group = configured["LoggingConfig"]["LogGroup"]
    pages = (
        cloud.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=group, startTime=int(since * 1000))
    )
    return "\n".join(event["message"] for page in pages for event in page["events"])


def everything_logged(cloud: Cloud) -> list[str]:
    """What all functions and APIs have logged."""
    logs = cloud.client("logs")
    pages = logs.get_paginator("describe_log_groups").paginate()
    return [
        event["message"]
        for page in pages
        for group in page["logGroups"]
        for events in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        for event in events["events"]
    ]


def lines_of(cloud: Cloud, function: str) -> list[dict[str, Any]]:
    """Its lines of JSON."""
    return [json.loads(line) for line in log_of(cloud, function).splitlines() if line.lstrip().startswith("{")]


class Prover:
    """The provisioning function of a stack, asked for the proof of one function, as an Update would."""

    def __init__(self, deployed: Deployed, function: str, actions: list[str], **properties: Any) -> None:
        self._function = deployed.physical_id("AWS::Lambda::Function", "ConnectPersistentChatProvisioningFunction")
        self._functions = deployed.cloud.client("lambda")
        configured = self._functions.get_function_configuration(FunctionName=function)
        self._event = {
            "StackId": deployed.stack_id,
            "RequestId": "1",
            "ResourceType": "Custom::PersistentChatProof",
            "LogicalResourceId": "Proof",
            "PhysicalResourceId": "proof",
        }
        self._properties = {
            "InstanceId": deployed.cloud.instance_id,
            "Function": configured["FunctionArn"],
            # What the function itself is told, and not the C library.
            "Environment": {k: v for k, v in configured["Environment"]["Variables"].items() if k != "RES_OPTIONS"},
            "Actions": actions,
            "PatienceSeconds": "1",
            "Scope": "WHOLE",
            **properties,
        }

    def __call__(self, request: str = "Update", **different: object) -> str | None:
        """What failed, if anything."""
        said = self.answer(request, **different)
        return str(said["errorMessage"]) if "errorMessage" in said else None

    def mended(self) -> str | None:
        """As a call, but with more patience: what still fails after it is really broken."""
        return self(PatienceSeconds="6")

    def report(self, **different: object) -> str:
        """What an Update says that it showed."""
        return str(self.answer("Update", **different)["Data"]["Report"])

    def answer(self, request: str, **different: object) -> dict[str, Any]:
        """All that the function answers."""
        event = {**self._event, "RequestType": request, "ResourceProperties": {**self._properties, **different}}
        answer = self._functions.invoke(FunctionName=self._function, Payload=json.dumps(event))
        return dict(json.loads(answer["Payload"].read()))


def api_of(deployed: Deployed, output: str) -> str:
    """The id of the API behind an output."""
    return deployed.outputs[output].partition("//")[2].partition(".")[0]


def synthesize(cloud: Cloud, out: Path, stacks: Mapping[str, Fill]) -> None:
    """Write the assembly of an app with these stacks."""
    app = App(outdir=str(out))
    for name, fill in stacks.items():
        stack = Stack(
            app,
            name,
            env=Environment(account=cloud.account, region=cloud.region),
            synthesizer=CliCredentialsStackSynthesizer(),
        )
        fill(stack)
    app.synth()


def deploy(cloud: Cloud, out: Path, stacks: Mapping[str, Fill]) -> dict[str, Deployed]:
    """Deploy these stacks. Raises CdkFailed, with all that the command line printed, if one fails."""
    synthesize(cloud, out, stacks)
    outputs = out / "outputs.json"
    cdk(
        *("deploy", "--all", "--app", str(out), "--require-approval", "never"),
        *("--concurrency", "4", "--outputs-file", str(outputs)),
        environment=cloud.environment(),
    )
    found = json.loads(outputs.read_text(encoding="utf-8")) if outputs.exists() else {}
    return {name: Deployed(cloud, name, found.get(name, {})) for name in stacks}


def destroy(cloud: Cloud, out: Path) -> str:
    """Destroy the stacks of this assembly; what the command line printed."""
    return cdk("destroy", "--all", "--force", "--app", str(out), environment=cloud.environment())


def endpoint(stack: Stack, id: str = "Endpoint", **properties: Any) -> PersistentChatEndpoint:
    """An endpoint for the cloud's own instance."""
    properties = {"proof_patience": PATIENCE, "deadline": DEADLINE, **properties}
    if "instance" not in properties:
        properties["instance"] = ConnectInstance.from_instance_id(
            stack, f"{id}Instance", "11111111-1111-4111-8111-111111111111"
        )
    return PersistentChatEndpoint(stack, id, **properties)


def sound_stack(stack: Stack) -> None:
    """Two endpoints side by side: one by id for the tests to call, one by alias that trusts its callers.

    The first has the deadline that an endpoint has by default.
    """
    first = endpoint(stack, "First", deadline=None, **UNTHROTTLED)
    PersistentChatMonitoring(stack, "Monitoring", endpoint=first, topic=sns.Topic(stack, "Topic", enforce_ssl=True))
    instance = ConnectInstance.from_instance_alias(stack, "ByAlias", "local")
    second = endpoint(stack, "Second", instance=instance, customer_identity=CustomerIdentity.unchecked())
    CfnOutput(stack, "FirstUrl", value=first.url)
    CfnOutput(stack, "SecondUrl", value=second.url)


AUTHORIZER = """
import json, base64
def handle(event, context):
    # The token is the context that it asks for: what a careless authorizer would do, and each test needs.
    context = json.loads(base64.b64decode(event["authorizationToken"]))
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "somebody", "policyDocument": policy, "context": context}
"""


def _authorizer(stack: Stack) -> apigateway.TokenAuthorizer:
    authorize = lambda_.Function(
        stack,
        "Authorize",
        runtime=lambda_.Runtime.PYTHON_3_14,
        code=lambda_.Code.from_inline(AUTHORIZER),
        handler="index.handle",
        # Of the 3 s that are the default, a busy machine may take all.
        timeout=Duration.seconds(30),
    )
    return apigateway.TokenAuthorizer(
        stack, "LambdaAuthorizer", handler=authorize, results_cache_ttl=Duration.seconds(0)
    )


def history(stack: Stack, id: str = "History", **properties: Any) -> ChatHistory:
    """A history of the cloud's own instance."""
    instance = ConnectInstance.from_instance_id(stack, f"{id}Instance", "11111111-1111-4111-8111-111111111111")
    return ChatHistory(stack, id, **{"instance": instance, "proof_patience": PATIENCE, **properties})


def history_stack(stack: Stack) -> None:
    """A history by CustomerId with two endpoints, for backends and for people, and one by an attribute."""
    kept = history(stack, topic=sns.Topic(stack, "Topic", enforce_ssl=True))
    backend = endpoint(stack, "Backend", history=kept, **UNTHROTTLED)
    person = Authorization.authorizer(_authorizer(stack), customer_key="customer")
    people = endpoint(stack, "People", history=kept, authorization=person, **UNTHROTTLED)
    by_attribute = CustomerIdentity.attribute("customer")
    other = history(stack, "ByAttribute", customer_identity=by_attribute, event_delay=Duration.seconds(0))
    attribute = endpoint(stack, "Attribute", history=other, customer_identity=by_attribute, **UNTHROTTLED)
    CfnOutput(stack, "BackendUrl", value=backend.url)
    CfnOutput(stack, "PeopleUrl", value=people.url)
    CfnOutput(stack, "AttributeUrl", value=attribute.url)
    CfnOutput(stack, "Recorder", value=kept.function.function_name)


def start_stack(stack: Stack) -> None:
    """Endpoints that start chats: for backends, and for people who sign in at an issuer or a user pool, with one
    history; and more for people."""
    kept = history(stack, event_delay=Duration.seconds(0))
    with_page = ChatStart({"web": FLOW_ID}, attributes=["page"], **UNTHROTTLED)
    backend = endpoint(
        stack,
        "Starter",
        history=kept,
        start=with_page,
        **UNTHROTTLED,
    )
    people = endpoint(
        stack,
        "People",
        authorization=Authorization.authorizer(_authorizer(stack), customer_key="customer"),
        cors_allowed_origins=["https://a.example"],
        start=ChatStart({"web": FLOW_ID}, stamp_authentication=True, chat_duration=Duration.hours(2), **UNTHROTTLED),
        **UNTHROTTLED,
    )
    signed_in = Authorization.oidc(ISSUER, ["client"])
    issued = endpoint(stack, "SignedIn", history=kept, authorization=signed_in, start=with_page, **UNTHROTTLED)
    by_attribute = endpoint(
        stack,
        "ByAttribute",
        customer_identity=CustomerIdentity.attribute("customer"),
        authorization=signed_in,
        start=with_page,
        **UNTHROTTLED,
    )
    pool = cognito.UserPool(stack, "Users", self_sign_up_enabled=True)
    app = pool.add_client("App", auth_flows=cognito.AuthFlow(user_password=True, admin_user_password=True))
    users = Authorization.cognito([pool], [app])
    pooled = endpoint(stack, "Pooled", history=kept, authorization=users, start=with_page, **UNTHROTTLED)
    CfnOutput(stack, "Pool", value=pool.user_pool_id)
    CfnOutput(stack, "PoolClient", value=app.user_pool_client_id)
    CfnOutput(stack, "PooledUrl", value=pooled.url)
    CfnOutput(stack, "PooledStartUrl", value=pooled.start_url)
    CfnOutput(stack, "SignedInUrl", value=issued.url)
    CfnOutput(stack, "ByAttributeUrl", value=by_attribute.url)
    CfnOutput(stack, "ByAttributeStartUrl", value=by_attribute.start_url)
    CfnOutput(stack, "StarterUrl", value=backend.url)
    CfnOutput(stack, "StarterStartUrl", value=backend.start_url)
    CfnOutput(stack, "StarterReport", value=backend.proof_report)
    CfnOutput(stack, "PeopleUrl", value=people.url)
    CfnOutput(stack, "SignedInStartUrl", value=issued.start_url)


def hardened_stack(stack: Stack) -> None:
    """What companies do to an endpoint: each is sound, and each would fail a proof that knows no better."""
    instance = ConnectInstance.from_instance_id(stack, "Instance", Cloud.instance_id)
    everybody: dict[str, Any] = {
        "principals": [iam.AnyPrincipal()],
        "actions": ["execute-api:Invoke"],
        "resources": ["execute-api:/*"],
    }
    elsewhere = {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}

    def hardened(id: str, harden: Callable[[PersistentChatEndpoint], object], **properties: Any) -> None:
        made = endpoint(stack, id, instance=instance, **properties)
        harden(made)
        CfnOutput(stack, f"{id}Url", value=made.url)
        CfnOutput(stack, f"{id}Report", value=made.proof_report)

    def switch_off(made: PersistentChatEndpoint) -> None:
        _api(made).disable_execute_api_endpoint = True

    def keep_out(made: PersistentChatEndpoint) -> None:
        allowed = iam.PolicyStatement(**everybody)
        denied = iam.PolicyStatement(effect=iam.Effect.DENY, conditions=elsewhere, **everybody)
        _api(made).policy = iam.PolicyDocument(statements=[allowed, denied])

    def ask_for_key(made: PersistentChatEndpoint) -> None:
        (method,) = (one for one in made.api.methods if one.http_method == "POST")
        resource = method.node.default_child
        assert isinstance(resource, apigateway.CfnMethod)
        resource.api_key_required = True

    def let_in(made: PersistentChatEndpoint) -> None:
        _api(made).policy = iam.PolicyDocument(statements=[iam.PolicyStatement(**everybody)])

    hardened("Off", switch_off, proof=ProofScope.WITHOUT_GATEWAY)
    hardened("KeptOut", keep_out, proof=ProofScope.WITHOUT_GATEWAY)
    hardened("Keyed", ask_for_key, proof=ProofScope.WITHOUT_GATEWAY)
    hardened("Reported", switch_off, proof=ProofScope.REPORT_ONLY, proof_patience=Duration.seconds(1))
    hardened("LetIn", let_in, throttle_rate_limit=1, throttle_burst_limit=1)
    Tags.of(stack).add("cost-centre", "1")


def _api(made: PersistentChatEndpoint) -> apigateway.CfnRestApi:
    resource = made.api.node.default_child
    assert isinstance(resource, apigateway.CfnRestApi)
    return resource


def issuer_stack(stack: Stack) -> None:
    """An endpoint for people who sign in at the local cloud's issuer, from any page."""
    people = Authorization.oidc(ISSUER, ["client"])
    made = endpoint(stack, "Issued", authorization=people, cors_allowed_origins=["*"], **UNTHROTTLED)
    CfnOutput(stack, "Url", value=made.url)
    CfnOutput(stack, "Report", value=made.proof_report)


def doors_stack(stack: Stack) -> None:
    """An endpoint for users of a pool, one behind a Lambda authorizer, one by attribute, one for browsers' pools."""
    pool = cognito.UserPool(stack, "Users", self_sign_up_enabled=True)
    flows = cognito.AuthFlow(user_password=True)
    ours = pool.add_client("Ours", auth_flows=flows, id_token_validity=Duration.hours(1))
    other = pool.add_client("Other", auth_flows=flows)
    stranger = cognito.UserPool(stack, "Strangers", self_sign_up_enabled=True)
    strangers = stranger.add_client("Theirs", auth_flows=flows)
    authorizer = _authorizer(stack)
    instance = ConnectInstance.from_instance_id(stack, "Instance", Cloud.instance_id)
    made = {
        "Cognito": Authorization.cognito([pool], [ours]),
        "Claim": Authorization.cognito([pool], [ours], customer_claim="cognito:groups"),
        "Authorizer": Authorization.authorizer(authorizer, customer_key="customer"),
        "Attribute": Authorization.iam(),
        "Pools": Authorization.iam(allow_identity_pools=True),
        "Default": Authorization.iam(),
    }
    origins = {"Cognito": ["https://a.example"], "Authorizer": ["https://a.example", "https://b.example"]}
    for name, authorization in made.items():
        by_attribute = CustomerIdentity.attribute("customer-key") if name == "Attribute" else None
        one = endpoint(
            stack,
            name,
            instance=instance,
            authorization=authorization,
            customer_identity=by_attribute,
            cors_allowed_origins=origins.get(name, []),
            **({} if name == "Default" else UNTHROTTLED),
        )
        CfnOutput(stack, f"{name}Url", value=one.url)
    for name, value in {
        "Pool": pool.user_pool_id,
        "OurClient": ours.user_pool_client_id,
        "OtherClient": other.user_pool_client_id,
        "StrangersClient": strangers.user_pool_client_id,
    }.items():
        CfnOutput(stack, name, value=value)
