"""A deployed endpoint, as its callers call it: by the SDK's own client of Amazon Connect, whose protocol it speaks."""

import os
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from connect_persistent_chat.commands.arguments import THIS_MACHINE
from connect_persistent_chat.commands.retry import Result
from connect_persistent_chat.shared import wire
from connect_persistent_chat.shared.redaction import LEFT_OUT

# The fields that a history makes optional are required by the SDK.
_CONFIG = Config(
    parameter_validation=False,
    connect_timeout=10,
    read_timeout=40,
    retries={"mode": "standard", "total_max_attempts": 2},
)
_UNSIGNED = _CONFIG.merge(Config(signature_version=UNSIGNED))
# For the events of a chat, for its transcript, and for a throttle.
_MOST_WAITS = 3
# What is shorter is no secret, but may be part of any word.
_LEAST_SECRET = 8
_DEFAULT_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")


class Endpoint:
    """An endpoint. Each call raises botocore's errors."""

    def __init__(
        self,
        session: boto3.session.Session,
        url: str,
        start_url: str | None,
        token: str | None,
        say: Callable[[str], None],
    ) -> None:
        stage, _, self.instance_id = address(url).rstrip("/").rpartition(f"/{'/'.join(wire.PATH)}/")
        self.starts, self._token = start_url is not None, token
        self._say = say
        self._caller = _client(session, stage, token)
        self._nobody = session.client("connect", endpoint_url=stage, config=_UNSIGNED)
        if start_url:
            stage = address(start_url).removesuffix(f"/{'/'.join(wire.START_PATH)}")
            self._starter = _client(session, stage, token)
            self._nobody_starts = session.client("connect", endpoint_url=stage, config=_UNSIGNED)

    @property
    def has_token(self) -> bool:
        """Whether its caller has a token."""
        return self._token is not None

    def hidden(self, text: str) -> str:
        """The text without the caller's token, which an answer may repeat."""
        for secret in sorted({self._token or "", (self._token or "").rpartition(" ")[2]}, key=len, reverse=True):
            if len(secret) >= _LEAST_SECRET:
                text = text.replace(secret, LEFT_OUT)
        return text

    @property
    def starter(self) -> Any:
        """The client that starts chats; None if the endpoint starts none."""
        return self._starter if self.starts else None

    def associate(self, contact: str, **fields: str) -> dict[str, Any]:
        """Continue a past chat; without fields the latest."""
        return patient(lambda: self._associated(self._caller, contact, fields), self._say)

    def associate_as_nobody(self, contact: str) -> None:
        """Without credentials."""
        self._associated(self._nobody, contact, {})

    def start(self, **fields: Any) -> dict[str, Any]:
        """Start a chat, without patience: MadeChats.begin has it."""
        return dict(self._starter.start_chat_contact(**fields))

    def start_as_nobody(self) -> None:
        """Without credentials, and without any field that a chat needs."""
        self._nobody_starts.start_chat_contact()

    def _associated(self, client: Any, contact: str, fields: dict[str, str]) -> dict[str, Any]:
        of = {"InstanceId": self.instance_id, "InitialContactId": contact}
        return dict(client.create_persistent_contact_association(**of, **fields))


def patient(call: Callable[[], Result], say: Callable[[str], None]) -> Result:
    """What the call returns. It is repeated if `Retry-After` asks for it. Raises botocore's errors."""
    for _ in range(_MOST_WAITS):
        try:
            return call()
        except ClientError as error:
            seconds = error.response["ResponseMetadata"]["HTTPHeaders"].get("retry-after", "")
            # A transcript may need an hour (transcript_delay).
            if not re.fullmatch(r"\d{1,4}", seconds):
                raise
        say(f"The answer asks the command to wait. It tries again in {seconds} s.")
        time.sleep(int(seconds))
    return call()


def _client(session: boto3.session.Session, stage: str, token: str | None) -> Any:
    client = session.client("connect", endpoint_url=stage, config=_UNSIGNED if token else _CONFIG)

    def identify(request: Any, **_: Any) -> None:
        if token:
            request.headers.add_header("Authorization", token)
        else:
            request.context.setdefault("signing", {})["signing_name"] = "execute-api"

    client.meta.events.register("before-sign.connect", identify)
    return client


def region_of(url: str) -> str | None:
    """The region of a default address of API Gateway; None if it is another address."""
    found = _DEFAULT_HOST.fullmatch(urlsplit(url).hostname or "")
    return found[2] if found else None


def address(url: str) -> str:
    """Where the address in a stack's output answers. AWS_ENDPOINT_URL may name a local cloud: then it answers there."""
    cloud, parts = os.environ.get("AWS_ENDPOINT_URL", ""), urlsplit(url)
    found = _DEFAULT_HOST.fullmatch(parts.hostname or "")
    if found is None or urlsplit(cloud).hostname not in THIS_MACHINE:
        return url
    return f"{cloud.rstrip('/')}/_aws/execute-api/{found[1]}{parts.path}"
