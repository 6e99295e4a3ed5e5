"""The custom resource that makes a deployment fail if an endpoint or a history does not work."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import NamedTuple, cast

import jsii
from aws_cdk import Annotations, CfnResource, CustomResource, Duration, IStableAnyProducer, Lazy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat.acknowledgments import acknowledge, wildcard
from connect_persistent_chat.deployment.instance import ConnectInstance, permissions_to_read
from connect_persistent_chat.deployment.provisioning import Provisioning
from connect_persistent_chat.deployment.reach import Reach
from connect_persistent_chat.lambda_function import number_of
from connect_persistent_chat.parameters import seconds
from connect_persistent_chat.shared import custom_resources, probes
from constructs import Construct, IConstruct, IDependable

_DEFAULT_PATIENCE_SECONDS = 180
PATIENCE = seconds(1, custom_resources.LONGEST_PATIENCE_SECONDS)
# The context key with which an app or a stage sets a permissions boundary for all its roles (CDK Developer Guide).
_BOUNDARY = "@aws-cdk/core:permissionsBoundary"
# The CDK's name for the property of every taggable resource that this library makes.
_TAGS = "tags"
# Higher than any priority that an app gives its tags.
_HIGHEST_PRIORITY = 1_000_000

# These resources take effect only with a deployment of the API. The id of that deployment depends on their properties,
# and the stage holds the id.
_DEPLOYED_TOGETHER = (
    apigateway.CfnGatewayResponse,
    apigateway.CfnMethod,
    apigateway.CfnModel,
    apigateway.CfnRequestValidator,
    apigateway.CfnResource,
)


class ProofScope(Enum):
    """The links that a deployment proves, and whether a broken link makes it fail. See docs/proof.md."""

    WHOLE = custom_resources.WHOLE
    """Every link. The deployment fails if a link is broken."""

    WITHOUT_GATEWAY = custom_resources.WITHOUT_GATEWAY
    """Every link except those of the API. It is for an API that a deployment cannot call: its default address is off,
    or a resource policy, a web ACL or an API key keeps the deployment out. Warns with
    `connect-persistent-chat:proof-without-gateway`."""

    REPORT_ONLY = custom_resources.REPORT_ONLY
    """Every link. The deployment continues even if a link is broken. The result is in the log of the provisioning
    function and in the attribute `proof_report`. Warns with `connect-persistent-chat:proof-report-only`."""


_WARNINGS = {
    ProofScope.WITHOUT_GATEWAY: (
        "connect-persistent-chat:proof-without-gateway",
        "The deployment does not show that the API answers, refuses strangers and reaches its function. Call the API "
        "once from the place where its callers are.",
    ),
    ProofScope.REPORT_ONLY: (
        "connect-persistent-chat:proof-report-only",
        "The deployment goes on even if the proof finds a broken link. Read the attribute proof_report after each "
        "deployment, for example as an output of the stack.",
    ),
}


class ProvedFunction(NamedTuple):
    """A function that is proved, with the environment variables that it has to have."""

    arn: str
    environment: Mapping[str, str]


class ProvedGateway(NamedTuple):
    """The API of an endpoint that is proved."""

    api: apigateway.RestApi
    stage: apigateway.Stage
    methods: Sequence[apigateway.Method]
    # Whether the API has to answer a call that is signed for execute-api.
    signed: bool

    def properties(self) -> dict[str, str]:
        """What the custom resource has to know of it."""
        return {
            custom_resources.API_ID: self.api.rest_api_id,
            custom_resources.STAGE: self.stage.stage_name,
            custom_resources.SIGNED: str(self.signed).lower(),
        }


class ProvedHistory(NamedTuple):
    """The table of a history. If its recorder is proved, also the rule that sends events to the recorder."""

    table_name: str
    table_arn: str
    rule_arn: str | None = None

    def properties(self) -> dict[str, str]:
        """What the custom resource has to know of it."""
        rule = {} if self.rule_arn is None else {custom_resources.RULE: self.rule_arn}
        return {custom_resources.TABLE: self.table_name, **rule}


@jsii.implements(IStableAnyProducer)
class Proof(Construct):
    """Calls the endpoint or the recorder like strangers, callers and the function itself. It runs last."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        instance: ConnectInstance,
        function: ProvedFunction,
        actions: Sequence[str],
        patience: Duration | None,
        after: Sequence[IDependable],
        proof_scope: ProofScope,
        gateway: ProvedGateway | None = None,
        history: ProvedHistory | None = None,
        authorizer: ProvedFunction | None = None,
    ) -> None:
        super().__init__(scope, id)
        stack = Stack.of(self)
        provisioning = Provisioning.of(stack)
        self._scope = scope
        self._prover = provisioning.function
        patience_seconds = math.ceil(number_of(patience, _DEFAULT_PATIENCE_SECONDS))
        if proof_scope is ProofScope.WITHOUT_GATEWAY:
            gateway = None
        if proof_scope in _WARNINGS:
            Annotations.of(scope).add_warning_v2(*_WARNINGS[proof_scope])
        if gateway is not None and proof_scope is ProofScope.WHOLE:
            Reach(scope, gateway.api, gateway.methods)
        functions = [function.arn, *([authorizer.arn] if authorizer else [])]
        method_arns = [] if gateway is None else [method.method_arn for method in gateway.methods]
        permissions = _permissions(functions, method_arns, instance, stack, history)
        if probes.START_CHAT in actions:
            # If a chat starts all the same, the proof ends it.
            permissions["connect:StopContact"] = [instance.contact_arn]
        policy = provisioning.policy_for(self, permissions)
        acknowledge(policy, _reasons(stack, method_arns, permissions))
        resource = CustomResource(
            self,
            "Default",
            resource_type=custom_resources.PERSISTENT_CHAT_PROOF,
            service_token=provisioning.service_token,
            service_timeout=Duration.seconds(patience_seconds + custom_resources.MARGIN_SECONDS),
            properties={
                **(gateway.properties() if gateway else {}),
                **(history.properties() if history else {}),
                custom_resources.INSTANCE_ID: instance.instance_id,
                custom_resources.FUNCTION: function.arn,
                custom_resources.ENVIRONMENT: dict(function.environment),
                **(_properties_of(authorizer) if authorizer else {}),
                custom_resources.ACTIONS: list(actions),
                custom_resources.PATIENCE_SECONDS: patience_seconds,
                custom_resources.SCOPE: proof_scope.value,
                # CloudFormation asks for a new proof only when a property changes.
                custom_resources.FINGERPRINT: Lazy.any(self),
            },
        )
        # The properties do not refer to these resources, so CloudFormation would not wait for them.
        resource.node.add_dependency(policy, *after)
        # The result of the proof, which only the deployment knows.
        self.report = resource.get_att_string(custom_resources.REPORT)

    def produce(self) -> str:
        """The fingerprint: a hash of the prover and of all resources beside the proof. It is made when the template is
        written, and without tags, because tags do not change whether the endpoint works."""
        node = self._scope.node
        constructs = [self._prover, *(child for child in node.children if child is not self)]
        resources = [resource for construct in constructs for resource in _resources_of(construct)]
        properties = [(resource, resource._cfn_properties) for resource in resources]
        tagged = [api for api, values in properties if values.get(_TAGS) and type(api) is apigateway.CfnRestApi]
        untagged = [{name: value for name, value in values.items() if name != _TAGS} for _, values in properties]
        with _without_tags(tagged):
            hashed = [Stack.of(self).resolve(untagged), node.try_get_context(_BOUNDARY)]
        return hashlib.sha256(json.dumps(hashed, sort_keys=True).encode()).hexdigest()


def _properties_of(authorizer: ProvedFunction) -> dict[str, object]:
    return {
        custom_resources.AUTHORIZER: authorizer.arn,
        custom_resources.AUTHORIZER_ENVIRONMENT: dict(authorizer.environment),
    }


def _permissions(
    functions: list[str],
    method_arns: list[str],
    instance: ConnectInstance,
    stack: Stack,
    history: ProvedHistory | None,
) -> dict[str, list[str]]:
    """The actions that the proof calls, with their resources."""
    permissions = {
        "lambda:InvokeFunction": functions,
        # A throttled function has too much traffic, or its concurrency is 0: this tells which.
        "lambda:GetFunctionConcurrency": functions,
    }
    # If this stack checks the instance, the policy of that check already allows to read it.
    if not instance.is_checked_in(stack):
        permissions |= permissions_to_read(instance.instance_arn)
    if method_arns:
        permissions["execute-api:Invoke"] = method_arns
    if history is not None:
        permissions["dynamodb:DescribeTable"] = [history.table_arn]
    if history is not None and history.rule_arn is not None:
        permissions["lambda:GetPolicy"] = functions
        permissions["events:DescribeRule"] = permissions["events:ListTargetsByRule"] = [history.rule_arn]
        permissions["events:TestEventPattern"] = ["*"]
    return permissions


def _reasons(stack: Stack, method_arns: list[str], permissions: Mapping[str, list[str]]) -> dict[str, str]:
    """The reasons for wildcards in these permissions."""
    called = "The path holds the instance and the contact; the proof calls with ids that do not exist."
    reasons = dict.fromkeys((wildcard(stack, arn) for arn in method_arns), called)
    for arn in permissions.get("connect:StopContact", ()):
        reasons[wildcard(stack, arn)] = "Only Amazon Connect knows the id of a chat that a proof started by mistake."
    if "events:TestEventPattern" in permissions:
        reasons[wildcard(stack, "*")] = "events:TestEventPattern knows no resource (Service Authorization Reference)."
    return reasons


@contextmanager
def _without_tags(apis: Sequence[apigateway.CfnRestApi]) -> Iterator[None]:
    """Remove the tags of these APIs for a while: the CDK makes the id of an API's deployment also from its tags."""
    tags = [(api.tags, api.tags.tag_values()) for api in apis]
    for manager, values in tags:
        for name in values:
            manager.remove_tag(name, _HIGHEST_PRIORITY)
    try:
        yield
    finally:
        for manager, values in tags:
            for name, value in values.items():
                manager.set_tag(name, value, _HIGHEST_PRIORITY)


def _resources_of(construct: IConstruct) -> list[CfnResource]:
    """The resources under a construct. For a function only itself: its code is also a construct, which is slow to read,
    and the hash of the code is a property of the function."""
    found = [construct.node.default_child] if isinstance(construct, lambda_.Function) else construct.node.find_all()
    # `isinstance(part, CfnResource)` would ask all subclasses of CfnResource: a hundredth of synthesis.
    return [
        cast(CfnResource, part)
        for part in found
        if hasattr(type(part), "cfn_resource_type") and type(part) not in _DEPLOYED_TOGETHER
    ]
