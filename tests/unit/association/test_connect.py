"""What each answer of Connect means to the caller, and what is tried again."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from association.answers import Refusal
from association.connect import Connect
from association.request import parse
from aws import asking
from aws.client import Client, DeadlineExceeded, Response, Stale, Unreachable, Unreadable
from aws.outcomes import Outcome
from tests.unit.association.events import (
    CONTACT_ID,
    GRANTED,
    INSTANCE_ID,
    NOT_FOUND,
    NOW,
    SOURCE_ID,
    ConnectClient,
    ScriptedClient,
    answer,
    described,
    event,
)

THROTTLED = answer(429, {"Message": "Rate exceeded"}, "ThrottlingException")
FAILED = answer(500, {"Message": "inside"}, "InternalServiceException")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""
    monkeypatch.setattr(asking, "_LONGEST_PAUSE_OF_ALL_SECONDS", 0)


def connect_with(client: Any, seconds: float = 8) -> Connect:
    """A Connect whose two connections answer from one script."""
    return Connect((client, client), asking.Asking(time.monotonic() + seconds))


def asked(*outcomes: Response | Exception, seconds: float = 8) -> tuple[Any, ScriptedClient]:
    """Ask a Connect with these answers: the association or the refusal, and what was sent."""
    client = ScriptedClient(*outcomes)
    try:
        return connect_with(client, seconds).create_association(parse(event())), client
    except Refusal as refusal:
        return refusal, client


def test_connects_own_operation_is_sent() -> None:
    """The path, the fields, and a ClientToken although the caller sent none."""
    made, client = asked(GRANTED)
    assert made == SOURCE_ID
    ((method, target, body),) = client.sent
    assert (method, target) == ("POST", f"/contact/persistent-contact-association/{INSTANCE_ID}/{CONTACT_ID}")
    assert set(body) == {"RehydrationType", "SourceContactId", "ClientToken"}


@pytest.mark.parametrize(
    ("outcome", "status", "error_type", "reason"),
    [
        (THROTTLED, 429, "ThrottlingException", "connect_throttled"),
        (answer(400, {}, "TooManyRequestsException"), 429, "ThrottlingException", "connect_throttled"),
        (FAILED, 500, "InternalServiceException", "connect_failed"),
        (answer(503, b"<html>"), 500, "InternalServiceException", "connect_failed"),
        (answer(301, b""), 500, "InternalServiceException", "connect_failed"),
        (
            answer(403, {"Message": "role x"}, "AccessDeniedException"),
            500,
            "InternalServiceException",
            "connect_denied",
        ),
        (answer(400, {}, "ExpiredTokenException"), 500, "InternalServiceException", "connect_denied"),
        (answer(404, {}, "ResourceNotFoundException"), 404, "ResourceNotFoundException", "connect_not_found"),
        (
            answer(400, {"Message": "m"}, "InvalidRequestException"),
            400,
            "InvalidRequestException",
            "connect_refused",
        ),
        (
            answer(400, {"message": "m", "__type": "a#InvalidParameterException"}),
            400,
            "InvalidParameterException",
            "connect_refused",
        ),
        (
            answer(400, {}, "InvalidRequestException:http://x"),
            400,
            "InvalidRequestException",
            "connect_refused",
        ),
        (answer(418, b"["), 500, "InternalServiceException", "connect_unexpected"),
        (answer(200, {}), 500, "InternalServiceException", "connect_unreadable"),
        (answer(200, {"ContinuedFromContactId": 7}), 500, "InternalServiceException", "connect_unreadable"),
        (Unreadable("x"), 500, "InternalServiceException", "connect_unreadable"),
        (Unreachable("x"), 503, "InternalServiceException", "connect_unreachable"),
        (DeadlineExceeded("x"), 503, "InternalServiceException", "deadline_exceeded"),
    ],
)
def test_every_outcome_has_its_place_in_the_table(
    outcome: Response | Exception, status: int, error_type: str, reason: str
) -> None:
    """The design's table of errors; a 403 of Connect is about our role, so it is our failure."""
    refusal, _ = asked(outcome)
    assert (refusal.status, refusal.error_type, refusal.reason) == (status, error_type, reason)
    assert (refusal.retry_after is not None) == (status in (429, 503))


def test_our_own_failures_say_nothing_outside_and_all_in_the_log() -> None:
    """A role's ARN is nobody's business; whoever mends it needs the words of Connect."""
    refusal, _ = asked(answer(403, {"Message": "User: arn:role is not authorized"}, "AccessDeniedException"))
    assert "arn:role" not in refusal.message
    assert "arn:role" in refusal.detail


@pytest.mark.parametrize(
    "first",
    [
        THROTTLED,
        FAILED,
        answer(408, b""),
        answer(200, b"?"),
        Unreachable("cut"),
        Stale("x"),
        Unreadable("x"),
        DeadlineExceeded("x"),
    ],
)
def test_one_failure_is_tried_again_with_the_same_request(first: Response | Exception) -> None:
    """A retry is safe because it sends the same ClientToken."""
    made, client = asked(first, GRANTED)
    assert made == SOURCE_ID
    assert len(client.sent) == 2
    assert client.sent[0] == client.sent[1]


@pytest.mark.parametrize(
    "final",
    [
        answer(400, {}, "InvalidRequestException"),
        answer(403, {}, "AccessDeniedException"),
        answer(404, {}, "ResourceNotFoundException"),
    ],
)
def test_what_would_not_change_is_not_tried_again(final: Response | Exception) -> None:
    """It would only use up the account's quota."""
    _, client = asked(final, GRANTED)
    assert len(client.sent) == 1


