"""What is passed in: each value is held against its parameter's type and limits, and all mistakes make one error."""

import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from aws_cdk import (
    DefaultTokenResolver,
    Duration,
    IPostProcessor,
    IResolvable,
    IResolveContext,
    Reference,
    RemovalPolicy,
    Stack,
    Stage,
    StringConcat,
    Tokenization,
)
from aws_cdk import aws_iam as iam

from connect_persistent_chat.errors import ConfigurationError
from constructs import Construct

if TYPE_CHECKING:
    # A module of the CDK takes long to import, and most stacks have no topic.
    from aws_cdk import aws_sns as sns

_T = TypeVar("_T")
# How the CDK writes, in text, in a list and in a number, what only the deployment knows.
_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")
_LIST_TOKEN = re.compile(r"#\{Token\[[^\]]*\]\}")
_LIST_MARK = "#{Token["
_NUMBER_TOKEN = b"\xfb\xff"
_ELEMENT = "got an element of a list that only the deployment knows, expected Fn.select(<its place>, <the list>)."
# What look-ups give in the first pass of synthesis, in which nothing was looked up yet: of a parameter, of a role.
_PLACEHOLDER = re.compile("dummy-value-for-|DUMMY_ARN")
# More is no number of requests, and beyond this the CDK's engine counts wrongly.
_LARGEST = 2.0**53
# Of metrics. CloudWatch takes 20 as well (API Reference, MetricStat), the CDK does not.
_SHORT_PERIODS = (1, 5, 10, 30)
# Which numbers the CDK's tokens are, and what is computed from them: none of an app's own is near.
_LIKE_A_TOKEN = (1e280, 1e300)
# As much of a value as a message shows.
_SHOWN = 300

_WORDS: Mapping[type, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text that is not empty",
}
_BOUNDS = ("at least ", "more than ")
# What to do, by the name of the type that was expected.
_HOW = {
    "Authorization": "Call one of its methods, such as Authorization.iam().",
    "ConnectInstance": "Make one with ConnectInstance.from_any(...).",
    "CustomerIdentity": "Call one of its methods, such as CustomerIdentity.customer_id().",
    "Duration": "Use Duration.seconds(...), for example.",
    "IAuthorizer": "Make one with apigateway.RequestAuthorizer(...) or TokenAuthorizer(...).",
    "IGrantable": "Give a role, a user or a group, such as iam.Role(...).",
    "IChatHistory": "Use ChatHistory(...) or ChatHistory.from_table_arn(...).",
    "ITopic": "Use sns.Topic(...) or sns.Topic.from_topic_arn(...).",
    "IUserPool": "Use cognito.UserPool(...) or cognito.UserPool.from_user_pool_id(...).",
    "IUserPoolClient": "Use cognito.UserPoolClient(...) or cognito.UserPoolClient.from_user_pool_client_id(...).",
    "PersistentChatEndpoint": "Give the endpoint itself.",
}


class Limits(NamedTuple):
    """What a number may be, or a Duration in seconds. Of a text or an enum there are only words."""

    # As the messages have it.
    expected: str
    least: float = -_LARGEST
    most: float = _LARGEST
    # In which a Duration may be a token: the name of its method. None if synthesis has to know the number.
    unit: str | None = None


AT_LEAST_ONE = Limits("at least 1", 1)


def seconds(least: float, most: float, *, unit: str | None = None) -> Limits:
    """The limits of a Duration."""
    return Limits(f"{least} to {most} seconds", least, most, unit)


