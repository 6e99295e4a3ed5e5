"""The table, in DynamoDB's own protocol (JSON 1.0): the three operations on it, and no others."""

import json
from collections.abc import Callable, Mapping
from functools import partial

from aws.answer import Answer, Document, Outcome, detail_of, is_throttled
from aws.client import Client
from aws.no_answer import TooLarge, Unreadable
from aws.probes import Probes, said
from aws.retry import Operation, Retry
from history.item import Row, entries_of, item_of, key_of_item, row_of
from history.session import Entries, Session
from shared import probes, schema
from shared.typing import Any

# A customer rarely has two chats that are not known to have ended; ten index entries are about 2.5 kB, one read unit.
MOST_ENTRIES = 10
_NOBODY = "probe"


class TableFailed(Exception):
    """A call of DynamoDB failed. The text is its answer."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(detail_of(outcome))
        self.throttled = isinstance(outcome, Answer) and is_throttled(outcome)
        self.reached = isinstance(outcome, Answer | Unreadable)
        # The recorder writes no such row. A retry would get the same.
        self.too_large = isinstance(outcome, TooLarge)


class Table:
    """The history's table, for one request of a function."""

    def __init__(self, client: Client, name: str, retry: Retry) -> None:
        self._client = client
        self._name = name
        self._retry = retry

    def latest(self, customer: str) -> Entries:
        """One strongly consistent read of the index. `customer` is a key. Raises TableFailed."""
        result = self._result(self._query(customer))
        assert isinstance(result, Entries)
        return result

    def get(self, customer: str, session_id: str) -> Session | None:
        """A session, strongly consistent. Raises TableFailed, also if the recorder cannot have written it so."""
        row = self.row(customer, session_id)
        if row is not None and row.broken:
            # No retry: it stays so until somebody deletes the item.
            found = f"the item of the session {session_id} is not as the recorder writes it: {row.broken}. "
            raise TableFailed(Unreadable(f"{found}Delete it, and backfill the time in which the session began"))
        return None if row is None else row.session

    def row(self, customer: str, session_id: str) -> Row | None:
        """As `get`, with what can be read of a broken item. Raises TableFailed."""
        result = self._result(self._get(customer, session_id))
        assert result is None or isinstance(result, Row)
        return result

    def conditional_write(self, customer: str, before: Session | None, after: Session, expires: int) -> bool:
        """Write a session, unless it changed since it was read: then False. Raises TableFailed."""
        item = {**item_of(customer, after), schema.EXPIRES: {"N": str(expires)}}
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(#customer)",
            "ExpressionAttributeNames": {"#customer": schema.CUSTOMER},
        }
        if before is not None:
            condition = {
                "ConditionExpression": "#segments = :segments",
                "ExpressionAttributeNames": {"#segments": schema.SEGMENTS},
                "ExpressionAttributeValues": {":segments": item_of(customer, before)[schema.SEGMENTS]},
            }
        outcome = self._retry.call(self._put(item, condition), self._client)
        if isinstance(outcome, Answer) and outcome.error_type == "ConditionalCheckFailedException":
            return False
        if isinstance(outcome, Answer) and outcome.status == 200:
            return True
        raise TableFailed(outcome)

    def probes(self, *actions: str) -> Probes:
        """Each action with an item that does not exist."""
        return {action: partial(self._tried, action) for action in actions}

    def _tried(self, action: str) -> Mapping[str, object]:
        # An item that has to exist to be written.
        present = {"ConditionExpression": f"attribute_exists({schema.CUSTOMER})"}
        operations = {
            probes.QUERY: self._query(_NOBODY),
            probes.GET_ITEM: self._get(_NOBODY, _NOBODY),
            probes.PUT_ITEM: self._put(key_of_item(_NOBODY, _NOBODY), present),
        }
        return said(self._retry.call(operations[action], self._client))

    def _result(self, operation: Operation) -> object:
        outcome = self._retry.call(operation, self._client)
        if isinstance(outcome, Answer) and outcome.status == 200:
            return outcome.result
        raise TableFailed(outcome)

    def _query(self, customer: str) -> Operation:
        parameters = {
            "IndexName": schema.INDEX,
            "KeyConditionExpression": "#customer = :customer",
            "ExpressionAttributeNames": {"#customer": schema.CUSTOMER},
            "ExpressionAttributeValues": {":customer": {"S": customer}},
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": MOST_ENTRIES,
        }
        return self._operation("Query", parameters, entries_of)

    def _get(self, customer: str, session_id: str) -> Operation:
        parameters = {"Key": key_of_item(customer, session_id), "ConsistentRead": True}
        return self._operation("GetItem", parameters, lambda document: row_of(session_id, document.get("Item")))

    def _put(self, item: dict[str, Any], condition: Mapping[str, Any]) -> Operation:
        return self._operation("PutItem", {"Item": item, **condition}, lambda _: None)

    def _operation(self, name: str, parameters: Mapping[str, Any], read: Callable[[Document], object]) -> Operation:
        body = json.dumps({"TableName": self._name, **parameters}).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{name}"}
        return Operation("POST", "/", body, read, headers)
