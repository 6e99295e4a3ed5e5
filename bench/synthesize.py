"""An app to synthesize: `synthesize.py bare`, or with this many endpoints, each in a stack of its own."""

import sys

from aws_cdk import App, Stack

app = App()
if sys.argv[1] == "bare":
    from aws_cdk import aws_apigateway as apigateway
    from aws_cdk import aws_lambda as lambda_

    stack = Stack(app, "Bare")
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="handler.handle",
        code=lambda_.Code.from_asset("bench/handlers/plain"),
    )
    api = apigateway.RestApi(stack, "Api", cloud_watch_role=False)
    api.root.add_resource("associations").add_method("POST", apigateway.LambdaIntegration(function))
else:
    from connect_persistent_chat import ConnectInstance, PersistentChatEndpoint

    for number in range(int(sys.argv[1])):
        stack = Stack(app, f"Stack{number}")
        instance = ConnectInstance.from_instance_id(stack, "Instance", "11111111-1111-4111-8111-111111111111")
        PersistentChatEndpoint(stack, "Endpoint", instance=instance)
app.synth()
