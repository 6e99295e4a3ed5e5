"""What API Gateway does and MiniStack does not: whom it invokes, what is off, resource policies, throttles."""

import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from ministack import app as ministack_app
from ministack.core import iam_evaluator
from ministack.core.arn import execute_api_arn
from ministack.core.iam_evaluator import EvalContext, EvalResult
from ministack.services import apigateway, apigateway_v1, lambda_svc
from ministack.services.cloudformation import provisioners

from .ministack_checks import lets_in

# Whether the request came to a custom domain, and not to the API's default address.
by_domain: ContextVar[bool] = ContextVar("by_domain", default=False)
# What the page says that sends the request.
_origin: ContextVar[str] = ContextVar("origin", default="")
# The CDK's mapping template for several origins: the first is the answer's own, each of the others is put in its place.
_REFLECTED = "#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)"
_ONE_OF = re.compile(r'\$origin == "([^"]+)"')
# Of the template's properties MiniStack's CloudFormation leaves these out when it creates an API.
_LEFT_OUT = {"DisableExecuteApiEndpoint": "disableExecuteApiEndpoint", "ApiKeySourceType": "apiKeySource"}
_OFF = (403, {"Content-Type": "application/json", "x-amzn-ErrorType": "ForbiddenException"}, b'{"message":"Forbidden"}')


def install() -> None:
    """Put the checks in MiniStack's place."""
    _check_functions_policy()
    _check_address()
    _check_policy_of_root()
    _check_policy_of_others()
    _keep_throttle()
    _choose_origin()


def _check_functions_policy() -> None:
    """API Gateway invokes a function only if the function's resource policy lets this method do so."""
    call: Callable[..., Awaitable[Any]] = apigateway_v1._call_lambda_raw

    async def call_if_allowed(
        function_ref: str, event: dict[str, Any], *, account_id: str | None = None, region: str | None = None
    ) -> Any:
        func, _, _ = lambda_svc._get_func_record_for_ref_in_scope(function_ref, account_id=account_id, region=region)
        source = _source_of(event, account_id, region)
        if func is not None and not lets_in(func["policy"]["Statement"], "apigateway.amazonaws.com", source):
            return None, "Invalid permissions on Lambda function"
        return await call(function_ref, event, account_id=account_id, region=region)

    apigateway_v1._call_lambda_raw = call_if_allowed


def _source_of(event: dict[str, Any], account_id: str | None, region: str | None) -> str:
    request = event["requestContext"]
    where = f"{request['apiId']}/{request['stage']}/{request['httpMethod']}{request['resourcePath']}"
    return f"arn:aws:execute-api:{region}:{account_id}:{where}"


def _check_address() -> None:
    """An API whose default address is off answers there as AWS documents: 403 {"message":"Forbidden"}, to everybody."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    create, enforce = handlers["create"], ministack_app._enforce_execute_api

    def create_whole(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        made = create(logical_id, properties, stack_name)
        told = {name: properties[key] for key, name in _LEFT_OUT.items() if key in properties}
        apigateway_v1._rest_apis[made[0]].update(told)
        return made

    def enforce_address(api_id: str, *arguments: Any, **more: Any) -> Any:
        if _is_off(api_id) and not by_domain.get():
            status, headers, body = _OFF
            return status, dict(headers), body
        return enforce(api_id, *arguments, **more)

    handlers["create"] = create_whole
    ministack_app._enforce_execute_api = enforce_address


def _is_off(api_id: str) -> bool:
    """Whether an API, REST or HTTP, answers at custom domains only."""
    for module, apis in ((apigateway_v1, apigateway_v1._rest_apis), (apigateway, apigateway._apis)):
        scope = module.find_api_scope(api_id)
        if scope is not None:
            return str(apis.get_scoped(*scope, api_id).get("disableExecuteApiEndpoint")).lower() == "true"
    return False


def _check_policy_of_root() -> None:
    """A resource policy that denies denies the account's root as well; MiniStack asks none of them for its root."""
    enforce = iam_evaluator.enforce

    def enforce_policy(
        access_key: str, action: str, service: str, region: str, resource_arn: str = "*", *rest: Any, **more: Any
    ) -> Any:
        refused = enforce(access_key, action, service, region, resource_arn, *rest, **more)
        if refused is not None or action != "execute-api:Invoke" or not access_key:
            return refused
        found = apigateway_v1.rest_api_policy_for_arn(resource_arn)
        if found is None or not iam_evaluator.is_root_access_key(access_key):
            return None
        root = f"arn:aws:iam::{found[1]}:root"
        result = _decision(found[0], EvalContext(root, "Root", found[1], action, resource_arn, region))
        if result is None or result.decision != "Deny":
            return None
        result.principal_arn, result.resource_policy_arn = root, resource_arn
        return result

    iam_evaluator.enforce = enforce_policy


