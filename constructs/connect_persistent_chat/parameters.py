"""The arguments of a call: checks each against its parameter's type and limits, and collects all mistakes."""

import math
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import NoneType
from typing import NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from aws_cdk import Duration, RemovalPolicy, Stack

from connect_persistent_chat.errors import ConfigurationError
from connect_persistent_chat.kinds import LARGEST, is_a, is_clean, is_disguised, is_resolvable, kinds_of
from connect_persistent_chat.messages import (
    ELEMENT,
    named,
    named_list,
    named_mapping,
    shown,
    shown_seconds,
    wrong_type,
)
from connect_persistent_chat.stacks import unnamed_in
from connect_persistent_chat.tokens import is_element, is_known, is_token, measured
from constructs import Construct

_T = TypeVar("_T")
# The periods of a metric below a minute. CloudWatch also has 20 (API Reference, MetricStat), but the CDK refuses it.
_SHORT_PERIODS = (1, 5, 10, 30)
_BOUNDS = ("at least ", "more than ")


class Limits(NamedTuple):
    """The limits of a number, of a Duration in seconds, or of an enum. For a text: only the words of the message."""

    # The words after "expected".
    expected: str
    least: float = -LARGEST
    most: float = LARGEST
    # A Duration may be a token in this unit, "seconds" or "millis". None if synthesis has to know the number.
    unit: str | None = None
    # The members of an enum that can be given. None for all of them.
    allowed: Sequence[Enum] | None = None


AT_LEAST_ONE = Limits("at least 1", 1)
# Of a throttle.
RATE = Limits("more than 0 requests a second", math.ulp(0.0))
REQUESTS = Limits("a whole number of requests, at least 1", 1)


def seconds(least: float, most: float, *, unit: str | None = None) -> Limits:
    """The limits of a Duration."""
    return Limits(f"{least} to {most} seconds", least, most, unit)


def limits_of(*allowed: Enum) -> Limits:
    """The limits of an enum."""
    return Limits(" or ".join(map(str, allowed)), allowed=allowed)


class Parameters:
    """The arguments of a constructor, method or factory, and their mistakes."""

    def __init__(
        self,
        called: Callable[..., object],
        values: Mapping[str, object],
        limits: Mapping[str, Limits] | None = None,
        *,
        where: str | Construct | None = None,
    ) -> None:
        """Checks the arguments of `called`. Pass `locals()` as `values`.

        :param where: the start of the error: a text, or the construct whose method is called. Default: the path of the
            construct that `scope` and `id` make, or the name of `called` if they make none.
        """
        self._values = {name: None if is_disguised(value) else value for name, value in values.items()}
        self._called = called
        self._where = where
        self._others: list[str] = []
        limits = limits or {}
        hints = get_type_hints(called)
        self._wrong = {
            name: mistakes
            for name in hints
            if name in values and (mistakes := _mistakes(name, values[name], hints[name], limits.get(name)))
        }
        scope, id = self._values.get("scope"), self._values.get("id")
        if is_token(id) or is_resolvable(id):
            self._wrong["id"] = ["id: got a token, expected a text that is known at synthesis."]
        elif isinstance(scope, Construct) and self.right("id") and scope.node.try_find_child(str(id)):
            self._wrong["id"] = [f"id: got {shown(id)}, expected an id that no other construct in this scope has."]

    def stack(self, *, names_all: bool = True) -> Stack:
        """The stack of the scope. Raises ConfigurationError if there is none.

        :param names_all: whether the stack's template will hold all arguments.
        """
        scope = self._values["scope"]
        if isinstance(scope, Construct):
            try:
                stack = Stack.of(scope)
            except RuntimeError:
                self.add("scope: got a construct outside of any stack, expected a stack or a construct in a stack.")
            else:
                for name in filter(self.right, self._values if names_all else ()):
                    self.add(*unnamed_in(name, "a value", self._values[name], stack))
                return stack
        self.refuse()
        raise AssertionError("a scope that is no construct is a mistake")

    def taken(self, name: str, value: _T) -> _T | None:
        """The value, or None if the parameter has a mistake."""
        return value if self.right(name) else None

    def texts(self, name: str) -> list[str]:
        """The texts without a mistake in a list."""
        value = self._values[name]
        listed = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
        return [text for text in listed if is_a(text, str) and not is_element(text)]

    def right(self, *names: str) -> bool:
        """Whether these parameters have no mistake of type or limits."""
        return not any(name in self._wrong for name in names)

    def add(self, *mistakes: str) -> None:
        """Adds mistakes that types and limits do not show."""
        self._others += mistakes

    def refuse(self) -> None:
        """Raises ConfigurationError if there are mistakes, in the order of the parameters."""
        mistakes = [*(mistake for mistakes in self._wrong.values() for mistake in mistakes), *self._others]
        order = {name: place for place, name in enumerate(self._values)}
        if mistakes:
            mistakes.sort(key=lambda mistake: order.get(mistake.partition(":")[0], len(order)))
            raise ConfigurationError(self._path(), mistakes)

    def _path(self) -> str:
        if isinstance(self._where, Construct):
            return f"{self._where.node.path}: {self._called.__name__}"
        if self._where is not None:
            return self._where
        scope, id = self._values.get("scope"), self._values.get("id")
        path = scope.node.path if isinstance(scope, Construct) else ""
        if isinstance(id, str) and id and is_clean(id) and is_known(id):
            return f"{path}/{id}".removeprefix("/")
        return f"{path}: {self._called.__qualname__.removesuffix('.__init__')}".removeprefix(": ")


