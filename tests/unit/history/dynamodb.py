"""DynamoDB as the table's client sees it: one table with a local index, in memory, read and written by its protocol."""

import json
from collections.abc import Mapping
from typing import Any

from aws.http import Response

Item = dict[str, Any]


class DynamoDB:
    """As aws.client.Client. Holds every request against the few shapes that the table may send."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.calls: list[str] = []
        # Answered instead, one after the other.
        self.instead: list[Response | Exception] = []

    def send(
        self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
    ) -> Response:
        """One operation."""
        assert (method, target) == ("POST", "/")
        assert headers is not None
        assert headers["Content-Type"] == "application/x-amz-json-1.0"
        operation = headers["X-Amz-Target"].removeprefix("DynamoDB_20120810.")
        self.calls.append(operation)
        if self.instead:
            outcome = self.instead.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        parameters = json.loads(body)
        assert parameters.pop("TableName") == "table"
        return {"Query": self._query, "GetItem": self._get, "PutItem": self._put}[operation](parameters)

    def _query(self, parameters: Item) -> Response:
        assert parameters["IndexName"] == "ByEnd"
        assert parameters["ConsistentRead"] is True
        assert parameters["ScanIndexForward"] is False
        wanted = parameters["ExpressionAttributeValues"][":customer"]["S"]
        projected = ("customer", "session", "until", "ended", "running")
        found = [
            {name: value for name, value in item.items() if name in projected}
            for (customer, _), item in self.items.items()
            if customer == wanted
        ]
        found.sort(key=lambda item: int(item["until"]["N"]), reverse=True)
        answer: Item = {"Items": found[: parameters["Limit"]]}
        if len(found) > parameters["Limit"]:
            answer["LastEvaluatedKey"] = {}
        return ok(answer)

    def _get(self, parameters: Item) -> Response:
        assert parameters["ConsistentRead"] is True
        item = self.items.get(key_of(parameters["Key"]))
        return ok({} if item is None else {"Item": item})

    def _put(self, parameters: Item) -> Response:
        item = parameters["Item"]
        known = self.items.get(key_of(item))
        condition = parameters["ConditionExpression"]
        if condition == "attribute_not_exists(#customer)":
            holds = known is None
        elif condition == "attribute_exists(customer)":
            holds = known is not None
        else:
            assert condition == "#segments = :segments"
            holds = known is not None and known["segments"] == parameters["ExpressionAttributeValues"][":segments"]
        if not holds:
            return refused("ConditionalCheckFailedException")
        self.items[key_of(item)] = item
        return ok({})


def key_of(item: Item) -> tuple[str, str]:
    """Of an item, or of a key."""
    return item["customer"]["S"], item["session"]["S"]


def ok(document: Any) -> Response:
    """200."""
    return Response(200, {}, json.dumps(document).encode())


def refused(kind: str, status: int = 400) -> Response:
    """An error as DynamoDB spells it."""
    document = {"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", "message": "no"}
    return Response(status, {}, json.dumps(document).encode())