class Parameters:
    """The values that a constructor, method or factory was given, and what is wrong with them."""

    def __init__(
        self,
        called: Callable[..., object],
        values: Mapping[str, object],
        limits: Mapping[str, Limits] | None = None,
        *,
        where: str | Construct | None = None,
        **names: object,
    ) -> None:
        """Of `locals()`, the values of the parameters that `called` has.

        :param where: what the error begins with, if it can: a text, or the construct whose method is called. Default:
            the path of the construct that `scope` and `id` make, or what was called if they make none.
        :param names: what the annotations name and its module imports for the type checker only.
        """
        self._values = values
        self._called = called
        self._where = where
        self._others: list[str] = []
        limits = limits or {}
        hints = get_type_hints(called, localns=names or None)
        self._wrong = {
            name: mistakes
            for name in hints
            if name in values and (mistakes := _mistakes(name, values[name], hints[name], limits.get(name)))
        }
        if is_token(values.get("id")) or ("id" in values and _is_resolvable(values["id"])):
            self._wrong["id"] = ["id: got a token, expected a text that is known at synthesis."]

    def stack(self, *, names_all: bool = True) -> Stack:
        """The stack of the scope; without one there is nothing else to look at, so that what is wrong is raised.

        :param names_all: whether the stack's template will hold all that was given.
        """
        scope = self._values["scope"]
        if isinstance(scope, Construct):
            try:
                stack = Stack.of(scope)
            except RuntimeError:
                self.add(["scope: got a construct outside of any stack, expected a Stack or a construct in one."])
            else:
                for name in filter(self.right, self._values if names_all else ()):
                    self.add(_unnamed_in(name, self._values[name], stack))
                return stack
        self.refuse()
        raise AssertionError("a scope that is no construct is a mistake")

    def taken(self, name: str, value: _T) -> _T | None:
        """The value of a parameter, or none if there is something wrong with it."""
        return value if self.right(name) else None

    def texts(self, name: str) -> list[str]:
        """What there is nothing wrong with among the texts of a list."""
        value = self._values[name]
        listed = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
        return [one for one in listed if _is(one, str) and _LIST_MARK not in one]

    def right(self, *names: str) -> bool:
        """Whether these have their types, and are within their limits."""
        return not any(name in self._wrong for name in names)

    def add(self, mistakes: Iterable[str]) -> None:
        """What else is wrong."""
        self._others += mistakes

    def refuse(self) -> None:
        """Raise ConfigurationError if something is wrong: in the order in which the parameters are declared."""
        mistakes = [*(one for mistakes in self._wrong.values() for one in mistakes), *self._others]
        order = {name: place for place, name in enumerate(self._values)}
        if mistakes:
            mistakes.sort(key=lambda one: order.get(one.partition(":")[0], len(order)))
            raise ConfigurationError(self._path(), mistakes)

    def _path(self) -> str:
        if isinstance(self._where, Construct):
            return f"{self._where.node.path}: {self._called.__name__}"
        if self._where is not None:
            return self._where
        scope, id = self._values.get("scope"), self._values.get("id")
        path = scope.node.path if isinstance(scope, Construct) else ""
        if isinstance(id, str) and id.strip() and is_known(id) and _LIST_MARK not in id:
            return f"{path}/{id}".removeprefix("/")
        return f"{path}: {self._called.__qualname__.removesuffix('.__init__')}".removeprefix(": ")


def is_token(value: object) -> bool:
    """Whether only the deployment knows this text or number, or a part of the text."""
    if isinstance(value, float):
        return struct.pack(">d", value).startswith(_NUMBER_TOKEN)
    return isinstance(value, str) and _TOKEN.search(value) is not None


def is_known(text: str) -> bool:
    """Whether synthesis knows this text: neither a token, nor the placeholder of a look-up."""
    return not is_token(text) and not is_placeholder(text)


def is_placeholder(text: str) -> bool:
    """Whether the CDK will look this text up before the next pass of synthesis."""
    return _PLACEHOLDER.search(text) is not None


def with_tokens_as(stand_in: str, text: str, count: int = 0) -> str:
    """The text with something else for its tokens, of which nothing is known; with a count for its first ones."""
    return _TOKEN.sub(stand_in, text, count)


def shown(value: object) -> str:
    """A value as a message has it: never a token's inner form, and not without end."""
    if isinstance(value, str):
        text = _LIST_TOKEN.sub("<element of a list token>", with_tokens_as("<token>", value))
        return "a token" if text == "<token>" else _cut(repr(text))
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, int | float) and _is_like_a_token(value):
        return "a token" if is_token(value) else "a number that was computed from a token"
    if value is None or isinstance(value, bool | int | float):
        try:
            return _cut(repr(value))
        except ValueError:
            return "a number of thousands of digits"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, list | tuple):
        flat = ("a list" if isinstance(one, list | tuple) else shown(one) for one in value)
        return _cut(f"[{', '.join(flat)}]")
    if isinstance(value, dict):
        return f"a dict of {len(value)}" if value else "{}"
    if callable(value) and hasattr(value, "__name__"):
        return f"{value.__name__} without a call"
    kinds = [type(one).__name__.removeprefix("_").removesuffix("Proxy") for one in parts_of(value)]
    return "a token" if _is_resolvable(value) else _a(kinds[-1] if kinds else "object")


