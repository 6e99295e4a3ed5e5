"""The REST API of an endpoint: its methods, throttles, access log, TLS policy and refusals."""

import json
from collections.abc import Sequence

from aws_cdk import Names
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from connect_persistent_chat.acknowledgments import acknowledge, managed_policy
from connect_persistent_chat.endpoint import wire
from connect_persistent_chat.endpoint.authorization import Authorization
from connect_persistent_chat.endpoint.cors import Cors
from connect_persistent_chat.parameters import Limits
from constructs import Construct

_DEFAULT_TLS = apigateway.SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09
# A regional API cannot have a policy of an edge-optimized API. TLS 1.0 is broken, and an API that once had a newer
# policy cannot go back to it (API Gateway Developer Guide, "Security policies for REST APIs").
_TLS = tuple(
    policy
    for policy in apigateway.SecurityPolicy
    if policy is not apigateway.SecurityPolicy.TLS_1_0 and not policy.value.endswith("_EDGE")
)
_TLS_NAMES = ", ".join(policy.name for policy in _TLS)
TLS_LIMITS = Limits(f"a SecurityPolicy of a regional API with TLS 1.2 or newer: {_TLS_NAMES}", allowed=_TLS)
# The fields that API Gateway logs of each request: the caller, the call and the result. No address, header or body.
_ACCESS_LOG = {
    # Also the answer's `x-amz-apigw-id`, and `requestId` in the function's log. The caller cannot choose it.
    "requestId": "$context.extendedRequestId",
    # Also the answer's `x-amzn-RequestId`. A caller can choose it with a header of this name (API Gateway Developer
    # Guide, "Variables for access logging").
    "callerRequestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "caller": "$context.identity.userArn",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "refusal": "$context.error.responseType",
    "integrationStatus": "$context.integration.status",
    "responseLatency": "$context.responseLatency",
    "integrationLatency": "$context.integration.latency",
    "xrayTraceId": "$context.xrayTraceId",
}
# The log of the function that checked the token has the same value as `requestId`.
_AUTHORIZER_LOG = {"authorizerRequestId": "$context.authorizer.requestId"}


def build(
    scope: Construct,
    access_log: logs.LogGroup,
    after: Construct,
    methods: Sequence[wire.ApiMethod],
    security_policy: apigateway.SecurityPolicy | None,
    *,
    cloud_watch_role: bool,
    logs_authorizer: bool,
) -> apigateway.RestApi:
    """The API without its methods."""
    logged = {**_ACCESS_LOG, **(_AUTHORIZER_LOG if logs_authorizer else {})}
    api = apigateway.RestApi(
        scope,
        "Api",
        # This name is the dimension of API Gateway's metrics.
        rest_api_name=Names.unique_resource_name(scope, max_length=128),
        description=f"Amazon Connect {' and '.join(method.operation for method in methods)}",
        endpoint_types=[apigateway.EndpointType.REGIONAL],
        cloud_watch_role=cloud_watch_role,
        deploy_options=apigateway.StageOptions(
            stage_name="v1",
            tracing_enabled=True,
            access_log_destination=apigateway.LogGroupLogDestination(access_log),
            access_log_format=apigateway.AccessLogFormat.custom(json.dumps(logged)),
            method_options={
                f"/{method.path}/{method.verb}": apigateway.MethodDeploymentOptions(
                    throttling_rate_limit=method.rate, throttling_burst_limit=method.burst
                )
                for method in methods
            },
        ),
    )
    if cloud_watch_role:
        finding = managed_policy("service-role/AmazonAPIGatewayPushToCloudWatchLogs")
        why = 'It is the policy that API Gateway asks for (API Gateway Developer Guide, "Set up CloudWatch logging").'
        acknowledge(api.node.find_child("CloudWatchRole"), {finding: why})
    # The CDK's own output would show an address without the path of the method.
    api.node.try_remove_child("Endpoint")
    resource = api.node.default_child
    assert isinstance(resource, apigateway.CfnRestApi)
    # All other resources of the API refer to this resource, so they wait too.
    resource.node.add_dependency(after)
    set_tls(resource, security_policy or _DEFAULT_TLS)
    acknowledge(
        api.deployment_stage,
        {
            "AwsSolutions::AwsSolutions-APIG3": "A web ACL costs by the month and is its owner's choice; "
            "associate one with `api.deployment_stage`.",
            "AwsSolutions::AwsSolutions-APIG6": "Execution logs hold bodies and headers; the access log "
            "and the function's log tell who called and how it ended.",
            "Serverless::Serverless-APIGWDefaultThrottling": "Each method has its own throttle.",
        },
    )
    return api


def add_methods(
    scope: Construct,
    api: apigateway.RestApi,
    function: lambda_.Function,
    authorization: Authorization,
    authorizer_function: lambda_.Function | None,
    cors: Cors,
    methods: Sequence[wire.ApiMethod],
) -> list[apigateway.Method]:
    """Add the methods, their preflights and the gateway's own refusals."""
    prepared = [_prepared(api, cors, method) for method in methods]
    authorization_type, authorizer = authorization.method_options(scope, authorizer_function)
    integration = apigateway.LambdaIntegration(function, allow_test_invoke=False)
    validator = api.add_request_validator(
        "RequestValidator", validate_request_body=True, validate_request_parameters=True
    )
    wire.add_gateway_refusals(api, cors.refusal_headers(), authorization_type, methods)
    made = []
    for method, (resource, model) in zip(methods, prepared, strict=True):
        made.append(
            resource.add_method(
                method.verb,
                integration,
                authorization_type=authorization_type,
                authorizer=authorizer,
                request_models={"$default": model},
                request_validator=validator,
            )
        )
        acknowledge(
            made[-1],
            {"AwsSolutions::AwsSolutions-COG4": "The user of this library chose how callers are authorized."},
        )
    return made


def _prepared(
    api: apigateway.RestApi, cors: Cors, method: wire.ApiMethod
) -> tuple[apigateway.Resource, apigateway.Model]:
    """The resource of a method with its preflight, and the model of its body."""
    resource = api.root.resource_for_path(method.path)
    model = api.add_model(
        method.model_id,
        # API Gateway checks the body with this model for every content type, see `$default` above.
        content_type="application/json",
        description=f"{method.operation}'s request",
        schema=method.schema,
    )
    cors.add_preflight(resource, method.verb)
    return resource, model


def set_tls(api: apigateway.CfnRestApi, policy: apigateway.SecurityPolicy) -> None:
    """Set this policy and the access mode that it needs."""
    if policy.value.startswith("TLS_"):
        api.security_policy = policy.value
        # Without this, an API that had a newer policy would keep its mode, and AWS would refuse the update.
        api.endpoint_access_mode = ""
    else:
        # CloudFormation uses longer names for the policies of 2025 and later.
        api.security_policy = f"SecurityPolicy_{policy.value}"
        api.endpoint_access_mode = "BASIC"
