"""All calls of the custom resources: AWS's services, the function, the endpoint, the clock."""

import base64
import json
import os
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session

from provisioning.text import say
from shared import variables

# Longer than the association function's longest deadline with its start.
_READ_SECONDS = 35
# The proof itself retries, because it knows for how long.
_CONFIG = Config(connect_timeout=5, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1})
_QUICK_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


class Answer(NamedTuple):
    """What the endpoint answered."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}

    @property
    def kind(self) -> object:
        """The error's type in the words of this library's own gateway responses and function; None if it has none."""
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return parsed.get("__type") if isinstance(parsed, dict) else None

    def __str__(self) -> str:
        told = [f"{name} {self.headers[name]}" for name in _TOLD if name in self.headers]
        body = self.body[:500].decode("utf-8", "replace")
        return " ".join([str(self.status), body, *([f"({', '.join(told)})"] if told else [])])


# These name the kind of API Gateway's own refusal, and the request in its logs.
_TOLD = ("x-amzn-errortype", "x-amzn-requestid", "x-amz-apigw-id")


class Invoked(NamedTuple):
    """The result of a direct invocation."""

    # The kind of the function's error, if any.
    error: str | None
    answer: dict[str, Any]
    # The end of its log, of 4 KB at most.
    log: str = ""


class Calls:
    """The real calls. Tests replace them."""

    def __init__(self) -> None:
        self._session = boto3.session.Session()
        self.region: str = self._session.region_name

    def instances(self) -> list[dict[str, Any]]:
        """Every instance of the account and region."""
        return self._all("connect", "list_instances", "InstanceSummaryList")

    def instance(self, instance_id: str) -> dict[str, Any]:
        """The instance, as DescribeInstance says."""
        return dict(self._quick("connect").describe_instance(InstanceId=instance_id)["Instance"])

    def transcript_storages(self, instance_id: str) -> list[dict[str, Any]]:
        """The places where the instance stores chat transcripts."""
        asked = {"InstanceId": instance_id, "ResourceType": "CHAT_TRANSCRIPTS"}
        return self._all("connect", "list_instance_storage_configs", "StorageConfigs", **asked)

    def flow(self, instance_id: str, flow_id: str) -> dict[str, Any]:
        """A flow, as DescribeContactFlow says."""
        asked = {"InstanceId": instance_id, "ContactFlowId": flow_id}
        return dict(self._quick("connect").describe_contact_flow(**asked)["ContactFlow"])

    def stop_contact(self, instance_id: str, contact_id: str) -> None:
        """End a contact."""
        self._quick("connect").stop_contact(InstanceId=instance_id, ContactId=contact_id)

    def invoke(self, function: str, event: dict[str, Any]) -> Invoked:
        """Invoke a function directly."""
        answer = self._session.client("lambda", config=_CONFIG).invoke(
            FunctionName=function, Payload=json.dumps(event).encode(), LogType="Tail"
        )
        payload = json.loads(answer["Payload"].read() or b"{}")
        log = base64.b64decode(answer.get("LogResult") or "").decode("utf-8", "replace")
        returned = payload if isinstance(payload, dict) else {"returned": payload}
        return Invoked(answer.get("FunctionError"), returned, log)

    def reserved_concurrency(self, function: str) -> int | None:
        """The function's reserved concurrency; None if it has none."""
        got = self._quick("lambda").get_function_concurrency(FunctionName=function)
        return cast(int | None, got.get("ReservedConcurrentExecutions"))

    def who_may_invoke(self, function: str) -> list[dict[str, Any]]:
        """The statements of the function's own policy."""
        try:
            policy = self._quick("lambda").get_policy(FunctionName=function)["Policy"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return []
            raise
        return list(json.loads(policy)["Statement"])

    def rule(self, name: str) -> dict[str, Any]:
        """A rule of the default bus, as DescribeRule says."""
        return dict(self._quick("events").describe_rule(Name=name))

    def targets(self, rule: str) -> list[dict[str, Any]]:
        """All targets of a rule."""
        return self._all("events", "list_targets_by_rule", "Targets", Rule=rule)

    def matches(self, pattern: str, event: dict[str, Any]) -> bool:
        """Whether EventBridge finds that an event matches a pattern."""
        return bool(self._quick("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"])

    def table(self, name: str) -> dict[str, Any]:
        """A table, as DescribeTable says."""
        return dict(self._quick("dynamodb").describe_table(TableName=name)["Table"])

    def base_of(self, api_id: str, stage: str) -> str:
        """Where a stage of an API of this region answers: at its default address, or where the environment says."""
        # Named like the SDKs' own variables.
        elsewhere = os.environ.get("AWS_ENDPOINT_URL_EXECUTE_API")
        if elsewhere:
            return f"{elsewhere.rstrip('/')}/{api_id}/{stage}"
        # The one client whose own address is execute-api's: it knows what each partition's hosts end with.
        config = Config(ignore_configured_endpoint_urls=True)
        address = boto3.client("apigatewaymanagementapi", region_name=self.region, config=config).meta.endpoint_url
        return f"https://{api_id}.{address.removeprefix('https://')}/{stage}"

    def local_variables(self) -> dict[str, str]:
        """The variables that the local cloud gives to all functions, so to this function too. In AWS there are none."""
        names = (variables.LOCAL_ISSUER_URL,)
        return {name: os.environ[name] for name in names if name in os.environ}

    def send(self, verb: str, url: str, body: bytes, *, signed: bool, token: str = "") -> Answer:
        """A request to the endpoint, signed with this function's own role, with a token, or without credentials.

        Raises botocore's BotoCoreError.
        """
        headers = {"Content-Type": "application/json", **({"Authorization": token} if token else {})}
        request = AWSRequest(verb, url, headers, body)
        if signed:
            SigV4Auth(self._session.get_credentials(), "execute-api", self.region).add_auth(request)
        # A redirect is not followed.
        sent = URLLib3Session(timeout=(5, _READ_SECONDS)).send(request.prepare())
        return Answer(sent.status_code, sent.content, {name.lower(): value for name, value in sent.headers.items()})

    def rolls_back(self, stack_id: str) -> bool:
        """Whether CloudFormation is rolling an update of this stack back; False if that is unknown."""
        try:
            # Without an answer the roll-back would fail, and the stack would be stuck.
            patient = _QUICK_CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 6}))
            client = self._session.client("cloudformation", config=patient)
            (stack,) = client.describe_stacks(StackName=stack_id)["Stacks"]
        except (BotoCoreError, ClientError) as error:
            say(level="WARN", detail=f"The stack's status is unknown: {type(error).__name__}")
            return False
        return str(stack["StackStatus"]).startswith("UPDATE_ROLLBACK")

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait for so many seconds."""
        time.sleep(seconds)

    def _all(self, service: str, operation: str, member: str, **asked: str) -> list[dict[str, Any]]:
        """What all pages list."""
        pages = self._quick(service).get_paginator(operation).paginate(**asked)
        return [one for page in pages for one in page[member]]

    def _quick(self, service: str) -> Any:
        return self._session.client(service, config=_QUICK_CONFIG)
