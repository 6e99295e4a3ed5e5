"""The Amazon Connect instance that an endpoint serves."""

import re
from typing import Final

from aws_cdk import CustomResource, Duration, Fn, Stack

from connect_persistent_chat.acknowledgments import acknowledge, wildcard
from connect_persistent_chat.deployment.provisioning import Provisioning
from connect_persistent_chat.messages import shown
from connect_persistent_chat.parameters import Limits, Parameters
from connect_persistent_chat.shared import custom_resources
from connect_persistent_chat.stacks import elsewhere, mistakes_in_place, unnamed_in
from connect_persistent_chat.tokens import is_known, is_placeholder, is_token, with_tokens_as
from constructs import Construct, Dependable, DependencyGroup

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PART_OF_ID = re.compile("[0-9a-fA-F-]{0,36}")
# The pattern and the length that the API's model gives for an instance alias.
_ALIAS = re.compile(r"(?!d-)[0-9a-zA-Z]+(-*[0-9a-zA-Z])*")
_ALIAS_LENGTH = 45

_ARN = "arn:"
_AN_ID = "an instance id such as 11111111-2222-4333-8444-555555555555"
_AN_ARN = "an instance ARN such as arn:aws:connect:us-east-1:123456789012:instance/11111111-2222-4333-8444-555555555555"
_AN_ALIAS = "an instance alias (1 to 45 letters, digits and hyphens; the first part of https://<alias>.my.connect.aws)"
_ANY = f"{_AN_ID}, or {_AN_ARN}, or {_AN_ALIAS}"