def _check_policy_of_others() -> None:
    """Callers whom an authorizer knows meet the resource policy too (API Gateway Developer Guide, "How API Gateway
    resource policies affect authorization workflow"): what is denied meets no Lambda authorizer, and a user of a pool
    needs to be allowed."""
    authorize: Callable[..., Awaitable[Any]] = apigateway_v1._authorize_request_v1

    async def authorize_by_policy(
        api_id: str,
        stage: str,
        method_object: dict[str, Any],
        method: str,
        path: str,
        resource: Any,
        headers: dict[str, str],
        *rest: Any,
    ) -> Any:
        _origin.set(headers.get("origin", ""))
        account, region = rest[-2:]
        arn = execute_api_arn(region, account, api_id, stage, method, path)
        policy, _ = apigateway_v1.rest_api_policy_for_arn(arn) or ("", "")
        result = _decision(policy, EvalContext("*", "Anonymous", "", "execute-api:Invoke", arn, region))
        decision, kind = result.decision if result else "Allow", method_object.get("authorizationType")
        if kind == "CUSTOM" and decision == "Deny":
            return _refused_by_policy(arn, account, decision), None
        answer = await authorize(api_id, stage, method_object, method, path, resource, headers, *rest)
        if kind == "COGNITO_USER_POOLS" and decision != "Allow" and answer[0] is None:
            return _refused_by_policy(arn, account, decision), None
        return answer

    apigateway_v1._authorize_request_v1 = authorize_by_policy


def _refused_by_policy(arn: str, account: str, decision: str) -> Any:
    """The gateway's own refusal, as MiniStack words that of an unsigned call."""
    reason = "because no resource-based policy allows the execute-api:Invoke action"
    if decision == "Deny":
        reason = "with an explicit deny in a resource-based policy"
    shown = arn.replace(f":{account}:", f":********{account[-4:]}:", 1)
    message = f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {shown} {reason}"
    return apigateway_v1._gw_error("ACCESS_DENIED", message)


def _decision(policy: str, context: EvalContext) -> EvalResult | None:
    """What a resource policy says; None without one."""
    return iam_evaluator.evaluate_resource_policy(policy, context) if policy else None


def _keep_throttle() -> None:
    """CloudFormation writes a method's path with `~1` for each slash; MiniStack then finds no such method."""
    settings_of = provisioners._apigw_method_settings

    def with_slashes(raw: Any) -> dict[str, Any]:
        return {key.replace("/~1", "/").replace("~1", "/"): value for key, value in settings_of(raw).items()}

    provisioners._apigw_method_settings = with_slashes


def _choose_origin() -> None:
    """A preflight of several origins: MiniStack follows no mapping template, and answers each with the first."""
    invoke = apigateway_v1._invoke_mock_v1

    def invoke_by_origin(integration: dict[str, Any]) -> Any:
        status, headers, body = invoke(integration)
        template = body.decode()
        if _REFLECTED not in template:
            return status, headers, body
        if _origin.get() in _ONE_OF.findall(template):
            headers["Access-Control-Allow-Origin"] = _origin.get()
        return status, headers, b""

    apigateway_v1._invoke_mock_v1 = invoke_by_origin
