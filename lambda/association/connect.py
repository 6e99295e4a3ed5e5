"""Amazon Connect: the operations that the function calls, their retry, and what their errors mean outside."""

import json
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from association import answers, contact, names
from association.answers import Refusal
from association.contact import Contact
from association.request import AssociationRequest, derived_client_token
from aws.client import Client, DeadlineExceeded, Response, Stale, Unreachable, Unreadable

_MOST_ATTEMPTS = 3
# Before the second attempt; twice as much before the third.
_LONGEST_PAUSE_SECONDS = 0.2
# An attempt with less time than this would only use up the quota.
_LEAST_ATTEMPT_SECONDS = 0.2
_MOST_MESSAGE_CHARACTERS = 1000
_NOWHERE = "00000000-0000-0000-0000-000000000000"
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
_Document = dict[str, object]


class Described(NamedTuple):
    """What Connect says of contacts."""

    # By id; None: there is no such contact.
    contacts: Mapping[str, Contact | None]
    # When it said so, by its own clock, in seconds since the epoch; 0 if there was no contact.
    now: float


class Operation(NamedTuple):
    """A call of Connect. A 200 of which `read` raises Unreadable is no readable answer."""

    method: str
    target: str
    body: bytes
    read: Callable[[_Document], object]


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


_Outcome = Answer | Unreachable | DeadlineExceeded | Unreadable


class Connect:
    """Amazon Connect, for one request of the function."""

    def __init__(self, clients: tuple[Client, Client], deadline: float) -> None:
        """The clients are two connections, for calls at the same time; `deadline` is of time.monotonic()."""
        self._clients = clients
        self._deadline = deadline
        self._asked: list[str] = []

    @property
    def attempts(self) -> int:
        """How often Connect was asked so far."""
        return len(self._asked)

    def create_association(self, request: AssociationRequest) -> str:
        """CreatePersistentContactAssociation: the contact that is continued.

        Raises a Refusal; Connect's own refusals keep their type.
        """
        outcome = self._ask(_create_association(request), self._clients[0])
        if isinstance(outcome, Answer) and outcome.status == 200:
            return str(outcome.result)
        raise _refusal(outcome)

    def describe(self, instance_id: str, contact_ids: tuple[str, ...], customer_identity: str) -> Described:
        """DescribeContact for one contact, or for two at the same time. Raises a Refusal.

        Whatever Connect refuses, except for lack of permission and throttling, counts as a contact that does
        not exist: which error an unknown or malformed id gets is documented nowhere.
        """
        outcomes = self._at_once([_describe_contact(instance_id, id, customer_identity) for id in contact_ids])
        contacts: dict[str, Contact | None] = {}
        now = 0.0
        for id, outcome in zip(contact_ids, outcomes, strict=True):
            if isinstance(outcome, Answer) and isinstance(outcome.result, Contact):
                if outcome.date is None:
                    raise answers.failed("connect_unreadable", "DescribeContact answered without a Date.")
                contacts[id], now = outcome.result, max(now, outcome.date)
            elif isinstance(outcome, Answer) and _refused(outcome):
                contacts[id] = None
            else:
                raise _refusal(outcome)
        return Described(contacts, now)

    def try_create_association(self, instance_id: str) -> dict[str, object]:
        """Connect's answer to the call with contacts that cannot exist: may this function make it?"""
        request = AssociationRequest(instance_id, _NOWHERE, names.FROM_SEGMENT, _NOWHERE, None)
        return self._tried(_create_association(request))

    def try_describe_contact(self, instance_id: str) -> dict[str, object]:
        """As `try_create_association`, for DescribeContact."""
        return self._tried(_describe_contact(instance_id, _NOWHERE, names.CUSTOMER_ID))

    def _tried(self, operation: Operation) -> dict[str, object]:
        outcome = self._ask(operation, self._clients[0])
        if isinstance(outcome, Answer):
            return {"type": outcome.error_type, "status": outcome.status, "message": outcome.message}
        return {"type": "unreachable", "status": 0, "message": _detail(outcome)}

    def _at_once(self, operations: list[Operation]) -> list[_Outcome]:
        """The outcomes of one or two operations."""
        if len(operations) == 1:
            return [self._ask(operations[0], self._clients[0])]
        outcomes: list[_Outcome] = []
        bugs: list[Exception] = []

        def ask_beside() -> None:
            try:
                outcomes.append(self._ask(operations[1], self._clients[1]))
            except Exception as bug:
                bugs.append(bug)

        thread = threading.Thread(target=ask_beside)
        thread.start()
        try:
            first = self._ask(operations[0], self._clients[0])
        finally:
            # It ends by the deadline, as this one does.
            thread.join()
        if bugs:
            raise bugs[0]
        return [first, *outcomes]

    def _ask(self, operation: Operation, client: Client) -> _Outcome:
        """Ask, and again if that may help and there is time. What is sent stays the same."""
        attempts = 0
        while True:
            attempts += 1
            self._asked.append(operation.target)
            outcome = _attempt(operation, client, self._deadline)
            if attempts == _MOST_ATTEMPTS or not _worth_another_try(outcome):
                return outcome
            # Full jitter; importing `random` for one number would cost a cold start milliseconds.
            pause = attempts * _LONGEST_PAUSE_SECONDS * os.urandom(1)[0] / 255
            if isinstance(outcome, Stale):
                pause = 0
            if self._deadline - time.monotonic() < pause + _LEAST_ATTEMPT_SECONDS:
                return outcome
            time.sleep(pause)


