"""Random histories through the deployed endpoint: what the rule does alone, all of it does together."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings

from local.chats import Chats
from local.cloud import Cloud
from tests.histories import HISTORIES, Ledger
from tests.local.callers import Door, token_of
from tests.local.deployments import Deployed

# Histories are long, and time in them is not the machine's.
pytestmark = pytest.mark.usefixtures("without_quotas")

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


class CloudWorld:
    """The local cloud: AWS identities call the first endpoint, people the one behind a Lambda authorizer."""

    def __init__(self, sound: Deployed, doors: Deployed) -> None:
        self._cloud: Cloud = sound.cloud
        self._chats = Chats(self._cloud)
        self._backend, self._people = Door(sound, "FirstUrl"), Door(doors, "AuthorizerUrl")

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


@settings(SETTINGS, max_examples=15)
@given(HISTORIES)
def test_what_the_endpoint_grants_joins_chats_of_one_customer(
    sound: Deployed, doors: Deployed, history: list[tuple[Any, ...]]
) -> None:
    """Every association that the endpoint makes; a few histories."""
    Ledger(CloudWorld(sound, doors)).play(history)


@pytest.mark.prove
@settings(SETTINGS, max_examples=300)
@given(HISTORIES)
def test_three_hundred_histories_join_chats_of_one_customer(
    sound: Deployed, doors: Deployed, history: list[tuple[Any, ...]]
) -> None:
    """The same, for long."""
    Ledger(CloudWorld(sound, doors)).play(history)
