"""A described contact: what the functions need of it."""

import re

from aws.no_answer import Unreadable
from connect.instants import instant_of
from shared import variables
from shared.typing import NamedTuple


class Contact(NamedTuple):
    """A segment of a session; Connect calls it a contact."""

    id: str
    # The customer; "" if it does not say.
    customer: str
    # VOICE, CHAT, TASK or EMAIL; "" if it does not say.
    channel: str
    # The id of the session's first contact: its own, if it is that.
    session: str
    # The contact that it is linked to. An association links it to a past chat; StartChatContact may link it to a call.
    related_id: str | None
    # When it ended, in seconds since the epoch.
    disconnected: float | None
    # When it began, in seconds since the epoch; None if Connect does not say.
    initiated: float | None = None
    # What kind of its channel, such as connect:Guide; "" if it does not say.
    subtype: str = ""


def read(document: dict[str, object], customer_identity: str) -> Contact:
    """The contact in DescribeContact's answer. Raises Unreadable."""
    fields = document.get("Contact")
    if not isinstance(fields, dict):
        raise Unreadable("200 without Contact")
    id = fields.get("Id")
    if not isinstance(id, str) or not id:
        raise Unreadable("a contact without Id")
    return Contact(
        id,
        _customer(fields, customer_identity),
        _text(fields, "Channel"),
        # The API Reference says only what it is; as far as anybody knows, a session's first contact has none.
        _text(fields, "InitialContactId") or id,
        _text(fields, "RelatedContactId") or None,
        _time(fields, "DisconnectTimestamp"),
        _time(fields, "InitiationTimestamp"),
        subtype_of(fields.get("SegmentAttributes")),
    )


def subtype_of(segment_attributes: object) -> str:
    """The kind of a contact in its segment attributes, in either spelling; "" if they do not say."""
    found = segment_attributes.get("connect:Subtype") if isinstance(segment_attributes, dict) else None
    values = [found.get(name) for name in ("ValueString", "valueString")] if isinstance(found, dict) else []
    return next((value for value in values if isinstance(value, str)), "")


def is_identity(value: str) -> bool:
    """Whether this can name a contact's customer: the CustomerId, or an attribute."""
    attribute = f"{variables.ATTRIBUTE_PREFIX}{variables.ATTRIBUTE_PATTERN}"
    return value == variables.CUSTOMER_ID or re.fullmatch(attribute, value) is not None


def _customer(fields: dict[str, object], customer_identity: str) -> str:
    if customer_identity == variables.CUSTOMER_ID:
        return _text(fields, "CustomerId")
    attributes = fields.get("Attributes")
    name = customer_identity.removeprefix(variables.ATTRIBUTE_PREFIX)
    return _text(attributes, name) if isinstance(attributes, dict) else ""


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _time(fields: dict[str, object], name: str) -> float | None:
    value = fields.get(name)
    try:
        return None if value is None else instant_of(value)
    except ValueError as error:
        raise Unreadable(f"{name}: {error}") from None
