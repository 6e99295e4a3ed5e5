"""A customer's key says that two are the same, and of which instance."""

from shared.key import key_of


def test_one_id_in_two_instances_is_two_customers() -> None:
    """Two contact centres may number their customers alike, and share a table by mistake."""
    assert key_of("one", "7") != key_of("two", "7")


def test_an_instances_id_is_one_whatever_its_case() -> None:
    """It may be told in another case than an event has it; a customer's id may not."""
    assert key_of("AB-1", "Ann") == key_of("ab-1", "Ann") != key_of("ab-1", "ann")


def test_a_key_is_as_long_for_every_customer() -> None:
    """DynamoDB takes keys of 2048 bytes."""
    assert {len(key_of("i", customer)) for customer in ("", "x" * 128, "\ud800", "é")} == {64}
