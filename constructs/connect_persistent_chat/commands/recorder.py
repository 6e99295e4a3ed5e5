"""A deployed recorder, as the commands see it: what it was told, and what it does when it is asked."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from connect_persistent_chat.commands.asking import SDK, Patience
from connect_persistent_chat.commands.failure import CommandFailed, one_line
from connect_persistent_chat.shared import recording, schema, variables

# The recorder takes one contact after the other; so many of these are invoked at once.
_CONTACTS_AT_ONCE = 5
_INVOKED_AT_ONCE = 5
# How many descriptions a contact takes if the recorder does not say: its own, and its session's first contact's.
_ATTEMPTS = 2
# Of a contact: three descriptions of eight attempts each.
_MOST_ATTEMPTS = 24
# Amazon Connect is of 2017; nothing can be reckoned from the year 1, nor from 9999.
_YEARS = range(2000, 2100)
_LONGEST_RETENTION_SECONDS = 1e10
_CONNECT, _LAMBDA, _DYNAMODB = "Amazon Connect", "AWS Lambda", "DynamoDB"


class Chat(NamedTuple):
    """A contact that was found."""

    id: str
    began: datetime


class Page(NamedTuple):
    """A page of a search."""

    chats: list[Chat]
    # How many the whole search has, though it may not list them all.
    total: int
    token: str | None


class Fared(NamedTuple):
    """What became of contacts that were to be recorded."""

    # By id.
    how: dict[str, str]
    # How often DescribeContact was called for all of them.
    attempts: int


class Recorder:
    """The recorder of one history, by the name or ARN of its function."""

    def __init__(self, function: str, say: Callable[[str], None] = lambda _: None) -> None:
        """Region and credentials are those of the AWS command line.

        Raises CommandFailed if there is no such recorder, and botocore's errors.
        """
        self._patience = Patience(say=say)
        try:
            # The SDK for Python reads AWS_DEFAULT_REGION only.
            session = boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None)
            self._lambda = session.client("lambda", config=SDK)
            self._connect = session.client("connect", config=SDK)
            self._dynamodb = session.client("dynamodb", config=SDK)
            configured = self._configured(function)
        except ValueError as error:
            # A malformed address, or credentials that cannot be read.
            text = f"{one_line(error)}. Check AWS_ENDPOINT_URL, the region and the credentials."
            raise CommandFailed(text) from error
        self._read(function, configured)

    def _configured(self, function: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._patience.ask(
                _LAMBDA, lambda: self._lambda.get_function_configuration(FunctionName=function)
            )
        except ClientError as error:
            raise CommandFailed(f"--recorder: {one_line(error)}") from error
        return found

    def _read(self, function: str, configured: dict[str, Any]) -> None:
        told = configured.get("Environment", {}).get("Variables", {})
        needed = (
            variables.INSTANCE_ID,
            variables.HISTORY_TABLE,
            variables.RETENTION_SECONDS,
            variables.CUSTOMER_IDENTITY,
        )
        missing = [name for name in needed if name not in told]
        retention = _seconds(told.get(variables.RETENTION_SECONDS, ""))
        if missing or retention is None:
            wrong = f"has no {' and no '.join(missing)}" if missing else "has no valid retention"
            raise CommandFailed(
                f"--recorder: got the function {function}, which {wrong}; expected the recorder of a ChatHistory (the "
                "output HistoryRecorder of the app's stack)."
            )
        self.arn: str = _there(_LAMBDA, configured, "FunctionArn")
        self.name: str = _there(_LAMBDA, configured, "FunctionName")
        self.instance_id: str = told[variables.INSTANCE_ID]
        # Whether a customer is a CustomerId; else an attribute is.
        self.by_customer_id: bool = told[variables.CUSTOMER_IDENTITY] == variables.CUSTOMER_ID
        self.table: str = told[variables.HISTORY_TABLE]
        # Where events are kept that could not be recorded; "" if nowhere.
        self.dead_letters: str = configured.get("DeadLetterConfig", {}).get("TargetArn", "")
        self.retention_seconds = retention

    def now(self) -> datetime:
        """By Amazon Connect's clock, which says when contacts began. Raises CommandFailed, or botocore's errors."""
        here = datetime.now(UTC)
        try:
            answer = self._searched(here - timedelta(minutes=1), here, 1, None)
        except ClientError as error:
            # By a wrong clock the search is one of the future; what counts here is when it was refused.
            answer = error.response
            if answer["Error"].get("Code") not in ("InvalidParameterException", "InvalidRequestException"):
                raise
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        try:
            now = parsedate_to_datetime(date).astimezone(UTC)
            if now.year not in _YEARS:
                raise ValueError(date)
            return now
        except (ValueError, OverflowError):
            raise CommandFailed(
                f"Amazon Connect: the answer's Date is {date[:100]!r}, expected a time. Check the address."
            ) from None

    def search(self, start: datetime, end: datetime, most: int, token: str | None = None) -> Page:
        """A page of the chats that began between these instants, in this order.

        Raises CommandFailed, or botocore's errors.
        """
        found = self._searched(start, end, most, token)
        chats = [
            # An instant that is not told, or is unset, must not turn the order.
            Chat(_there(_CONNECT, contact, "Id"), min(end, max(start, contact.get("InitiationTimestamp", start))))
            for contact in _there(_CONNECT, found, "Contacts")
        ]
        return Page(chats, found.get("TotalCount", 0), found.get("NextToken"))

    def _searched(self, start: datetime, end: datetime, most: int, token: str | None) -> dict[str, Any]:
        found: dict[str, Any] = self._patience.ask(
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

    def record(self, contact_ids: Sequence[str]) -> Fared:
        """Have it describe and record contacts. Raises botocore's errors."""
        parts = [contact_ids[i : i + _CONTACTS_AT_ONCE] for i in range(0, len(contact_ids), _CONTACTS_AT_ONCE)]
        with ThreadPoolExecutor(_INVOKED_AT_ONCE) as pool:
            fared = list(pool.map(self._recorded, parts))
        return Fared({id: how for part in fared for id, how in part.how.items()}, sum(part.attempts for part in fared))

    def _recorded(self, contact_ids: Sequence[str]) -> Fared:
        payload = json.dumps({recording.CONTACTS: list(contact_ids)}).encode()
        said = self._patience.ask(_LAMBDA, lambda: self._invoked(payload))
        how = said.get(recording.CONTACTS)
        if not isinstance(how, dict):
            # Its own sentence, or what Lambda says of a function that failed.
            told = [said.get(name) for name in (recording.ERROR, "errorType", "errorMessage")]
            reason = ": ".join(str(text) for text in told if text) or "the recorder's answer cannot be read"
            failed = dict.fromkeys(contact_ids, f"{recording.FAILED}: {one_line(reason)[:500]}")
            return Fared(failed, _ATTEMPTS * len(failed))
        attempts = said.get(recording.ATTEMPTS)
        missing = f"{recording.FAILED}: the recorder gave no answer for this contact"
        return Fared(
            {id: str(how.get(id, missing)) for id in contact_ids},
            sum(_attempts_of(id, attempts) for id in contact_ids),
        )

    def _invoked(self, payload: bytes) -> dict[str, Any]:
        answer = self._lambda.invoke(FunctionName=self.arn, Payload=payload)
        try:
            said = json.loads(answer["Payload"].read())
        except (ValueError, RecursionError):
            said = None
        return said if isinstance(said, dict) else {}

    def entries(
        self, customer: str, after: dict[str, Any] | None
    ) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        """A page of the keys of a customer's entries, and what the next one comes after. `customer` is a key.

        Raises botocore's errors.
        """
        page = self._patience.ask(
            _DYNAMODB,
            lambda: self._dynamodb.query(
                TableName=self.table,
                ConsistentRead=True,
                KeyConditionExpression="#customer = :customer",
                ExpressionAttributeNames={"#customer": schema.CUSTOMER, "#session": schema.SESSION},
                ExpressionAttributeValues={":customer": {"S": customer}},
                ProjectionExpression="#customer, #session",
                **({"ExclusiveStartKey": after} if after else {}),
            ),
        )
        return _there(_DYNAMODB, page, "Items"), page.get("LastEvaluatedKey")

    def delete(self, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Delete entries; those that DynamoDB did not get to. Raises botocore's errors."""
        requests = {self.table: [{"DeleteRequest": {"Key": key}} for key in keys]}
        answer = self._patience.ask(_DYNAMODB, lambda: self._dynamodb.batch_write_item(RequestItems=requests))
        left = answer.get("UnprocessedItems", {}).get(self.table, [])
        return [request["DeleteRequest"]["Key"] for request in left]


def _there(service: str, answer: Mapping[str, Any], name: str) -> Any:
    """What each of AWS's answers has. To the SDK a web page of a proxy is one in which nothing was found."""
    if name not in answer:
        raise CommandFailed(f"{service}: the answer is none of AWS's (no {name}). Look at the address.")
    return answer[name]


def _attempts_of(contact_id: str, said: object) -> int:
    """What another function answers is waited for no longer than what a recorder does."""
    told = said.get(contact_id) if isinstance(said, dict) else None
    if isinstance(told, int) and not isinstance(told, bool) and 0 <= told <= _MOST_ATTEMPTS:
        return told
    return _ATTEMPTS


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 < seconds <= _LONGEST_RETENTION_SECONDS else None
