"""`chat-history erase`: every entry of one customer, out of the history."""

import time
from typing import Any

from botocore.exceptions import ClientError

from connect_persistent_chat.commands.recorder import CommandFailed, Recorder, history_names
from connect_persistent_chat.source import load

key_of = load("history", "key").key_of
_BATCH = 25
# After which what DynamoDB did not get to is asked for again.
_PAUSES_SECONDS = (0.1, 0.5, 1, 2, 4, 8, 16)


def erase(recorder: Recorder, customer: str) -> int:
    """Delete the customer's entries, and see that there are none; how many there were. Raises CommandFailed.

    The customer is named to nobody: the table knows a hash.
    """
    dynamodb, erased = recorder.dynamodb, 0
    key = key_of(recorder.instance_id, customer)
    try:
        # Until a look finds none: what is written meanwhile is erased as well.
        while keys := _keys(dynamodb, recorder.table, key):
            for index in range(0, len(keys), _BATCH):
                _delete(dynamodb, recorder.table, keys[index : index + _BATCH])
            erased += len(keys)
    except ClientError as error:
        raise CommandFailed(f"{erased} entries were erased, and then: {error}") from error
    return erased


def _keys(dynamodb: Any, table: str, customer: str) -> list[dict[str, Any]]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        ConsistentRead=True,
        KeyConditionExpression="#customer = :customer",
        ExpressionAttributeNames={"#customer": history_names.CUSTOMER, "#session": history_names.SESSION},
        ExpressionAttributeValues={":customer": {"S": customer}},
        ProjectionExpression="#customer, #session",
    )
    return [item for page in pages for item in page["Items"]]


def _delete(dynamodb: Any, table: str, keys: list[dict[str, Any]]) -> None:
    requests = {table: [{"DeleteRequest": {"Key": key}} for key in keys]}
    for pause in _PAUSES_SECONDS:
        requests = dynamodb.batch_write_item(RequestItems=requests).get("UnprocessedItems", {})
        if not requests:
            return
        time.sleep(pause)
    raise CommandFailed("DynamoDB is too busy to delete entries. Run the same command again.")