def _attempt(operation: Operation, client: Client, deadline: float) -> _Outcome:
    try:
        response = client.send(operation.method, operation.target, operation.body, deadline)
        return _answer(response, operation.read)
    except (Unreachable, DeadlineExceeded, Unreadable) as failure:
        return failure


def _create_association(request: AssociationRequest) -> Operation:
    instance_id, contact_id = quote(request.instance_id, safe=""), quote(request.initial_contact_id, safe="")
    body = {
        "RehydrationType": request.rehydration_type,
        "SourceContactId": request.source_contact_id,
        "ClientToken": derived_client_token(request),
    }
    return Operation(
        "POST",
        f"/contact/persistent-contact-association/{instance_id}/{contact_id}",
        json.dumps(body).encode(),
        _continued_from,
    )


def _continued_from(document: _Document) -> str:
    value = document.get("ContinuedFromContactId")
    if isinstance(value, str) and 1 <= len(value) <= names.CONTACT_ID_LENGTH:
        return value
    raise Unreadable("200 without ContinuedFromContactId")


def _describe_contact(instance_id: str, contact_id: str, customer_identity: str) -> Operation:
    target = f"/contacts/{quote(instance_id, safe='')}/{quote(contact_id, safe='')}"
    return Operation("GET", target, b"", lambda document: contact.read(document, customer_identity))


def _answer(response: Response, read: Callable[[_Document], object]) -> Answer:
    """Read an answer as AWS rest-json has it. Raises Unreadable for a 200 that says nothing."""
    document, date = _document(response.body), _date(response.headers.get("date"))
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


def _document(body: bytes) -> _Document:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _date(text: str | None) -> float | None:
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


def _refused(answer: Answer) -> bool:
    """Whether the answer is about what was asked for, not about us or about Connect."""
    return 400 <= answer.status < 500 and not _throttled(answer) and not _denied(answer)


def _worth_another_try(outcome: _Outcome) -> bool:
    if isinstance(outcome, Answer):
        return _throttled(outcome) or not (outcome.status == 200 or 400 <= outcome.status < 500)
    return not isinstance(outcome, DeadlineExceeded)


def _refusal(outcome: _Outcome) -> Refusal:
    """What the outcome means to the caller. The order matters: a type can come with an odd status."""
    if isinstance(outcome, Unreadable):
        return answers.failed("connect_unreadable", _detail(outcome))
    if isinstance(outcome, DeadlineExceeded):
        return answers.out_of_reach("deadline_exceeded", _detail(outcome))
    if isinstance(outcome, Unreachable):
        return answers.out_of_reach("connect_unreachable", _detail(outcome))
    if _throttled(outcome):
        return answers.throttled("connect_throttled")
    if not 400 <= outcome.status < 500:
        return answers.failed("connect_failed", _detail(outcome))
    if _denied(outcome):
        return answers.failed("connect_denied", _detail(outcome))
    if outcome.error_type == answers.RESOURCE_NOT_FOUND:
        return answers.not_found("connect_not_found")
    if outcome.error_type in _PASSED_ON:
        message = outcome.message or "Amazon Connect gave no reason."
        return Refusal(outcome.error_type, message, reason="connect_refused")
    return answers.failed("connect_unexpected", _detail(outcome))


def _detail(outcome: _Outcome) -> str:
    if isinstance(outcome, Answer):
        return f"{outcome.status} {outcome.error_type or 'without a type'}: {outcome.message}"
    return f"{type(outcome).__name__}: {outcome}"
