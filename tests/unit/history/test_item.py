"""What is read of an item of the table, whoever wrote it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connect.ids import is_contact_id
from history.item import entries_of, row_of
from history.session import Entry, Segment, Session

BEGAN = 1_700_000_000_000


def written(**attributes: Any) -> dict[str, Any]:
    """An item of a session that has ended, with changes; None takes an attribute away."""
    at = {"N": str(BEGAN)}
    item = {
        "customer": {"S": "k"},
        "session": {"S": "s"},
        "until": at,
        "ended": at,
        "segments": {"M": {"s": {"M": {"ended": at}}}},
        **attributes,
    }
    return {name: value for name, value in item.items() if value is not None}


def test_what_can_be_read_of_an_item_is_read() -> None:
    """A look-up asks Connect about the segments that can be ones."""
    at, half = {"M": {"ended": {"N": str(BEGAN)}}}, {"M": {"ended": {"N": "x"}, "began": {"N": str(BEGAN)}}}
    row = row_of("s", written(segments={"M": {"s": at, "half": half, "a b": at, "none": {"L": []}}}))
    assert row is not None
    expected = {"s": Segment(None, BEGAN), "half": Segment(BEGAN, None), "none": Segment(None, None)}
    assert (row.session, bool(row.broken)) == (Session("s", expected), True)
    assert row_of("s", written()) == (Session("s", {"s": Segment(None, BEGAN)}), "")
    assert row_of("s", None) is None


LATEST_POSSIBLE = 4_102_444_800_000


@pytest.mark.parametrize(
    ("changed", "read"),
    [
        ({"session": {"S": "a b"}}, ("a b", BEGAN, BEGAN, ())),
        ({"session": {"S": "s" * 257}}, ("s" * 257, BEGAN, BEGAN, ())),
        ({"session": {"N": "1"}}, ("", BEGAN, BEGAN, ())),
        ({"session": None}, ("", BEGAN, BEGAN, ())),
        ({"until": None}, ("s", LATEST_POSSIBLE, BEGAN, ())),
        ({"until": {"N": "1" * 38}}, ("s", LATEST_POSSIBLE, BEGAN, ())),
        ({"until": {"N": "1E+30"}}, ("s", LATEST_POSSIBLE, BEGAN, ())),
        ({"until": {"N": "-5"}}, ("s", LATEST_POSSIBLE, BEGAN, ())),
        ({"until": {"N": "\u0661" * 13}}, ("s", LATEST_POSSIBLE, BEGAN, ())),
        # It would stand behind chats that ended before.
        ({"until": {"N": str(BEGAN - 1)}}, ("s", BEGAN, BEGAN, ())),
        ({"until": {"N": str(BEGAN + 1)}}, ("s", BEGAN + 1, BEGAN, ())),
        ({"ended": None}, ("s", BEGAN, None, ())),
        ({"ended": {"N": "1"}}, ("s", BEGAN, None, ())),
        ({"ended": {"N": "NaN"}}, ("s", BEGAN, None, ())),
        ({"ended": {"S": "x"}, "running": {"SS": ["r"]}}, ("s", BEGAN, None, ("r",))),
        ({"ended": {"N": str(LATEST_POSSIBLE)}}, ("s", BEGAN, None, ())),
        ({"running": {"SS": ["r", "../r", ""]}}, ("s", BEGAN, BEGAN, ("r",))),
        ({"running": {"SS": [7]}}, ("s", BEGAN, BEGAN, ())),
        ({"running": {"SS": []}}, ("s", BEGAN, BEGAN, ())),
        ({"running": {"L": ["r"]}}, ("s", BEGAN, BEGAN, ())),
        ({"running": "r"}, ("s", BEGAN, BEGAN, ())),
    ],
)
def test_an_entry_that_is_not_as_it_was_written_takes_no_other_down(changed: dict[str, Any], read: Any) -> None:
    """It is marked, with what can be read of it, and never ends before it may have."""
    odd, sound, *nothings = entries_of({"Items": [written(**changed), written(), None, "x"]}).entries
    assert odd == Entry(*read)._replace(broken=True)
    assert sound == Entry("s", BEGAN, BEGAN, ())
    assert nothings == [Entry("", LATEST_POSSIBLE, None, (), broken=True)] * 2


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
ATTRIBUTE = st.one_of(JSON, st.dictionaries(st.sampled_from(["S", "N", "SS", "M", "L", "NULL", "BOOL"]), JSON))
NAMES = st.sampled_from(["customer", "session", "until", "ended", "running", "segments", "expires"])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(JSON, st.dictionaries(NAMES, ATTRIBUTE)), max_size=4))
def test_nothing_that_stands_in_the_table_is_a_crash(items: list[Any]) -> None:
    """Whoever can write there must not make the endpoint fail: ids can be ids, times can be times."""
    for entry in entries_of({"Items": items}).entries:
        assert all(is_contact_id(id) for id in entry.running)
        assert entry.broken or is_contact_id(entry.session_id)
        assert entry.ended is None or 946_684_800_000 <= entry.ended <= entry.until
    for item in items:
        row = row_of("s", item)
        if row is not None:
            assert all(is_contact_id(id) for id in row.session.segments)
