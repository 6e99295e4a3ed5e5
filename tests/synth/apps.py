"""Stacks to look at, in one jsii process."""

import json
from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk.assertions import Annotations, Match, Template

from connect_persistent_chat import ChatHistory, ConnectInstance, PersistentChatEndpoint

INSTANCE_ID = "11111111-1111-4111-8111-111111111111"
FLOW_ID = "22222222-2222-4222-8222-222222222222"
INSTANCE_ARN = f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE_ID}"
HERE = Environment(account="123456789012", region="us-east-1")

Resource = dict[str, Any]


def stack(name: str = "Stack", *, app: App | None = None, env: Environment | None = None) -> Stack:
    """An empty stack."""
    return Stack(app or App(), name, env=env)


def _with_instance(scope: Stack, id: str, properties: dict[str, Any]) -> dict[str, Any]:
    if "instance" in properties:
        return properties
    return {**properties, "instance": ConnectInstance.from_instance_id(scope, f"{id}Instance", INSTANCE_ID)}


def endpoint(scope: Stack, id: str = "Endpoint", **properties: Any) -> PersistentChatEndpoint:
    """An endpoint with everything that has a default left to it."""
    return PersistentChatEndpoint(scope, id, **_with_instance(scope, id, properties))


def history(scope: Stack, id: str = "History", **properties: Any) -> ChatHistory:
    """A history with everything that has a default left to it."""
    return ChatHistory(scope, id, **_with_instance(scope, id, properties))


def user_pool(scope: Stack, id: str = "Users") -> tuple[list[cognito.IUserPool], list[cognito.IUserPoolClient]]:
    """A user pool with an app client, as Authorization.cognito takes them."""
    pool = cognito.UserPool(scope, id)
    return [pool], [pool.add_client("App")]


class Synthesized:
    """A stack's template, to be asked in the test's own words."""

    def __init__(self, of: Stack) -> None:
        self.stack = of
        self.template: dict[str, Any] = dict(Template.from_stack(of).to_json())

    def all(self, resource_type: str) -> dict[str, Resource]:
        """The resources of a type, by logical id."""
        found: dict[str, Resource] = self.template["Resources"]
        return {key: value for key, value in found.items() if value["Type"] == resource_type}

    def only(self, resource_type: str) -> Resource:
        """The properties of the one resource of a type."""
        (resource,) = self.all(resource_type).values()
        properties: Resource = resource["Properties"]
        return properties

    def named(self, resource_type: str, part: str) -> Resource:
        """The properties of the one resource of a type whose logical id holds this part."""
        (resource,) = (value for key, value in self.all(resource_type).items() if part in key)
        properties: Resource = resource["Properties"]
        return properties

    def allowed(self, role: str) -> dict[str, Any]:
        """What a role allows, by action: in itself, and in the policy that the CDK puts beside it."""
        documents = [one["PolicyDocument"] for one in self.named("AWS::IAM::Role", role).get("Policies", [])]
        beside = self.all("AWS::IAM::Policy").items()
        documents += [one["Properties"]["PolicyDocument"] for key, one in beside if f"{role}DefaultPolicy" in key]
        pairs = [
            (action, statement["Resource"])
            for document in documents
            for statement in document["Statement"]
            for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        ]
        allowed = dict(pairs)
        assert len(allowed) == len(pairs), "an action is allowed twice: one resource would hide the other"
        return allowed

    def warnings(self) -> list[str]:
        """The texts of the warnings."""
        found = Annotations.from_stack(self.stack).find_warning("*", Match.any_value())
        return [str(message.entry.data) for message in found]

    def text(self) -> str:
        """The template as text, the same for the same template."""
        return json.dumps(self.template, sort_keys=True)
