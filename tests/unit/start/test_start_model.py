"""Random histories with starts beside associations: the function's own code, with the local Connect behind it."""

import json
import time
from typing import cast

from hypothesis import HealthCheck, given, settings

from association.caller import Caller
from association.decider import Decider
from association.refusal import Refusal, of_connect
from aws.answer import Answer
from aws.retry import Operation
from connect.errors import ConnectError
from connect.operations import Connect
from local.connect.errors import ConnectError as LocalConnectError
from start import attempts, past, request
from start import settings as start_settings
from tests.histories import DELAY, WITH_BEGINNINGS, Ledger
from tests.profiles import profiles
from tests.unit.association.test_rule_model import REGION, RuleWorld
from tests.unit.start.world import ENVIRONMENT, event, fields, past_of

SETTINGS = start_settings.read(ENVIRONMENT)


class StartingRuleWorld(RuleWorld):
    """The same, and a start in front of it."""

    def begin(
        self, customer: str | None, source: str, rehydration_type: str, caller: str | None
    ) -> tuple[int, str, str]:
        """As the handler does, from the body on."""
        before = len(self._contacts.all(self._instance))
        body = fields(CustomerId=customer, PersistentChat=past_of(source, rehydration_type))
        try:
            asked = request.parse(event(body), SETTINGS, names_customer=False)
            who = asked.customer_id or caller or ""
            self.known.clear()
            of = past.of(asked, who, Decider(Caller("x", caller), cast(Connect, self), DELAY, None))
            started, _ = attempts.start_chat(cast(Connect, self), {"CustomerId": who}, "token", of)
        except (Refusal, ConnectError) as failure:
            assert len(self._contacts.all(self._instance)) == before, "nothing starts"
            refused = failure if isinstance(failure, Refusal) else of_connect(failure)
            return refused.status, refused.reason, ""
        return 200, started["ContinuedFromContactId"], started["ContactId"]

    @property
    def instance_id(self) -> str:
        """As the function's own Connect."""
        return SETTINGS.instance_id

    def call(self, operation: Operation) -> Answer:
        """As the function's own Connect: the start of a chat."""
        sent = json.loads(operation.body)
        assert isinstance(sent["PersistentChat"], dict)
        chat = {"ParticipantDetails": {"DisplayName": "A"}, "ContactFlowId": SETTINGS.flows["sales"]}
        fields = {"InstanceId": SETTINGS.instance_id, **chat, **sent, "ClientToken": str(time.monotonic_ns())}
        try:
            started = self._connect.operations.supported["StartChatContact"](fields, REGION)
        except LocalConnectError as refused:
            raise ConnectError("connect_refused", refusal=("InvalidRequestException", refused.message)) from refused
        return Answer(200, "none", "", started, "")


def play(history: list[tuple[object, ...]]) -> int:
    """Play it; how many chats were started, each with a past."""
    ledger = Ledger(StartingRuleWorld())
    ledger.play(history)
    return ledger.begun


@profiles(500, 20_000, WITH_BEGINNINGS)
def test_every_link_joins_chats_of_one_customer(history: list[tuple[object, ...]]) -> None:
    """At a chat's start or later; what the documented rules allow starts, and nothing else does."""
    play(history)


def test_the_histories_come_to_the_point() -> None:
    """A model test in which no chat ever starts would prove nothing."""
    begun = 0

    @settings(max_examples=300, database=None, suppress_health_check=list(HealthCheck))
    @given(WITH_BEGINNINGS)
    def count(history: list[tuple[object, ...]]) -> None:
        nonlocal begun
        begun += play(history)

    count()
    assert begun > 30
