"""The custom resource that makes a deployment fail unless what it made works."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat import functions
from connect_persistent_chat.acknowledgments import acknowledge, wildcard
from connect_persistent_chat.functions import provisioning_names as names
from connect_persistent_chat.provisioning import Provisioning
from constructs import Construct, IDependable

LONGEST_PATIENCE_SECONDS = 600


class ProvedGateway(NamedTuple):
    """The part of an endpoint before its function."""

    url: str
    method: apigateway.Method
    # Whether a call that is signed for execute-api is to be answered.
    signed: bool
    # The stage's settings are no part of a deployment's id.
    stage_settings: Mapping[str, float]


class Proof(Construct):
    """Calls what was made as strangers, callers and the function itself would, after everything else."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        function: lambda_.Function,
        packages: Sequence[str],
        environment: Mapping[str, str],
        permissions: Sequence[iam.PolicyStatement],
        patience: Duration,
        after: Sequence[IDependable],
        gateway: ProvedGateway | None = None,
    ) -> None:
        super().__init__(scope, id)
        provisioning = Provisioning.of(self)
        needed = [iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn])]
        if gateway is not None:
            needed.insert(0, iam.PolicyStatement(actions=["execute-api:Invoke"], resources=[gateway.method.method_arn]))
        policy = provisioning.policy_for(self, needed)
        if gateway is not None:
            acknowledge(
                policy,
                {
                    wildcard(self, gateway.method.method_arn): "The path holds the instance and the contact; the "
                    "proof calls with ids of neither."
                },
            )
        resource = CustomResource(
            self,
            "Default",
            resource_type=names.PERSISTENT_CHAT_PROOF,
            service_token=provisioning.service_token,
            service_timeout=Duration.seconds(patience.to_seconds() + names.MARGIN_SECONDS),
            properties={
                **_called(gateway),
                names.FUNCTION: function.function_arn,
                names.ENVIRONMENT: dict(environment),
                names.ACTIONS: [action for statement in permissions for action in statement.actions],
                names.PATIENCE_SECONDS: patience.to_seconds(),
                # CloudFormation asks for a new proof only when a property changes. Each part changes when
                # what it stands for does.
                names.FINGERPRINT: {
                    "Code": functions.fingerprint_of(*packages),
                    "Prover": functions.fingerprint_of("provisioning"),
                    "Policies": [statement.to_statement_json() for statement in permissions],
                    **_made(gateway),
                },
            },
        )
        # What its properties do not refer to, and what CloudFormation would otherwise make beside it.
        resource.node.add_dependency(policy, *after)


def _called(gateway: ProvedGateway | None) -> dict[str, str]:
    return {} if gateway is None else {names.URL: gateway.url, names.SIGNED: str(gateway.signed).lower()}


def _made(gateway: ProvedGateway | None) -> dict[str, object]:
    if gateway is None:
        return {}
    return {
        "Deployment": _deployment_of(gateway.method.api),
        "Stage": {name: str(value) for name, value in gateway.stage_settings.items()},
    }


def _deployment_of(api: apigateway.IRestApi) -> str:
    deployment = api.latest_deployment
    assert deployment is not None
    return deployment.deployment_id
