"""What the endpoint answers: the one table of errors, and the shape of an answer for API Gateway."""

import json
from collections.abc import Mapping

INVALID_PARAMETER = "InvalidParameterException"
INVALID_REQUEST = "InvalidRequestException"
ACCESS_DENIED = "AccessDeniedException"
RESOURCE_NOT_FOUND = "ResourceNotFoundException"
THROTTLING = "ThrottlingException"
INTERNAL_SERVICE = "InternalServiceException"

STATUS: Mapping[str, int] = {
    INVALID_PARAMETER: 400,
    INVALID_REQUEST: 400,
    ACCESS_DENIED: 403,
    RESOURCE_NOT_FOUND: 404,
    THROTTLING: 429,
    INTERNAL_SERVICE: 500,
}
# Amazon Connect out of reach: an InternalServiceException as well, but one worth another try.
OUT_OF_REACH = 503

# One text for another instance, an unknown contact and somebody else's: nobody learns which contacts exist.
_NOT_FOUND = "Not found. Check InstanceId, InitialContactId and SourceContactId."
_RETRY_SECONDS = 1


class Refusal(Exception):
    """The request ends without an association. The message goes out; reason and detail are for the log."""

    def __init__(
        self,
        error_type: str,
        message: str,
        *,
        reason: str,
        status: int | None = None,
        retry_after: int | None = None,
        detail: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.reason = reason
        self.status = STATUS[error_type] if status is None else status
        # Whole seconds, at least 1.
        self.retry_after = retry_after
        # Of our own failures only, and never anything that the caller sent.
        self.detail = detail
        # How often Amazon Connect was asked.
        self.attempts = attempts


def invalid(message: str) -> Refusal:
    """A field breaks a rule; the message names both."""
    return Refusal(INVALID_PARAMETER, message, reason="invalid_request")


def not_found(reason: str, attempts: int = 0) -> Refusal:
    """The one answer for all that the caller may not know to exist."""
    return Refusal(RESOURCE_NOT_FOUND, _NOT_FOUND, reason=reason, attempts=attempts)


def throttled(reason: str, attempts: int) -> Refusal:
    """Over a rate; worth another try soon."""
    return Refusal(
        THROTTLING,
        "Too many requests. Try again.",
        reason=reason,
        retry_after=_RETRY_SECONDS,
        attempts=attempts,
    )


def failed(reason: str, detail: str, attempts: int = 0) -> Refusal:
    """A failure of ours or of Amazon Connect: no detail outside, all of it in the log."""
    return Refusal(INTERNAL_SERVICE, "The endpoint failed.", reason=reason, detail=detail, attempts=attempts)


def out_of_reach(reason: str, detail: str, attempts: int) -> Refusal:
    """No answer of Amazon Connect within the deadline."""
    return Refusal(
        INTERNAL_SERVICE,
        "Amazon Connect could not be reached in time. Try again.",
        reason=reason,
        status=OUT_OF_REACH,
        retry_after=_RETRY_SECONDS,
        detail=detail,
        attempts=attempts,
    )


def success(continued_from_contact_id: str, request_id: str) -> dict[str, object]:
    """The association was made."""
    return _response(200, {"ContinuedFromContactId": continued_from_contact_id}, request_id, {})


def error(refusal: Refusal, request_id: str) -> dict[str, object]:
    """The refusal in rest-json, as Amazon Connect itself words it and the AWS SDKs read it."""
    headers = {"x-amzn-ErrorType": refusal.error_type}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
        headers["x-amz-retry-after"] = str(refusal.retry_after * 1000)
    body = {"__type": refusal.error_type, "Message": refusal.message, "message": refusal.message}
    return _response(refusal.status, body, request_id, headers)


def _response(
    status: int, body: Mapping[str, str], request_id: str, headers: Mapping[str, str]
) -> dict[str, object]:
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "x-amzn-RequestId": request_id,
            **headers,
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
