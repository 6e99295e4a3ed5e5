"""A world for the custom resources to look at: what they would be told, without asking anybody."""

from typing import Any

from botocore.exceptions import ClientError

from provisioning.calls import Answer, Calls

INSTANCE_ID = "11111111-1111-4111-8111-111111111111"
INSTANCE_ARN = f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE_ID}"


def refused(code: str, message: str = "because") -> ClientError:
    """An error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def storage(bucket: str) -> dict[str, Any]:
    """One place where transcripts are stored."""
    return {"StorageType": "S3", "S3Config": {"BucketName": bucket, "BucketPrefix": "chats"}}


class World(Calls):
    """A sound instance and a sound endpoint; each test breaks one thing."""

    def __init__(self) -> None:
        self.region = "us-east-1"
        self.status = "ACTIVE"
        self.storages = [storage("transcripts")]
        self.instance_error: ClientError | None = None
        self.denials_left = 0
        self.environment: dict[str, str] | None = {"CONNECT_INSTANCE_ID": INSTANCE_ID}
        self.function_error: dict[str, Any] | None = None
        # What botocore raises before there is any answer.
        self.invoke_failure: Exception | None = None
        self.post_failure: Exception | None = None
        self.probe_answer: dict[str, Any] = {
            "type": "ResourceNotFoundException",
            "status": 404,
            "message": "",
        }
        self.unsigned = Answer(403, b'{"__type": "AccessDeniedException"}')
        self.signed = Answer(404, b'{"__type": "ResourceNotFoundException"}')
        self.is_rolling_back = False
        self.clock = 0.0
        self.posted: list[str] = []

    def instances(self) -> list[dict[str, Any]]:
        self._maybe_deny()
        return [{"Id": INSTANCE_ID, "InstanceAlias": "local"}, {"Id": "other", "InstanceAlias": "other"}]

    def instance(self, instance_id: str) -> dict[str, Any]:
        self._maybe_deny()
        if self.instance_error is not None:
            raise self.instance_error
        return {"Id": instance_id, "Arn": INSTANCE_ARN, "InstanceStatus": self.status}

    def transcript_storages(self, instance_id: str) -> list[dict[str, Any]]:
        return self.storages

    def invoke(self, function: str, event: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        if self.invoke_failure is not None:
            raise self.invoke_failure
        if self.function_error is not None:
            return "Unhandled", self.function_error
        if event == {"probe": "settings"}:
            return None, {"settings": self.environment}
        return None, {"answer": self.probe_answer}

    def post(self, url: str, body: bytes, *, signed: bool) -> Answer:
        if self.post_failure is not None:
            raise self.post_failure
        self.posted.append(url)
        return self.signed if signed else self.unsigned

    def rolls_back(self, stack_id: str) -> bool:
        return self.is_rolling_back

    def now(self) -> float:
        return self.clock

    def wait(self, seconds: float) -> None:
        self.clock += seconds

    def _maybe_deny(self) -> None:
        if self.denials_left:
            self.denials_left -= 1
            raise refused("AccessDeniedException", "not yet")
