"""What a deployed history holds and says."""

import json
import time
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from shared.key import key_of
from tests.local.deployments import Deployed, log_of

Item = dict[str, Any]


class Recorded:
    """One of a stack's histories: its table, its recorder, its dead letters."""

    def __init__(self, deployed: Deployed, history: str = "History") -> None:
        self.cloud = deployed.cloud
        self.table = deployed.physical_id("AWS::DynamoDB::Table", f"{history}Table")
        self.function = deployed.physical_id("AWS::Lambda::Function", f"{history}Recorder")
        self.queue = deployed.physical_id("AWS::SQS::Queue", f"{history}DeadLetters")
        self._since = time.time()

    def items(self) -> list[Item]:
        """The whole table."""
        return self._read("scan")

    def _read(self, operation: str, **of: Any) -> list[Item]:
        pages = self.cloud.client("dynamodb").get_paginator(operation).paginate(TableName=self.table, **of)
        read = TypeDeserializer().deserialize
        return [{name: read(value) for name, value in item.items()} for page in pages for item in page["Items"]]

    def write(self, item: Item) -> None:
        """Put an item as it is."""
        write = TypeSerializer().serialize
        self.cloud.client("dynamodb").put_item(
            TableName=self.table, Item={name: write(value) for name, value in item.items()}
        )

    def delete(self, item: Item) -> None:
        """Take an item away."""
        write = TypeSerializer().serialize
        key = {name: write(item[name]) for name in ("customer", "session")}
        self.cloud.client("dynamodb").delete_item(TableName=self.table, Key=key)

    def sessions(self, customer: str) -> dict[str, Item]:
        """A customer's items, by session."""
        key = {":customer": {"S": key_of(self.cloud.instance_id, customer)}}
        found = self._read("query", KeyConditionExpression="customer = :customer", ExpressionAttributeValues=key)
        return {item["session"]: item for item in found}

    def everything(self) -> str:
        """The whole table as text."""
        return json.dumps(self.items(), default=str)

    def log(self) -> str:
        """What the recorder has logged since this was made."""
        return log_of(self.cloud, self.function, self._since)

    def ask(self, event: Any) -> Any:
        """Invoke the recorder directly."""
        answer = self.cloud.client("lambda").invoke(FunctionName=self.function, Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read())

    def record(self, contacts: list[str]) -> dict[str, str]:
        """Have it describe and record contacts, as the backfill does."""
        fared: dict[str, str] = self.ask({"contacts": contacts})["contacts"]
        return fared

    def dead_letters(self) -> list[Any]:
        """The events in the dead-letter queue, which is empty then."""
        sqs, events = self.cloud.client("sqs"), []
        while True:
            messages = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
            for message in messages:
                events.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            if not messages:
                return events
