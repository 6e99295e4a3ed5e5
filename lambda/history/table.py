"""The table, in DynamoDB's own protocol (JSON 1.0): the three operations on it, and no others."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from association.ids import is_contact_id
from association.instants import LEAST_SECONDS, TOO_LATE_SECONDS
from aws.asking import Asking, Operation
from aws.client import Client, TooLarge, Unreadable
from aws.outcomes import Answer, Document, Outcome, detail_of, is_throttled
from history import names
from history.session import Segment, Session

# A customer rarely has two chats that are not known to have ended; ten index entries are about 2.5 kB, one read unit.
MOST_ENTRIES = 10
_NOBODY = "probe"
# An instant in milliseconds.
_MOST_DIGITS = 13
# What stands where another type of DynamoDB's is expected.
_OTHER = object()


class TableFailed(Exception):
    """DynamoDB did not do it; `outcome` is what it said."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(detail_of(outcome))
        self.outcome = outcome
        self.throttled = isinstance(outcome, Answer) and is_throttled(outcome)
        self.reached = isinstance(outcome, Answer | Unreadable)
        # No row that the recorder wrote, and so again for as long as it is there.
        self.too_large = isinstance(outcome, TooLarge)


class Entry(NamedTuple):
    """A session in the index; times in milliseconds since the epoch."""

    session_id: str
    # Never before `ended`.
    until: int
    ended: int | None
    running: tuple[str, ...]
    # Whether it is not as the recorder writes it; then what is left of it are ids that can be ones.
    broken: bool = False


class Latest(NamedTuple):
    """A customer's sessions, those that may have ended last first."""

    entries: tuple[Entry, ...]
    # Whether there are others, which come after the last of these.
    more: bool


class Row(NamedTuple):
    """An item of the table."""

    session: Session
    # What of it is not as the recorder writes it, and left out; "" if all is.
    broken: str


class Table:
    """The history's table, for one request of a function."""

    def __init__(self, client: Client, name: str, asking: Asking) -> None:
        self._client = client
        self._name = name
        self._asking = asking

    def latest(self, customer: str) -> Latest:
        """One strongly consistent read of the index. `customer` is a key. Raises TableFailed."""
        result = self._result(self._query(customer))
        assert isinstance(result, Latest)
        return result

    def get(self, customer: str, session_id: str) -> Session | None:
        """A session, by a strongly consistent read. Raises TableFailed, also if it is not as it was written.

        That is not asked for again: it stays so until somebody deletes the item.
        """
        row = self.row(customer, session_id)
        if row is not None and row.broken:
            raise TableFailed(
                Unreadable(
                    f"the item of the session {session_id} is not as the recorder writes it: {row.broken}. Delete it, "
                    "and backfill the time in which the session began"
                )
            )
        return None if row is None else row.session

    def row(self, customer: str, session_id: str) -> Row | None:
        """As `get`, with what can be read of an item that is not as it was written. Raises TableFailed."""
        result = self._result(self._get(customer, session_id))
        assert result is None or isinstance(result, Row)
        return result

    def put(self, customer: str, before: Session | None, after: Session, expires: int) -> bool:
        """Write a session, if it still is as it was read; whether that was so.

        `expires` is in seconds since the epoch. Raises TableFailed.
        """
        item = {**item_of(customer, after), names.EXPIRES: {"N": str(expires)}}
        if before is None:
            condition: dict[str, Any] = _absent()
        else:
            condition = {
                "ConditionExpression": "#segments = :segments",
                "ExpressionAttributeNames": {"#segments": names.SEGMENTS},
                "ExpressionAttributeValues": {":segments": item_of(customer, before)[names.SEGMENTS]},
            }
        outcome = self._asking.ask(self._put(item, condition), self._client)
        if isinstance(outcome, Answer) and outcome.error_type == "ConditionalCheckFailedException":
            return False
        if isinstance(outcome, Answer) and outcome.status == 200:
            return True
        raise TableFailed(outcome)

    def tried(self, action: str) -> dict[str, object]:
        """DynamoDB's answer to a call that can find and change nothing: may this function make it?"""
        item = _key(_NOBODY, _NOBODY)
        # An item that does not exist, and that has to exist to be written.
        present = {"ConditionExpression": f"attribute_exists({names.CUSTOMER})"}
        operations: Mapping[str, Callable[[], Operation]] = {
            names.PROBE_QUERY: lambda: self._query(_NOBODY),
            names.PROBE_GET_ITEM: lambda: self._get(_NOBODY, _NOBODY),
            names.PROBE_PUT_ITEM: lambda: self._put(item, present),
        }
        outcome = self._asking.ask(operations[action](), self._client)
        if isinstance(outcome, Answer):
            return {"type": outcome.error_type, "status": outcome.status, "message": outcome.message}
        return {"type": "unreachable", "status": 0, "message": detail_of(outcome)}

    def _result(self, operation: Operation) -> object:
        outcome = self._asking.ask(operation, self._client)
        if isinstance(outcome, Answer) and outcome.status == 200:
            return outcome.result
        raise TableFailed(outcome)

    def _query(self, customer: str) -> Operation:
        parameters = {
            "IndexName": names.INDEX,
            "KeyConditionExpression": "#customer = :customer",
            "ExpressionAttributeNames": {"#customer": names.CUSTOMER},
            "ExpressionAttributeValues": {":customer": {"S": customer}},
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": MOST_ENTRIES,
        }
        return self._operation("Query", parameters, _latest)

    def _get(self, customer: str, session_id: str) -> Operation:
        parameters = {"Key": _key(customer, session_id), "ConsistentRead": True}
        return self._operation("GetItem", parameters, lambda document: _row(session_id, document.get("Item")))

    def _put(self, item: dict[str, Any], condition: Mapping[str, Any]) -> Operation:
        return self._operation("PutItem", {"Item": item, **condition}, lambda _: None)

    def _operation(self, name: str, parameters: Mapping[str, Any], read: Callable[[Document], object]) -> Operation:
        body = json.dumps({"TableName": self._name, **parameters}).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{name}"}
        return Operation("POST", "/", body, read, headers)


