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
_NOT_FOUND = (
    "Not found. Check InstanceId, InitialContactId and SourceContactId, and that the contacts carry the same customer."
)
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


def invalid(message: str) -> Refusal:
    """A field breaks a rule; the message names both."""
    return Refusal(INVALID_PARAMETER, message, reason="invalid_request")


def denied(reason: str, message: str) -> Refusal:
    """The caller is one that this endpoint takes nothing from."""
    return Refusal(ACCESS_DENIED, message, reason=reason)


def cannot(reason: str, message: str, retry_after: int | None = None) -> Refusal:
    """The chats are what they say, and the customer's own, but the one cannot continue the other."""
    return Refusal(INVALID_REQUEST, message, reason=reason, retry_after=retry_after)


def not_found(reason: str) -> Refusal:
    """The one answer for all that the caller may not know to exist."""
    return Refusal(RESOURCE_NOT_FOUND, _NOT_FOUND, reason=reason)


def throttled(reason: str) -> Refusal:
    """Over a rate; worth another try soon."""
    return Refusal(THROTTLING, "Too many requests. Try again.", reason=reason, retry_after=_RETRY_SECONDS)


def failed(reason: str, detail: str) -> Refusal:
    """A failure of ours or of Amazon Connect: no detail outside, all of it in the log."""
    return Refusal(INTERNAL_SERVICE, "The endpoint failed.", reason=reason, detail=detail)


def out_of_reach(reason: str, detail: str, what: str = "Amazon Connect") -> Refusal:
    """No answer of a service within the deadline."""
    return Refusal(
        INTERNAL_SERVICE,
        f"{what} could not be reached in time. Try again.",
        reason=reason,
        status=OUT_OF_REACH,
        retry_after=_RETRY_SECONDS,
        detail=detail,
    )


def success(continued_from_contact_id: str | None, headers: Mapping[str, str]) -> dict[str, object]:
    """The association was made; None: there was no past chat to continue."""
    body = {} if continued_from_contact_id is None else {"ContinuedFromContactId": continued_from_contact_id}
    return _response(200, body, headers)


def error(refusal: Refusal, headers: Mapping[str, str]) -> dict[str, object]:
    """The refusal in rest-json, as Amazon Connect itself words it and the AWS SDKs read it."""
    ours = {"x-amzn-ErrorType": refusal.error_type}
    if refusal.retry_after is not None:
        ours["Retry-After"] = str(refusal.retry_after)
        ours["x-amz-retry-after"] = str(refusal.retry_after * 1000)
    body = {"__type": refusal.error_type, "Message": refusal.message, "message": refusal.message}
    return _response(refusal.status, body, {**headers, **ours})


def _response(status: int, body: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, object]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
