"""The Amazon Connect instance that an endpoint serves."""

import re

from aws_cdk import CustomResource, Duration, Fn, Stack, Stage, Token

from connect_persistent_chat.acknowledgments import acknowledge, wildcard
from connect_persistent_chat.errors import ConfigurationError
from connect_persistent_chat.functions import provisioning_names as names
from connect_persistent_chat.provisioning import Provisioning
from constructs import Construct

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# The pattern and the length that the API's model gives for an instance alias.
_ALIAS = re.compile(r"(?!d-)[0-9a-zA-Z]+(-*[0-9a-zA-Z])*")
_ALIAS_LENGTH = 45

_AN_ID = "an instance id such as 11111111-2222-4333-8444-555555555555"
_AN_ARN = "an instance ARN such as arn:aws:connect:us-east-1:123456789012:instance/11111111-2222-4333-8444-555555555555"
_AN_ALIAS = "an instance alias (1 to 45 letters, digits and hyphens; the first part of https://<alias>.my.connect.aws)"


class ConnectInstance(Construct):
    """An Amazon Connect instance, checked by the deployment before anything that uses it.

    The deployment fails, and says why, unless the instance exists, is ACTIVE and stores its chat transcripts
    in exactly one S3 location, which is what persistent chat needs (Amazon Connect Administrator Guide,
    "Enable persistent chat").
    """

    def __init__(self, scope: Construct, id: str, *, instance_id: str | None = None, alias: str | None = None) -> None:
        """Use `from_instance_arn`, `from_instance_id` or `from_instance_alias`."""
        if (instance_id is None) == (alias is None):
            raise ConfigurationError(
                id, ["ConnectInstance: got no instance, or two, expected one. Use from_instance_arn, _id or _alias."]
            )
        super().__init__(scope, id)
        if instance_id is not None:
            instance_id = _in_lower_case(instance_id)
        self._stack = stack = Stack.of(self)
        provisioning = Provisioning.of(stack)
        self._alias = alias
        instances = _arn(stack, instance_id or "*")
        check = CustomResource(
            self,
            "Check",
            resource_type=names.CONNECT_INSTANCE,
            service_token=provisioning.service_token,
            service_timeout=Duration.seconds(names.INSTANCE_PATIENCE_SECONDS + names.INSTANCE_MARGIN_SECONDS),
            properties={names.INSTANCE_ID: instance_id} if instance_id else {names.INSTANCE_ALIAS: alias},
        )
        by_alias = {} if alias is None else {"connect:ListInstances": ["*"]}
        policy = provisioning.policy_for(self, {**look_at_instance(instances), **by_alias})
        check.node.add_dependency(policy)
        if instance_id is None:
            acknowledge(
                policy,
                {
                    wildcard(stack, "*"): "connect:ListInstances knows no resource (Service Authorization Reference).",
                    wildcard(stack, instances): "An alias names no instance until the deployment resolves it.",
                },
            )
        self._instance_id = instance_id or check.get_att_string(names.INSTANCE_ID)
        self._instance_arn = instances if instance_id else _arn(stack, self._instance_id)

    @classmethod
    def from_instance_arn(cls, scope: Construct, id: str, instance_arn: str) -> "ConnectInstance":
        """The instance with this ARN, which may be a token.

        Raises ConfigurationError if it is no instance's ARN, or if a partition, region or account that is
        known at synthesis is not the stack's.
        """
        return cls(scope, id, instance_id=_id_from_arn(scope, id, instance_arn))

    @classmethod
    def from_instance_id(cls, scope: Construct, id: str, instance_id: str) -> "ConnectInstance":
        """The instance with this id, which may be a token, in the stack's account and region.

        An ARN is understood as well. Raises ConfigurationError for anything else that is no instance id.
        """
        _refuse_unless_text(id, "instance_id", instance_id, _AN_ID)
        if instance_id.startswith("arn:"):
            return cls.from_instance_arn(scope, id, instance_id)
        if not _ID.fullmatch(instance_id) and not Token.is_unresolved(instance_id):
            hint = " If it is an alias, use from_instance_alias." if _is_alias(instance_id) else ""
            raise ConfigurationError(id, [f"instance_id: got {instance_id!r}, expected {_AN_ID}.{hint}"])
        return cls(scope, id, instance_id=instance_id)

    @classmethod
    def from_instance_alias(cls, scope: Construct, id: str, instance_alias: str) -> "ConnectInstance":
        """The instance with this alias, which may be a token; the deployment finds its id.

        Such an instance can be used only in its own stack. Raises ConfigurationError if the text cannot be an alias.
        """
        _refuse_unless_text(id, "instance_alias", instance_alias, _AN_ALIAS)
        if not Token.is_unresolved(instance_alias):
            if instance_alias.startswith("arn:") or _ID.fullmatch(instance_alias):
                better = "from_instance_arn" if instance_alias.startswith("arn:") else "from_instance_id"
                raise ConfigurationError(
                    id, [f"instance_alias: got {instance_alias!r}, expected {_AN_ALIAS}. Use {better}."]
                )
            if not _is_alias(instance_alias):
                raise ConfigurationError(id, [f"instance_alias: got {instance_alias!r}, expected {_AN_ALIAS}."])
        return cls(scope, id, alias=instance_alias)

    @classmethod
    def from_any(cls, scope: Construct, id: str, instance: str) -> "ConnectInstance":
        """The instance with this ARN, id or alias, whichever it looks like; no token.

        Raises ConfigurationError if it looks like none of them.
        """
        _refuse_unless_text(id, "instance", instance, f"{_AN_ID}, or an ARN or alias")
        if instance.startswith("arn:"):
            return cls.from_instance_arn(scope, id, instance)
        if _ID.fullmatch(instance):
            return cls.from_instance_id(scope, id, instance)
        if _is_alias(instance):
            return cls.from_instance_alias(scope, id, instance)
        raise ConfigurationError(id, [f"instance: got {instance!r}, expected {_AN_ID}, or {_AN_ARN}, or {_AN_ALIAS}."])

    @property
    def instance_id(self) -> str:
        """The instance's id, in lower case, because permissions need it so. A token, if only the deployment knows the
        id."""
        return self._instance_id

    @property
    def instance_arn(self) -> str:
        """The instance's ARN."""
        return self._instance_arn

    @property
    def contact_arn(self) -> str:
        """The ARN that stands for all contacts of the instance."""
        return f"{self._instance_arn}/contact/*"

    def is_checked_in(self, stack: Stack) -> bool:
        """Whether the stack's own deployment checks this instance, and may look at it again."""
        return stack is self._stack

    def may_be(self, other: "ConnectInstance") -> bool:
        """Whether this may be the same instance as the other: unless both ids are known, and differ."""
        known = not Token.is_unresolved(self._instance_id) and not Token.is_unresolved(other.instance_id)
        return not known or self._instance_id.lower() == other.instance_id.lower()

    def mistakes_in(self, stack: Stack) -> list[str]:
        """Why this instance cannot be used in that stack; empty if it can."""
        own = self._stack
        if stack is own:
            return []
        if self._alias is not None:
            return [
                f"instance: got an instance known by its alias in the stack {own.node.path!r}, "
                f"expected one of the stack {stack.node.path!r} itself, because only a deployment of "
                "its own stack knows its id. Create a ConnectInstance there, or use its id."
            ]
        if Stage.of(own) is not Stage.of(stack):
            return [
                f"instance: got an instance of another stage, expected one of the stage of the stack "
                f"{stack.node.path!r}. Create a ConnectInstance there."
            ]
        pairs = (("region", own.region, stack.region), ("account", own.account, stack.account))
        return [
            f"instance: got an instance in {what} {got}, expected one in {what} {expected}, the stack's."
            for what, got, expected in pairs
            if not Token.is_unresolved(got) and not Token.is_unresolved(expected) and got != expected
        ]