def refuse_metric(called: Callable[..., object], of: Construct, values: Mapping[str, object]) -> None:
    """Raises ConfigurationError if the arguments of a metric's method have mistakes."""
    given = Parameters(called, values, where=of)
    period = values["period"]
    if isinstance(period, Duration) and given.right("period"):
        length = measured(period, "seconds")
        if length is None or not (length in _SHORT_PERIODS or (length > 0 and length % 60 == 0)):
            got = "a token" if length is None else shown_seconds(length)
            given.add(f"period: got {got}, expected 1, 5, 10 or 30 seconds, or a multiple of 60 seconds.")
    given.refuse()


def _mistakes(name: str, value: object, hint: object, limits: Limits | None) -> list[str]:
    """The sentences about a value with a mistake."""
    if value is None and NoneType in kinds_of(hint):
        return []
    (kind,) = (kind for kind in kinds_of(hint) if kind is not NoneType)
    if get_origin(kind) is Sequence:
        return _mistakes_in_list(name, value, get_args(kind)[0])
    if get_origin(kind) is Mapping:
        return _mistakes_in_mapping(name, value, *get_args(kind))
    assert isinstance(kind, type)
    if not is_a(value, kind):
        return [f"{name}: {wrong_type(value, kind, _expected(kind, limits))}"]
    if is_element(value):
        return [f"{name}: {ELEMENT} Fn.select(0, list)."]
    # A text with limits has a pattern of its own.
    if isinstance(value, str) and limits is None and not is_clean(value):
        return [f"{name}: got {shown(value)}, expected a text without control characters and white space at its ends."]
    # Every removal policy is that of a table or a log.
    if value is RemovalPolicy.SNAPSHOT:
        expected = "expected RemovalPolicy.DESTROY or RemovalPolicy.RETAIN. CloudFormation makes no snapshot of it."
        return [f"{name}: got {shown(value)}, {expected}"]
    if limits is None or isinstance(value, str):
        return []
    if isinstance(value, Enum):
        is_allowed = limits.allowed is None or value in limits.allowed
        return [] if is_allowed else [f"{name}: got {shown(value)}, expected {limits.expected}."]
    got, number = shown(value), value
    if isinstance(value, Duration):
        number = measured(value, limits.unit or "seconds")
        if number is None or (is_token(number) and limits.unit is None):
            in_unit = (" in another unit", f"Make it with Duration.{limits.unit}(...)")
            got, how = in_unit if limits.unit else ("", "Give the number itself: synthesis has to know it")
            return [f"{name}: got a token{got}, expected {limits.expected}. {how}."]
        if limits.unit == "millis" and not is_token(number):
            number /= 1000
        got = shown_seconds(number, in_days=limits.expected.endswith(" days"))
    assert isinstance(number, int | float)
    within = is_token(number) or limits.least <= number <= limits.most
    return [] if within else [f"{name}: got {got}, expected {limits.expected}."]


def _mistakes_in_list(name: str, value: object, kind: type) -> list[str]:
    if is_disguised(value) or isinstance(value, str) or not isinstance(value, Sequence):
        if is_a(value, kind) and is_element(value):
            return [f"{name}: {ELEMENT} [Fn.select(0, list)]."]
        how = " Put it into a list." if is_a(value, kind) else ""
        return [f"{name}: got {shown(value)}, expected {named_list(kind)}.{how}"]
    if any(is_a(item, kind) and is_element(item) for item in value):
        # A whole list token is a list with one text that is nothing but a token.
        if len(value) == 1 and shown(value[0]) == "a token":
            return [
                f"{name}: got a list that only the deployment knows, expected a list whose length is known at "
                "synthesis. Select its elements: [Fn.select(0, list), Fn.select(1, list)]."
            ]
        return [f"{name}: {ELEMENT} Fn.select(0, list)."]
    return [f"{name}: {wrong_type(item, kind, where=' in the list')}" for item in value if not is_a(item, kind)]


def _mistakes_in_mapping(name: str, value: object, key_kind: type, kind: type) -> list[str]:
    if is_disguised(value) or not isinstance(value, Mapping) or not value:
        return [f"{name}: got {shown(value)}, expected {named_mapping(key_kind, kind)}."]
    if any(is_a(part, str) and is_element(part) for pair in value.items() for part in pair):
        return [f"{name}: {ELEMENT} Fn.select(0, list)."]
    wrong = [wrong_type(key, key_kind, where=" as a name") for key in value if not is_a(key, key_kind)]
    wrong += [wrong_type(item, kind, where=f" for {shown(key)}") for key, item in value.items() if not is_a(item, kind)]
    return [f"{name}: {sentence}" for sentence in wrong]


def _expected(kind: type, limits: Limits | None) -> str:
    """The words after "expected", if the parameter has limits."""
    if limits is None:
        return ""
    if kind is Duration:
        return f"{named(kind)} of {limits.expected}"
    return f"{named(kind)}, {limits.expected}" if limits.expected.startswith(_BOUNDS) else limits.expected
