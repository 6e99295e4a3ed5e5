"""Callers of a deployed endpoint: boto3's own client, and one that may send anything."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from .cloud import Cloud

# API Gateway waits 29 s. The local cloud also waits until a function has started.
_ANSWER_SECONDS = 120


def endpoint_client(
    cloud: Cloud, url: str, access_key: str | None = None, secret: str | None = None, *, attempts: int | None = 1
) -> Any:
    """boto3's `connect` client for a deployed endpoint's `EndpointUrl`, as the cloud's root by default.

    :param attempts: how often it tries, so that with one each of the endpoint's answers is seen; None: as an SDK does.
    """
    stage_url = cloud.execute_api_url(url).partition("/contact/")[0]
    config = None if attempts is None else Config(retries={"total_max_attempts": attempts})
    client = cloud.client("connect", access_key, secret, endpoint_url=stage_url, config=config)
    client.meta.events.register("before-sign.connect", _sign_for_execute_api)
    return client


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body, which is always a JSON object."""
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document


def send(
    cloud: Cloud,
    url: str,
    body: bytes | Mapping[str, Any],
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    credentials: Credentials | None = None,
    token: str | None = None,
    service: str = "execute-api",
    region: str | None = None,
) -> Answer:
    """Any fields or bytes to any address: signed as the cloud's root, for its region, unless told otherwise.

    :param token: instead of a signature: the header Authorization, `Bearer` and a token, or a token alone for Cognito.
    """
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = AWSRequest(method, url, {"Content-Type": "application/json", **(headers or {})}, body)
    if token is not None:
        request.headers["Authorization"] = token
    else:
        signer = credentials or Credentials(cloud.account, "any")
        SigV4Auth(signer, service, region or cloud.region).add_auth(request)
    prepared = request.prepare()
    sent = {str(name): _text(value) for name, value in prepared.headers.items()}
    raw = urllib.request.Request(prepared.url, data=body, headers=sent, method=method)  # noqa: S310 - to 127.0.0.1
    try:
        with urllib.request.urlopen(raw, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - to 127.0.0.1
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.code, dict(refused.headers), refused.read())


def _sign_for_execute_api(request: Any, **_: Any) -> None:
    request.context.setdefault("signing", {})["signing_name"] = "execute-api"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
