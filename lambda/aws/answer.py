"""The JSON answer of an AWS service, or why there is none, and whether a retry may help."""

import json
from collections.abc import Callable

from aws.http import Response
from aws.no_answer import DeadlineExceeded, TooLarge, Unreachable, Unreadable
from shared import throttles
from shared.typing import NamedTuple

_MOST_MESSAGE_CHARACTERS = 1000
# Refusals of the signature or the credentials that do not always come as 403.
_OUR_CREDENTIALS = (
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "UnrecognizedClientException",
)
# A front end, or a proxy, waited for a request in vain.
_TIMEOUT = 408

Document = dict[str, object]


class Answer(NamedTuple):
    """What the service said."""

    status: int
    # "none" with 200, "" if an error has no type.
    error_type: str
    message: str
    # What `read` made of a 200.
    result: object
    # The service's clock, as the header Date has it.
    date: str


Outcome = Answer | Unreachable | DeadlineExceeded | Unreadable


def read_answer(response: Response, read: Callable[[Document], object]) -> Answer:
    """Read an answer as AWS has it, by rest-json or JSON 1.0. Raises Unreadable for a 200 that says nothing."""
    document, date = _document(response.body), response.headers.get("date", "")
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


def is_throttled(answer: Answer) -> bool:
    """Whether the service throttled the call."""
    return answer.status == 429 or answer.error_type in throttles.CODES


def is_denied(answer: Answer) -> bool:
    """Whether our role lacks the permission, or our signature is invalid."""
    return answer.status == 403 or answer.error_type in _OUR_CREDENTIALS


def is_refused(answer: Answer) -> bool:
    """Whether the answer is about what was asked for, not about us, the service or the connection."""
    about_us = answer.status == _TIMEOUT or is_throttled(answer) or is_denied(answer)
    return 400 <= answer.status < 500 and not about_us


def is_worth_another_try(outcome: Outcome) -> bool:
    """Whether a retry may help: after a throttle, a failure of the service, or a broken or silent connection."""
    if isinstance(outcome, Answer):
        known = outcome.status == 200 or 400 <= outcome.status < 500
        return is_throttled(outcome) or outcome.status == _TIMEOUT or not known
    return not isinstance(outcome, TooLarge)


def detail_of(outcome: Outcome) -> str:
    """For the log of our own failures: the service's words. It was sent ids and hashes, and nothing secret."""
    if isinstance(outcome, Answer):
        return f"{outcome.status} {outcome.error_type or 'without a type'}: {outcome.message}"
    return f"{type(outcome).__name__}: {outcome}"
