"""Which action on which resource a request asks for, where MiniStack takes it for another than AWS does."""

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions


def install() -> None:
    """Put the right ones in MiniStack's place."""
    _name_rules()
    _name_reads_of_concurrency()


def _name_rules() -> None:
    """A rule of the default bus has no bus in its ARN, and ListTargetsByRule names it by another field than the rest
    (Service Authorization Reference, "Amazon EventBridge")."""
    extract = iam_actions.extract_resource_arn

    def extract_rule(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        found = str(extract(service, method, path, headers, body, *rest))
        if service != "events":
            return found
        fields = _fields(body)
        rule, bus, (region, account) = fields.get("Rule"), fields.get("EventBusName", "default"), rest[-2:]
        if rule and found == "*":
            found = f"arn:aws:events:{region}:{account}:rule/{bus}/{rule}"
        return found.replace(":rule/default/", ":rule/", 1)

    iam_actions.extract_resource_arn = extract_rule


def _name_reads_of_concurrency() -> None:
    """To read a function's reserved concurrency is another action than to set it."""
    extract = iam_actions.extract_iam_action

    def extract_read(service: str, method: str, path: str, *rest: Any) -> str | None:
        if service == "lambda" and method == "GET" and path.endswith("/concurrency"):
            return "lambda:GetFunctionConcurrency"
        action: str | None = extract(service, method, path, *rest)
        return action

    iam_actions.extract_iam_action = extract_read


def _fields(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
