"""A contact event, in either spelling of its keys: what it says of a segment, or why it is not recorded.

Source: Administrator Guide, "Amazon Connect contact events". Unknown event types and fields are allowed.
"""

import math
import re
from datetime import UTC, datetime

from aws.description import described
from connect.ids import is_contact_id, same_instance
from connect.instants import CLOCKS_APART_SECONDS, instant_of
from shared import recording, wire
from shared.typing import NamedTuple

_INSTANCE = re.compile(rf"instance/({wire.ID_PATTERN})(?:/.*)?")
_ENDS = frozenset(("DISCONNECTED", "COMPLETED"))
_MOST_CUSTOMER_CHARACTERS = 128
_MOST_TYPE_CHARACTERS = 100
_UPDATED, _ATTRIBUTES = "CONTACT_DATA_UPDATED", "UserDefinedAttributes"


class Poison(Exception):
    """The event cannot be read. The text says what was found, and nothing that identifies a customer."""


class Ignored(Exception):
    """The event is correct, but not for this history. The text is the reason's name."""


class ContactEvent(NamedTuple):
    """What an event says of a chat segment of the instance."""

    type: str
    contact_id: str
    # Its own id, if it is the session's first; None if the event does not say which session it belongs to.
    initial_id: str | None
    # "" if the event does not say.
    customer: str
    # In milliseconds since the epoch; None if the event does not say.
    began: int | None
    ended: int | None
    # Whether it says that the contact's attributes were changed.
    updates_attributes: bool = False

    @property
    def complete(self) -> bool:
        """Whether it says everything that is recorded, except perhaps the customer."""
        has_time = self.ended is not None or (self.began is not None and not self.says_end)
        return has_time and self.initial_id is not None

    @property
    def says_end(self) -> bool:
        """Whether the segment has ended, with or without a time."""
        return self.type in _ENDS


def read(event: object, instance_id: str, now: float) -> ContactEvent:
    """The contact event that EventBridge delivered; `now` is in seconds since the epoch. Raises Poison or Ignored."""
    envelope = _mapping("event", event)
    if envelope.get("source") != recording.SOURCE or envelope.get("detail-type") not in recording.DETAIL_TYPES:
        raise Poison("source and detail-type: expected a contact event of Amazon Connect.")
    detail = _lower(_mapping("detail", envelope.get("detail")))
    if not same_instance(_instance(detail), instance_id):
        raise Ignored("another_instance")
    if _text(detail, "channel", 32).lower() != "chat":
        raise Ignored("another_channel")
    told = max(_time(envelope, "time") or 0, round(now * 1000))
    contact_id = _optional_id(detail, "contactId")
    if contact_id is None:
        raise Poison("contactId: got nothing, expected a contact's id.")
    previous_id = _optional_id(detail, "previousContactId")
    initial_id = _optional_id(detail, "initialContactId")
    kind, updated = _text(detail, "eventType", _MOST_TYPE_CHARACTERS), detail.get("updatedproperties")
    return ContactEvent(
        type=kind,
        contact_id=contact_id,
        # Absent on a first segment. A segment with a previous contact is not the first.
        initial_id=initial_id or (contact_id if previous_id is None else None),
        customer=_optional(detail, "customerId", _MOST_CUSTOMER_CHARACTERS),
        began=_time(detail, "initiationTimestamp", told),
        ended=_time(detail, "disconnectTimestamp", told),
        updates_attributes=kind == _UPDATED and isinstance(updated, list) and _ATTRIBUTES in updated,
    )


def _mapping(name: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Poison(f"{name}: got {described(value)}, expected an object.")
    return value


def _lower(detail: dict[str, object]) -> dict[str, object]:
    """Keys in lower case. One key in two spellings has to have one value."""
    lowered: dict[str, object] = {}
    for name, value in detail.items():
        key = name.lower()
        if key in lowered and lowered[key] != value:
            raise Poison(f"{key[:40]!r}: got two values, expected one.")
        lowered[key] = value
    return lowered


def _instance(detail: dict[str, object]) -> str:
    """The instance in an ARN. Only its end is reliable: samples lack a partition, or have too many colons."""
    arn = _text(detail, "instanceArn", 2048)
    found = _INSTANCE.search(arn)
    if found is None:
        raise Poison(f"instanceArn: got {described(arn)}, expected one that holds instance/<id>.")
    return found[1]


def _optional(detail: dict[str, object], name: str, longest: int) -> str:
    value = detail.get(name.lower())
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise Poison(f"{name}: got {described(value)}, expected at most {longest} characters.")
    return value


def _text(detail: dict[str, object], name: str, longest: int) -> str:
    value = _optional(detail, name, longest)
    if not value:
        raise Poison(f"{name}: got nothing, expected at most {longest} characters.")
    return value


def _optional_id(detail: dict[str, object], name: str) -> str | None:
    value = _optional(detail, name, wire.CONTACT_ID_LENGTH)
    if value and not is_contact_id(value):
        raise Poison(f"{name}: got {described(value)} with other characters, expected letters, digits and hyphens.")
    return value or None


def _time(detail: dict[str, object], name: str, now: float = math.inf) -> int | None:
    """An instant in milliseconds since the epoch; None if it is unset. One after `now` would hide every later chat."""
    text = _optional(detail, name, 64)
    if not text:
        return None
    try:
        told = datetime.fromisoformat(text)
        told = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Poison(f"{name}: got {described(text)}, expected an instant in ISO 8601.") from None
    try:
        instant = instant_of(told.timestamp())
    except ValueError:
        raise Poison(f"{name}: got the year {told.year}, expected one before 2100.") from None
    if instant is not None and round(instant * 1000) > now + CLOCKS_APART_SECONDS * 1000:
        raise Poison(f"{name}: got an instant after the event's own time, and after now.")
    return None if instant is None else round(instant * 1000)