def _absent() -> dict[str, Any]:
    return {
        "ConditionExpression": "attribute_not_exists(#customer)",
        "ExpressionAttributeNames": {"#customer": names.CUSTOMER},
    }


def _key(customer: str, session_id: str) -> dict[str, Any]:
    return {names.CUSTOMER: {"S": customer}, names.SESSION: {"S": session_id}}


def item_of(customer: str, session: Session) -> dict[str, Any]:
    """A session as the table keeps it, but for when it expires. `customer` is a key."""
    item = {
        **_key(customer, session.id),
        names.UNTIL: {"N": str(session.until)},
        names.SEGMENTS: {"M": {id: {"M": _times_of(segment)} for id, segment in session.segments.items()}},
    }
    if session.ended is not None:
        item[names.ENDED] = {"N": str(session.ended)}
    if session.running:
        item[names.RUNNING] = {"SS": list(session.running)}
    return item


def _times_of(segment: Segment) -> dict[str, Any]:
    times = {names.BEGAN: segment.began, names.ENDED: segment.ended}
    return {name: {"N": str(time)} for name, time in times.items() if time is not None}


def _latest(document: Document) -> Latest:
    items = document.get("Items")
    if not isinstance(items, list):
        raise Unreadable("an answer without Items")
    # One entry that is not as it was written takes no other down.
    return Latest(
        tuple(_entry(item if isinstance(item, dict) else {}) for item in items), "LastEvaluatedKey" in document
    )


def _entry(item: Mapping[str, Any]) -> Entry:
    session_id, running = _value(item, names.SESSION, "S"), _value(item, names.RUNNING, "SS")
    ids = running if isinstance(running, list) else []
    ended, until = _time(item, names.ENDED), _time(item, names.UNTIL)
    kept = tuple(id for id in ids if is_contact_id(id))
    whole = (
        is_contact_id(session_id)
        and until is not None
        and len(kept) == len(ids)
        and (running is None or bool(kept))
        and (ended is not None or (names.ENDED not in item and bool(kept)))
        and until >= (ended or 0)
        and (bool(kept) or until == ended)
    )
    # Of what cannot be read nobody knows when it ended.
    return Entry(
        session_id if isinstance(session_id, str) else "",
        max(until if until is not None else TOO_LATE_SECONDS * 1000, ended or 0),
        ended,
        kept,
        not whole,
    )


def _row(session_id: str, item: object) -> Row | None:
    if item is None:
        return None
    segments = _value(item if isinstance(item, dict) else {}, names.SEGMENTS, "M")
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
        kept[id] = Segment(_time(told, names.BEGAN), _time(told, names.ENDED))
        if any(time is None and name in told for name, time in zip((names.BEGAN, names.ENDED), kept[id], strict=True)):
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
    """In milliseconds since the epoch; None if there is none, or what is there is none."""
    text = _value(attributes, name, "N")
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        return None
    return int(text) if LEAST_SECONDS * 1000 <= int(text) < TOO_LATE_SECONDS * 1000 else None
