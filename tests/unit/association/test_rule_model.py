"""Random histories against the rule alone, with the local Connect's own contacts behind it."""

import json
from datetime import UTC, datetime, timedelta
from typing import cast

from hypothesis import HealthCheck, given, settings

from association.caller import Caller
from association.decider import Decider
from association.refusal import Refusal, of_connect
from association.request import AssociationRequest
from association.settings import read
from connect import contact
from connect.errors import ConnectError
from connect.operations import Connect
from local.connect import model
from local.connect.errors import ConnectError as LocalConnectError
from local.connect.service import INSTANCE_ID
from local.connect.service import Connect as LocalConnect
from tests.histories import DELAY, HISTORIES, Ledger
from tests.profiles import profiles
from tests.unit.association.events import ENVIRONMENT

REGION = "us-east-1"
SETTINGS = read(ENVIRONMENT)


class StillClock:
    """Goes only when it is told to."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """This instant."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Later."""
        self._now += timedelta(seconds=seconds)


class RuleWorld:
    """The local Connect, and the rule in front of it, without HTTP between them."""

    def __init__(self) -> None:
        self._connect = LocalConnect("123456789012", REGION)
        self._clock = StillClock()
        self._instance = self._connect.instances.get(REGION, INSTANCE_ID)
        self._contacts, self._associations = self._connect.contacts, self._connect.associations
        self.known: dict[str, contact.Contact | None] = {}
        self.now = 0.0

    def start(self, customer: str | None) -> str:
        """A chat."""
        return self._contacts.start(self._instance, self._clock.now(), customer_id=customer).id

    def other(self, customer: str | None) -> str:
        """A call."""
        now = self._clock.now()
        return self._contacts.start(self._instance, now, channel="VOICE", customer_id=customer).id

    def next(self, contact: str, how: str) -> str:
        """Transfer or survey."""
        step = self._contacts.transfer if how == "transfer" else self._contacts.survey
        return step(self._contacts.get(self._instance, contact), self._clock.now()).id

    def stop(self, contact: str) -> None:
        """A segment ends."""
        self._contacts.stop(self._contacts.get(self._instance, contact), self._clock.now())

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self._clock.advance(seconds)

    def elsewhere(self, customer: str | None, source: str, rehydration_type: str) -> tuple[str, str] | None:
        """Connect itself joins whatever it is told to."""
        new = self._contacts.get(self._instance, self.start(customer))
        try:
            past = self._contacts.get(self._instance, source)
            return new.id, self._associations.create(new, past, rehydration_type, None).continued_from_contact_id
        except LocalConnectError:
            self._contacts.forget(new)
            return None

    def linked(self, customer: str | None, call: str) -> str:
        """StartChatContact with RelatedContactId."""
        new = self._contacts.get(self._instance, self.start(customer))
        new.related_id = call
        return new.id

    def ask(self, current: str, source: str, rehydration_type: str, caller: str | None) -> tuple[int, str]:
        """As the handler does."""
        request = AssociationRequest(INSTANCE_ID, current, rehydration_type, source, None)
        self.known.clear()
        decider = Decider(Caller("x", caller), cast(Connect, self), DELAY, None)
        try:
            made = decider.associate(decider.decide(request))
        except Refusal as refused:
            return refused.status, refused.reason
        except ConnectError as failure:
            return of_connect(failure).status, failure.reason
        assert made.continued is not None
        return 200, made.continued

    def describe(self, *contact_ids: str) -> None:
        """As the function's own Connect."""
        self.known |= {id: self._described(id) for id in contact_ids}
        self.now = self._clock.now().timestamp()

    def create_association(self, contact_id: str, source_id: str, rehydration_type: str, token: str) -> str:
        """The same."""
        new, past = (self._contacts.get(self._instance, id) for id in (contact_id, source_id))
        try:
            return self._associations.create(new, past, rehydration_type, None).continued_from_contact_id
        except LocalConnectError as refused:
            words = ("InvalidRequestException", refused.message)
            raise ConnectError("connect_refused", refusal=words) from refused

    def _described(self, id: str) -> contact.Contact:
        describe = self._connect.operations.supported["DescribeContact"]
        result = describe({"InstanceId": INSTANCE_ID, "ContactId": id}, REGION)
        return contact.read(json.loads(model.shaped("DescribeContact", result)), "customer_id")


def play(history: list[tuple[object, ...]]) -> int:
    """Play it; how many associations were granted."""
    ledger = Ledger(RuleWorld())
    ledger.play(history)
    return ledger.granted


@profiles(1_000, 5_000, HISTORIES)
def test_what_is_granted_joins_chats_of_one_customer(history: list[tuple[object, ...]]) -> None:
    """And agrees with the documented rules; what they allow is granted. test_start_model.py has 20,000, with starts."""
    play(history)


def test_the_histories_come_to_the_point() -> None:
    """A model test that never grants anything would prove nothing."""
    granted = 0

    @settings(max_examples=300, database=None, suppress_health_check=list(HealthCheck))
    @given(HISTORIES)
    def count(history: list[tuple[object, ...]]) -> None:
        nonlocal granted
        granted += play(history)

    count()
    assert granted > 30
