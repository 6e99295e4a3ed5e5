"""All that the custom resources ask of the world: Amazon Connect, the function, the endpoint, the clock."""

import json
import os
import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session

# Longer than the association function's longest deadline with its start.
_READ_SECONDS = 35
_CONFIG = Config(connect_timeout=5, read_timeout=_READ_SECONDS, retries={"mode": "standard", "max_attempts": 3})
# The instance's check has to end within a minute, and makes three kinds of calls.
_CONNECT_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})
_PAGE = 10
# Where execute-api answers, if not at its public address; named like the SDKs' own variables.
EXECUTE_API_VARIABLE = "AWS_ENDPOINT_URL_EXECUTE_API"


class Answer(NamedTuple):
    """What the endpoint answered."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    def __str__(self) -> str:
        return f"{self.status} {self.body[:200].decode('utf-8', 'replace')}"


class Calls:
    """The real thing. Tests put another in its place."""

    def __init__(self) -> None:
        self._session = boto3.session.Session()
        self.region: str = self._session.region_name

    def instances(self) -> list[dict[str, Any]]:
        """Every instance of the account and region."""
        pages = self._connect().get_paginator("list_instances").paginate(PaginationConfig={"PageSize": _PAGE})
        return [summary for page in pages for summary in page["InstanceSummaryList"]]

    def instance(self, instance_id: str) -> dict[str, Any]:
        """The instance, as DescribeInstance says. Raises botocore's ClientError."""
        described: dict[str, Any] = self._connect().describe_instance(InstanceId=instance_id)["Instance"]
        return described

    def transcript_storages(self, instance_id: str) -> list[dict[str, Any]]:
        """Where the instance stores chat transcripts."""
        pages = (
            self._connect()
            .get_paginator("list_instance_storage_configs")
            .paginate(InstanceId=instance_id, ResourceType="CHAT_TRANSCRIPTS", PaginationConfig={"PageSize": _PAGE})
        )
        return [storage for page in pages for storage in page["StorageConfigs"]]

    def invoke(self, function: str, event: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        """Invoke a function directly: the kind of its error, if any, and what it returned. Raises botocore's errors."""
        answer = self._session.client("lambda", config=_CONFIG).invoke(
            FunctionName=function, Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read() or b"{}")
        return answer.get("FunctionError"), payload if isinstance(payload, dict) else {"returned": payload}

    def post(self, url: str, body: bytes, *, signed: bool) -> Answer:
        """POST to the endpoint, signed for execute-api with this function's own role or not at all.

        Raises botocore's BotoCoreError if it cannot be reached.
        """
        request = AWSRequest("POST", _reachable(url), {"Content-Type": "application/json"}, body)
        if signed:
            SigV4Auth(self._session.get_credentials(), "execute-api", self.region).add_auth(request)
        sent = URLLib3Session(timeout=(5, _READ_SECONDS)).send(request.prepare())
        return Answer(sent.status_code, sent.content)

    def rolls_back(self, stack_id: str) -> bool:
        """Whether CloudFormation is undoing an update of this stack; no if it may not be asked."""
        try:
            (stack,) = self._session.client("cloudformation", config=_CONFIG).describe_stacks(StackName=stack_id)[
                "Stacks"
            ]
        except (BotoCoreError, ClientError) as error:
            print(json.dumps({"level": "WARN", "detail": f"The stack's status is unknown: {type(error).__name__}"}))
            return False
        return str(stack["StackStatus"]).startswith("UPDATE_ROLLBACK")

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let this much time pass."""
        time.sleep(seconds)

    def _connect(self) -> Any:
        return self._session.client("connect", config=_CONNECT_CONFIG)


def _reachable(url: str) -> str:
    """The address behind which the API answers: its own, or the one that the environment gives."""
    base = os.environ.get(EXECUTE_API_VARIABLE)
    if not base:
        return url
    parts = urlsplit(url)
    api_id = (parts.hostname or "").split(".")[0]
    return f"{base.rstrip('/')}/{api_id}{parts.path}"


__all__ = ["EXECUTE_API_VARIABLE", "Answer", "BotoCoreError", "Calls", "ClientError"]