class ConnectInstance(Construct):
    """An Amazon Connect instance. The deployment checks it first, and then makes everything that uses it.

    The instance has to exist, be ACTIVE, and store its chat transcripts in exactly one S3 location. Persistent chat
    needs this (Amazon Connect Administrator Guide, "Enable persistent chat"). Otherwise the deployment fails with the
    reason.
    """

    instance_id: Final[str]
    """The instance's id in lower case, because permissions need lower case. A token if only the deployment knows it."""

    instance_arn: Final[str]
    """The instance's ARN."""

    def __init__(self, scope: Construct, id: str, *, instance_id: str | None = None, alias: str | None = None) -> None:
        """Use `from_instance_arn`, `from_instance_id`, `from_instance_alias` or `from_any`.

        :param instance_id: the instance's id. It can be a token. Default: none, there is an alias.
        :param alias: the instance's alias. It can be a token. Default: none, there is an id.

        Raises ConfigurationError.
        """
        limits = {"instance_id": Limits(_AN_ID), "alias": Limits(_AN_ALIAS)}
        given = Parameters(ConnectInstance.__init__, locals(), limits)
        stack = given.stack()
        if (instance_id is None) == (alias is None):
            got = "neither of them" if alias is None else "both of them"
            given.add(f"instance_id or alias: got {got}, expected one. Use ConnectInstance.from_any(...), for example.")
        if instance_id is not None and given.right("instance_id"):
            given.add(*_mistakes_in_id("instance_id", instance_id))
        if alias is not None and given.right("alias"):
            given.add(*_mistakes_in_alias("alias", alias))
        given.refuse()
        super().__init__(scope, id)
        # Only ids in lower case match the ARNs of permissions. A token cannot be changed.
        if instance_id is not None and is_known(instance_id):
            instance_id = instance_id.lower()
        self._stack = stack
        provisioning = Provisioning.of(stack)
        self._alias = alias
        # Its region and account can be known even if the stack's are not.
        self._given_arn = ""
        instances = _arn(stack, instance_id or "*")
        check = CustomResource(
            self,
            "Check",
            resource_type=custom_resources.CONNECT_INSTANCE,
            service_token=provisioning.service_token,
            service_timeout=Duration.seconds(custom_resources.CHECK_TIMEOUT_SECONDS),
            # Without the one that is None.
            properties={custom_resources.INSTANCE_ID: instance_id, custom_resources.INSTANCE_ALIAS: alias},
        )
        by_alias = {} if alias is None else {"connect:ListInstances": ["*"]}
        policy = provisioning.policy_for(self, {**permissions_to_read(instances), **by_alias})
        check.node.add_dependency(policy)
        # What depends on the instance waits for its check, and not for other constructs that are put under it.
        Dependable.implement(self, Dependable.of(DependencyGroup(check, policy)))
        if instance_id is None:
            acknowledge(
                policy,
                {
                    wildcard(stack, "*"): "connect:ListInstances knows no resource (Service Authorization Reference).",
                    wildcard(stack, instances): "An alias names no instance until the deployment resolves it.",
                },
            )
        self.instance_id = instance_id or check.get_att_string(custom_resources.INSTANCE_ID)
        self.instance_arn = instances if instance_id else _arn(stack, self.instance_id)

    @classmethod
    def from_instance_arn(cls, scope: Construct, id: str, instance_arn: str) -> "ConnectInstance":
        """The instance with this ARN.

        :param instance_arn: the ARN. It can be a token.

        Raises ConfigurationError if it is not the ARN of an instance, or if a partition, region or account that is
        known at synthesis is not the stack's.
        """
        given = Parameters(cls.from_instance_arn, locals(), {"instance_arn": Limits(_AN_ARN)})
        stack = given.stack()
        if given.right("instance_arn"):
            given.add(*_mistakes_in_arn(instance_arn, stack))
        given.refuse()
        made = cls(scope, id, instance_id=_id_in(instance_arn))
        made._given_arn = instance_arn
        return made

    @classmethod
    def from_instance_id(cls, scope: Construct, id: str, instance_id: str) -> "ConnectInstance":
        """The instance with this id, in the stack's account and region.

        :param instance_id: the id. It can be a token. An ARN is accepted too.

        Raises ConfigurationError if it is neither.
        """
        given = Parameters(cls.from_instance_id, locals(), {"instance_id": Limits(_AN_ID)})
        if given.right("instance_id"):
            if instance_id.startswith(_ARN):
                return cls.from_instance_arn(scope, id, instance_id)
            given.add(*_mistakes_in_id("instance_id", instance_id))
        given.refuse()
        return cls(scope, id, instance_id=instance_id)

    @classmethod
    def from_instance_alias(cls, scope: Construct, id: str, instance_alias: str) -> "ConnectInstance":
        """The instance with this alias. The deployment finds its id.

        Such an instance can be used only in its own stack.

        :param instance_alias: the alias. It can be a token.

        Raises ConfigurationError if the text cannot be an alias.
        """
        given = Parameters(cls.from_instance_alias, locals(), {"instance_alias": Limits(_AN_ALIAS)})
        if given.right("instance_alias"):
            given.add(*_mistakes_in_alias("instance_alias", instance_alias))
        given.refuse()
        return cls(scope, id, alias=instance_alias)

    @classmethod
    def from_any(cls, scope: Construct, id: str, instance: str) -> "ConnectInstance":
        """The instance with this ARN, id or alias. The form of the text shows which of them it is.

        :param instance: the ARN, id or alias. Not a token, because synthesis cannot know what it is.

        Raises ConfigurationError if it has the form of none of them.
        """
        given = Parameters(cls.from_any, locals(), {"instance": Limits(_ANY)})
        if given.right("instance"):
            if instance.startswith(_ARN):
                return cls.from_instance_arn(scope, id, instance)
            # After a look-up, synthesis runs again with the real value.
            if _ID.fullmatch(instance) or is_placeholder(instance):
                return cls.from_instance_id(scope, id, instance)
            if _is_alias(instance):
                return cls.from_instance_alias(scope, id, instance)
            expected = (
                "a text that is known at synthesis. Use ConnectInstance.from_instance_id(...), from_instance_arn(...) "
                "or from_instance_alias(...)"
            )
            given.add(f"instance: got {shown(instance)}, expected {expected if is_token(instance) else _ANY}.")
        given.refuse()
        raise AssertionError("a text that is none of them is a mistake")

    @property
    def contact_arn(self) -> str:
        """The ARN for all contacts of the instance, with a wildcard."""
        return f"{self.instance_arn}/contact/*"

    def is_checked_in(self, stack: Stack) -> bool:
        """Whether the deployment of this stack checks this instance, and so has the permission to read it.

        :param stack: the stack of the deployment.
        """
        return stack is self._stack

    def may_be(self, other: "ConnectInstance") -> bool:
        """Whether the two can be the same instance. They cannot if both ids or both aliases are known and differ.

        :param other: the other instance.
        """
        if self._alias is not None and other._alias is not None and is_known(self._alias) and is_known(other._alias):
            return self._alias.lower() == other._alias.lower()
        known = is_known(self.instance_id) and is_known(other.instance_id)
        return not known or self.instance_id.lower() == other.instance_id.lower()

    def mistakes_in(self, stack: Stack) -> list[str]:
        """The reasons why this instance cannot be used in a stack. Empty if it can.

        :param stack: the stack that would use it.
        """
        own = self._stack
        if stack is own:
            return []
        if self._alias is not None:
            return [
                f"instance: got an instance by its alias in the stack {own.node.path!r}, expected one of the stack "
                f"{stack.node.path!r} itself. Only the deployment of {own.node.path!r} finds the id of this alias. "
                f"Create a ConnectInstance in {stack.node.path!r}, or use the id."
            ]
        return (
            elsewhere("instance", "an instance", own, stack)
            or unnamed_in("instance", "an instance", self.instance_id, stack)
            or mistakes_in_place("instance", self._given_arn, stack)
        )