def _in_lower_case(instance_id: str) -> str:
    """An instance's id is one whatever its case, but not in the ARNs of permissions. A token is not touched."""
    return instance_id if Token.is_unresolved(instance_id) else instance_id.lower()


def _arn(stack: Stack, instance_id: str) -> str:
    return stack.format_arn(service="connect", resource="instance", resource_name=instance_id)


def _is_alias(value: str) -> bool:
    return len(value) <= _ALIAS_LENGTH and _ALIAS.fullmatch(value) is not None


def _refuse_unless_text(id: str, name: str, value: object, expected: str) -> None:
    """An environment variable that is not set, for example, is None."""
    if not isinstance(value, str):
        raise ConfigurationError(id, [f"{name}: got {value!r}, expected {expected}."])


def _id_from_arn(scope: Construct, id: str, arn: str) -> str:
    """The instance id in an ARN, all or parts of which may be tokens."""
    _refuse_unless_text(id, "instance_arn", arn, _AN_ARN)
    parts = arn.split(":")
    if Token.is_unresolved(arn) and len(parts) != 6:
        return Fn.select(1, Fn.split("/", arn))
    if len(parts) != 6 or parts[0] != "arn":
        raise ConfigurationError(id, [f"instance_arn: got {arn!r}, expected {_AN_ARN}."])
    _, partition, service, region, account, rest = parts
    resource, _, instance_id = rest.partition("/")
    stack = Stack.of(scope)
    mistakes = [
        f"instance_arn: got {arn!r}, whose {what} is {got!r}, expected {expected!r}{why}."
        for what, got, expected, why in (
            ("service", service, "connect", ""),
            ("resource", resource, "instance", ""),
            ("partition", partition, _partition_of(stack), ", the stack's"),
            ("region", region, stack.region, ", the stack's"),
            ("account", account, stack.account, ", the stack's"),
        )
        if not Token.is_unresolved(got) and not Token.is_unresolved(expected) and got != expected
    ]
    if not Token.is_unresolved(instance_id) and not _ID.fullmatch(instance_id):
        mistakes.append(f"instance_arn: got {arn!r}, whose end is {instance_id!r}, expected {_AN_ID}.")
    if mistakes:
        raise ConfigurationError(id, mistakes)
    return instance_id


def _partition_of(stack: Stack) -> str:
    """The partition of the stack's region, if that is known; a stack itself says so only if a flag is set."""
    if Token.is_unresolved(stack.region):
        return stack.partition
    # One more of the CDK's modules, for this alone.
    from aws_cdk.region_info import RegionInfo

    return RegionInfo.get(stack.region).partition or stack.partition


def look_at_instance(arn: str) -> dict[str, list[str]]:
    """What looking at an instance calls, action to resources (Service Authorization Reference); what the function may
    in any case, ds:DescribeDirectories, is a part of it."""
    return {"connect:DescribeInstance": [arn], "connect:ListInstanceStorageConfigs": [arn]}
