"""Types: whether a value has the type of a parameter's annotation, without a call of the CDK's engine."""

from collections.abc import Sequence
from enum import Enum
from types import UnionType
from typing import Union, get_args, get_origin

from connect_persistent_chat.tokens import is_token

# No number of requests is larger, and the CDK's engine counts exactly only up to here.
LARGEST = 2.0**53


def kinds_of(hint: object) -> tuple[object, ...]:
    """The types that an annotation allows."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def is_a(value: object, kind: object) -> bool:
    """Whether a value has this type."""
    if kind is bool:
        return isinstance(value, bool)
    if kind is int or kind is float:
        # The CDK's engine would take an IntEnum for an enum of the CDK.
        if not isinstance(value, int | float) or isinstance(value, bool | Enum):
            return False
        return is_token(value) or (abs(value) <= LARGEST and (kind is float or value == int(value)))
    if kind is str:
        return isinstance(value, str) and value.strip() != ""
    assert isinstance(kind, type)
    if isinstance(value, type):
        return False
    if getattr(kind, "_is_protocol", False):
        return _has(value, *(name for name in dir(kind) if not name.startswith("_")))
    return any(isinstance(part, kind) for part in parts_of(value))


def is_resolvable(value: object) -> bool:
    """Whether this is a token that was not yet written as a text or a number."""
    return _has(value, "resolve", "creation_stack")


def parts_of(value: object) -> Sequence[object]:
    """The object itself. For an imported resource, the class and the interfaces that jsii made it from."""
    found = vars(value).get("_delegates") if hasattr(value, "__dict__") else None
    return found if isinstance(found, list) else [value]


def _has(value: object, *names: str) -> bool:
    """Whether a value has these members. `hasattr(value, name)` would call the CDK's engine."""
    parts = parts_of(value)
    return all(
        any(hasattr(type(part), name) or name in getattr(part, "__dict__", ()) for part in parts) for name in names
    )
