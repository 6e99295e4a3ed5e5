"""Signatures as strict as AWS takes them, of the root's as well: MiniStack checks no root's and no part of a scope."""

from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from ministack import app as ministack_app
from ministack.core import iam_evaluator, router, sigv4
from ministack.core.iam_evaluator import AuthError
from ministack.services import s3

from .signature import Signed, flaw_of

# Services that are signed for by another name than MiniStack has for them.
_SIGNED_AS: dict[str, tuple[str, ...]] = {
    "appconfigdata": ("appconfig",),
    "appsync-events": ("appsync",),
    "bedrock-agent": ("bedrock",),
    "bedrock-agent-runtime": ("bedrock",),
    "bedrock-runtime": ("bedrock",),
    "cloudcontrol": ("cloudcontrolapi",),
    "documentdb": ("rds",),
    "dynamodbstreams": ("dynamodb",),
    "iot-data": ("iotdata", "iotdevicegateway"),
    "kinesisanalyticsv2": ("kinesisanalytics",),
    "lambda-core": ("lambda",),
    "lambda-microvms": ("lambda",),
    "location": ("geo",),
    "opensearch": ("es",),
    "opensearchserverless": ("aoss",),
    "sesv2": ("ses",),
}
_arrived: ContextVar[Signed | None] = ContextVar("arrived", default=None)


# What MiniStack would let anybody do without a signature.
_NOBODYS = ("s3:CreateBucket", "s3:ListAllMyBuckets")


def install(account: str, region: str) -> None:
    """Put the checks in MiniStack's place."""
    _keep_what_arrives()
    _take_any_secret_of_root()
    # MiniStack knows more roots: `test`, and each number of an account.
    iam_evaluator.is_root_access_key = lambda key: not key or key == account
    enforce, check = iam_evaluator.enforce, iam_evaluator.check_credentials

    def enforce_signature(access_key: str, action: str, service: str, *arguments: Any, **more: Any) -> Any:
        if not access_key and action in _NOBODYS:
            return AuthError("AccessDenied", "Access Denied")
        name = "execute-api" if action.startswith("execute-api:") else service
        return _failure(name, region) or enforce(access_key, action, service, *arguments, **more)

    def check_signature(access_key: str, service: str | None = None) -> Any:
        failure = _failure(service, region) if service else None
        return failure or check(access_key, service)

    iam_evaluator.enforce = enforce_signature
    iam_evaluator.check_credentials = check_signature
    too_old = sigv4.request_time_failure
    # How old a signature may be is asked above, where a presigned address tells it; not of a WebSocket's handshake.
    sigv4.request_time_failure = lambda signed, **more: too_old(signed, **more) if _arrived.get() is None else None


def _keep_what_arrives() -> None:
    pin_request, pin_body = ministack_app.pin_signed_request, ministack_app.pin_signed_body

    def pin_signed_request(
        method: str, path: str, query: dict[str, list[str]], headers: list[tuple[bytes, bytes]], **more: Any
    ) -> None:
        pin_request(method, path, query, headers, **more)
        read: dict[str, str] = {}
        for key, value in headers:
            name, text = key.decode("latin-1").lower(), value.decode("latin-1")
            read[name] = f"{read[name]}, {text}" if name in read else text
        # What comes twice, in one spelling or two, holds as neither.
        parameters: dict[str, str] = {}
        for name, values in query.items():
            parameters[name.lower()] = ", ".join([*filter(None, [parameters.get(name.lower())]), *values])
        _arrived.set(Signed(read, parameters, b""))

    def pin_signed_body(body: bytes) -> None:
        pin_body(body)
        arrived = _arrived.get()
        if arrived is not None:
            _arrived.set(arrived._replace(body=body))

    ministack_app.pin_signed_request = pin_signed_request
    ministack_app.pin_signed_body = pin_signed_body


def _take_any_secret_of_root() -> None:
    """Amazon S3 reckons presigned addresses once more by itself, the root's with a secret that nobody was told."""
    verify = s3._verify_presigned_sigv4

    def verify_of_others(method: str, path: str, headers: dict[str, str], query: dict[str, list[str]]) -> Any:
        is_root = iam_evaluator.is_root_access_key(router.extract_access_key_id({}, query))
        return None if is_root else verify(method, path, headers, query)

    s3._verify_presigned_sigv4 = verify_of_others


def _failure(service: str, region: str) -> AuthError | None:
    arrived = _arrived.get()
    if arrived is None:
        return None
    flaw = flaw_of(arrived, _SIGNED_AS.get(service, (service,)), region, datetime.now(UTC))
    return None if flaw is None else AuthError(*flaw)