def measured(duration: Duration, unit: str) -> float | None:
    """Its length in "seconds" or "millis", perhaps a token; None if it is a token in another unit."""
    try:
        found = duration.to_milliseconds()
    except RuntimeError:
        if not duration.is_unresolved():
            # 16.1 seconds are no whole number of milliseconds, because 16.1 is none of the numbers that there are.
            exact = round(duration.to_milliseconds(integral=False), 6)
            return exact if unit == "millis" else exact / 1000
        if unit == "millis":
            return None
        try:
            return duration.to_seconds()
        except RuntimeError:
            return None
    if unit == "millis":
        return found
    return None if is_token(found) else found / 1000


def _is_like_a_token(number: float) -> bool:
    return _LIKE_A_TOKEN[0] < abs(number) < _LIKE_A_TOKEN[1]


def _shown_seconds(number: float, *, in_days: bool = False) -> str:
    if _is_like_a_token(number):
        return shown(number)
    return f"{number / 86_400:.15g} days" if in_days else f"{number:.15g} seconds"


def elsewhere(name: str, what: str, own: Stack, stack: Stack, *, referred: bool = False) -> list[str]:
    """Why something that works in one region and account cannot be used in another stack; empty if it can.

    :param referred: whether the template names it as the CDK names most resources: only within one env.
    """
    if stack is own:
        return []
    if Stage.of(own) is not Stage.of(stack):
        return [_of_another_stage(name, what, stack)]
    pairs = {"region": (own.region, stack.region), "account": (own.account, stack.account)}
    differ = {
        place: pair for place, pair in pairs.items() if pair[0] != pair[1] and (referred or all(map(is_known, pair)))
    }
    if not all(is_known(one) for pair in differ.values() for one in pair):
        return [_of_another_env(name, what, own, stack)]
    return [
        f"{name}: got {what} in {place} {got}, expected one in {place} {expected}, the stack's."
        for place, (got, expected) in differ.items()
    ]


def unlinked(name: str, what: str, own: Stack, stack: Stack) -> list[str]:
    """Why a template cannot hold an attribute of another stack's resource; empty if it can.

    Between different accounts or regions, the CDK has it read from the other stack's outputs. For this both regions
    have to be known, and within an account the other stack has to be deployed first, which no other stage can wait for.
    """
    if own.account == stack.account and Stage.of(own) is not Stage.of(stack):
        return [_of_another_stage(name, what, stack)]
    differ = (own.account, own.region) != (stack.account, stack.region)
    known = is_known(own.region) and is_known(stack.region)
    return [_of_another_env(name, what, own, stack)] if differ and not known else []


def unnamed_in(name: str, what: str, value: str | float, stack: Stack) -> list[str]:
    """Why the stack's template cannot hold this value, perhaps another stack's; empty if it can."""
    named, refused = stacks_named(value, stack)
    if refused is not None:
        return elsewhere(name, what, refused, stack, referred=True)
    return [mistake for own in named for mistake in unlinked(name, what, own, stack)]


def stacks_named(value: str | float, stack: Stack) -> tuple[list[Stack], Stack | None]:
    """Of which stacks' resources a value has attributes; and the one that the CDK refuses to name in this stack."""
    if not is_token(value):
        return [], None
    seen = _References()
    try:
        Tokenization.resolve(value, scope=stack, resolver=seen, preparing=True)
    except RuntimeError:
        # The CDK names most resources within their env only. What is none of its tokens names nothing.
        return [], seen.last
    return list(dict.fromkeys(seen.named)), None


class _References(DefaultTokenResolver):
    """Notes the stacks whose resources a value has attributes of."""

    def __init__(self) -> None:
        super().__init__(StringConcat())
        self.last: Stack | None = None
        self.named: list[Stack] = []

    def resolve_token(self, token: IResolvable, context: IResolveContext, post_processor: IPostProcessor) -> object:
        """What stands for it in the template."""
        own = Stack.of(cast(Reference, token).target) if Reference.is_reference(token) else None
        self.last = own or self.last
        found: object = super().resolve_token(token, context, post_processor)
        # What has a physical name is called by it in other envs.
        if own and isinstance(found, dict) and found.keys() & {"Ref", "Fn::GetAtt"}:
            self.named.append(own)
        return found


def _unnamed_in(name: str, value: object, stack: Stack) -> list[str]:
    if isinstance(value, list | tuple):
        return [mistake for one in value for mistake in _unnamed_in(name, one, stack)]
    if name == "id" or not isinstance(value, str | float):
        return []
    return unnamed_in(name, "a value", value, stack)