def test_connect_is_asked_three_times_at_most_and_not_without_time() -> None:
    """The quota is shared by the whole account; a call without time for an answer wastes it."""
    for failure in (FAILED, THROTTLED, Unreachable("x"), Stale("x")):
        assert len(asked(failure)[1].sent) == 3
    assert asked(FAILED, THROTTLED, GRANTED)[0] == SOURCE_ID
    refusal, client = asked(GRANTED, seconds=0.1)
    assert (refusal.status, refusal.reason, client.sent) == (503, "deadline_exceeded", [])


def test_a_probe_reports_what_connect_said() -> None:
    """The proof decides what it means; nothing is hidden from it."""
    denied = connect_with(ScriptedClient(answer(403, {"Message": "no"}, "AccessDeniedException")))
    expected = {"type": "AccessDeniedException", "status": 403, "message": "no"}
    assert denied.try_create_association(INSTANCE_ID) == expected
    assert denied.try_describe_contact(INSTANCE_ID) == expected
    cut = connect_with(ScriptedClient(Unreachable("cut")))
    assert cut.try_create_association(INSTANCE_ID)["type"] == "unreachable"


def test_two_contacts_are_described_at_the_same_time() -> None:
    """One after the other would cost the customer a second round trip."""
    together = threading.Barrier(2)

    class Waiting(ConnectClient):
        def send(
            self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
        ) -> Response:
            together.wait(5)
            return super().send(method, target, body, deadline, headers)

    connect = connect_with(Waiting(ConnectClient.sound().contacts))
    contacts, now = connect.describe(INSTANCE_ID, (CONTACT_ID, SOURCE_ID), "customer_id")
    assert {id: contact.customer for id, contact in contacts.items() if contact} == {
        CONTACT_ID: "customer",
        SOURCE_ID: "customer",
    }
    assert (now, connect.attempts) == (NOW, 2)


def test_what_depends_on_a_description_that_was_given_up_is_given_up_too() -> None:
    """It would only use up the quota that others wait for."""
    given_up = threading.Event()

    class Announcing(asking.Asking):
        def ask(
            self, operation: asking.Operation, client: Client, also_given_up: threading.Event | None = None
        ) -> Outcome:
            outcome = super().ask(operation, client, also_given_up)
            if operation.target.endswith(CONTACT_ID):
                given_up.set()
            return outcome

    class Beside(ConnectClient):
        def send(
            self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
        ) -> Response:
            if target.endswith(SOURCE_ID):
                given_up.wait(5)
            return super().send(method, target, body, deadline, headers)

    client: Any = Beside({CONTACT_ID: THROTTLED, SOURCE_ID: THROTTLED})
    connect = Connect((client, client), Announcing(time.monotonic() + 8))
    with pytest.raises(Refusal):
        connect.describe(INSTANCE_ID, (CONTACT_ID, SOURCE_ID), "customer_id")
    assert len(client.sent) == 4
    # What is asked later does not depend on it: a recorder describes one contact after the other.
    with pytest.raises(Refusal):
        connect.describe(INSTANCE_ID, (CONTACT_ID,), "customer_id")
    assert len(client.sent) == 7


@pytest.mark.parametrize(
    "refused",
    [
        NOT_FOUND,
        answer(400, {}, "InvalidParameterException"),
        answer(400, {}, "InvalidRequestException"),
        answer(410, b""),
    ],
)
def test_whatever_describing_is_refused_with_counts_as_no_contact(refused: Response) -> None:
    """Which error an odd id gets is documented nowhere, and must not tell what exists."""
    connect = connect_with(ConnectClient({CONTACT_ID: described(CONTACT_ID), SOURCE_ID: refused}))
    contacts, _ = connect.describe(INSTANCE_ID, (CONTACT_ID, SOURCE_ID), "customer_id")
    assert contacts[SOURCE_ID] is None


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (THROTTLED, 429),
        (answer(403, {}, "AccessDeniedException"), 500),
        (FAILED, 500),
        (Unreachable("x"), 503),
        (DeadlineExceeded("x"), 503),
        (answer(200, {}), 500),
        (answer(200, {"Contact": {"Id": ""}}), 500),
        (described(SOURCE_ID, DisconnectTimestamp="soon"), 500),
        (described(SOURCE_ID, DisconnectTimestamp=True), 500),
        (described(SOURCE_ID, InitiationTimestamp=[]), 500),
        (described(SOURCE_ID, DisconnectTimestamp=float("nan")), 500),
        (described(SOURCE_ID, DisconnectTimestamp=float("inf")), 500),
        (described(SOURCE_ID, DisconnectTimestamp=4_102_444_800), 500),
        (described(SOURCE_ID, DisconnectTimestamp=10**300), 500),
        (described(SOURCE_ID)._replace(headers={}), 500),
        (described(SOURCE_ID)._replace(headers={"date": "soon"}), 500),
    ],
)
@pytest.mark.parametrize("broken", [CONTACT_ID, SOURCE_ID])
def test_a_description_that_failed_is_no_contact_that_does_not_exist(
    outcome: Response | Exception, status: int, broken: str
) -> None:
    """Whichever of the two it was."""
    contacts = {**ConnectClient.sound().contacts, broken: outcome}
    with pytest.raises(Refusal) as refused:
        connect_with(ConnectClient(contacts)).describe(INSTANCE_ID, (CONTACT_ID, SOURCE_ID), "customer_id")
    assert refused.value.status == status


@pytest.mark.parametrize("broken", [CONTACT_ID, SOURCE_ID])
def test_a_bug_beside_is_not_lost(broken: str) -> None:
    """A thread's exception would end with the thread."""
    contacts = {**ConnectClient.sound().contacts, broken: RuntimeError("bug")}
    with pytest.raises(RuntimeError, match="bug"):
        connect_with(ConnectClient(contacts)).describe(INSTANCE_ID, (CONTACT_ID, SOURCE_ID), "customer_id")
