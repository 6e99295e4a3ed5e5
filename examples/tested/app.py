"""An app of your own, as test_app.py tests it: customers sign in, and one call starts or continues their chat."""

from aws_cdk import App, CfnOutput, Stack

from connect_persistent_chat import Authorization, ChatHistory, ChatStart, ConnectInstance, PersistentChatEndpoint

app = App()
stack = Stack(app, "ContactCentre")
instance = ConnectInstance.from_instance_id(stack, "Connect", "11111111-1111-4111-8111-111111111111")
endpoint = PersistentChatEndpoint(
    stack,
    "PersistentChat",
    instance=instance,
    authorization=Authorization.oidc("https://issuer.example/_issuer", ["chat-page"]),
    start=ChatStart({"web": "22222222-2222-4222-8222-222222222222"}),
    history=ChatHistory(stack, "History", instance=instance),
)
CfnOutput(stack, "StartUrl", value=endpoint.start_url)
app.synth()
