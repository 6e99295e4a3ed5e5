"""A world for the custom resources to look at: what they would be told, without asking anybody."""

import json
from typing import Any

from botocore.exceptions import ClientError

from provisioning.calls import Answer, Calls, Invoked
from shared import recording, schema

INSTANCE_ID = "11111111-1111-4111-8111-111111111111"
FLOW_ID = "22222222-2222-4222-8222-222222222222"
INSTANCE_ARN = f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE_ID}"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
AUTHORIZER_ARN = "arn:aws:lambda:us-east-1:123456789012:function:authorizer"
AUTHORIZER_ENVIRONMENT = {"ISSUER": "https://login.example.com", "AUDIENCES": "client"}
RULE_ARN = "arn:aws:events:us-east-1:123456789012:rule/Stack-Events-1"
PATTERN = json.dumps({"source": [recording.SOURCE], "detail-type": list(recording.DETAIL_TYPES)})
NOBODY = "User: role is not authorized to perform: connect:DescribeContact on resource: i"


def refused(code: str, message: str = "because", status: int = 400) -> ClientError:
    """An error as botocore raises it."""
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


def storage(bucket: str) -> dict[str, Any]:
    """One place where transcripts are stored."""
    return {"StorageType": "S3", "S3Config": {"BucketName": bucket, "BucketPrefix": "chats"}}