def name_of(instance: ConnectInstance) -> str:
    """The alias or the id of an instance, for a message."""
    return shown(instance._alias or instance.instance_id)


def _arn(stack: Stack, instance_id: str) -> str:
    return stack.format_arn(service="connect", resource="instance", resource_name=instance_id)


def _is_alias(value: str) -> bool:
    return len(value) <= _ALIAS_LENGTH and _ALIAS.fullmatch(value) is not None


def may_be_id(text: str) -> bool:
    """Whether this can be the id of an instance or a flow, judged by the parts that are known."""
    if is_token(text):
        return _PART_OF_ID.fullmatch(with_tokens_as("", text)) is not None
    return is_placeholder(text) or _ID.fullmatch(text) is not None


def _mistakes_in_id(name: str, instance_id: str) -> list[str]:
    if may_be_id(instance_id):
        return []
    if instance_id.startswith(_ARN):
        hint = " Use ConnectInstance.from_instance_arn(...)."
    else:
        hint = " If it is an alias, use ConnectInstance.from_instance_alias(...)." if _is_alias(instance_id) else ""
    return [f"{name}: got {shown(instance_id)}, expected {_AN_ID}.{hint}"]


def _mistakes_in_alias(name: str, alias: str) -> list[str]:
    if alias.startswith(_ARN):
        return [f"{name}: got {shown(alias)}, expected {_AN_ALIAS}. Use ConnectInstance.from_instance_arn(...)."]
    if _ID.fullmatch(alias):
        return [f"{name}: got {shown(alias)}, expected {_AN_ALIAS}. Use ConnectInstance.from_instance_id(...)."]
    may_be = is_placeholder(alias) or _is_alias(with_tokens_as("a", alias))
    return [] if may_be else [f"{name}: got {shown(alias)}, expected {_AN_ALIAS}."]


def _is_whole(arn: str) -> bool:
    """Whether the parts of an ARN can be separated. Each part can be a token."""
    return not is_placeholder(arn) and arn.count(":") == 5


def _mistakes_in_arn(arn: str, stack: Stack) -> list[str]:
    """The reasons why this is not the ARN of an instance of this stack. All of it or parts can be tokens."""
    if not _is_whole(arn):
        return [] if not is_known(arn) else [f"instance_arn: got {shown(arn)}, expected {_AN_ARN}."]
    prefix, _, service, _, _, rest = arn.split(":")
    if prefix != "arn" and not is_token(prefix):
        return [f"instance_arn: got {shown(arn)}, expected {_AN_ARN}."]
    resource, slash, instance_id = rest.partition("/")
    mistakes = [
        f"instance_arn: got {shown(arn)}, whose {what} is {shown(got)}, expected {expected!r}."
        for what, got, expected in (("service", service, "connect"), ("resource", resource, "instance"))
        if is_known(got) and got != expected
    ]
    mistakes += mistakes_in_place("instance_arn", arn, stack)
    if not may_be_id(instance_id) and not (is_token(resource) and not slash):
        mistakes.append(f"instance_arn: got {shown(arn)}, whose end is {shown(instance_id)}, expected {_AN_ID}.")
    return mistakes


def _id_in(arn: str) -> str:
    """The instance id in an ARN without mistakes."""
    if _is_whole(arn) and "/" in arn:
        return arn.partition("/")[2]
    return arn if is_placeholder(arn) else Fn.select(1, Fn.split("/", arn))


def permissions_to_read(arn: str) -> dict[str, list[str]]:
    """The actions that read an instance, with their resources. They also need ds:DescribeDirectories, which the
    provisioning function's role always allows (Service Authorization Reference)."""
    return {"connect:DescribeInstance": [arn], "connect:ListInstanceStorageConfigs": [arn]}
