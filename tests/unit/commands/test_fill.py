"""A backfill over contacts and troubles of any kind: in the end each chat was recorded, or is named as failed."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connect_persistent_chat.commands import fill, search
from connect_persistent_chat.commands.command_failed import CommandFailed
from connect_persistent_chat.commands.deployed_history import Chat, DeployedHistory, Outcome, Page
from connect_persistent_chat.commands.fill import Fill
from connect_persistent_chat.commands.search import Period, Search, period_of
from connect_persistent_chat.commands.state import State

START = datetime(2026, 1, 1, 12, 0, 0, 500_000, UTC)
PERIOD = Period(START, START + timedelta(days=30))
# By Amazon Connect's clock: long after all of it.
NOW = PERIOD.end + timedelta(days=1)


class World:
    """A recorder, and an Amazon Connect whose searches list so many results at most."""

    def __init__(self, began: list[datetime], cap: int = 10_000) -> None:
        self.contacts = {f"c{number}": at for number, at in enumerate(sorted(began))}
        self.cap = cap
        # By contact: how often it fails before it is recorded.
        self.failing: dict[str, float] = {}
        self.recorded: list[str] = []
        self.batches: list[int] = []
        # How often DescribeContact is called for each.
        self.calls_each = 1
        self.waited = 0.0
        self.searched: list[tuple[float, datetime]] = []
        self.interrupt_after = 10**9

    def search(self, start: datetime, end: datetime, most: int, token: str | None = None) -> Page:
        """In whole seconds, as botocore sends them; both ends belong to it."""
        self.searched.append((self.waited, start))
        first_second, last_second = int(start.timestamp()), int(end.timestamp())
        found = [Chat(id, at) for id, at in self.contacts.items() if first_second <= at.timestamp() <= last_second]
        first = int(token or 0)
        last = min(first + most, self.cap)
        more = str(last) if last < min(len(found), self.cap) else None
        return Page(found[first:last], len(found), more)

    def record(self, contact_ids: list[str]) -> dict[str, Outcome]:
        """As the recorder does."""
        if len(self.recorded) >= self.interrupt_after:
            raise KeyboardInterrupt
        self.batches.append(len(contact_ids))
        return {id: Outcome(self._outcome(id), self.calls_each) for id in contact_ids}

    def _outcome(self, id: str) -> str:
        if self.failing.get(id, 0) > 0:
            self.failing[id] -= 1
            return "failed: DynamoDB: ThrottlingException"
        self.recorded.append(id)
        return "recorded"

    def wait(self, seconds: float) -> None:
        """No time is lost."""
        self.waited += seconds


def search_of(world: World, now: datetime) -> Search:
    """Searches by its clock."""
    return Search(cast(DeployedHistory, world), now, world.wait)


def run(world: World, path: Path, rate: int = 5, period: Period = PERIOD, now: datetime = NOW) -> Fill:
    """One run."""
    state = State(path, "recorder", None, period.start, now)
    made = Fill(cast(DeployedHistory, world), search_of(world, now), rate, state, world.wait)
    made.run(period)
    return made


def kept_in(path: Path) -> State:
    """What the next run goes on from."""
    return State(path, "recorder", None, START, NOW)


@pytest.fixture(params=[2, 100])
def small_pages(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """So that a few contacts are many; searches end by themselves, or because they list no more."""
    monkeypatch.setattr(search, "_PAGE", 2)
    monkeypatch.setattr(search, "_PAGES_A_SEARCH", request.param)
    monkeypatch.setattr(fill, "_MOST_FAILURES", 10**6)


OFFSETS = st.lists(st.sampled_from([0, 1, 2, 400, 999, 1000, 1001, 5000, 86_400_000, 8 * 86_400_000]), max_size=25)
SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.usefixtures("small_pages")
@SETTINGS
@given(OFFSETS, st.integers(1, 4), st.randoms(use_true_random=False))
def test_whatever_happens_every_chat_is_recorded_in_the_end(
    tmp_path_factory: pytest.TempPathFactory, offsets: list[int], rate: int, chance: random.Random
) -> None:
    """Many at one instant, searches that end early, failures, and Ctrl-C now and then."""
    world = World([START + timedelta(milliseconds=at) for at in offsets])
    # More than there are in any one second, or nobody could list them.
    world.cap = max([2, *(sum(1 for one in offsets if one // 1000 == at // 1000) + 1 for at in offsets)]) + 2
    world.failing = {id: chance.choice([0, 0, 1, 7]) for id in world.contacts}
    path = tmp_path_factory.mktemp("state") / "state.json"
    for attempt in range(100):
        world.interrupt_after = len(world.recorded) + (chance.choice([0, 1, 3]) if attempt < 10 else 100)
        try:
            run(world, path, rate)
        except KeyboardInterrupt:
            continue
        if not kept_in(path).failed:
            break
    assert set(world.recorded) == set(world.contacts)
    assert max(world.batches, default=0) <= rate
    assert kept_in(path).until == PERIOD.end


@pytest.mark.usefixtures("small_pages")
def test_each_chat_is_recorded_once(tmp_path: Path) -> None:
    """Although searches are made anew, and in whole seconds: DescribeContact's quota is not for nothing."""
    world = World([START + timedelta(milliseconds=300 * number) for number in range(40)], cap=9)
    run(world, tmp_path / "s")
    assert world.recorded == list(world.contacts)


