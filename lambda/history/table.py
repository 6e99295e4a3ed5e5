"""The table, in DynamoDB's own protocol (JSON 1.0): the three operations on it, and no others."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aws.asking import Asking, Operation
from aws.client import Client, Unreadable
from aws.outcomes import Answer, Document, Outcome, detail_of, is_throttled
from history import names
from history.session import Segment, Session

# A customer rarely has two chats that are not known to have ended; ten index entries are about 2.5 kB, one read unit.
MOST_ENTRIES = 10
_NOBODY = "probe"


class TableFailed(Exception):
    """DynamoDB did not do it; `outcome` is what it said."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(detail_of(outcome))
        self.outcome = outcome
        self.throttled = isinstance(outcome, Answer) and is_throttled(outcome)
        self.reached = isinstance(outcome, Answer | Unreadable)


class Entry(NamedTuple):
    """A session in the index; times in milliseconds since the epoch."""

    session_id: str
    until: int
    ended: int | None
    running: tuple[str, ...]


class Latest(NamedTuple):
    """A customer's sessions, those that may have ended last first."""

    entries: tuple[Entry, ...]
    # Whether there are others, which come after the last of these.
    more: bool


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
        """A session, by a strongly consistent read. Raises TableFailed."""
        result = self._result(self._get(customer, session_id))
        assert result is None or isinstance(result, Session)
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
        return self._operation("GetItem", parameters, lambda document: _session(document.get("Item")))

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
    try:
        items: Any = document["Items"]
        entries = tuple(
            Entry(
                item[names.SESSION]["S"],
                int(item[names.UNTIL]["N"]),
                _time(item, names.ENDED),
                tuple(item.get(names.RUNNING, {}).get("SS", ())),
            )
            for item in items
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"an entry of the index is not as it was written: {type(error).__name__}") from None
    if any(entry.ended is None and not entry.running for entry in entries):
        raise Unreadable("an entry of the index tells of no segment")
    return Latest(entries, "LastEvaluatedKey" in document)


def _session(item: Any) -> Session | None:
    if item is None:
        return None
    try:
        segments = item[names.SEGMENTS]["M"]
        return Session(
            item[names.SESSION]["S"],
            {id: Segment(_time(of["M"], names.BEGAN), _time(of["M"], names.ENDED)) for id, of in segments.items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"an item is not as it was written: {type(error).__name__}") from None


def _time(attributes: Mapping[str, Any], name: str) -> int | None:
    return int(attributes[name]["N"]) if name in attributes else None
