"""What is read of a described contact."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws.no_answer import Unreadable
from connect.contact import Contact, read

SOUND = {
    "Id": "c",
    "Channel": "CHAT",
    "CustomerId": "me",
    "InitialContactId": "first",
    "RelatedContactId": "past",
    "InitiationTimestamp": 1_700_000_000,
    "DisconnectTimestamp": 1_700_000_100.5,
    "SegmentAttributes": {"connect:Subtype": {"ValueString": "connect:Chat"}},
}


def contact(**changed: Any) -> Contact:
    """The contact, with changes; None takes a field away."""
    fields = {name: value for name, value in {**SOUND, **changed}.items() if value is not None}
    return read({"Contact": fields}, "customer_id")


def test_a_contact_is_read() -> None:
    """Each field where it belongs."""
    expected = Contact(
        "c", "me", "CHAT", "first", "past", 1_700_000_100.5, initiated=1_700_000_000, subtype="connect:Chat"
    )
    assert contact() == expected
    bare = read({"Contact": {"Id": "c"}}, "customer_id")
    assert bare == Contact("c", "", "", "c", None, None)


@pytest.mark.parametrize("unset", [0, 0.001, 1, -1, -1e300, float("-inf"), 946_684_799.999])
def test_no_instant_before_2000_is_one(unset: float) -> None:
    """An unset time reads 1970-01-01T00:00:00.001Z in events: a chat whose end reads so has not ended."""
    assert (contact(DisconnectTimestamp=unset).disconnected, contact(InitiationTimestamp=unset).initiated) == (
        None,
        None,
    )
    assert contact(DisconnectTimestamp=946_684_800).disconnected == 946_684_800


@given(st.one_of(st.booleans(), st.text(), st.floats(), st.integers(), st.lists(st.integers()), st.none()))
def test_whatever_stands_for_an_instant_is_one_none_or_unreadable(value: Any) -> None:
    """Never a crash, and never an instant that is none."""
    try:
        found = contact(DisconnectTimestamp=value).disconnected
    except Unreadable:
        return
    assert found is None or 946_684_800 <= found < 4_102_444_800
