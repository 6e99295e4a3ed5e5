"""The check of ids, for requests, for the history's rows, and for contacts to record."""

import re

from shared import wire
from shared.typing import TypeGuard

_IDS = re.compile(wire.ID_PATTERN)


def is_id(value: object, longest: int) -> TypeGuard[str]:
    """Whether this is 1 to `longest` letters, digits and hyphens."""
    return isinstance(value, str) and len(value) <= longest and _IDS.fullmatch(value) is not None


def is_contact_id(value: object) -> TypeGuard[str]:
    """Whether this can be a contact's id. Nothing else is ever sent to Amazon Connect as one."""
    return is_id(value, wire.CONTACT_ID_LENGTH)


def same_instance(one: str, other: str) -> bool:
    """The case of an instance's id does not matter."""
    return one.lower() == other.lower()
