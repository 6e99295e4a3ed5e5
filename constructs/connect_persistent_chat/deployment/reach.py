"""Whether a deployment can call an API, as far as the app itself says it: else the proof would fail for no fault."""

import json
from collections.abc import Mapping

import jsii
from aws_cdk import CfnResource, Stack
from aws_cdk import aws_apigateway as apigateway

from constructs import IValidation

_CHOOSE = (
    "The deployment's proof calls the API and would fail. Choose proof=ProofScope.WITHOUT_GATEWAY of the "
    "PersistentChatEndpoint: then the deployment proves everything but the API."
)


@jsii.implements(IValidation)
class Reach:
    """Looked at when the app is complete: the API's level-1 resources are anybody's to change."""

    def __init__(self, stack: Stack, api: apigateway.RestApi, method: apigateway.Method) -> None:
        self._stack = stack
        self._api = api
        self._method = method

    def validate(self) -> list[str]:
        """Why the proof could not call the API; empty if nothing says so."""
        resources = [self._api.node.default_child, self._method.node.default_child]
        properties = [one._cfn_properties for one in resources if isinstance(one, CfnResource)]
        api, method = self._stack.resolve(
            [{name: its.get(name) for name in _LOOKED_AT} for its in properties],
        )
        why = _why_not(api or {}, method or {})
        return [f"{why} {_CHOOSE}"] if why else []


# As the CDK names them in Python's level-1 resources, which are those of its own language.
_LOOKED_AT = ("apiKeyRequired", "disableExecuteApiEndpoint", "endpointConfiguration", "policy")


def _why_not(api: Mapping[str, object], method: Mapping[str, object]) -> str:
    if _is_on(api.get("disableExecuteApiEndpoint")):
        return "The API's default address is switched off."
    configuration = api.get("endpointConfiguration")
    if isinstance(configuration, dict) and "PRIVATE" in (configuration.get("types") or ()):
        return "The API is private."
    if _is_on(method.get("apiKeyRequired")):
        return "The API's method asks for an API key."
    policy = api.get("policy")
    if policy is not None and not _lets_everybody_in(policy):
        return "The API's resource policy does not let everybody in without a condition."
    return ""


def _is_on(value: object) -> bool:
    """Also if only the deployment knows."""
    return value not in (None, False, "false")


def _lets_everybody_in(policy: object) -> bool:
    # CloudFormation takes a policy as its text as well.
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError:
            return False
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        return False
    return all(_allows_without_condition(one) for one in statements) and any(
        _is_for_everybody(one) for one in statements
    )


def _allows_without_condition(statement: object) -> bool:
    return isinstance(statement, dict) and statement.get("Effect") == "Allow" and not statement.get("Condition")


def _is_for_everybody(statement: Mapping[str, object]) -> bool:
    return statement.get("Principal") in _EVERYBODY and "NotAction" not in statement


_EVERYBODY = ("*", ["*"], {"AWS": "*"}, {"AWS": ["*"]})
