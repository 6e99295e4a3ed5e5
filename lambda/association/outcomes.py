"""What Amazon Connect's answer means to the caller."""

from association import answers
from association.answers import Refusal
from aws.client import DeadlineExceeded, Unreachable, Unreadable
from aws.outcomes import Outcome, detail_of, is_denied, is_throttled

# Reasons of the refusals that are about what was asked for.
REFUSED = frozenset(("connect_not_found", "connect_refused", "connect_unexpected"))
_PASSED_ON = frozenset((answers.INVALID_PARAMETER, answers.INVALID_REQUEST))


def refusal_of(outcome: Outcome) -> Refusal:
    """What the outcome means to the caller. The order matters: a type can come with an odd status."""
    if isinstance(outcome, Unreadable):
        return answers.failed("connect_unreadable", detail_of(outcome))
    if isinstance(outcome, DeadlineExceeded):
        return answers.out_of_reach("deadline_exceeded", detail_of(outcome))
    if isinstance(outcome, Unreachable):
        return answers.out_of_reach("connect_unreachable", detail_of(outcome))
    if is_throttled(outcome):
        return answers.throttled("connect_throttled")
    if not 400 <= outcome.status < 500:
        return answers.failed("connect_failed", detail_of(outcome))
    if is_denied(outcome):
        return answers.failed("connect_denied", detail_of(outcome))
    if outcome.error_type == answers.RESOURCE_NOT_FOUND:
        return answers.not_found("connect_not_found")
    if outcome.error_type in _PASSED_ON:
        message = outcome.message or "Amazon Connect gave no reason."
        return Refusal(outcome.error_type, message, reason="connect_refused")
    return answers.failed("connect_unexpected", detail_of(outcome))
