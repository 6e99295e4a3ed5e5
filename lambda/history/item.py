"""Sessions as the table stores them. What is read may have been written by anybody, so it is checked."""

from collections.abc import Mapping

from aws.answer import Document
from aws.no_answer import Unreadable
from connect.ids import is_contact_id
from connect.instants import LEAST_SECONDS, TOO_LATE_SECONDS
from history.session import Entries, Entry, Segment, Session
from shared import schema
from shared.typing import Any, NamedTuple

# An instant in milliseconds.
_MOST_DIGITS = 13
# The value of an attribute that has another DynamoDB type than expected.
_OTHER = object()


class Row(NamedTuple):
    """An item of the table."""

    session: Session
    # Which part the recorder cannot have written, and was left out; "" if there is none.
    broken: str


def key_of_item(customer: str, session_id: str) -> dict[str, Any]:
    """The primary key of an item. `customer` is a key."""
    return {schema.CUSTOMER: {"S": customer}, schema.SESSION: {"S": session_id}}


def item_of(customer: str, session: Session) -> dict[str, Any]:
    """A session as the table stores it, without its expiry. `customer` is a key."""
    item = {
        **key_of_item(customer, session.id),
        schema.UNTIL: {"N": str(session.until)},
        schema.SEGMENTS: {"M": {id: {"M": _times_of(segment)} for id, segment in session.segments.items()}},
    }
    if session.ended is not None:
        item[schema.ENDED] = {"N": str(session.ended)}
    if session.running:
        item[schema.RUNNING] = {"SS": list(session.running)}
    return item


def _times_of(segment: Segment) -> dict[str, Any]:
    times = {schema.BEGAN: segment.began, schema.ENDED: segment.ended}
    return {name: {"N": str(time)} for name, time in times.items() if time is not None}


def entries_of(document: Document) -> Entries:
    """A customer's sessions in an answer to a query of the index. Raises Unreadable."""
    items = document.get("Items")
    if not isinstance(items, list):
        raise Unreadable("an answer without Items")
    # A broken entry must not hide the others.
    entries = tuple(_entry(item if isinstance(item, dict) else {}) for item in items)
    return Entries(entries, "LastEvaluatedKey" in document)


def _entry(item: Mapping[str, Any]) -> Entry:
    session_id, running = _value(item, schema.SESSION, "S"), _value(item, schema.RUNNING, "SS")
    ids = running if isinstance(running, list) else []
    ended, until = _time(item, schema.ENDED), _time(item, schema.UNTIL)
    kept = tuple(id for id in ids if is_contact_id(id))
    whole = (
        is_contact_id(session_id)
        and until is not None
        and len(kept) == len(ids)
        and (running is None or bool(kept))
        and (ended is not None or (schema.ENDED not in item and bool(kept)))
        and until >= (ended or 0)
        and (bool(kept) or until == ended)
    )
    # If the end cannot be read, the session may have ended at any time.
    return Entry(
        session_id if isinstance(session_id, str) else "",
        max(until if until is not None else TOO_LATE_SECONDS * 1000, ended or 0),
        ended,
        kept,
        not whole,
    )


def row_of(session_id: str, item: object) -> Row | None:
    """A session in an item of the table; None if there is no item."""
    if item is None:
        return None
    segments = _value(item if isinstance(item, dict) else {}, schema.SEGMENTS, "M")
    if not isinstance(segments, dict) or not segments:
        return Row(Session(session_id, {}), "it has no segments")
    kept: dict[str, Segment] = {}
    broken = ""
    for id, of in segments.items():
        if not is_contact_id(id):
            broken = "a segment's id is none"
            continue
        times = of.get("M") if isinstance(of, dict) else None
        told = times if isinstance(times, dict) else {}
        kept[id] = Segment(_time(told, schema.BEGAN), _time(told, schema.ENDED))
        if any(
            time is None and name in told for name, time in zip((schema.BEGAN, schema.ENDED), kept[id], strict=True)
        ):
            broken = f"a time of the segment {id} is none"
        elif kept[id] == Segment(None, None):
            broken = f"the segment {id} has neither a beginning nor an end"
    return Row(Session(session_id, kept), broken)


def _value(attributes: Mapping[str, Any], name: str, kind: str) -> object:
    typed = attributes.get(name)
    if typed is None:
        return None
    return typed.get(kind, _OTHER) if isinstance(typed, dict) else _OTHER


def _time(attributes: Mapping[str, Any], name: str) -> int | None:
    """In milliseconds since the epoch; None if the attribute is missing or holds no time."""
    text = _value(attributes, name, "N")
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        return None
    return int(text) if LEAST_SECONDS * 1000 <= int(text) < TOO_LATE_SECONDS * 1000 else None
