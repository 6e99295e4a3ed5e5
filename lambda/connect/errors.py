"""Why a call of Amazon Connect failed."""

from aws.answer import Outcome, detail_of, is_denied, is_throttled
from aws.no_answer import DeadlineExceeded, Unreachable, Unreadable
from shared import wire
from shared.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared import reasons


class ConnectError(Exception):
    """A call of Amazon Connect failed. The reason is for the logs."""

    def __init__(
        self, reason: "reasons.Connect", detail: str | None = None, refusal: tuple[str, str] = ("", "")
    ) -> None:
        super().__init__(detail or reason)
        self.reason = reason
        # For the log, if it is our own failure.
        self.detail = detail
        # For "connect_refused": Connect's own words.
        self.error_type, self.message = refusal

    @property
    def is_about_request(self) -> bool:
        """Whether it is about the request, and not about us, the service or the connection."""
        return self.reason in ("connect_not_found", "connect_refused", "connect_unexpected")


def error_of(outcome: Outcome) -> ConnectError:
    """What an outcome that is no success means. The order matters: a type can come with an odd status."""
    detail = detail_of(outcome)
    if isinstance(outcome, Unreadable):
        return ConnectError("connect_unreadable", detail)
    if isinstance(outcome, DeadlineExceeded):
        return ConnectError("deadline_exceeded", detail)
    if isinstance(outcome, Unreachable):
        return ConnectError("connect_unreachable", detail)
    if is_throttled(outcome):
        return ConnectError("connect_throttled")
    if not 400 <= outcome.status < 500:
        return ConnectError("connect_failed", detail)
    if is_denied(outcome):
        return ConnectError("connect_denied", detail)
    if outcome.error_type == wire.RESOURCE_NOT_FOUND:
        return ConnectError("connect_not_found")
    if outcome.error_type in (wire.INVALID_PARAMETER, wire.INVALID_REQUEST):
        words = outcome.message or "Amazon Connect gave no reason."
        return ConnectError("connect_refused", refusal=(outcome.error_type, words))
    return ConnectError("connect_unexpected", detail)
