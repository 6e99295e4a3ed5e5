"""What Amazon Connect said: read as AWS's rest-json has it, and what it means to the caller."""

import json
import re
from collections.abc import Callable
from typing import NamedTuple

from association import answers
from association.answers import Refusal
from aws.client import DeadlineExceeded, Response, Unreachable, Unreadable

_MOST_MESSAGE_CHARACTERS = 1000
_THROTTLES = frozenset(("ThrottlingException", "TooManyRequestsException", "LimitExceededException", "Throttling"))
# Refusals of the signature or the credentials that do not always come as 403.
_OUR_CREDENTIALS = frozenset(
    (
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "UnrecognizedClientException",
    )
)
_PASSED_ON = frozenset((answers.INVALID_PARAMETER, answers.INVALID_REQUEST))

_DATE = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# From 1 March of the year 0.
_DAYS_TO_1970 = 719_468

Document = dict[str, object]


class Answer(NamedTuple):
    """What Connect said."""

    status: int
    # "none" with 200, "" if an error has no type.
    error_type: str
    message: str
    # What `read` made of a 200.
    result: object
    # The answer's Date, in seconds since the epoch.
    date: float | None


Outcome = Answer | Unreachable | DeadlineExceeded | Unreadable


def read_answer(response: Response, read: Callable[[Document], object]) -> Answer:
    """Read an answer as AWS rest-json has it. Raises Unreadable for a 200 that says nothing."""
    document, date = _document(response.body), date_of(response.headers.get("date"))
    if response.status == 200:
        return Answer(200, "none", "", read(document), date)
    kind = response.headers.get("x-amzn-errortype") or document.get("__type") or document.get("code")
    message = document.get("Message") or document.get("message")
    return Answer(
        response.status,
        kind.partition(":")[0].rpartition("#")[2].strip() if isinstance(kind, str) else "",
        message.strip()[:_MOST_MESSAGE_CHARACTERS] if isinstance(message, str) else "",
        None,
        date,
    )


def _document(body: bytes) -> Document:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def date_of(text: str | None) -> float | None:
    """An answer's Date in seconds since the epoch: always GMT, in one format (RFC 9110, 5.6.7); None if it is none.

    `email.utils` and `time.strptime` can do it as well, and cost a cold start milliseconds.
    """
    found = _DATE.fullmatch(text or "")
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[part]) for part in (1, 3, 4, 5, 6))
    # Days of the proleptic Gregorian calendar, in years that begin in March.
    month = (_MONTHS.index(found[2]) + 10) % 12
    year -= month >= 10
    days = 365 * year + year // 4 - year // 100 + year // 400 + (month * 306 + 5) // 10 + day - 1 - _DAYS_TO_1970
    return float(((days * 24 + hour) * 60 + minute) * 60 + second)


def _throttled(answer: Answer) -> bool:
    return answer.status == 429 or answer.error_type in _THROTTLES


def _denied(answer: Answer) -> bool:
    return answer.status == 403 or answer.error_type in _OUR_CREDENTIALS


def is_refused(answer: Answer) -> bool:
    """Whether the answer is about what was asked for, not about us or about Connect."""
    return 400 <= answer.status < 500 and not _throttled(answer) and not _denied(answer)


def is_worth_another_try(outcome: Outcome) -> bool:
    """Whether asking again may help: a throttle, a failure of Connect, a connection that failed."""
    if isinstance(outcome, Answer):
        return _throttled(outcome) or not (outcome.status == 200 or 400 <= outcome.status < 500)
    return not isinstance(outcome, DeadlineExceeded)


def refusal_of(outcome: Outcome) -> Refusal:
    """What the outcome means to the caller. The order matters: a type can come with an odd status."""
    if isinstance(outcome, Unreadable):
        return answers.failed("connect_unreadable", detail_of(outcome))
    if isinstance(outcome, DeadlineExceeded):
        return answers.out_of_reach("deadline_exceeded", detail_of(outcome))
    if isinstance(outcome, Unreachable):
        return answers.out_of_reach("connect_unreachable", detail_of(outcome))
    if _throttled(outcome):
        return answers.throttled("connect_throttled")
    if not 400 <= outcome.status < 500:
        return answers.failed("connect_failed", detail_of(outcome))
    if _denied(outcome):
        return answers.failed("connect_denied", detail_of(outcome))
    if outcome.error_type == answers.RESOURCE_NOT_FOUND:
        return answers.not_found("connect_not_found")
    if outcome.error_type in _PASSED_ON:
        message = outcome.message or "Amazon Connect gave no reason."
        return Refusal(outcome.error_type, message, reason="connect_refused")
    return answers.failed("connect_unexpected", detail_of(outcome))


def detail_of(outcome: Outcome) -> str:
    """For the log of our own failures: nothing in it came from the caller."""
    if isinstance(outcome, Answer):
        return f"{outcome.status} {outcome.error_type or 'without a type'}: {outcome.message}"
    return f"{type(outcome).__name__}: {outcome}"
