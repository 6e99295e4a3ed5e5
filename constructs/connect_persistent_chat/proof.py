"""The custom resource that makes a deployment fail unless the endpoint works."""

from collections.abc import Mapping, Sequence

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


class Proof(Construct):
    """Calls the endpoint as strangers, callers and the function itself would, after everything else."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        url: str,
        method: apigateway.Method,
        signed: bool,
        function: lambda_.Function,
        environment: Mapping[str, str],
        permissions: Sequence[iam.PolicyStatement],
        patience: Duration,
        stage_settings: Mapping[str, float],
        after: Sequence[IDependable],
    ) -> None:
        super().__init__(scope, id)
        provisioning = Provisioning.of(self)
        policy = provisioning.policy_for(
            self,
            [
                iam.PolicyStatement(actions=["execute-api:Invoke"], resources=[method.method_arn]),
                iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn]),
            ],
        )
        acknowledge(
            policy,
            {
                wildcard(self, method.method_arn): "The path holds the instance and the contact; the proof "
                "calls with ids of neither."
            },
        )
        resource = CustomResource(
            self,
            "Default",
            resource_type=names.PERSISTENT_CHAT_PROOF,
            service_token=provisioning.service_token,
            service_timeout=Duration.seconds(patience.to_seconds() + names.MARGIN_SECONDS),
            properties={
                names.URL: url,
                names.SIGNED: str(signed).lower(),
                names.FUNCTION: function.function_arn,
                names.ENVIRONMENT: dict(environment),
                names.ACTIONS: [action for statement in permissions for action in statement.actions],
                names.PATIENCE_SECONDS: patience.to_seconds(),
                # CloudFormation asks for a new proof only when a property changes. Each part changes when
                # what it stands for does.
                names.FINGERPRINT: {
                    "Code": functions.fingerprint_of("association", "aws"),
                    "Prover": functions.fingerprint_of("provisioning"),
                    "Policies": [statement.to_statement_json() for statement in permissions],
                    "Deployment": _deployment_of(method.api),
                    "Stage": {name: str(value) for name, value in stage_settings.items()},
                },
            },
        )
        # What its properties do not refer to, and what CloudFormation would otherwise make beside it.
        resource.node.add_dependency(policy, *after)


def _deployment_of(api: apigateway.IRestApi) -> str:
    deployment = api.latest_deployment
    assert deployment is not None
    return deployment.deployment_id