def _of_another_stage(name: str, what: str, stack: Stack) -> str:
    return (
        f"{name}: got {what} of another stage, expected one of the stage of the stack {stack.node.path!r}. "
        "Create one there."
    )


def _of_another_env(name: str, what: str, own: Stack, stack: Stack) -> str:
    return (
        f"{name}: got {what} of the stack {own.node.path!r}, expected one of a stack with the same env as "
        f"{stack.node.path!r}. Of one of them the account or the region is not known. Give both the same env."
    )


def mistakes_in_place(name: str, arn: str, stack: Stack) -> list[str]:
    """Why something with this ARN is not of the stack's partition, region and account, as far as they are known."""
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
    """The partition of the stack's region, if that is known; a stack itself says so only if a flag is set."""
    if is_token(stack.region):
        return stack.partition
    # One more of the CDK's modules, for this alone.
    from aws_cdk.region_info import RegionInfo

    return RegionInfo.get(stack.region).partition or stack.partition


def parts_of(value: object) -> Sequence[object]:
    """An object itself, or what the CDK's engine made one of: a class and interfaces, for what was imported."""
    found = vars(value).get("_delegates") if hasattr(value, "__dict__") else None
    return found if isinstance(found, list) else [value]


def is_looked_up(principal: object) -> bool:
    """Whether this is a role that the CDK will look up before the next pass of synthesis."""
    return is_placeholder(getattr(principal, "role_arn", ""))


def mistakes_in_grantee(principal: object, resource: str, stack: Stack) -> list[str]:
    """Why a permission for this resource of this stack gives this principal nothing; empty if it may give something."""
    if is_looked_up(principal):
        return []
    # The CDK has principals without it.
    account, own = getattr(principal, "principal_account", None), stack.account
    made_in = next((Stack.of(part) for part in parts_of(principal) if isinstance(part, Construct)), stack)
    if any(isinstance(part, iam.UnknownPrincipal) for part in parts_of(principal)):
        return [
            "grantee: got something that was imported without its role, expected an identity that takes permissions. "
            "Import it with its role, or give the role itself."
        ]
    if account is not None and is_known(account) and is_known(own) and account != own:
        return [
            f"grantee: got an identity of the account {account}, expected one of {own}: a permission that is made here "
            "counts in this account only. Use a role of this account that the identity may assume."
        ]
    # The permission is made where the identity is.
    unnamed = unnamed_in("grantee", "an identity", resource, made_in)
    return elsewhere("grantee", "an identity", made_in, stack, referred=True) if unnamed else []


def mistakes_in_removal(given: Mapping[str, object], *names: str) -> list[str]:
    """Why these cannot be removal policies of a table or a log; empty if they can."""
    return [
        f"{name}: got RemovalPolicy.SNAPSHOT, expected RemovalPolicy.DESTROY or RemovalPolicy.RETAIN. CloudFormation "
        "makes no snapshot of it."
        for name in names
        if given[name] is RemovalPolicy.SNAPSHOT
    ]


def mistakes_in_topic(topic: "sns.ITopic", stack: Stack) -> list[str]:
    """Why alarms of this stack cannot send word to the topic; empty if they can. The account may be another."""
    mistakes = unnamed_in("topic", "a topic", topic.topic_arn, stack)
    region = topic.env.region
    if mistakes or not is_known(region) or not is_known(stack.region) or region == stack.region:
        return mistakes
    return [f"topic: got a topic in region {region}, expected one in region {stack.region}, the stack's."]


def refuse_metric(called: Callable[..., object], of: Construct, values: Mapping[str, object]) -> None:
    """Raise ConfigurationError if there is no such metric."""
    from aws_cdk import aws_cloudwatch as cloudwatch

    given = Parameters(called, values, where=of, cloudwatch=cloudwatch)
    period = values["period"]
    if isinstance(period, Duration):
        length = measured(period, "seconds")
        # A metric's periods (CloudWatch API Reference, MetricStat).
        if length is None or not (length in _SHORT_PERIODS or (length > 0 and length % 60 == 0)):
            got = "a token" if length is None else _shown_seconds(length)
            given.add([f"period: got {got}, expected 1, 5, 10 or 30 seconds, or a multiple of 60."])
    given.refuse()


