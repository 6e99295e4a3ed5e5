"""The whole app: customers sign in, and one call starts a chat that continues their latest chat. With alarms."""

from aws_cdk import App, CfnOutput, Stack
from aws_cdk import aws_sns as sns

from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ChatStart,
    ConnectInstance,
    PersistentChatEndpoint,
    PersistentChatMonitoring,
)

app = App()
stack = Stack(app, "ContactCentre")
instance = ConnectInstance.from_instance_id(stack, "Connect", "11111111-1111-4111-8111-111111111111")
start = ChatStart(
    # Only published inbound flows of the instance start chats.
    {"web": "22222222-2222-4222-8222-222222222222"},
    # Contact attributes that the page may set.
    attributes=["page"],
    stamp_authentication=True,
)
history = ChatHistory(stack, "ChatHistory", instance=instance)
endpoint = PersistentChatEndpoint(
    stack,
    "PersistentChat",
    instance=instance,
    history=history,
    # The token's `sub` becomes the CustomerId of the chat.
    authorization=Authorization.oidc("https://example.okta.com", ["0oa1example2client3"]),
    cors_allowed_origins=["https://chat.example.com"],
    start=start,
)
PersistentChatMonitoring(stack, "Monitoring", endpoint=endpoint, topic=sns.Topic(stack, "Alarms"))
CfnOutput(stack, "StartUrl", value=endpoint.start_url)
CfnOutput(stack, "EndpointUrl", value=endpoint.url)
CfnOutput(stack, "HistoryRecorder", value=history.function.function_name)
app.synth()
