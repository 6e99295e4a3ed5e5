"""A backfill over contacts and troubles of any kind: in the end each chat was recorded, or is named as failed."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connect_persistent_chat.commands import backfill
from connect_persistent_chat.commands.backfill import Backfill, Period, Progress, period_of
from connect_persistent_chat.commands.recorder import CommandFailed, Recorder

START = datetime(2026, 1, 1, 12, 0, 0, 500_000, UTC)
PERIOD = Period(START, START + timedelta(days=30))


class World:
    """A recorder, and an Amazon Connect whose searches list so many results at most."""

    def __init__(self, began: list[datetime], cap: int = 10_000) -> None:
        self.contacts = {f"c{number}": at for number, at in enumerate(sorted(began))}
        self.cap = cap
        self.retention_seconds = 730 * 86_400.0
        # By contact: how often it fails before it is recorded.
        self.failing: dict[str, float] = {}
        self.recorded: list[str] = []
        self.batches: list[int] = []
        self.waited = 0.0
        self.interrupt_after = 10**9

    def now(self) -> datetime:
        """By the machine's clock."""
        return datetime.now(UTC)

    def search(self, start: datetime, end: datetime, most: int, token: str | None = None) -> dict[str, Any]:
        """In whole seconds, as botocore sends them; both ends belong to it."""
        first_second, last_second = int(start.timestamp()), int(end.timestamp())
        found = [
            {"Id": id, "InitiationTimestamp": at}
            for id, at in self.contacts.items()
            if first_second <= at.timestamp() <= last_second
        ]
        first = int(token or 0)
        last = min(first + most, self.cap)
        more = {"NextToken": str(last)} if last < min(len(found), self.cap) else {}
        return {"Contacts": found[first:last], "TotalCount": len(found), **more}

    def record(self, contact_ids: list[str]) -> dict[str, str]:
        """As the recorder does."""
        if len(self.recorded) >= self.interrupt_after:
            raise KeyboardInterrupt
        self.batches.append(len(contact_ids))
        return {id: self._fared(id) for id in contact_ids}

    def _fared(self, id: str) -> str:
        if self.failing.get(id, 0) > 0:
            self.failing[id] -= 1
            return "failed: DynamoDB: ThrottlingException"
        self.recorded.append(id)
        return "recorded"

    def wait(self, seconds: float) -> None:
        """No time is lost."""
        self.waited += seconds


def run(world: World, path: Path, rate: int = 5, period: Period = PERIOD) -> Backfill:
    """One run."""
    progress = Progress(path, "recorder", None, period.start)
    made = Backfill(cast(Recorder, world), rate, progress, world.wait)
    made.run(period)
    return made


@pytest.fixture(params=[2, 100])
def small_pages(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """So that a few contacts are many; searches end by themselves, or because they list no more."""
    monkeypatch.setattr(backfill, "_PAGE", 2)
    monkeypatch.setattr(backfill, "_PAGES_A_SEARCH", request.param)
    monkeypatch.setattr(backfill, "_MOST_FAILURES", 10**6)


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
        if not Progress(path, "recorder", None, START).failed:
            break
    assert set(world.recorded) == set(world.contacts)
    assert max(world.batches, default=0) <= rate
    assert Progress(path, "recorder", None, START).until == PERIOD.end


@pytest.mark.usefixtures("small_pages")
def test_each_chat_is_recorded_once(tmp_path: Path) -> None:
    """Although searches are made anew, and in whole seconds: DescribeContact's quota is not for nothing."""
    world = World([START + timedelta(milliseconds=300 * number) for number in range(40)], cap=9)
    run(world, tmp_path / "s")
    assert world.recorded == list(world.contacts)


def test_a_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    """It goes on where the first ended."""
    world = World([START + timedelta(minutes=minute) for minute in range(30)])
    assert run(world, tmp_path / "s").fared == {"recorded": 30}
    assert run(world, tmp_path / "s").fared == {}


def test_no_more_are_asked_about_than_was_said(tmp_path: Path) -> None:
    """Thirty chats at five a second take six seconds."""
    world = World([START + timedelta(minutes=minute) for minute in range(30)])
    run(world, tmp_path / "s")
    assert world.batches == [5] * 6
    assert 5.5 < world.waited <= 6


def test_what_keeps_failing_is_kept_and_tried_first_by_the_next_run(tmp_path: Path) -> None:
    """And no run forgets it, whatever ends it."""
    world = World([START + timedelta(minutes=minute) for minute in range(10)])
    world.failing = {"c1": 5}
    made = run(world, tmp_path / "s")
    assert made.fared == {"recorded": 9, "failed": 1}
    kept = Progress(tmp_path / "s", "recorder", None, START)
    assert kept.failed == {"c1": "DynamoDB: ThrottlingException"}
    assert run(world, tmp_path / "s").fared == {"recorded": 1}
    assert Progress(tmp_path / "s", "recorder", None, START).failed == {}


def test_a_recorder_that_records_nothing_ends_the_run(tmp_path: Path) -> None:
    """Not for days; what failed is kept."""
    world = World([START + timedelta(minutes=minute) for minute in range(1000)])
    world.failing = dict.fromkeys(world.contacts, 10**6)
    with pytest.raises(CommandFailed, match="The last 25 chats could not be recorded"):
        run(world, tmp_path / "s")
    assert len(Progress(tmp_path / "s", "recorder", None, START).failed) == 25
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
    kept = Progress(tmp_path / "s", "recorder", None, START)
    assert kept.until == PERIOD.end
    assert set(kept.failed) == set(world.failing)
    assert set(world.recorded) | set(world.failing) == set(world.contacts)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("", "is no state of a backfill"),
        ("[]", "is no state of a backfill"),
        ('{"recorder": "recorder", "from": null, "until": "soon", "failed": {}}', "is no state of a backfill"),
        ('{"recorder": "recorder", "from": null, "until": 7, "failed": {}}', "is no state of a backfill"),
        (
            '{"recorder": "other", "from": null, "until": "2026-01-01T00:00:00+00:00", "failed": {}}',
            "is of a backfill of other without --from, expected one of recorder without --from",
        ),
        (
            '{"recorder": "recorder", "from": "2026-01-01", "until": "2026-01-01T00:00:00+00:00", "failed": {}}',
            "is of a backfill of recorder from 2026-01-01, expected one of recorder without --from",
        ),
    ],
)
def test_a_state_that_is_not_this_backfills_is_refused(tmp_path: Path, kept: str, said: str) -> None:
    """Going on from another's would leave chats out."""
    (tmp_path / "s").write_text(kept)
    with pytest.raises(CommandFailed, match=said):
        Progress(tmp_path / "s", "recorder", None, START)
    assert (tmp_path / "s").read_text() == kept


def test_the_period_is_one_that_connect_and_the_history_keep() -> None:
    """The future is not covered yet; what is gone cannot be searched."""
    world = cast(Recorder, World([]))
    now = datetime.now(UTC)
    whole = period_of(world, None, None)
    assert timedelta(0) <= whole.end - now < timedelta(minutes=1)
    assert abs(whole.start - (now - timedelta(days=730))) < timedelta(minutes=1)
    assert period_of(world, None, datetime(9999, 12, 31, tzinfo=UTC)).end - now < timedelta(minutes=1)
    for start, end in ((datetime(1, 1, 1, tzinfo=UTC), None), (None, datetime(1, 1, 1, tzinfo=UTC)), (whole.end, None)):
        with pytest.raises(CommandFailed, match=r"^--from: got .*, expected an instant"):
            period_of(world, start + timedelta(days=1) if start and start.year > 1 else start, end)
