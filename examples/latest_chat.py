"""The endpoint finds the customer's latest chat by itself: the backend sends the current contact's id, and no more."""

from aws_cdk import App, CfnOutput, Stack
from aws_cdk import aws_iam as iam

from connect_persistent_chat import ChatHistory, ConnectInstance, PersistentChatEndpoint

app = App()
stack = Stack(app, "ContactCentre")
instance = ConnectInstance.from_instance_id(stack, "Connect", "11111111-1111-4111-8111-111111111111")
history = ChatHistory(stack, "ChatHistory", instance=instance)
endpoint = PersistentChatEndpoint(stack, "PersistentChat", instance=instance, history=history)
backend = iam.Role(stack, "Backend", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
endpoint.grant_invoke(backend)
CfnOutput(stack, "EndpointUrl", value=endpoint.url)
CfnOutput(stack, "HistoryRecorder", value=history.function.function_name)
app.synth()
