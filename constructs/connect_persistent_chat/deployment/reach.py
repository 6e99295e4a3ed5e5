"""Whether a deployment can call an API, as far as the app itself says it: else the proof would fail for no fault."""

import json
from collections.abc import Mapping
from pathlib import Path

import jsii
from aws_cdk import CfnElement, IStableAnyProducer, Lazy, Stack, Stage
from aws_cdk import aws_apigateway as apigateway

from connect_persistent_chat.errors import ConfigurationError
from constructs import Construct

_CHOOSE = (
    "The deployment's proof calls the API and would fail. Choose proof=ProofScope.WITHOUT_GATEWAY of the "
    "PersistentChatEndpoint: then the deployment proves everything but the API."
)


@jsii.implements(IStableAnyProducer)
class Reach:
    """Looked at when the template is written: the API's level-1 resources are anybody's to change, and only the
    template has what was written over them (`add_property_override`)."""

    def __init__(self, scope: Construct, api: apigateway.RestApi, method: apigateway.Method) -> None:
        self._scope = scope
        self._made = (api, method)
        # The CDK resolves metadata after it wrote the template. It reads no validation that late.
        scope.node.add_metadata("connect-persistent-chat:reach", Lazy.any(self))

    def produce(self) -> None:
        """Raise ConfigurationError if the proof could not call the API."""
        stack, stage = Stack.of(self._scope), Stage.of(self._scope)
        assert stage is not None
        template = Path(stage.outdir, stack.template_file)
        resources = json.loads(template.read_text(encoding="utf-8"))["Resources"]
        elements = [one.node.default_child for one in self._made]
        ids = [stack.get_logical_id(one) for one in elements if isinstance(one, CfnElement)]
        if why := _why_not(*(resources[id].get("Properties", {}) for id in ids)):
            raise ConfigurationError(self._scope.node.path, [f"{why} {_CHOOSE}"])


def _why_not(api: Mapping[str, object], method: Mapping[str, object]) -> str:
    if _is_on(api.get("DisableExecuteApiEndpoint")):
        return "The API's default address is switched off."
    configuration = api.get("EndpointConfiguration")
    if isinstance(configuration, dict) and "PRIVATE" in (configuration.get("Types") or ()):
        return "The API is private."
    if _is_on(method.get("ApiKeyRequired")):
        return "The API's method asks for an API key."
    policy = api.get("Policy")
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
