"""The custom resource that makes a deployment fail unless what it made works."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import jsii
from aws_cdk import CfnResource, CustomResource, Duration, IStableAnyProducer, Lazy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat import functions
from connect_persistent_chat.acknowledgments import acknowledge, wildcard
from connect_persistent_chat.functions import provisioning_names as names
from connect_persistent_chat.provisioning import Provisioning
from constructs import Construct, IConstruct, IDependable

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
        permissions: Sequence[iam.PolicyStatement],
        patience: Duration,
        after: Sequence[IDependable],
        gateway: ProvedGateway | None = None,
    ) -> None:
        super().__init__(scope, id)
        provisioning = Provisioning.of(self)
        patience_seconds = math.ceil(functions.number_of(patience))
        needed = [iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn])]
        if gateway is not None:
            needed.insert(0, iam.PolicyStatement(actions=["execute-api:Invoke"], resources=[gateway.method.method_arn]))
        policy = provisioning.policy_for(self, needed)
        if gateway is not None:
            finding = wildcard(Stack.of(self), gateway.method.method_arn)
            acknowledge(
                policy, {finding: "The path holds the instance and the contact; the proof calls with ids of neither."}
            )
        resource = CustomResource(
            self,
            "Default",
            resource_type=names.PERSISTENT_CHAT_PROOF,
            service_token=provisioning.service_token,
            service_timeout=Duration.seconds(patience_seconds + names.MARGIN_SECONDS),
            properties={
                **_called(gateway),
                names.FUNCTION: function.function_arn,
                names.ENVIRONMENT: dict(environment),
                names.ACTIONS: [action for statement in permissions for action in statement.actions],
                names.PATIENCE_SECONDS: patience_seconds,
                # CloudFormation asks for a new proof only when a property changes.
                names.FINGERPRINT: {
                    "Prover": functions.fingerprint_of("provisioning"),
                    "Proved": Lazy.any(_Fingerprint(self)),
                },
            },
        )
        # What its properties do not refer to, and what CloudFormation would otherwise make beside it.
        resource.node.add_dependency(policy, *after)


def _called(gateway: ProvedGateway | None) -> dict[str, str]:
    return {} if gateway is None else {names.URL: gateway.url, names.SIGNED: str(gateway.signed).lower()}


@jsii.implements(IStableAnyProducer)
class _Fingerprint:
    """A hash of all resources beside the proof, as they are when the template is written."""

    def __init__(self, proof: Proof) -> None:
        self._proof = proof

    def produce(self) -> str:
        """The hash, in hexadecimal."""
        stack = Stack.of(self._proof)
        scope = self._proof.node.scope
        assert scope is not None
        children = [child for child in scope.node.children if child is not self._proof]
        resources = [one._cfn_properties for child in children for one in _resources_of(child)]
        made = [stack.resolve(resources), self._proof.node.try_get_context(_BOUNDARY)]
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
