"""A deployed history, as the commands use it: all their calls of its recorder, its instance and its table."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError, HTTPClientError

from connect_persistent_chat.commands.command_failed import CommandFailed, one_line
from connect_persistent_chat.commands.retry import SDK, SDK_AT_FIRST, Result, not_of_aws, while_busy
from connect_persistent_chat.shared import recording, schema, variables

_INVOKED_AT_ONCE = 5
# If the recorder does not say how often it called DescribeContact: for the contact, and for its session's first one.
_CALLS = 2
# Three descriptions of eight attempts each.
_MOST_CALLS = 24
_YEARS = range(2000, 2100)
_LONGEST_RETENTION_SECONDS = 1e10
_VARIABLES = (variables.INSTANCE_ID, variables.HISTORY_TABLE, variables.RETENTION_SECONDS, variables.CUSTOMER_IDENTITY)
_CONNECT, _LAMBDA, _DYNAMODB = "Amazon Connect", "AWS Lambda", "DynamoDB"


class Chat(NamedTuple):
    """A contact that was found."""

    id: str
    began: datetime


class Page(NamedTuple):
    """A page of a search."""

    chats: list[Chat]
    # Of the whole search, which may not list them all.
    total: int
    token: str | None


class Outcome(NamedTuple):
    """What the recorder made of a contact."""

    # `recorded`, `known`, why it was ignored, or `failed: ` and the reason.
    text: str
    # How often DescribeContact was called.
    calls: int


class DeployedHistory:
    """One history, known by its recorder. Every method raises CommandFailed, and botocore's errors."""

    def __init__(self, function: str, say: Callable[[str], None]) -> None:
        """`function` is its name or ARN. The region and the credentials are those of the AWS command line."""
        self._say = say
        try:
            # The SDK for Python reads AWS_DEFAULT_REGION only.
            session = boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None)
            self._lambda = session.client("lambda", config=SDK)
            self._connect = session.client("connect", config=SDK)
            self._dynamodb = session.client("dynamodb", config=SDK)
            first = session.client("lambda", config=SDK_AT_FIRST)
            found = self._ask(_LAMBDA, lambda: first.get_function_configuration(FunctionName=function))
        except ClientError as error:
            raise CommandFailed(f"--recorder: {one_line(error)}") from error
        # A malformed address, or credentials that cannot be read.
        except ValueError as error:
            checks = "Check AWS_ENDPOINT_URL, the region and the credentials."
            raise CommandFailed(f"{one_line(error)}. {checks}") from error
        self.recorder_arn: str = _field(_LAMBDA, found, "FunctionArn")
        self.recorder_name: str = _field(_LAMBDA, found, "FunctionName")
        # Where events are kept that could not be recorded; "" if nowhere.
        self.dead_letters: str = found.get("DeadLetterConfig", {}).get("TargetArn", "")
        told = found.get("Environment", {}).get("Variables", {})
        missing = [name for name in _VARIABLES if name not in told]
        retention = _seconds(told.get(variables.RETENTION_SECONDS, ""))
        if missing or retention is None:
            wrong = f"has no {' and no '.join(missing)}" if missing else "has no valid retention"
            raise CommandFailed(
                f"--recorder: got the function {function}, which {wrong}; expected the recorder of a ChatHistory (the "
                "output HistoryRecorder of the app's stack)."
            )
        self.retention = timedelta(seconds=retention)
        self.instance_id: str = told[variables.INSTANCE_ID]
        # Whether a customer is a CustomerId, and not an attribute.
        self.by_customer_id: bool = told[variables.CUSTOMER_IDENTITY] == variables.CUSTOMER_ID
        self._table: str = told[variables.HISTORY_TABLE]

    def _ask(self, service: str, call: Callable[[], Result]) -> Result:
        return while_busy(service, call, self._say)

    def now(self) -> datetime:
        """The time of Amazon Connect's clock."""
        # Past by every clock whose signatures AWS accepts.
        end = datetime.now(UTC) - timedelta(hours=1)
        answer = self._searched(end - timedelta(minutes=1), end, 1, None)
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        with suppress(ValueError, OverflowError):
            now = parsedate_to_datetime(date).astimezone(UTC)
            if now.year in _YEARS:
                return now
        found = f"the answer's Date is {date[:100]!r}, expected a time"
        raise CommandFailed(f"{_CONNECT}: {found}. Check AWS_ENDPOINT_URL and the proxy.")

    def search(self, start: datetime, end: datetime, most: int, token: str | None = None) -> Page:
        """A page of the chats that began between these instants, the earliest first."""
        found = self._searched(start, end, most, token)
        chats = [
            # A time that is missing or unset must not change the order.
            Chat(_field(_CONNECT, contact, "Id"), min(end, max(start, contact.get("InitiationTimestamp", start))))
            for contact in _field(_CONNECT, found, "Contacts")
        ]
        return Page(chats, found.get("TotalCount", 0), found.get("NextToken"))

    def _searched(self, start: datetime, end: datetime, most: int, token: str | None) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(
            _CONNECT,
            lambda: self._connect.search_contacts(
                InstanceId=self.instance_id,
                TimeRange={"Type": "INITIATION_TIMESTAMP", "StartTime": start, "EndTime": end},
                SearchCriteria={"Channels": ["CHAT"]},
                Sort={"FieldName": "INITIATION_TIMESTAMP", "Order": "ASCENDING"},
                MaxResults=most,
                **({"NextToken": token} if token else {}),
            ),
        )
        return found

    def record(self, contact_ids: Sequence[str]) -> dict[str, Outcome]:
        """Have the recorder describe and record contacts."""
        with ThreadPoolExecutor(_INVOKED_AT_ONCE) as pool:
            return dict(zip(contact_ids, pool.map(self._recorded, contact_ids), strict=True))

    def _recorded(self, contact_id: str) -> Outcome:
        payload = json.dumps({recording.CONTACTS: [contact_id]}).encode()
        answer = self._ask(_LAMBDA, lambda: self._lambda.invoke(FunctionName=self.recorder_arn, Payload=payload))
        said: dict[str, Any] = {}
        with suppress(ValueError, RecursionError, HTTPClientError):
            said = _mapping(json.loads(answer["Payload"].read()))
        outcomes, calls = (_mapping(said.get(name)) for name in (recording.CONTACTS, recording.ATTEMPTS))
        text = outcomes.get(contact_id)
        if text is None:
            # The recorder's own sentence, or what Lambda says of a function that failed.
            told = [said.get(name) for name in (recording.ERROR, "errorType", "errorMessage")]
            reason = ": ".join(str(part) for part in told if part) or "the recorder's answer cannot be read"
            text = f"{recording.FAILED}: {one_line(reason)[:500]}"
        count = calls.get(contact_id)
        # A wrong count could make a run wait for years.
        return Outcome(str(text), count if type(count) is int and 0 <= count <= _MOST_CALLS else _CALLS)

    def entries(self, customer: str) -> list[dict[str, Any]]:
        """The keys of a customer's entries; `customer` is a key itself."""
        query = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#customer = :customer",
            ExpressionAttributeNames={"#customer": schema.CUSTOMER, "#session": schema.SESSION},
            ExpressionAttributeValues={":customer": {"S": customer}},
            ProjectionExpression="#customer, #session",
        )
        return [key for page in self._ask(_DYNAMODB, lambda: list(query)) for key in _field(_DYNAMODB, page, "Items")]

    def delete(self, key: dict[str, Any]) -> None:
        """Delete an entry."""
        self._ask(_DYNAMODB, lambda: self._dynamodb.delete_item(TableName=self._table, Key=key))


def _field(service: str, answer: Mapping[str, Any], name: str) -> Any:
    """A field that every answer of AWS has. To the SDK a proxy's web page is an answer without fields."""
    if name not in answer:
        raise not_of_aws(service, f"it has no {name}")
    return answer[name]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 < seconds <= _LONGEST_RETENTION_SECONDS else None