def index(**different: Any) -> dict[str, Any]:
    """The index of a history's table."""
    return {
        "IndexName": schema.INDEX,
        "KeySchema": [
            {"AttributeName": schema.CUSTOMER, "KeyType": "HASH"},
            {"AttributeName": schema.UNTIL, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(schema.INDEXED)},
        **different,
    }


def statement(**different: Any) -> dict[str, Any]:
    """What lets the rule invoke the recorder."""
    return {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION_ARN,
        "Condition": {"ArnLike": {"AWS:SourceArn": RULE_ARN}},
        **different,
    }


class World(Calls):
    """A sound instance, a sound endpoint and a sound recorder; each test breaks one thing."""

    def __init__(self) -> None:
        self.region = "us-east-1"
        self.status = "ACTIVE"
        self.storages = [storage("transcripts")]
        self.instance_error: ClientError | None = None
        # What asking about the instance is answered with first, one after the other.
        self.at_first: list[Exception] = []
        self.environment: dict[str, str] | None = {"CONNECT_INSTANCE_ID": INSTANCE_ID}
        self.function_error: dict[str, Any] | None = None
        self.function_log = ""
        # What it logs when it gets a request and no probe.
        self.request_log = ""
        # What botocore raises before there is any answer.
        self.invoke_failure: Exception | None = None
        self.post_failure: Exception | None = None
        self.probe_answer: dict[str, Any] = {
            "type": "ResourceNotFoundException",
            "status": 404,
            "message": "",
        }
        self.control_answer: dict[str, Any] = {"type": "AccessDeniedException", "status": 403, "message": NOBODY}
        # Of the flows by their ids. An error in the place of an answer is raised.
        self.flows: dict[str, Any] = {FLOW_ID: {"Type": "CONTACT_FLOW", "State": "ACTIVE", "Status": "PUBLISHED"}}
        # What the start of a chat with each flow is answered with. Empty if the endpoint starts none.
        self.start_answers: dict[str, dict[str, Any]] = {}
        self.unsigned_put = Answer(403, b'{"__type": "AccessDeniedException"}')
        self.signed_put = Answer(404, b'{"__type": "ResourceNotFoundException"}')
        self.put_bodies: list[dict[str, Any]] = []
        self.stop_said: Any = None
        self.stopped: list[tuple[str, str]] = []
        self.reserved: int | None = None
        self.unsigned = Answer(403, b'{"__type": "AccessDeniedException"}')
        # Of an endpoint for people who sign in at an issuer.
        self.authorizer_environment = dict(AUTHORIZER_ENVIRONMENT)
        self.authorizer_failure: Exception | None = None
        self.issuer_answer: dict[str, Any] = {"keys": 2}
        self.wrong_token = Answer(403, b'{"__type": "AccessDeniedException"}')
        self.tokens: list[str] = []
        self.signed = Answer(404, b'{"__type": "ResourceNotFoundException"}')
        self.is_rolling_back = False
        self.clock = 0.0
        self.posted: list[str] = []
        self.invoked: list[dict[str, Any]] = []
        self.looked_at = 0
        # Of a history. An error in the place of an answer is raised.
        self.rule_said: Any = {"State": "ENABLED", "EventPattern": PATTERN}
        self.targets_said: Any = [{"Id": "Target0", "Arn": FUNCTION_ARN}]
        self.statements: Any = [statement()]
        self.table_said: Any = {
            "AttributeDefinitions": [
                {"AttributeName": schema.CUSTOMER, "AttributeType": "S"},
                {"AttributeName": schema.SESSION, "AttributeType": "S"},
                {"AttributeName": schema.UNTIL, "AttributeType": "N"},
            ],
            "LocalSecondaryIndexes": [index()],
        }

    def instances(self) -> list[dict[str, Any]]:
        self._maybe_fail()
        return [{"Id": INSTANCE_ID, "InstanceAlias": "local"}, {"Id": "other", "InstanceAlias": "other"}]

    def instance(self, instance_id: str) -> dict[str, Any]:
        self.looked_at += 1
        self._maybe_fail()
        if self.instance_error is not None:
            raise self.instance_error
        return {"Id": instance_id, "Arn": INSTANCE_ARN, "InstanceStatus": self.status}

    def transcript_storages(self, instance_id: str) -> list[dict[str, Any]]:
        self._maybe_fail()
        return self.storages

    def flow(self, instance_id: str, flow_id: str) -> dict[str, Any]:
        self._maybe_fail()
        return dict(_said(self.flows[flow_id]))

    def stop_contact(self, instance_id: str, contact_id: str) -> None:
        _said(self.stop_said)
        self.stopped.append((instance_id, contact_id))

    def invoke(self, function: str, event: dict[str, Any]) -> Invoked:
        self.invoked.append(event)
        if function == AUTHORIZER_ARN:
            if self.authorizer_failure is not None:
                raise self.authorizer_failure
            is_issuer = event == {"probe": "issuer"}
            return Invoked(None, self.issuer_answer if is_issuer else {"settings": self.authorizer_environment})
        if self.invoke_failure is not None:
            raise self.invoke_failure
        if self.function_error is not None:
            return Invoked("Unhandled", self.function_error, self.function_log)
        if "requestContext" in event:
            return Invoked(None, {"statusCode": 404}, self.request_log)
        if event == {"probe": "settings"}:
            return Invoked(None, {"settings": self.environment}, self.function_log)
        if event == {"probe": "connect:StartChatContact"}:
            worst = next(iter(self.start_answers.values()))
            return Invoked(None, {"answer": worst, "flows": self.start_answers}, self.function_log)
        answer = self.control_answer if event["probe"].startswith("elsewhere ") else self.probe_answer
        return Invoked(None, {"answer": answer}, self.function_log)

    def reserved_concurrency(self, function: str) -> int | None:
        return self.reserved

    def who_may_invoke(self, function: str) -> list[dict[str, Any]]:
        return list(_said(self.statements))

    def rule(self, name: str) -> dict[str, Any]:
        assert name == "Stack-Events-1"
        return dict(_said(self.rule_said))

    def targets(self, rule: str) -> list[dict[str, Any]]:
        return list(_said(self.targets_said))

    def matches(self, pattern: str, event: dict[str, Any]) -> bool:
        """By equality only, of the event and of its detail."""
        parsed = json.loads(pattern)
        detail = parsed.pop("detail", {})
        wanted = [(event, parsed), (event["detail"], detail)]
        return all(of.get(key) in values for of, keys in wanted for key, values in keys.items())

    def table(self, name: str) -> dict[str, Any]:
        return dict(_said(self.table_said))

    def send(self, verb: str, url: str, body: bytes, *, signed: bool, token: str = "") -> Answer:
        if self.post_failure is not None:
            raise self.post_failure
        self.posted.append(url)
        if token:
            self.tokens.append(token)
            return self.wrong_token
        if verb == "PUT":
            self.put_bodies.append(json.loads(body))
            return self.signed_put if signed else self.unsigned_put
        return self.signed if signed else self.unsigned

    def rolls_back(self, stack_id: str) -> bool:
        return self.is_rolling_back

    def now(self) -> float:
        return self.clock

    def wait(self, seconds: float) -> None:
        self.clock += seconds

    def _maybe_fail(self) -> None:
        if self.at_first:
            raise self.at_first.pop(0)


def _said(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer
