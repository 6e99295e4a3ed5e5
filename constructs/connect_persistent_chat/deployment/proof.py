"""The custom resource that makes a deployment fail unless what it made works."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import NamedTuple

import jsii
from aws_cdk import Annotations, CfnResource, CustomResource, Duration, IStableAnyProducer, Lazy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat.acknowledgments import acknowledge, wildcard
from connect_persistent_chat.deployment.instance import ConnectInstance, look_at_instance
from connect_persistent_chat.deployment.provisioning import Provisioning
from connect_persistent_chat.deployment.reach import Reach
from connect_persistent_chat.shared import custom_resources
from constructs import Construct, IConstruct, IDependable

DEFAULT_PATIENCE_SECONDS = 180
LONGEST_PATIENCE_SECONDS: int = custom_resources.LONGEST_PATIENCE_SECONDS
# Where an app or stage names a permissions boundary for all of its roles (CDK Developer Guide).
_BOUNDARY = "@aws-cdk/core:permissionsBoundary"
# As the CDK writes the property of every taggable resource that this library makes.
_TAGS = "tags"
# More than any priority that an app gives its tags.
_LAST_WORD = 1_000_000

# What takes effect with a deployment of the API only. That deployment's id, which the stage names, is made of what
# these are made of.
_DEPLOYED_TOGETHER = (
    apigateway.CfnGatewayResponse,
    apigateway.CfnMethod,
    apigateway.CfnModel,
    apigateway.CfnRequestValidator,
    apigateway.CfnResource,
)


class ProofScope(Enum):
    """What a deployment proves, and what it does with a broken link. See docs/proof.md for each."""

    WHOLE = custom_resources.WHOLE
    """Every link; the deployment fails if one is broken."""

    WITHOUT_GATEWAY = custom_resources.WITHOUT_GATEWAY
    """Every link but those of the API. This is for an API that a deployment cannot call: its default address is off, or
    a resource policy, a web ACL or an API key keeps the deployment out. Warns with
    `connect-persistent-chat:proof-without-gateway`."""

    REPORT_ONLY = custom_resources.REPORT_ONLY
    """Every link; the deployment goes on even if a link is broken. The log of the provisioning function and the
    attribute `proof_report` say what was found. Warns with `connect-persistent-chat:proof-report-only`."""


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


def mistakes_in(scope: ProofScope, allowed: Sequence[ProofScope]) -> list[str]:
    """Why this cannot be the scope of a proof; empty if it can."""
    if scope in allowed:
        return []
    return [f"proof: got {scope}, expected {' or '.join(str(one) for one in allowed)}."]


class ProvedGateway(NamedTuple):
    """The part of an endpoint before its function."""

    api: apigateway.RestApi
    stage: apigateway.Stage
    method: apigateway.Method
    # Whether a call that is signed for execute-api is to be answered.
    signed: bool


class ProvedHistory(NamedTuple):
    """The table that a history keeps, and the rule that sends events to its recorder, if that is proved."""

    table_name: str
    table_arn: str
    rule_arn: str | None = None


class Proof(Construct):
    """Calls what was made as strangers, callers and the function itself would, after everything else."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        instance: ConnectInstance,
        function: lambda_.Function,
        environment: Mapping[str, str],
        actions: Sequence[str],
        patience_seconds: float,
        after: Sequence[IDependable],
        proof_scope: ProofScope = ProofScope.WHOLE,
        gateway: ProvedGateway | None = None,
        history: ProvedHistory | None = None,
    ) -> None:
        super().__init__(scope, id)
        stack = Stack.of(self)
        provisioning = Provisioning.of(stack)
        patience = math.ceil(patience_seconds)
        if proof_scope is ProofScope.WITHOUT_GATEWAY:
            gateway = None
        if proof_scope in _WARNINGS:
            Annotations.of(scope).add_warning_v2(*_WARNINGS[proof_scope])
        if gateway is not None and proof_scope is ProofScope.WHOLE:
            Reach(scope, gateway.api, gateway.method)
        function_arn = function.function_arn
        method_arn = None if gateway is None else gateway.method.method_arn
        needed = _needed(function_arn, method_arn, None if instance.is_checked_in(stack) else instance, history)
        policy = provisioning.policy_for(self, needed)
        acknowledge(policy, _reasons(stack, method_arn, history))
        self._resource = CustomResource(
            self,
            "Default",
            resource_type=custom_resources.PERSISTENT_CHAT_PROOF,
            service_token=provisioning.service_token,
            service_timeout=Duration.seconds(patience + custom_resources.MARGIN_SECONDS),
            properties={
                **_called(gateway),
                **_kept(history),
                custom_resources.INSTANCE_ID: instance.instance_id,
                custom_resources.FUNCTION: function_arn,
                custom_resources.ENVIRONMENT: dict(environment),
                custom_resources.ACTIONS: list(actions),
                custom_resources.PATIENCE_SECONDS: patience,
                custom_resources.SCOPE: proof_scope.value,
                # CloudFormation asks for a new proof only when a property changes.
                custom_resources.FINGERPRINT: Lazy.any(_Fingerprint(stack, scope, self, provisioning.function)),
            },
        )
        # What its properties do not refer to, and what CloudFormation would otherwise make beside it.
        self._resource.node.add_dependency(policy, *after)

    @property
    def report(self) -> str:
        """What the proof showed and what not, known to the deployment."""
        return self._resource.get_att_string(custom_resources.REPORT)


