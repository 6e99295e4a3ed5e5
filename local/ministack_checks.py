"""What AWS enforces and MiniStack does not: a function's role and policy.

Without these checks something could be missing here, and nobody would see it before AWS.
"""

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

# What a traced function's role must allow (AWS Lambda Developer Guide, "Visualize Lambda function invocations
# using AWS X-Ray"). Assumption: Lambda refuses a role that lacks either of them, with one wording.
_XRAY_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
_LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


def install() -> None:
    """Put the checks in MiniStack's place."""
    _check_logs()
    _check_function_roles()
    _take_for_tls()


def allows(role_arn: str, action: str, resource: str) -> bool:
    """Whether a role's policies allow an action on a resource."""
    account, role = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(role_arn, "AssumedRole", account, action, resource, "")
    policies = iam_evaluator._gather_role_policies(role, account)
    return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")


def _check_logs() -> None:
    """Lambda writes a function's log with the function's role, and nothing if the role may not. Of a function whose log
    level is FATAL, as of the CDK's Provider framework, it writes nothing that the function prints."""
    emit = lambda_svc._emit_lambda_logs

    def emit_if_allowed(func: dict[str, Any], request_id: str, text: str, *arguments: Any, **more: Any) -> None:
        config = func.get("config") or func
        if (config.get("LoggingConfig") or {}).get("ApplicationLogLevel") == "FATAL":
            text = ""
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        region, account = config["FunctionArn"].split(":")[3:5]
        stream = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:any"
        if all(allows(config["Role"], action, stream) for action in _LOG_ACTIONS):
            emit(func, request_id, text, *arguments, **more)

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


def lets_in(statements: list[dict[str, Any]], service: str, source: str) -> bool:
    """Whether a function's policy lets a service in that acts for this source."""
    return any(
        statement["Principal"] == {"Service": service}
        and iam_evaluator.fnmatch_iam_cs(
            source, statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*")
        )
        for statement in statements
    )


def _take_for_tls() -> None:
    """The local cloud has no TLS, and a policy that asks for it would refuse everybody: every call counts as such."""
    resolve = iam_evaluator._resolve_condition_key

    def with_tls(key: str, context: Any) -> Any:
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    iam_evaluator._resolve_condition_key = with_tls
