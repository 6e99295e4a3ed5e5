"""The custom resource that makes a deployment fail unless what it made works."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import jsii
from aws_cdk import CfnResource, CustomResource, Duration, IStableAnyProducer, Lazy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat.acknowledgments import acknowledge, wildcard
from connect_persistent_chat.functions import provisioning_names as names
from connect_persistent_chat.provisioning import Provisioning
from constructs import Construct, IConstruct, IDependable

DEFAULT_PATIENCE_SECONDS = 60
LONGEST_PATIENCE_SECONDS = 600
# Where an app or stage names a permissions boundary for all of its roles (CDK Developer Guide).
_BOUNDARY = "@aws-cdk/core:permissionsBoundary"

# What takes effect with a deployment of the API only. That deployment's id, which the stage names, is made of what
# these are made of.
_DEPLOYED_TOGETHER = (
    apigateway.CfnGatewayResponse,
    apigateway.CfnMethod,
    apigateway.CfnModel,
    apigateway.CfnRequestValidator,
    apigateway.CfnResource,
)


class ProvedGateway(NamedTuple):
    """The part of an endpoint before its function."""

    url: str
    method: apigateway.Method
    # Whether a call that is signed for execute-api is to be answered.
    signed: bool


class Proof(Construct):
    """Calls what was made as strangers, callers and the function itself would, after everything else."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        function: lambda_.Function,
        environment: Mapping[str, str],
        actions: Sequence[str],
        patience_seconds: float,
        after: Sequence[IDependable],
        gateway: ProvedGateway | None = None,
    ) -> None:
        super().__init__(scope, id)
        stack = Stack.of(self)
        provisioning = Provisioning.of(stack)
        patience = math.ceil(patience_seconds)
        function_arn = function.function_arn
        needed = {"lambda:InvokeFunction": [function_arn]}
        if gateway is not None:
            method_arn = gateway.method.method_arn
            needed["execute-api:Invoke"] = [method_arn]
        policy = provisioning.policy_for(self, needed)
        if gateway is not None:
            acknowledge(
                policy,
                {
                    wildcard(stack, method_arn): "The path holds the instance and the contact; the proof calls with "
                    "ids of neither."
                },
            )
        resource = CustomResource(
            self,
            "Default",
            resource_type=names.PERSISTENT_CHAT_PROOF,
            service_token=provisioning.service_token,
            service_timeout=Duration.seconds(patience + names.MARGIN_SECONDS),
            properties={
                **_called(gateway),
                names.FUNCTION: function_arn,
                names.ENVIRONMENT: dict(environment),
                names.ACTIONS: list(actions),
                names.PATIENCE_SECONDS: patience,
                # CloudFormation asks for a new proof only when a property changes.
                names.FINGERPRINT: Lazy.any(_Fingerprint(stack, scope, self, provisioning.function)),
            },
        )
        # What its properties do not refer to, and what CloudFormation would otherwise make beside it.
        resource.node.add_dependency(policy, *after)


def _called(gateway: ProvedGateway | None) -> dict[str, str]:
    return {} if gateway is None else {names.URL: gateway.url, names.SIGNED: str(gateway.signed).lower()}


@jsii.implements(IStableAnyProducer)
class _Fingerprint:
    """A hash of the prover and of all resources beside the proof, as they are when the template is written."""

    def __init__(self, stack: Stack, scope: Construct, proof: Proof, prover: lambda_.Function) -> None:
        self._stack = stack
        self._scope = scope
        self._proof = proof
        self._prover = prover

    def produce(self) -> str:
        """The hash, in hexadecimal."""
        node = self._scope.node
        constructs = [self._prover, *(child for child in node.children if child is not self._proof)]
        resources = [one._cfn_properties for construct in constructs for one in _resources_of(construct)]
        made = [self._stack.resolve(resources), node.try_get_context(_BOUNDARY)]
        return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()


def _resources_of(construct: IConstruct) -> list[CfnResource]:
    """What it makes. A function's code is a construct too, which takes long to look at; its hash is a property."""
    found = [construct.node.default_child] if isinstance(construct, lambda_.Function) else construct.node.find_all()
    # isinstance would ask each of the CDK's hundreds of resource types in turn.
    return [
        cast(CfnResource, one)
        for one in found
        if CfnResource in type(one).__mro__ and type(one) not in _DEPLOYED_TOGETHER
    ]
