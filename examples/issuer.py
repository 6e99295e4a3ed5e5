"""Customers who sign in at an OpenID Connect issuer, such as Entra ID or Okta, and call from a page."""

from aws_cdk import App, CfnOutput, Stack

from connect_persistent_chat import Authorization, ConnectInstance, PersistentChatEndpoint

app = App()
stack = Stack(app, "ContactCentre")
instance = ConnectInstance.from_instance_id(stack, "Connect", "11111111-1111-4111-8111-111111111111")
people = Authorization.oidc(
    # Exactly the `iss` of the tokens. For Entra ID: https://login.microsoftonline.com/<tenant id>/v2.0
    "https://example.okta.com",
    # The client that people sign in to: the `aud` of the tokens.
    ["0oa1example2client3"],
)
endpoint = PersistentChatEndpoint(
    stack,
    "PersistentChat",
    instance=instance,
    # The token's `sub` has to be the CustomerId of both contacts.
    authorization=people,
    cors_allowed_origins=["https://chat.example.com"],
)
CfnOutput(stack, "EndpointUrl", value=endpoint.url)
app.synth()
