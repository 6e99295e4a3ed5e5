"""The custom resource that makes a deployment fail if a chat cannot start with a flow."""

from collections.abc import Mapping

from aws_cdk import CustomResource, Duration, Stack

from connect_persistent_chat.deployment.instance import ConnectInstance
from connect_persistent_chat.deployment.provisioning import Provisioning
from connect_persistent_chat.shared import custom_resources
from constructs import Construct


def flow_arns(instance: ConnectInstance, flow_ids: Mapping[str, str]) -> list[str]:
    """The ARNs of these flows, each only once."""
    return [f"{instance.instance_arn}/contact-flow/{id}" for id in dict.fromkeys(flow_ids.values())]


class CheckedFlows(Construct):
    """Flows that the deployment checks. Resources that depend on this construct are made after the check."""

    def __init__(self, scope: Construct, id: str, instance: ConnectInstance, flow_ids: Mapping[str, str]) -> None:
        super().__init__(scope, id)
        provisioning = Provisioning.of(Stack.of(self))
        check = CustomResource(
            self,
            "Default",
            resource_type=custom_resources.CONNECT_FLOWS,
            service_token=provisioning.service_token,
            service_timeout=Duration.seconds(custom_resources.CHECK_TIMEOUT_SECONDS),
            properties={custom_resources.INSTANCE_ID: instance.instance_id, custom_resources.FLOWS: dict(flow_ids)},
        )
        policy = provisioning.policy_for(self, {"connect:DescribeContactFlow": flow_arns(instance, flow_ids)})
        # The instance is checked first, so that a mistake in it is reported first.
        check.node.add_dependency(policy, instance)
