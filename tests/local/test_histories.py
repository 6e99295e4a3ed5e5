"""Random histories through the deployed endpoint: what the rule does alone, all of it does together."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings

from local.chats import Chats
from local.cloud import Cloud
from tests.histories import HISTORIES, WITH_BEGINNINGS, Ledger
from tests.local.callers import Door, token_of
from tests.local.deployments import Deployed

# Histories are long, and time in them is not the machine's.
pytestmark = pytest.mark.usefixtures("without_quotas", "held_clock")

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


class CloudWorld:
    """The local cloud: AWS identities call the first endpoint, people the one behind a Lambda authorizer."""

    def __init__(self, backend: Door, people: Door) -> None:
        self._cloud: Cloud = backend.cloud
        self._chats = Chats(self._cloud)
        self._backend, self._people = backend, people

    def start(self, customer: str | None) -> str:
        """A chat."""
        return self._chats.start(customer)

    def other(self, customer: str | None) -> str:
        """A call."""
        fields = {"Channel": "VOICE", **({"CustomerId": customer} if customer else {})}
        return str(self._cloud.control("POST", "contacts", fields)["ContactId"])

    def next(self, contact: str, how: str) -> str:
        """Transfer or survey."""
        return str(self._cloud.control("POST", f"contacts/{contact}/{how}")["ContactId"])

    def stop(self, contact: str) -> None:
        """A segment ends."""
        self._chats.end(contact, wait=0)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self._cloud.control("POST", "clock", {"advance": seconds})

    def elsewhere(self, customer: str | None, source: str, rehydration_type: str) -> tuple[str, str] | None:
        """StartChatContact with PersistentChat."""
        persistent = {"RehydrationType": rehydration_type, "SourceContactId": source}
        try:
            contact = self._chats.start(customer, PersistentChat=persistent)
        except ClientError:
            return None
        return contact, str(self._chats.describe(contact)["RelatedContactId"])

    def linked(self, customer: str | None, call: str) -> str:
        """StartChatContact with RelatedContactId."""
        return self._chats.start(customer, RelatedContactId=call)

    def ask(self, current: str, source: str, rehydration_type: str, caller: str | None) -> tuple[int, str]:
        """By HTTP."""
        if caller is None:
            answer = self._backend.ask(current, source, rehydration_type)
        else:
            token = token_of({"customer": caller})
            answer = self._people.ask(current, source, rehydration_type, token=token)
        said = answer.document
        return answer.status, said["ContinuedFromContactId"] if answer.status == 200 else said["message"]


class StartingCloudWorld(CloudWorld):
    """Both endpoints start chats as well."""

    def begin(
        self, customer: str | None, source: str, rehydration_type: str, caller: str | None
    ) -> tuple[int, str, str]:
        """By HTTP."""
        fields = {
            "ParticipantDetails": {"DisplayName": "Customer"},
            "PersistentChat": {"RehydrationType": rehydration_type, "SourceContactId": source},
            **({} if customer is None else {"CustomerId": customer}),
        }
        door, token = (self._backend, None) if caller is None else (self._people, token_of({"customer": caller}))
        answer = door.send("/contact/chat", json.dumps(fields).encode(), method="PUT", token=token)
        said = answer.document
        if answer.status == 200:
            return 200, said["ContinuedFromContactId"], said["ContactId"]
        if customer is None and caller is None:
            # A backend that names nobody has forgotten a field. The ledger knows of no fields.
            assert "CustomerId: got nothing" in said["message"]
            return 404, said["message"], ""
        return answer.status, said["message"], ""


def associating(sound: Deployed, doors: Deployed) -> CloudWorld:
    """A world with the first endpoint, and the one behind a Lambda authorizer."""
    return CloudWorld(Door(sound, "FirstUrl"), Door(doors, "AuthorizerUrl"))


def play_with_starts(starting: Deployed, history: list[tuple[Any, ...]]) -> int:
    """Play it with the endpoints that start chats; how many chats were started, each with a past."""
    ledger = Ledger(StartingCloudWorld(Door(starting, "StarterUrl"), Door(starting, "PeopleUrl")))
    ledger.play(history)
    return ledger.begun


@settings(SETTINGS, max_examples=15)
@given(HISTORIES)
def test_what_the_endpoint_grants_joins_chats_of_one_customer(
    sound: Deployed, doors: Deployed, history: list[tuple[Any, ...]]
) -> None:
    """Every association that the endpoint makes; a few histories."""
    Ledger(associating(sound, doors)).play(history)


@settings(SETTINGS, max_examples=10)
@given(WITH_BEGINNINGS)
def test_what_the_endpoint_starts_joins_chats_of_one_customer(
    starting: Deployed, history: list[tuple[Any, ...]]
) -> None:
    """Every chat that starts with a past as well; a few histories."""
    play_with_starts(starting, history)


@pytest.mark.prove
@settings(SETTINGS, max_examples=300)
@given(HISTORIES)
def test_three_hundred_histories_join_chats_of_one_customer(
    sound: Deployed, doors: Deployed, history: list[tuple[Any, ...]]
) -> None:
    """The same, for long."""
    Ledger(associating(sound, doors)).play(history)


@pytest.mark.prove
def test_three_hundred_histories_with_starts_join_chats_of_one_customer(starting: Deployed) -> None:
    """The same, for long; a model test in which no chat ever starts would prove nothing."""
    begun = 0

    @settings(SETTINGS, max_examples=300)
    @given(WITH_BEGINNINGS)
    def play(history: list[tuple[Any, ...]]) -> None:
        nonlocal begun
        begun += play_with_starts(starting, history)

    play()
    assert begun > 30
