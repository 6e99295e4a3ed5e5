"""Whether a deployment can call an API, judged by the app's own settings. If not, the proof would always fail."""

import json
from collections.abc import Mapping, Sequence
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
_EVERYBODY = ("*", ["*"], {"AWS": "*"}, {"AWS": ["*"]})


@jsii.implements(IStableAnyProducer)
class Reach:
    """Checks the API after the template is written. An app can change the API's level-1 resources until then, and only
    the template shows its overrides (`add_property_override`)."""

    def __init__(self, scope: Construct, api: apigateway.RestApi, methods: Sequence[apigateway.Method]) -> None:
        self._scope = scope
        self._constructs = (api, *methods)
        # The CDK resolves metadata after it wrote the template. Validations run too early.
        scope.node.add_metadata("connect-persistent-chat:reach", Lazy.any(self))

    def produce(self) -> None:
        """Raise ConfigurationError if the proof could not call the API."""
        stack, stage = Stack.of(self._scope), Stage.of(self._scope)
        assert stage is not None
        template = Path(stage.outdir, stack.template_file)
        resources = json.loads(template.read_text(encoding="utf-8"))["Resources"]
        elements = [construct.node.default_child for construct in self._constructs]
        ids = [stack.get_logical_id(element) for element in elements if isinstance(element, CfnElement)]
        if reason := _why_not(*(resources[id].get("Properties", {}) for id in ids)):
            raise ConfigurationError(self._scope.node.path, [f"{reason} {_CHOOSE}"])


def _why_not(api: Mapping[str, object], *methods: Mapping[str, object]) -> str:
    if _is_on(api.get("DisableExecuteApiEndpoint")):
        return "The API's default address is switched off."
    configuration = api.get("EndpointConfiguration")
    if isinstance(configuration, dict) and "PRIVATE" in (configuration.get("Types") or ()):
        return "The API is private."
    if any(_is_on(method.get("ApiKeyRequired")) for method in methods):
        return "The API's method asks for an API key."
    policy = api.get("Policy")
    if policy is not None and not _lets_everybody_in(policy):
        return "The API's resource policy does not let everybody in without a condition."
    return ""


def _is_on(value: object) -> bool:
    """True also for a value that only the deployment knows."""
    return value not in (None, False, "false")


def _lets_everybody_in(policy: object) -> bool:
    # CloudFormation also accepts a policy as text.
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError:
            return False
    found = policy.get("Statement", {}) if isinstance(policy, dict) else {}
    statements = found if isinstance(found, list) else [found]
    only_allow = all(
        isinstance(each, dict) and each.get("Effect") == "Allow" and not each.get("Condition") for each in statements
    )
    return only_allow and any(each.get("Principal") in _EVERYBODY and "NotAction" not in each for each in statements)
