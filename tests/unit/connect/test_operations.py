"""The two operations: what is sent and what is tried again. What a failure means is in test_errors.py."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from aws import retry
from aws.answer import Outcome
from aws.client import Client
from aws.http import Response
from aws.no_answer import DeadlineExceeded, Stale, Unreachable, Unreadable
from connect.errors import ConnectError
from connect.operations import Connect
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
)

ACTIONS = ("connect:CreatePersistentContactAssociation", "connect:DescribeContact")
THROTTLED = answer(429, {"Message": "Rate exceeded"}, "ThrottlingException")
FAILED = answer(500, {"Message": "inside"}, "InternalServiceException")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""
    monkeypatch.setattr(retry, "_LONGEST_PAUSE_OF_ALL_SECONDS", 0)


def connect_with(client: Any, seconds: float = 600) -> Connect:
    """A Connect whose two connections answer from one script."""
    return Connect(INSTANCE_ID, "customer_id", (client, client), retry.Retry(time.monotonic() + seconds))


def asked(*outcomes: Response | Exception, seconds: float = 600) -> tuple[Any, ScriptedClient]:
    """Ask a Connect with these answers: the association or the failure, and what was sent."""
    client = ScriptedClient(*outcomes)
    try:
        connect = connect_with(client, seconds)
        return connect.create_association(CONTACT_ID, SOURCE_ID, "FROM_SEGMENT", "token"), client
    except ConnectError as failure:
        return failure, client


def test_connects_own_operation_is_sent() -> None:
    """The path and the fields."""
    made, client = asked(GRANTED)
    assert made == SOURCE_ID
    ((method, target, body),) = client.sent
    assert (method, target) == ("POST", f"/contact/persistent-contact-association/{INSTANCE_ID}/{CONTACT_ID}")
    assert body == {"RehydrationType": "FROM_SEGMENT", "SourceContactId": SOURCE_ID, "ClientToken": "token"}


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
    failure, client = asked(GRANTED, seconds=0.1)
    assert (failure.reason, client.sent) == ("deadline_exceeded", [])


def test_two_contacts_are_described_at_the_same_time() -> None:
    """One after the other would cost the customer a second round trip."""
    together = threading.Barrier(2)

    class Waiting(ConnectClient):
        def send(
            self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
        ) -> Response:
            together.wait(60)
            return super().send(method, target, body, deadline, headers)

    connect = connect_with(Waiting(ConnectClient.sound().contacts))
    connect.describe(CONTACT_ID, SOURCE_ID)
    assert {id: contact.customer for id, contact in connect.known.items() if contact} == {
        CONTACT_ID: "customer",
        SOURCE_ID: "customer",
    }
    assert (connect.now, connect.attempts) == (NOW, 2)


def test_what_depends_on_a_description_that_was_given_up_is_given_up_too() -> None:
    """It would only use up the quota that others wait for."""
    given_up = threading.Event()

    class Announcing(retry.Retry):
        def call(
            self, operation: retry.Operation, client: Client, also_given_up: threading.Event | None = None
        ) -> Outcome:
            outcome = super().call(operation, client, also_given_up)
            if operation.target.endswith(CONTACT_ID):
                given_up.set()
            return outcome

    class Beside(ConnectClient):
        def send(
            self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
        ) -> Response:
            if target.endswith(SOURCE_ID):
                given_up.wait(60)
            return super().send(method, target, body, deadline, headers)

    client: Any = Beside({CONTACT_ID: THROTTLED, SOURCE_ID: THROTTLED})
    connect = Connect(INSTANCE_ID, "customer_id", (client, client), Announcing(time.monotonic() + 600))
    with pytest.raises(ConnectError):
        connect.describe(CONTACT_ID, SOURCE_ID)
    assert len(client.sent) == 4
    # What is asked later does not depend on it: a recorder describes one contact after the other.
    with pytest.raises(ConnectError):
        connect.describe(CONTACT_ID)
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
    connect.describe(CONTACT_ID, SOURCE_ID)
    assert connect.known[SOURCE_ID] is None


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (THROTTLED, "connect_throttled"),
        (answer(403, {}, "AccessDeniedException"), "connect_denied"),
        (FAILED, "connect_failed"),
        (Unreachable("x"), "connect_unreachable"),
        (DeadlineExceeded("x"), "deadline_exceeded"),
        (answer(200, {}), "connect_unreadable"),
        (answer(200, {"Contact": {"Id": ""}}), "connect_unreadable"),
        (described(SOURCE_ID, DisconnectTimestamp="soon"), "connect_unreadable"),
        (described(SOURCE_ID, DisconnectTimestamp=True), "connect_unreadable"),
        (described(SOURCE_ID, InitiationTimestamp=[]), "connect_unreadable"),
        (described(SOURCE_ID, DisconnectTimestamp=float("nan")), "connect_unreadable"),
        (described(SOURCE_ID, DisconnectTimestamp=float("inf")), "connect_unreadable"),
        (described(SOURCE_ID, DisconnectTimestamp=4_102_444_800), "connect_unreadable"),
        (described(SOURCE_ID, DisconnectTimestamp=10**300), "connect_unreadable"),
        (described(SOURCE_ID)._replace(headers={}), "connect_unreadable"),
        (described(SOURCE_ID)._replace(headers={"date": "soon"}), "connect_unreadable"),
    ],
)
@pytest.mark.parametrize("broken", [CONTACT_ID, SOURCE_ID])
def test_a_description_that_failed_is_no_contact_that_does_not_exist(
    outcome: Response | Exception, reason: str, broken: str
) -> None:
    """Whichever of the two it was."""
    contacts = {**ConnectClient.sound().contacts, broken: outcome}
    with pytest.raises(ConnectError) as failed:
        connect_with(ConnectClient(contacts)).describe(CONTACT_ID, SOURCE_ID)
    assert failed.value.reason == reason


@pytest.mark.parametrize("broken", [CONTACT_ID, SOURCE_ID])
def test_a_bug_beside_is_not_lost(broken: str) -> None:
    """A thread's exception would end with the thread."""
    contacts = {**ConnectClient.sound().contacts, broken: RuntimeError("bug")}
    with pytest.raises(RuntimeError, match="bug"):
        connect_with(ConnectClient(contacts)).describe(CONTACT_ID, SOURCE_ID)


def test_nothing_is_described_for_nothing() -> None:
    """A chat that starts now has no id."""
    client = ScriptedClient(FAILED)
    connect_with(client).describe()
    assert client.sent == []
