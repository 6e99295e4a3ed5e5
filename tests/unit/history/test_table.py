"""The three operations, on the wire: what is written is read again, and each failure is told by its kind."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws import retry
from aws.http import Response
from aws.no_answer import Unreachable
from aws.retry import Retry
from history.session import Entry, Segment, Session
from history.table import MOST_ENTRIES, Table, TableFailed
from tests.unit.history.dynamodb import DynamoDB, ok, refused
from tests.unit.history.test_item import BEGAN, written

# From 2000 until so long before 2100 as a chat may run.
TIMES = st.integers(946_684_800_000, 4_101_800_000_000)
SESSIONS = st.builds(
    Session,
    st.sampled_from(["first", "x-1"]),
    st.dictionaries(
        st.text("abc-123", min_size=1, max_size=9),
        st.one_of(st.builds(Segment, TIMES, st.none()), st.builds(Segment, st.none(), TIMES)),
        min_size=1,
        max_size=5,
    ),
)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""
    monkeypatch.setattr(retry, "_LONGEST_PAUSE_OF_ALL_SECONDS", 0)


def table(client: DynamoDB) -> Table:
    """The table, in this DynamoDB."""
    return Table(client, "table", Retry(time.monotonic() + 600))  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(SESSIONS, SESSIONS)
def test_what_is_written_is_read_again(one: Session, other: Session) -> None:
    """By its key, and through the index."""
    client = DynamoDB()
    assert table(client).conditional_write("k", None, one, 7)
    assert table(client).get("k", one.id) == one
    assert table(client).latest("k").entries == (Entry(one.id, one.until, one.ended, one.running),)
    assert client.items["k", one.id]["expires"] == {"N": "7"}
    other = other._replace(id=one.id)
    assert table(client).conditional_write("k", one, other, 8)
    assert table(client).get("k", one.id) == other


def test_what_is_not_there_is_none() -> None:
    """A customer who never chatted, and a session that nobody saw."""
    assert table(DynamoDB()).get("k", "s") is None
    assert table(DynamoDB()).latest("k") == ((), False)


def test_a_write_between_read_and_write_is_noticed() -> None:
    """Otherwise one of two facts would be lost."""
    client = DynamoDB()
    one, other = Session("s", {"a": Segment(BEGAN, None)}), Session("s", {"b": Segment(BEGAN, None)})
    assert table(client).conditional_write("k", None, one, 7)
    assert not table(client).conditional_write("k", None, other, 7)
    assert not table(client).conditional_write("k", other, one, 7)
    assert table(client).get("k", "s") == one


def test_only_the_newest_entries_are_read_and_the_rest_is_told() -> None:
    """A look-up costs the same, however many chats a customer has."""
    client = DynamoDB()
    for number in range(MOST_ENTRIES + 5):
        table(client).conditional_write("k", None, Session(f"s{number}", {"a": Segment(None, BEGAN + number)}), 7)
    latest = table(client).latest("k")
    assert [entry.until - BEGAN for entry in latest.entries] == list(range(MOST_ENTRIES + 4, 4, -1))
    assert latest.more


@pytest.mark.parametrize(
    ("outcome", "throttled", "reached"),
    [
        (refused("ProvisionedThroughputExceededException"), True, True),
        (refused("ThrottlingException"), True, True),
        (refused("AccessDeniedException"), False, True),
        (refused("ResourceNotFoundException"), False, True),
        (Response(500, {}, b""), False, True),
        (ok({"Items": {}}), False, True),
        (ok({}), False, True),
        (ok([]), False, True),
        (Unreachable("cut"), False, False),
    ],
)
def test_a_failure_is_told_by_its_kind(outcome: Response | Exception, throttled: bool, reached: bool) -> None:
    """A throttle is worth another try of the caller's, a missing permission is ours to mend."""
    client = DynamoDB()
    client.instead = [outcome] * 3
    with pytest.raises(TableFailed) as failed:
        table(client).latest("k")
    assert (failed.value.throttled, failed.value.reached) == (throttled, reached)


@pytest.mark.parametrize(
    "changed",
    [
        {"segments": {"L": []}},
        {"segments": {"M": {}}},
        {"segments": None},
        {"segments": "none"},
        {"segments": {"M": {"s": {"L": []}}}},
        {"segments": {"M": {"s": "none"}}},
        {"segments": {"M": {"s": {"M": {}}}}},
        {"segments": {"M": {"s": {"M": {"ended": {"N": "soon"}}}}}},
        {"segments": {"M": {"s": {"M": {"ended": {"S": str(BEGAN)}}}}}},
        {"segments": {"M": {"s": {"M": {"ended": {"N": "1"}}}}}},
        {"segments": {"M": {"s": {"M": {"began": {"N": "-1"}}}}}},
        {"segments": {"M": {"../s": {"M": {"ended": {"N": str(BEGAN)}}}}}},
        {"segments": {"M": {"s" * 257: {"M": {"ended": {"N": str(BEGAN)}}}}}},
    ],
)
def test_an_item_that_is_not_as_it_was_written_is_said_and_not_asked_for_again(changed: dict[str, Any]) -> None:
    """Each event of that session fails for as long as it is so: the log has to say which item, and what to do."""
    client = DynamoDB()
    client.items["k", "s"] = written(**changed)
    with pytest.raises(
        TableFailed, match=r"the item of the session s is not as the recorder writes it: .* Delete it, "
    ):
        table(client).get("k", "s")
    assert client.calls == ["GetItem"]


def tried(client: DynamoDB, action: str) -> Any:
    """What a deployment's proof is told of this action."""
    return table(client).probes(action)[action]()["answer"]


@pytest.mark.parametrize("action", ["dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem"])
def test_trying_an_action_changes_nothing(action: str) -> None:
    """The proof of a deployment asks for it."""
    client = DynamoDB()
    assert tried(client, action)["status"] in (200, 400)
    assert client.items == {}
    client.instead = [refused("AccessDeniedException")]
    assert tried(client, action)["type"] == "AccessDeniedException"
    client.instead = [Unreachable("cut")] * 3
    assert tried(client, action)["type"] == "unreachable"
