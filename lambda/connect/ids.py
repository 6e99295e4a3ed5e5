"""What is an id: one check for those of requests, of the history's rows, and of contacts that are to be recorded."""

import re
from typing import TypeGuard

from shared import wire

_IDS = re.compile(wire.ID_PATTERN)


def is_id(value: object, longest: int) -> TypeGuard[str]:
    """Whether this is 1 to `longest` letters, digits and hyphens."""
    return isinstance(value, str) and len(value) <= longest and _IDS.fullmatch(value) is not None


def is_contact_id(value: object) -> TypeGuard[str]:
    """Whether Amazon Connect could have a contact of this id: nothing else is ever sent to it."""
    return is_id(value, wire.CONTACT_ID_LENGTH)


def same_instance(one: str, other: str) -> bool:
    """An instance's id is one whatever its case."""
    return one.lower() == other.lower()