def _called(gateway: ProvedGateway | None) -> dict[str, str]:
    if gateway is None:
        return {}
    return {
        custom_resources.API_ID: gateway.api.rest_api_id,
        custom_resources.STAGE: gateway.stage.stage_name,
        custom_resources.SIGNED: str(gateway.signed).lower(),
    }


def _kept(history: ProvedHistory | None) -> dict[str, str]:
    if history is None:
        return {}
    return {
        custom_resources.TABLE: history.table_name,
        **({} if history.rule_arn is None else {custom_resources.RULE: history.rule_arn}),
    }


def _needed(
    function_arn: str, method_arn: str | None, others_instance: ConnectInstance | None, history: ProvedHistory | None
) -> dict[str, list[str]]:
    """What the proof calls, action to resources. An instance of its own stack may be looked at by the instance's own
    policy, for which the function that is proved has waited."""
    needed = {
        "lambda:InvokeFunction": [function_arn],
        # Is there no room for it because of traffic, or may it not run at all?
        "lambda:GetFunctionConcurrency": [function_arn],
    }
    if others_instance is not None:
        needed |= look_at_instance(others_instance.instance_arn)
    if method_arn is not None:
        needed["execute-api:Invoke"] = [method_arn]
    if history is not None:
        needed["dynamodb:DescribeTable"] = [history.table_arn]
    if history is not None and history.rule_arn is not None:
        needed["lambda:GetPolicy"] = [function_arn]
        needed["events:DescribeRule"] = needed["events:ListTargetsByRule"] = [history.rule_arn]
        needed["events:TestEventPattern"] = ["*"]
    return needed


def _reasons(stack: Stack, method_arn: str | None, history: ProvedHistory | None) -> dict[str, str]:
    reasons = {}
    if method_arn is not None:
        reasons[wildcard(stack, method_arn)] = (
            "The path holds the instance and the contact; the proof calls with ids of neither."
        )
    if history is not None and history.rule_arn is not None:
        reasons[wildcard(stack, "*")] = "events:TestEventPattern knows no resource (Service Authorization Reference)."
    return reasons


@jsii.implements(IStableAnyProducer)
class _Fingerprint:
    """A hash of the prover and of all resources beside the proof, as they are when the template is written. Without
    tags: they change nothing that is proved."""

    def __init__(self, stack: Stack, scope: Construct, proof: Proof, prover: lambda_.Function) -> None:
        self._stack = stack
        self._scope = scope
        self._proof = proof
        self._prover = prover

    def produce(self) -> str:
        """The hash, in hexadecimal."""
        node = self._scope.node
        constructs = [self._prover, *(child for child in node.children if child is not self._proof)]
        resources = [one for construct in constructs for one in _resources_of(construct)]
        properties = [(one, one._cfn_properties) for one in resources]
        tagged = [one for one, its in properties if its.get(_TAGS) and type(one) is apigateway.CfnRestApi]
        untagged = [{name: value for name, value in its.items() if name != _TAGS} for _, its in properties]
        with _without_tags(tagged):
            made = [self._stack.resolve(untagged), node.try_get_context(_BOUNDARY)]
        return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()


@contextmanager
def _without_tags(apis: Sequence[apigateway.CfnRestApi]) -> Iterator[None]:
    """The CDK makes the id of an API's deployment of the API's tags, too."""
    kept = [(api.tags, api.tags.tag_values()) for api in apis]
    for manager, values in kept:
        for name in values:
            manager.remove_tag(name, _LAST_WORD)
    try:
        yield
    finally:
        for manager, values in kept:
            for name, value in values.items():
                manager.set_tag(name, value, _LAST_WORD)


def _resources_of(construct: IConstruct) -> list[CfnResource]:
    """What it makes. A function's code is a construct too, which takes long to look at; its hash is a property."""
    found = [construct.node.default_child] if isinstance(construct, lambda_.Function) else construct.node.find_all()
    return [one for one in found if isinstance(one, CfnResource) and type(one) not in _DEPLOYED_TOGETHER]