def _mistakes(name: str, value: object, hint: object, limits: Limits | None) -> list[str]:
    """What is wrong with a value, a sentence each."""
    kinds = [kind for kind in _kinds(hint) if kind is not NoneType]
    if value is None and NoneType in _kinds(hint):
        return []
    (kind,) = kinds
    if get_origin(kind) is Sequence:
        return _mistakes_in_list(name, value, get_args(kind)[0])
    expected = _expected(kind, limits)
    if isinstance(value, str) and _LIST_MARK in value:
        return [f"{name}: {_ELEMENT}"]
    if not _is(value, kind):
        return [" ".join([f"{name}: got {shown(value)}, expected {expected}.", *_how(value, kind, limits)])]
    if limits is None or isinstance(value, str | Enum):
        return []
    got, number = shown(value), value
    if isinstance(value, Duration):
        number = measured(value, limits.unit or "seconds")
        if number is None or (is_token(number) and limits.unit is None):
            taken = f", or Duration.{limits.unit}(<a token>)" if limits.unit else " that are known at synthesis"
            return [f"{name}: got a token, expected {limits.expected}{taken}."]
        if limits.unit == "millis" and not is_token(number):
            number /= 1000
        got = _shown_seconds(number, in_days=limits.expected.endswith(" days"))
    assert isinstance(number, int | float)
    within = is_token(number) or limits.least <= number <= limits.most
    return [] if within else [f"{name}: got {got}, expected {limits.expected}."]


def _mistakes_in_list(name: str, value: object, kind: object) -> list[str]:
    called = _expected(kind, None)
    many = "a list of texts" if kind is str else f"a list of {called.removeprefix('an ').removeprefix('a ')}"
    if isinstance(value, str) or not isinstance(value, Sequence):
        how = " Put it into a list." if _is(value, kind) else ""
        return [f"{name}: got {shown(value)}, expected {many}.{how}"]
    if any(isinstance(one, str) and one.startswith(_LIST_MARK) for one in value):
        return [
            f"{name}: got a list that only the deployment knows, expected one whose length is known at synthesis. "
            "Take its elements: [Fn.select(0, ...), Fn.select(1, ...)]."
        ]
    if any(isinstance(one, str) and _LIST_MARK in one for one in value):
        return [f"{name}: {_ELEMENT}"]
    return [
        " ".join([f"{name}: got {shown(one)} in the list, expected {called}.", *_how(one, kind, None)])
        for one in value
        if not _is(one, kind)
    ]


def _kinds(hint: object) -> tuple[object, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _is(value: object, kind: object) -> bool:
    """Whether a value is one of this kind."""
    if kind is bool:
        return isinstance(value, bool)
    if kind is int or kind is float:
        # The CDK's engine takes an enum that is a number for one of its own.
        if not isinstance(value, int | float) or isinstance(value, bool | Enum):
            return False
        return is_token(value) or (abs(value) <= _LARGEST and (kind is float or value == int(value)))
    if kind is str:
        return isinstance(value, str) and value.strip() != ""
    assert isinstance(kind, type)
    if isinstance(value, type):
        return False
    if getattr(kind, "_is_protocol", False):
        members = [name for name in dir(kind) if not name.startswith("_")]
        return all(any(_has(part, name) for part in parts_of(value)) for name in members)
    return any(isinstance(part, kind) for part in parts_of(value))


def _has(part: object, name: str) -> bool:
    """Whether it has such a member; asked without a call of the CDK's engine."""
    return hasattr(type(part), name) or name in getattr(part, "__dict__", ())


def _is_resolvable(value: object) -> bool:
    return all(any(hasattr(type(part), name) for part in parts_of(value)) for name in ("resolve", "creation_stack"))


def _expected(kind: object, limits: Limits | None) -> str:
    assert isinstance(kind, type)
    words = _WORDS.get(kind, _a(kind.__name__))
    if limits is None:
        return words
    if kind is Duration:
        return f"{words} of {limits.expected}"
    return f"{words}, {limits.expected}" if limits.expected.startswith(_BOUNDS) else limits.expected


def _how(value: object, kind: object, limits: Limits | None) -> list[str]:
    """What to do."""
    assert isinstance(kind, type)
    if _is_resolvable(value) and kind in (str, int, float):
        return [f"Use Token.{'as_string' if kind is str else 'as_number'}(...)."]
    # A method of a class that gives one, such as Duration.seconds.
    name = getattr(value, "__qualname__", "") if callable(value) else ""
    if name.startswith(f"{kind.__name__}."):
        return [f"Call it: {name}(...)."]
    if issubclass(kind, Enum) and limits is None:
        return [f"Use {next(iter(kind))}, for example."]
    return [_HOW[kind.__name__]] if kind.__name__ in _HOW else []


def _a(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOaeio' else 'a'} {name}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
