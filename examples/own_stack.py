"""The construct in an app of its own: a backend that may call the endpoint, and alarms."""

from aws_cdk import App, CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from connect_persistent_chat import ConnectInstance, PersistentChatEndpoint, PersistentChatMonitoring

app = App()
stack = Stack(app, "ContactCentre")
instance = ConnectInstance.from_instance_id(stack, "Connect", "11111111-1111-4111-8111-111111111111")
endpoint = PersistentChatEndpoint(stack, "PersistentChat", instance=instance)
backend = iam.Role(stack, "Backend", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
endpoint.grant_invoke(backend)
topic = sns.Topic(stack, "Alarms")
PersistentChatMonitoring(stack, "Monitoring", endpoint=endpoint, topic=topic)
CfnOutput(stack, "EndpointUrl", value=endpoint.url)
app.synth()
