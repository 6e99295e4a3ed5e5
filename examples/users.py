"""Customers who sign in and call from a page: each reaches their own chats only."""

from aws_cdk import App, CfnOutput, Stack
from aws_cdk import aws_cognito as cognito

from connect_persistent_chat import Authorization, ConnectInstance, PersistentChatEndpoint

app = App()
stack = Stack(app, "ContactCentre")
instance = ConnectInstance.from_instance_id(stack, "Connect", "11111111-1111-4111-8111-111111111111")
user_pool = cognito.UserPool(stack, "Customers")
app_client = user_pool.add_client("ChatPage")
endpoint = PersistentChatEndpoint(
    stack,
    "PersistentChat",
    instance=instance,
    # The token's `sub` has to be the CustomerId of both contacts.
    authorization=Authorization.cognito([user_pool], [app_client]),
    cors_allowed_origins=["https://chat.example.com"],
)
CfnOutput(stack, "EndpointUrl", value=endpoint.url)
app.synth()
