"""One check of an id, wherever it comes from."""

from typing import Any

import pytest

from connect.ids import is_contact_id, is_id, same_instance


@pytest.mark.parametrize("id", ["a", "0-9", "A" * 256, "11111111-1111-4111-8111-111111111111"])
def test_letters_digits_and_hyphens_are_an_id(id: str) -> None:
    """As Amazon Connect makes them, and more."""
    assert is_contact_id(id)


@pytest.mark.parametrize(
    "value", ["", "a" * 257, "a b", "a/b", "..", "a\n", "\u0661", "é", "a%20", 7, None, ["a"], b"a"]
)
def test_anything_else_is_none(value: Any) -> None:
    """In a request, in a row of the history, or handed to the recorder: it is never sent to Amazon Connect."""
    assert not is_contact_id(value)


def test_an_id_has_its_own_length() -> None:
    """An instance's is shorter than a contact's."""
    assert (is_id("a" * 100, 100), is_id("a" * 101, 100)) == (True, False)


def test_an_instance_is_one_whatever_the_case() -> None:
    """Consoles, ARNs and events spell it differently."""
    assert same_instance("AB-1", "ab-1")
    assert not same_instance("ab-1", "ab-2")