def test_a_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    """It goes on where the first ended."""
    world = World([START + timedelta(minutes=minute) for minute in range(30)])
    assert run(world, tmp_path / "s").outcomes == {"recorded": 30}
    assert run(world, tmp_path / "s").outcomes == {}


@pytest.mark.parametrize("rate", [1, 2, 5, 25])
@pytest.mark.parametrize("calls", [1, 2, 3])
def test_the_rate_is_one_of_calls(tmp_path: Path, rate: int, calls: int) -> None:
    """Of DescribeContact, whose quota is what the endpoints share: a later segment may take two."""
    world = World([START + timedelta(minutes=minute) for minute in range(100)])
    world.calls_each = calls
    run(world, tmp_path / "s", rate)
    searches = 0.1 * len(world.searched)
    assert 100 * calls / rate - 1.5 < world.waited <= 100 * calls / rate + searches + 5
    # At once no more than a second's, if each takes two.
    assert max(world.batches) <= max(1, rate // 2)


def searches_of(world: World) -> list[float]:
    """When they were made."""
    return [at for at, _ in world.searched]


def test_two_years_of_empty_weeks_keep_to_the_quota(tmp_path: Path) -> None:
    """What is older than two weeks is searched once a second: each empty week is followed by the next at once."""
    world = World([])
    whole = period_of(NOW, timedelta(days=730), None, None, resumed=False)
    run(world, tmp_path / "s", period=whole)
    assert len(world.searched) == 105
    old = [at for at, start in world.searched if start < NOW - timedelta(days=14)]
    assert len(old) >= 102
    assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(old))
    assert 100 < world.waited < 110


def test_new_chats_are_searched_ten_times_a_second(tmp_path: Path) -> None:
    """Within two weeks."""
    world = World([NOW - timedelta(minutes=minute) for minute in range(100, 400)])
    period = Period(NOW - timedelta(days=1), NOW)
    run(world, tmp_path / "s", period=period)
    assert len(world.searched) == 3
    at = searches_of(world)
    assert all(later - earlier >= 0.1 for earlier, later in itertools.pairwise(at))


def test_the_newest_minutes_are_searched_again_by_the_next_run(tmp_path: Path) -> None:
    """A contact is found a while after it began: a run that has been up to now must not pass it over for ever."""
    now = START + timedelta(hours=2)
    world = World([START + timedelta(minutes=1), now - timedelta(minutes=5)])
    run(world, tmp_path / "s", period=Period(START, now), now=now)
    assert world.recorded == ["c0", "c1"]
    # It began before the last one that was found, and is found now.
    late = now - timedelta(minutes=10)
    world.contacts = {"c0": world.contacts["c0"], "late": late, "c1": world.contacts["c1"]}
    later = now + timedelta(minutes=30)
    run(world, tmp_path / "s", period=Period(START, later), now=later)
    assert world.recorded == ["c0", "c1", "late", "c1"]
    run(world, tmp_path / "s", period=Period(START, later), now=later)
    assert world.recorded == ["c0", "c1", "late", "c1"]


def test_a_run_of_the_newest_minutes_only_can_be_repeated(tmp_path: Path) -> None:
    """Its progress is where it began."""
    world = World([NOW - timedelta(minutes=1)])
    period = Period(NOW - timedelta(minutes=2), NOW)
    for _ in range(2):
        run(world, tmp_path / "s", period=period)
    assert world.recorded == ["c0", "c0"]


def test_what_keeps_failing_is_kept_and_tried_first_by_the_next_run(tmp_path: Path) -> None:
    """And no run forgets it, whatever ends it."""
    world = World([START + timedelta(minutes=minute) for minute in range(10)])
    world.failing = {"c1": 5}
    made = run(world, tmp_path / "s")
    assert made.outcomes == {"recorded": 9, "failed": 1}
    kept = kept_in(tmp_path / "s")
    assert kept.failed == {"c1": "DynamoDB: ThrottlingException"}
    assert run(world, tmp_path / "s").outcomes == {"recorded": 1}
    assert kept_in(tmp_path / "s").failed == {}


def test_a_recorder_that_records_nothing_ends_the_run(tmp_path: Path) -> None:
    """Not for days; what failed is kept."""
    world = World([START + timedelta(minutes=minute) for minute in range(1000)])
    world.failing = dict.fromkeys(world.contacts, 10**6)
    with pytest.raises(CommandFailed, match="The last 26 chats could not be recorded"):
        run(world, tmp_path / "s")
    assert len(kept_in(tmp_path / "s").failed) == 26
    world.failing = {}
    run(world, tmp_path / "s")
    assert set(world.recorded) == set(world.contacts)


def test_what_can_never_be_recorded_keeps_no_run_from_going_on(tmp_path: Path) -> None:
    """Connect lists contacts that it does not describe: more of them than end a run are tried again by each."""
    world = World([START + timedelta(hours=hour) for hour in range(200)])
    world.failing = {f"c{number}": 10**6 for number in range(0, 150, 5)}
    world.interrupt_after = 120
    with pytest.raises(KeyboardInterrupt):
        run(world, tmp_path / "s")
    world.interrupt_after = 10**9
    run(world, tmp_path / "s")
    kept = kept_in(tmp_path / "s")
    assert kept.until == PERIOD.end
    assert set(kept.failed) == set(world.failing)
    assert set(world.recorded) | set(world.failing) == set(world.contacts)
