"""Random histories through the local cloud's EventBridge and DynamoDB: the table is what the history says."""

import itertools
import random
import uuid
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history.session import Segment, Session
from local.chats import Chats
from tests.chat_histories import STEPS
from tests.local.callers import Door
from tests.local.deployments import Deployed
from tests.local.recorded import Recorded
from tests.profiles import CHANCE

# Histories are long, and time in them is not the machine's.
pytestmark = pytest.mark.usefixtures("without_quotas", "with_events")

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
HISTORIES = st.lists(STEPS, min_size=1, max_size=14)
# Late only by a little: what is longer is waited for in the machine's own time.
FAULTS = st.fixed_dictionaries(
    {
        "late": st.sampled_from([0, 0, 0.1]),
        "repeated": st.sampled_from([0, 0.5]),
        "reordered": st.booleans(),
        "spelling": st.just("mixed"),
        "seed": st.integers(0, 1000),
    }
)
_numbers = itertools.count()


class World:
    """Customers of the local cloud, each of whom lives in one history only."""

    def __init__(self, historic: Deployed) -> None:
        self.cloud, self.chats = historic.cloud, Chats(historic.cloud)
        self.contacts: list[str] = []
        self._suffix = f"-{next(_numbers)}-{uuid.uuid4()}"

    def name(self, customer: str | None) -> str | None:
        """A customer of this history, by the name that they have in all of them."""
        return customer and customer + self._suffix

    def play(self, history: list[tuple[Any, ...]]) -> None:
        """Each step; what cannot be done is left out."""
        running: list[str] = []
        for step, which in history:
            if step == "wait":
                self.chats.wait(which / 1000)
            elif step == "start":
                running.append(self.chats.start(self.name(which)))
            elif step == "call":
                fields = {"Channel": "VOICE", **({"CustomerId": self.name(which)} if which else {})}
                self.cloud.control("POST", "contacts", fields)
            elif running:
                contact = running.pop(which % len(running))
                if step == "stop":
                    self.chats.end(contact, wait=0)
                else:
                    running.append(str(self.cloud.control("POST", f"contacts/{contact}/{step}")["ContactId"]))
                    self.contacts.append(contact)
                    continue
                self.contacts.append(contact)
        self.contacts += running

    def sessions(self, customer: str) -> dict[str, Session]:
        """A customer's chats, as Amazon Connect says."""
        found: dict[str, Session] = {}
        for id in self.contacts:
            contact = self.chats.describe(id)
            if contact.get("CustomerId") != self.name(customer):
                continue
            session, ended = contact.get("InitialContactId", id), contact.get("DisconnectTimestamp")
            segment = Segment(None, _ms(ended)) if ended else Segment(_ms(contact["InitiationTimestamp"]), None)
            known = found.get(session, Session(session, {}))
            found[session] = Session(session, {**known.segments, id: segment})
        return found


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def held(recorded: Recorded, world: World, customer: str) -> dict[str, Session]:
    """A customer's chats, as the table has them."""
    return {
        session: Session(
            session,
            {
                id: Segment(
                    int(times["began"]) if "began" in times else None, int(times["ended"]) if "ended" in times else None
                )
                for id, times in item["segments"].items()
            },
        )
        for session, item in recorded.sessions(world.name(customer) or "").items()
    }


def check(historic: Deployed, history: list[tuple[Any, ...]], faults: dict[str, Any]) -> None:
    """Whatever the delivery: when all events have come, the table is the history."""
    world, recorded = World(historic), Recorded(historic)
    historic.cloud.control("POST", "events", faults)
    world.play(history)
    world.chats.told()
    for customer in ("ada", "bob"):
        assert held(recorded, world, customer) == world.sessions(customer)


def check_with_losses(historic: Deployed, history: list[tuple[Any, ...]], chance: random.Random) -> None:
    """With one event in ten lost a look-up finds nobody else's chat; the repair brings the table to the same state."""
    world, recorded, door = World(historic), Recorded(historic), Door(historic, "BackendUrl")
    historic.cloud.control("POST", "events", {"lost": 0.1, "spelling": "mixed", "seed": chance.randint(0, 1000)})
    world.play(history)
    world.chats.wait(120)
    current = world.chats.start(world.name("ada"))
    world.chats.told()
    world.chats.wait(10)
    answer = door.latest(current)
    truth = {id: session for id, session in world.sessions("ada").items() if not session.running}
    assert answer.status in (200, 400), answer.body
    if answer.status == 200 and answer.document:
        (of,) = [session for session in truth.values() if answer.document["ContinuedFromContactId"] in session.segments]
        seen = held(recorded, world, "ada")
        wholly = [one for id, one in truth.items() if id in seen and set(seen[id].segments) == set(one.segments)]
        assert all((of.ended or 0) >= (one.ended or 0) for one in wholly)
    repair(historic, recorded, [*world.contacts, current])
    world.contacts.append(current)
    for customer in ("ada", "bob"):
        assert held(recorded, world, customer) == world.sessions(customer)


def repair(historic: Deployed, recorded: Recorded, contacts: list[str]) -> None:
    """What the backfill does, for these contacts."""
    for index in range(0, len(contacts), 25):
        fared = recorded.record(contacts[index : index + 25])
        assert not [how for how in fared.values() if how.startswith("failed")]


@settings(SETTINGS, max_examples=4)
@given(HISTORIES, FAULTS)
def test_the_table_is_the_history(historic: Deployed, history: list[tuple[Any, ...]], faults: dict[str, Any]) -> None:
    """A few histories."""
    check(historic, history, faults)


@settings(SETTINGS, max_examples=4)
@given(HISTORIES, CHANCE)
def test_lost_events_mislead_nobody_and_can_be_repaired(
    historic: Deployed, history: list[tuple[Any, ...]], chance: random.Random
) -> None:
    """A few histories."""
    check_with_losses(historic, history, chance)


@pytest.mark.prove
@settings(SETTINGS, max_examples=200)
@given(HISTORIES, FAULTS, CHANCE)
def test_four_hundred_histories(
    historic: Deployed, history: list[tuple[Any, ...]], faults: dict[str, Any], chance: random.Random
) -> None:
    """Two hundred of each, for long."""
    check(historic, history, faults)
    check_with_losses(historic, history, chance)
