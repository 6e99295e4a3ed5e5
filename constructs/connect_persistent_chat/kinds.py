"""Types: whether a value has the type of a parameter's annotation, with few calls of the CDK's engine."""

import re
from collections.abc import Sequence
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

import jsii
from aws_cdk import aws_iam as iam

from connect_persistent_chat.tokens import is_token

# No number of requests is larger, and the CDK's engine counts exactly only up to here.
LARGEST = 2.0**53
# White space at an end, control characters, and halves of a character, which no template can hold.
_UNCLEAN = re.compile(r"^\s|\s\Z|[\0-\x1f\x7f-\x9f\ud800-\udfff]")


def kinds_of(hint: object) -> tuple[object, ...]:
    """The types that an annotation allows."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def is_a(value: object, kind: object) -> bool:
    """Whether a value has this type."""
    if is_disguised(value):
        return False
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
        names = [name for name in dir(kind) if not name.startswith("_")]
        return _implements(value, kind, names) if hasattr(kind, "__jsii_type__") else _has(value, *names)
    return isinstance(value, kind)


def is_disguised(value: object) -> bool:
    """Whether a value says that it is of another class, such as a mock with a `spec`."""
    return value.__class__ is not type(value)


def is_clean(text: str) -> bool:
    """Whether a text has no control characters, no white space at its ends, and only whole characters."""
    return _UNCLEAN.search(text) is None


def is_resolvable(value: object) -> bool:
    """Whether this is a token that was not yet written as a text or a number."""
    return _has(value, "resolve", "creation_stack")


def parts_of(value: object) -> Sequence[object]:
    """The object itself. For an imported resource, the class and the interfaces that jsii made it from."""
    found = vars(value).get("_delegates") if hasattr(value, "__dict__") else None
    return found if isinstance(found, list) else [value]


def _implements(value: Any, interface: Any, names: Sequence[str]) -> bool:
    """Whether the CDK's engine finds an interface of the CDK with these members in a value.

    In an app's own class, it finds only the members of the class, and only with `@jsii.implements`.
    """
    found = any(
        all(hasattr(made, name) for name in names)
        and (
            issubclass(made, jsii.proxy_for(interface))
            or any(interface in given.__mro__ for given in getattr(made, "__jsii_ifaces__", ()))
        )
        for made in map(type, parts_of(value))
    )
    return found and (interface is not iam.IGrantable or is_a(value.grant_principal, iam.IPrincipal))


def _has(value: object, *names: str) -> bool:
    """Whether a value has these members. `hasattr(value, name)` would call the CDK's engine."""
    parts = parts_of(value)
    return all(
        any(hasattr(type(part), name) or name in getattr(part, "__dict__", ()) for part in parts) for name in names
    )
