"""What takes how long tells little: a contact that does not exist, and somebody else's."""

import statistics
import time

import pytest

from local.chats import Chats
from tests.local.callers import Door
from tests.local.deployments import Deployed

# Hundreds of calls in a row.
pytestmark = pytest.mark.usefixtures("without_quotas")

CALLS = 300


@pytest.mark.prove
def test_unknown_and_somebody_elses_take_the_same_time(sound: Deployed) -> None:
    """The same work for both: their medians differ by less than a tenth, over 300 calls each, in turn."""
    door, chats = Door(sound, "FirstUrl"), Chats(sound.cloud)
    mine, theirs = chats.start("attacker"), chats.start("victim")
    chats.end(theirs)
    unknown = "00000000-0000-4000-8000-000000000000"
    seconds: dict[str, list[float]] = {theirs: [], unknown: []}
    for _ in range(20):
        door.ask(mine, unknown)
    for _ in range(CALLS):
        for source, times in seconds.items():
            began = time.perf_counter()
            assert door.ask(mine, source).status == 404
            times.append(time.perf_counter() - began)
    medians = [statistics.median(times) for times in seconds.values()]
    print(f"somebody else's {medians[0] * 1000:.2f} ms, unknown {medians[1] * 1000:.2f} ms")
    assert abs(medians[0] - medians[1]) < 0.1 * min(medians)
