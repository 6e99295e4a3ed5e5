"""What AWS enforces and MiniStack does not: a function's role and policy, a method's throttle, a signature's scope.

Without these checks something could be missing here, and nobody would see it before AWS.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app as ministack_app
from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import AuthError
from ministack.core.responses import error_response_json
from ministack.services import apigateway_v1, lambda_svc
from ministack.services.cloudformation import provisioners

# What a traced function's role must allow (AWS Lambda Developer Guide, "Visualize Lambda function invocations
# using AWS X-Ray"). Assumption: Lambda refuses a role that lacks either of them, with one wording.
_XRAY_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
_SCOPE = "Credential should be scoped to correct service: 'execute-api'."
_LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


def install() -> None:
    """Put the checks in MiniStack's place."""
    _check_logs()
    _check_function_roles()
    _check_gateway()
    _check_scopes()
    _keep_throttle()
    _take_for_tls()


def allows(role_arn: str, action: str, resource: str) -> bool:
    """Whether a role's policies allow an action on a resource."""
    account, role = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(role_arn, "AssumedRole", account, action, resource, "")
    policies = iam_evaluator._gather_role_policies(role, account)
    return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")


def _check_logs() -> None:
    """Lambda writes a function's log with the function's role, and nothing if the role may not."""
    emit = lambda_svc._emit_lambda_logs

    def emit_if_allowed(func: dict[str, Any], *arguments: Any, **more: Any) -> None:
        config = func.get("config") or func
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        region, account = config["FunctionArn"].split(":")[3:5]
        stream = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:any"
        if all(allows(config["Role"], action, stream) for action in _LOG_ACTIONS):
            emit(func, *arguments, **more)

    lambda_svc._emit_lambda_logs = emit_if_allowed


def _check_function_roles() -> None:
    """Lambda refuses to trace a function whose role may not send the trace, and to keep its dead letters likewise."""
    functions = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create, update_config = functions["create"], lambda_svc._update_config

    def checked_create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        refusal = _tracing_refusal(properties.get("TracingConfig"), properties["Role"])
        letters = properties.get("DeadLetterConfig")
        refusal = refusal or _letters_refusal(letters, properties["Role"])
        if refusal:
            raise ValueError(refusal)
        made = create(logical_id, properties, stack_name)
        if letters:
            # MiniStack's CloudFormation leaves it out.
            lambda_svc._functions[made[0]]["config"]["DeadLetterConfig"] = letters
        return made

    def checked_update_config(name: str, data: dict[str, Any]) -> Any:
        config = lambda_svc._functions[name]["config"] if name in lambda_svc._functions else {}
        role = data.get("Role") or config.get("Role", "")
        refusal = _tracing_refusal(data.get("TracingConfig") or config.get("TracingConfig"), role)
        refusal = refusal or _letters_refusal(data.get("DeadLetterConfig") or config.get("DeadLetterConfig"), role)
        if refusal:
            return error_response_json("InvalidParameterValueException", refusal, 400)
        return update_config(name, data)

    functions["create"] = checked_create
    lambda_svc._update_config = checked_update_config


def _tracing_refusal(tracing: dict[str, str] | None, role_arn: str) -> str:
    if (tracing or {}).get("Mode") != "Active":
        return ""
    for action in _XRAY_ACTIONS:
        if not allows(role_arn, action, "*"):
            called = action.partition(":")[2]
            return f"The provided execution role does not have permissions to call {called} on XRAY"
    return ""


def _letters_refusal(letters: dict[str, str] | None, role_arn: str) -> str:
    queue = (letters or {}).get("TargetArn")
    if not queue or allows(role_arn, "sqs:SendMessage", queue):
        return ""
    return "The provided execution role does not have permissions to call SendMessage on SQS"


def _check_gateway() -> None:
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


def _check_scopes() -> None:
    """API Gateway takes only signatures that were made for execute-api."""
    enforce = ministack_app._enforce_execute_api

    def enforce_scope(
        api_id: str, stage: str, method: str, path: str, headers: dict[str, str], query: Any, **more: Any
    ) -> Any:
        found = re.search(r"Credential=[^,\s]*/([^/,\s]+)/aws4_request", headers.get("authorization", ""))
        if found is not None and found[1] != "execute-api":
            wrong = AuthError("SignatureDoesNotMatch", _SCOPE)
            return apigateway_v1.authentication_error_response(api_id, stage, wrong, headers, query)
        return enforce(api_id, stage, method, path, headers, query, **more)

    ministack_app._enforce_execute_api = enforce_scope


def _source_of(event: dict[str, Any], account_id: str | None, region: str | None) -> str:
    request = event["requestContext"]
    where = f"{request['apiId']}/{request['stage']}/{request['httpMethod']}{request['resourcePath']}"
    return f"arn:aws:execute-api:{region}:{account_id}:{where}"


def lets_in(statements: list[dict[str, Any]], service: str, source: str) -> bool:
    """Whether a function's policy lets a service in that acts for this source."""
    return any(
        statement["Principal"] == {"Service": service}
        and iam_evaluator.fnmatch_iam_cs(
            source, statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*")
        )
        for statement in statements
    )


def _keep_throttle() -> None:
    """CloudFormation writes a method's path with `~1` for each slash; MiniStack then finds no such method."""
    settings_of = provisioners._apigw_method_settings

    def with_slashes(raw: Any) -> dict[str, Any]:
        return {key.replace("/~1", "/").replace("~1", "/"): value for key, value in settings_of(raw).items()}

    provisioners._apigw_method_settings = with_slashes


def _take_for_tls() -> None:
    """The local cloud has no TLS, and a policy that asks for it would refuse everybody: every call counts as such."""
    resolve = iam_evaluator._resolve_condition_key

    def with_tls(key: str, context: Any) -> Any:
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    iam_evaluator._resolve_condition_key = with_tls
