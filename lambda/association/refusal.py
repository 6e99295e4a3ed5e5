"""How a request is refused: the status, type and text that the caller gets. When it is refused: rule.py, caller.py."""

from collections.abc import Mapping

from connect.errors import ConnectError
from shared import wire
from shared.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared import reasons

STATUS: Mapping[str, int] = {
    wire.INVALID_PARAMETER: 400,
    wire.INVALID_REQUEST: 400,
    wire.ACCESS_DENIED: 403,
    wire.RESOURCE_NOT_FOUND: 404,
    wire.THROTTLING: 429,
    wire.LIMIT_EXCEEDED: 429,
    wire.INTERNAL_SERVICE: 500,
}
# Amazon Connect cannot be reached: an InternalServiceException as well, but a retry may help.
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
        reason: "reasons.Refused",
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
    return Refusal(wire.INVALID_PARAMETER, message, reason="invalid_request")


def denied(reason: "reasons.Denied", message: str) -> Refusal:
    """This caller may not use the endpoint."""
    return Refusal(wire.ACCESS_DENIED, message, reason=reason)


def cannot(reason: "reasons.Invalid", message: str, retry_after: int | None = None) -> Refusal:
    """Both chats are the customer's, but one cannot continue the other."""
    return Refusal(wire.INVALID_REQUEST, message, reason=reason, retry_after=retry_after)


def not_found(reason: "reasons.NotFound") -> Refusal:
    """The one answer for everything that a caller must not learn about."""
    return Refusal(wire.RESOURCE_NOT_FOUND, _NOT_FOUND, reason=reason)


def throttled(reason: "reasons.Throttled") -> Refusal:
    """Too many requests: a retry may help soon."""
    return Refusal(wire.THROTTLING, "Too many requests. Try again.", reason=reason, retry_after=_RETRY_SECONDS)


def failed(reason: "reasons.Failed", detail: str | None) -> Refusal:
    """A failure of ours or of Amazon Connect: no detail outside, all of it in the log."""
    return Refusal(wire.INTERNAL_SERVICE, "The endpoint failed.", reason=reason, detail=detail)


def out_of_reach(reason: "reasons.OutOfReach", detail: str | None, what: str = "Amazon Connect") -> Refusal:
    """No answer of a service within the deadline."""
    text, again = f"{what} could not be reached in time. Try again.", _RETRY_SECONDS
    return Refusal(wire.INTERNAL_SERVICE, text, reason=reason, status=OUT_OF_REACH, retry_after=again, detail=detail)


def of_connect(failure: ConnectError) -> Refusal:
    """What a failure of Amazon Connect means to the caller. Connect's own refusals keep their type and their words."""
    match failure.reason:
        case "connect_throttled" as reason:
            return throttled(reason)
        case "chats_at_once" as reason:
            text = "As many chats run at once as the instance's quota allows. A retry helps only when some have ended."
            return Refusal(wire.LIMIT_EXCEEDED, text, reason=reason)
        case "connect_unreachable" | "deadline_exceeded" as reason:
            return out_of_reach(reason, failure.detail)
        case "connect_not_found" as reason:
            return not_found(reason)
        case "connect_refused" as reason:
            return Refusal(failure.error_type, failure.message, reason=reason)
        case reason:
            return failed(reason, failure.detail)
