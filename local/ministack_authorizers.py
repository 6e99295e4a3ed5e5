"""Lambda authorizers of REST APIs, checked as strictly as by API Gateway.

MiniStack invokes them without a permission, and accepts answers and policies that API Gateway does not accept.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.services import apigateway_v1, iam, lambda_svc

from .ministack_checks import allows, lets_in

_GATEWAY = "apigateway.amazonaws.com"
_Result = dict[str, Any]


def install() -> None:
    """Put the checks in MiniStack's place."""
    invoke: Callable[..., Awaitable[_Result | None]] = apigateway_v1._invoke_authorizer_lambda

    async def invoke_if_allowed(authorizer: dict[str, Any], event: _Result, account: str, region: str) -> Any:
        function = apigateway_v1._extract_lambda_ref_from_integration_uri(authorizer.get("authorizerUri", ""))
        func, config, _ = lambda_svc._get_func_record_for_ref_in_scope(function, account_id=account, region=region)
        if func is None or config is None or not _may_invoke(authorizer, func, config, event["methodArn"]):
            # MiniStack's word for an authorizer that cannot be reached: AUTHORIZER_CONFIGURATION_ERROR.
            return None
        result = await invoke(authorizer, event, account, region)
        return result and _as_taken(result)

    apigateway_v1._invoke_authorizer_lambda = invoke_if_allowed
    apigateway_v1._evaluate_policy = _decision


def _may_invoke(authorizer: dict[str, Any], func: _Result, config: dict[str, Any], method_arn: str) -> bool:
    """By the authorizer's role, if it has one, and otherwise by the function's policy (API Reference,
    CreateAuthorizer, authorizerCredentials)."""
    role_arn = authorizer.get("authorizerCredentials")
    if not role_arn:
        source = f"{method_arn.partition('/')[0]}/authorizers/{authorizer['id']}"
        return lets_in(func["policy"]["Statement"], _GATEWAY, source)
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None or role["Arn"] != role_arn:
        return False
    context = EvalContext(_GATEWAY, "Service", role_arn.split(":")[4], "sts:AssumeRole", role_arn, "")
    trusted = iam_evaluator.evaluate_resource_policy(role["AssumeRolePolicyDocument"], context, _GATEWAY)
    return trusted.decision == "Allow" and allows(role_arn, "lambda:InvokeFunction", config["FunctionArn"])


def _as_taken(result: _Result) -> _Result:
    """The part of a function's answer that API Gateway accepts. Other answers are AUTHORIZER_FAILURE or
    AUTHORIZER_CONFIGURATION_ERROR."""
    body = result.get("body")
    if result.get("error"):
        # Only this exact word gives 401. MiniStack accepts it in upper and lower case, and with spaces around it.
        exactly = isinstance(body, dict) and body.get("errorMessage") == "Unauthorized"
        return result if exactly else {**result, "body": {"errorMessage": ""}}
    return result if isinstance(body, dict) and _is_sound(body) else {**result, "body": None}


def _is_sound(answer: dict[str, Any]) -> bool:
    """API Gateway Developer Guide, "Output from an API Gateway Lambda authorizer".

    Assumption: a statement that lacks a part, or a context with objects or lists, is AUTHORIZER_CONFIGURATION_ERROR.
    """
    context, policy = answer.get("context") or {}, answer.get("policyDocument")
    if not isinstance(context, dict) or any(isinstance(value, dict | list) for value in context.values()):
        return False
    # A policy without a statement allows nothing. It is not a mistake.
    return isinstance(policy, dict) and (
        policy.get("Statement") == [] or iam_evaluator.validate_policy_document(policy) is None
    )


def _decision(policy: dict[str, Any], method_arn: str) -> str:
    """Allow, Deny or NoMatch, as in MiniStack. But here actions and conditions count too, and not only resources.

    A statement without a resource matches nothing: chalice answers so for no routes, which is 403 (aws/chalice #971).
    """
    statements = policy["Statement"]
    named = [one for one in (statements if isinstance(statements, list) else [statements]) if one.get("Resource") != []]
    region, account = method_arn.split(":")[3:5]
    context = EvalContext("*", "Anonymous", account, "execute-api:Invoke", method_arn, region)
    found = iam_evaluator.evaluate(context, [iam_evaluator.parse_policy_document({"Statement": named})])
    return "NoMatch" if found.decision == "ImplicitDeny" else str(found.decision)
