"""A deployed recorder, as the commands see it: what it was told, and what it does when it is asked."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from connect_persistent_chat.source import load

if TYPE_CHECKING:
    from association import names as association_names
    from history import names as history_names
else:
    association_names = load("association", "names")
    history_names = load("history", "names")

__all__ = ["FAILED", "CommandFailed", "Recorder", "history_names"]

# How a contact fared that could not be recorded: this, a colon, and why.
FAILED = "failed"
# Amazon Connect lets a search of older contacts through once a second.
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 12}, read_timeout=60)
# The recorder takes one contact after the other; so many of these are invoked at once.
_CONTACTS_AT_ONCE = 5
_INVOKED_AT_ONCE = 5


class CommandFailed(Exception):
    """The command cannot go on; the text is for people."""


class Recorder:
    """The recorder of one history, by the name or ARN of its function."""

    def __init__(self, session: Any, function: str) -> None:
        """`session` is a boto3 Session. Raises CommandFailed if there is no such recorder."""
        self._lambda = session.client("lambda", config=_CONFIG)
        try:
            configured = self._lambda.get_function_configuration(FunctionName=function)
        except ClientError as error:
            raise CommandFailed(f"--recorder: {error}") from error
        variables = configured.get("Environment", {}).get("Variables", {})
        needed = (association_names.INSTANCE_ID, history_names.TABLE, history_names.RETENTION_SECONDS)
        missing = [name for name in needed if name not in variables]
        if missing:
            raise CommandFailed(
                f"--recorder: got the function {function}, which has no {' and no '.join(missing)}; expected the "
                "recorder of a ChatHistory (the output HistoryRecorder of the app's stack)."
            )
        self.arn: str = configured["FunctionArn"]
        self.name: str = configured["FunctionName"]
        self.instance_id: str = variables[association_names.INSTANCE_ID]
        self.table: str = variables[history_names.TABLE]
        # Where events are kept that could not be recorded; "" if nowhere.
        self.dead_letters: str = configured.get("DeadLetterConfig", {}).get("TargetArn", "")
        self.retention_seconds = float(variables[history_names.RETENTION_SECONDS])
        # Clients that try again for a while when they are throttled.
        self._connect = session.client("connect", config=_CONFIG)
        self.dynamodb = session.client("dynamodb", config=_CONFIG)

    def now(self) -> datetime:
        """By Amazon Connect's clock, which says when contacts began. Raises botocore's errors."""
        here = datetime.now(UTC)
        answer = self.search(here - timedelta(minutes=1), here, 1)
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    def search(self, start: datetime, end: datetime, most: int, token: str | None = None) -> dict[str, Any]:
        """A page of the chats that began between these instants, in this order. Raises botocore's errors."""
        found: dict[str, Any] = self._connect.search_contacts(
            InstanceId=self.instance_id,
            TimeRange={"Type": "INITIATION_TIMESTAMP", "StartTime": start, "EndTime": end},
            SearchCriteria={"Channels": ["CHAT"]},
            Sort={"FieldName": "INITIATION_TIMESTAMP", "Order": "ASCENDING"},
            MaxResults=most,
            **({"NextToken": token} if token else {}),
        )
        return found

    def record(self, contact_ids: Sequence[str]) -> dict[str, str]:
        """Have it describe and record contacts; how each fared, by id. Raises botocore's errors."""
        parts = [contact_ids[i : i + _CONTACTS_AT_ONCE] for i in range(0, len(contact_ids), _CONTACTS_AT_ONCE)]
        with ThreadPoolExecutor(_INVOKED_AT_ONCE) as pool:
            return {id: how for fared in pool.map(self._invoke, parts) for id, how in fared.items()}

    def _invoke(self, contact_ids: Sequence[str]) -> dict[str, str]:
        payload = json.dumps({history_names.CONTACTS: list(contact_ids)}).encode()
        answer = self._lambda.invoke(FunctionName=self.arn, Payload=payload)
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            return dict.fromkeys(contact_ids, f"{FAILED}: {said.get('errorType')}: {said.get('errorMessage')}")
        fared: dict[str, str] = said[history_names.CONTACTS]
        return fared
