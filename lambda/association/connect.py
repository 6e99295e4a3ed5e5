"""Amazon Connect: the operation that the function calls, its retry, and what its errors mean outside."""

import json
import os
import time
from typing import NamedTuple
from urllib.parse import quote

from association import answers, names
from association.answers import Refusal
from association.request import AssociationRequest, derived_client_token
from aws.client import Client, DeadlineExceeded, Response, Unreachable, Unreadable

_MOST_ATTEMPTS = 2
_LONGEST_PAUSE_SECONDS = 0.3
# An attempt with less time than this would only use up the quota.
_LEAST_ATTEMPT_SECONDS = 0.2
_MOST_MESSAGE_CHARACTERS = 1000
_THROTTLES = frozenset(
    ("ThrottlingException", "TooManyRequestsException", "LimitExceededException", "Throttling")
)
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


class Association(NamedTuple):
    """Connect's answer to CreatePersistentContactAssociation."""

    continued_from_contact_id: str
    # How often Connect was asked: 1 or 2.
    attempts: int


class Operation(NamedTuple):
    """A call of Connect. A 200 without `result`, a string of 1 to 256 characters, is no readable answer."""

    method: str
    target: str
    body: bytes
    result: str


class Answer(NamedTuple):
    """What Connect said."""

    status: int
    # "none" with 200, "" if an error has no type.
    error_type: str
    message: str
    # Of 200.
    result: str


class Asked(NamedTuple):
    """How asking Connect ended: with an answer, or a failure instead of one."""

    outcome: Answer | Unreachable | DeadlineExceeded | Unreadable
    attempts: int


class Connect:
    """Amazon Connect, for one function. Deadlines are instants of time.monotonic()."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create_association(self, request: AssociationRequest, deadline: float) -> Association:
        """CreatePersistentContactAssociation. Raises a Refusal; Connect's own refusals keep their type."""
        asked = self._ask(_create_association(request), deadline)
        outcome = asked.outcome
        if isinstance(outcome, Answer) and outcome.status == 200:
            return Association(outcome.result, asked.attempts)
        raise _refusal(outcome, asked.attempts)

    def try_create_association(self, instance_id: str, deadline: float) -> dict[str, object]:
        """Connect's answer to the call with contacts that cannot exist: may this function make it?"""
        nowhere = "00000000-0000-0000-0000-000000000000"
        request = AssociationRequest(instance_id, nowhere, names.FROM_SEGMENT, nowhere, None)
        outcome = self._ask(_create_association(request), deadline).outcome
        if isinstance(outcome, Answer):
            return {"type": outcome.error_type, "status": outcome.status, "message": outcome.message}
        return {"type": "unreachable", "status": 0, "message": _detail(outcome)}

    def _ask(self, operation: Operation, deadline: float) -> Asked:
        """Ask, and once more if that may help and there is time. What is sent stays the same."""
        attempts = 1
        while True:
            outcome = self._attempt(operation, deadline)
            if attempts == _MOST_ATTEMPTS or not _worth_another_try(outcome):
                return Asked(outcome, attempts)
            # Full jitter; importing `random` for one number would cost a cold start milliseconds.
            pause = _LONGEST_PAUSE_SECONDS * os.urandom(1)[0] / 255
            if deadline - time.monotonic() < pause + _LEAST_ATTEMPT_SECONDS:
                return Asked(outcome, attempts)
            time.sleep(pause)
            attempts += 1

    def _attempt(
        self, operation: Operation, deadline: float
    ) -> Answer | Unreachable | DeadlineExceeded | Unreadable:
        try:
            response = self._client.send(operation.method, operation.target, operation.body, deadline)
            return _answer(response, operation.result)
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
        "ContinuedFromContactId",
    )


def _answer(response: Response, result: str) -> Answer:
    """Read an answer as AWS rest-json has it. Raises Unreadable for a 200 without its result."""
    document = _document(response.body)
    if response.status == 200:
        value = document.get(result)
        if isinstance(value, str) and 1 <= len(value) <= names.CONTACT_ID_LENGTH:
            return Answer(200, "none", "", value)
        raise Unreadable(f"200 without {result}")
    kind = response.headers.get("x-amzn-errortype") or document.get("__type") or document.get("code")
    message = document.get("Message") or document.get("message")
    return Answer(
        response.status,
        kind.partition(":")[0].rpartition("#")[2].strip() if isinstance(kind, str) else "",
        message.strip()[:_MOST_MESSAGE_CHARACTERS] if isinstance(message, str) else "",
        "",
    )


def _document(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _throttled(answer: Answer) -> bool:
    return answer.status == 429 or answer.error_type in _THROTTLES


def _worth_another_try(outcome: Answer | Unreachable | DeadlineExceeded | Unreadable) -> bool:
    if isinstance(outcome, Answer):
        return _throttled(outcome) or not (outcome.status == 200 or 400 <= outcome.status < 500)
    return not isinstance(outcome, DeadlineExceeded)


def _refusal(outcome: Answer | Unreachable | DeadlineExceeded | Unreadable, attempts: int) -> Refusal:
    """What the outcome means to the caller. The order matters: a type can come with an odd status."""
    if isinstance(outcome, Unreadable):
        return answers.failed("connect_unreadable", _detail(outcome), attempts)
    if isinstance(outcome, DeadlineExceeded):
        return answers.out_of_reach("deadline_exceeded", _detail(outcome), attempts)
    if isinstance(outcome, Unreachable):
        return answers.out_of_reach("connect_unreachable", _detail(outcome), attempts)
    if _throttled(outcome):
        return answers.throttled("connect_throttled", attempts)
    if not 400 <= outcome.status < 500:
        return answers.failed("connect_failed", _detail(outcome), attempts)
    if outcome.status == 403 or outcome.error_type in _OUR_CREDENTIALS:
        return answers.failed("connect_denied", _detail(outcome), attempts)
    if outcome.error_type == answers.RESOURCE_NOT_FOUND:
        return answers.not_found("connect_not_found", attempts)
    if outcome.error_type in _PASSED_ON:
        message = outcome.message or "Amazon Connect gave no reason."
        return Refusal(outcome.error_type, message, reason="connect_refused", attempts=attempts)
    return answers.failed("connect_unexpected", _detail(outcome), attempts)


def _detail(outcome: Answer | Unreachable | DeadlineExceeded | Unreadable) -> str:
    if isinstance(outcome, Answer):
        return f"{outcome.status} {outcome.error_type or 'without a type'}: {outcome.message}"
    return f"{type(outcome).__name__}: {outcome}"
