"""Resources and values of another stack, stage, region or account: whether this stack can use them."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import (
    DefaultTokenResolver,
    Duration,
    IPostProcessor,
    IResolvable,
    IResolveContext,
    Reference,
    Stack,
    Stage,
    StringConcat,
    Tokenization,
)
from aws_cdk.region_info import RegionInfo

from connect_persistent_chat.messages import shown
from connect_persistent_chat.tokens import is_known, is_token, measured


def elsewhere(name: str, what: str, own: Stack, stack: Stack, *, referred: bool = False) -> list[str]:
    """Why `stack` cannot use a resource of the stack `own` that works in one region and account only.

    :param referred: whether the template refers to the resource in the CDK's usual way, within one env only.
    """
    if stack is own:
        return []
    if Stage.of(own) is not Stage.of(stack):
        return [_of_another_stage(name, what, stack)]
    places = (("region", own.region, stack.region), ("account", own.account, stack.account))
    differ = [place for place in places if place[1] != place[2]]
    known = [place for place in differ if is_known(place[1]) and is_known(place[2])]
    if referred and known != differ:
        return [_of_another_env(name, what, own, stack)]
    return [
        f"{name}: got {what} in {place} {got}, expected one in {place} {expected}, the stack's."
        for place, got, expected in known
    ]


def unlinked(name: str, what: str, own: Stack, stack: Stack) -> list[str]:
    """Why the template of `stack` cannot hold an attribute of a resource of the stack `own`.

    Between accounts or regions, the CDK reads the attribute from outputs of the stack `own`, if both regions are known.
    Within an account, the stack `own` must also be deployed first. The CDK can ensure this only within one stage.
    """
    if own.account == stack.account and Stage.of(own) is not Stage.of(stack):
        return [_of_another_stage(name, what, stack)]
    differ = (own.account, own.region) != (stack.account, stack.region)
    known = is_known(own.region) and is_known(stack.region)
    return [_of_another_env(name, what, own, stack)] if differ and not known else []


def unnamed_in(name: str, what: str, value: object, stack: Stack) -> list[str]:
    """Why the template of `stack` cannot hold this value, or an item of this list. A Duration counts as its number."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        mistakes = (mistake for item in value for mistake in unnamed_in(name, what, item, stack))
        return list(dict.fromkeys(mistakes))
    if isinstance(value, Duration):
        value = measured(value, "seconds") or measured(value, "millis")
    named, refused = stacks_named(value, stack)
    if refused is not None:
        return elsewhere(name, what, refused, stack, referred=True)
    return [mistake for own in named for mistake in unlinked(name, what, own, stack)]


def stacks_named(value: object, stack: Stack) -> tuple[list[Stack], Stack | None]:
    """The stacks that a value refers to, and the stack that the CDK cannot refer to from `stack`."""
    if not is_token(value):
        return [], None
    seen = _References()
    try:
        Tokenization.resolve(value, scope=stack, resolver=seen, preparing=True)
    except RuntimeError:
        # The CDK refers to most resources only within their env. A text that only looks like a token has no stack.
        return [], seen.last
    return list(dict.fromkeys(seen.named)), None


class _References(DefaultTokenResolver):
    """Notes the stacks whose resources a value has attributes of."""

    def __init__(self) -> None:
        super().__init__(StringConcat())
        self.last: Stack | None = None
        self.named: list[Stack] = []

    def resolve_token(self, token: IResolvable, context: IResolveContext, post_processor: IPostProcessor) -> object:
        """The token's value in the template."""
        own = Stack.of(cast(Reference, token).target) if Reference.is_reference(token) else None
        self.last = own or self.last
        found: object = super().resolve_token(token, context, post_processor)
        # In other envs, the CDK writes the physical name of a resource that has one.
        if own and isinstance(found, dict) and found.keys() & {"Ref", "Fn::GetAtt"}:
            self.named.append(own)
        return found


def mistakes_in_place(name: str, arn: str, stack: Stack) -> list[str]:
    """The known parts of an ARN that differ from the partition, region and account of `stack`."""
    if arn.count(":") < 5:
        return []
    _, partition, _, region, account, _ = arn.split(":", 5)
    return [
        f"{name}: got {shown(arn)}, whose {what} is {shown(got)}, expected {expected!r}, the stack's."
        for what, got, expected in (
            ("partition", partition, _partition_of(stack)),
            ("region", region, stack.region),
            ("account", account, stack.account),
        )
        if is_known(got) and is_known(expected) and got != expected
    ]


def _partition_of(stack: Stack) -> str:
    """The partition of the stack's region. `stack.partition` is a token, unless a feature flag is set."""
    known = None if is_token(stack.region) else RegionInfo.get(stack.region).partition
    return known or stack.partition


def _of_another_stage(name: str, what: str, stack: Stack) -> str:
    return (
        f"{name}: got {what} of another stage, expected one in the stage of the stack {stack.node.path!r}. "
        "Create the resource in that stage."
    )


def _of_another_env(name: str, what: str, own: Stack, stack: Stack) -> str:
    return (
        f"{name}: got {what} of the stack {own.node.path!r}, expected one of a stack with the same env as "
        f"{stack.node.path!r}. The account or the region of one of the two is not known. Give both stacks the same env."
    )
