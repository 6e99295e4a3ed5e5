"""The three operations, on the wire: what is written is read again, and each failure is told by its kind."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws import asking
from aws.asking import Asking
from aws.client import Response, Unreachable
from history.session import Segment, Session
from history.table import MOST_ENTRIES, Entry, Table, TableFailed
from tests.unit.history.dynamodb import DynamoDB, ok, refused

TIMES = st.integers(0, 4_102_444_800_000)
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
    monkeypatch.setattr(asking, "_LONGEST_PAUSE_OF_ALL_SECONDS", 0)


def table(client: DynamoDB) -> Table:
    """The table, in this DynamoDB."""
    return Table(client, "table", Asking(time.monotonic() + 5))  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(SESSIONS, SESSIONS)
def test_what_is_written_is_read_again(one: Session, other: Session) -> None:
    """By its key, and through the index."""
    client = DynamoDB()
    assert table(client).put("k", None, one, 7)
    assert table(client).get("k", one.id) == one
    assert table(client).latest("k").entries == (Entry(one.id, one.until, one.ended, one.running),)
    assert client.items["k", one.id]["expires"] == {"N": "7"}
    other = other._replace(id=one.id)
    assert table(client).put("k", one, other, 8)
    assert table(client).get("k", one.id) == other


def test_what_is_not_there_is_none() -> None:
    """A customer who never chatted, and a session that nobody saw."""
    assert table(DynamoDB()).get("k", "s") is None
    assert table(DynamoDB()).latest("k") == ((), False)


def test_a_write_between_read_and_write_is_noticed() -> None:
    """Otherwise one of two facts would be lost."""
    client = DynamoDB()
    one, other = Session("s", {"a": Segment(1, None)}), Session("s", {"b": Segment(1, None)})
    assert table(client).put("k", None, one, 7)
    assert not table(client).put("k", None, other, 7)
    assert not table(client).put("k", other, one, 7)
    assert table(client).get("k", "s") == one


def test_only_the_newest_entries_are_read_and_the_rest_is_told() -> None:
    """A look-up costs the same, however many chats a customer has."""
    client = DynamoDB()
    for number in range(MOST_ENTRIES + 5):
        table(client).put("k", None, Session(f"s{number}", {"a": Segment(None, number)}), 7)
    latest = table(client).latest("k")
    assert [entry.until for entry in latest.entries] == list(range(MOST_ENTRIES + 4, 4, -1))
    assert latest.more


@pytest.mark.parametrize(
    ("outcome", "throttled", "reached"),
    [
        (refused("ProvisionedThroughputExceededException"), True, True),
        (refused("ThrottlingException"), True, True),
        (refused("AccessDeniedException"), False, True),
        (refused("ResourceNotFoundException"), False, True),
        (Response(500, {}, b""), False, True),
        (ok({"Items": [{"session": {"S": "s"}}]}), False, True),
        (ok({"Items": [{"session": {"S": "s"}, "until": {"N": "1"}}]}), False, True),
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


def test_an_item_that_somebody_else_wrote_is_no_session() -> None:
    """It is not guessed at."""
    client = DynamoDB()
    client.instead = [ok({"Item": {"session": {"S": "s"}, "segments": {"L": []}}})] * 3
    with pytest.raises(TableFailed):
        table(client).get("k", "s")


@pytest.mark.parametrize("action", ["dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem"])
def test_trying_an_action_changes_nothing(action: str) -> None:
    """The proof of a deployment asks for it."""
    client = DynamoDB()
    assert table(client).tried(action)["status"] in (200, 400)
    assert client.items == {}
    client.instead = [refused("AccessDeniedException")]
    assert table(client).tried(action)["type"] == "AccessDeniedException"
    client.instead = [Unreachable("cut")] * 3
    assert table(client).tried(action)["type"] == "unreachable"
