"""What the construct decided for starts is read once, and a mistake in it has a name."""

import pytest

from aws.environment import SettingsError
from start.settings import read
from tests.unit.start.world import ENVIRONMENT, SEVERAL

OF_STARTS = ("CONNECT_INSTANCE_ID", "CUSTOMER_IDENTITY", "START_FLOWS", "CONTINUE_LATEST", "STAMP_AUTHENTICATION")


def test_the_settings_can_be_told_as_they_were_read() -> None:
    """The proof compares them with what the construct wrote."""
    made = read({**ENVIRONMENT, **SEVERAL, "CHAT_DURATION_MINUTES": "60"})
    assert list(made.flows) == ["sales", "help"]
    assert (made.attributes, made.chat_duration_minutes) == (("topic", "order-1"), 60)
    assert (made.continue_latest, made.stamp_authentication) == (True, False)
    assert made.environment == {
        **{name: ENVIRONMENT[name] for name in OF_STARTS},
        "START_ATTRIBUTES": ENVIRONMENT["START_ATTRIBUTES"],
        **SEVERAL,
        "CHAT_DURATION_MINUTES": "60",
    }
    assert read({**ENVIRONMENT, "START_ATTRIBUTES": ""}).attributes == ()
    # A name beside the field CustomerId.
    assert read({**ENVIRONMENT, "START_ATTRIBUTES": '["customer_id"]'}).attributes == ("customer_id",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("START_FLOWS", ""),
        ("START_FLOWS", "{}"),
        ("START_FLOWS", "[]"),
        ("START_FLOWS", "x"),
        ("START_FLOWS", '{"sales":""}'),
        ("START_FLOWS", '{"":"a"}'),
        ("START_FLOWS", '{"sales":"a/b"}'),
        ("START_FLOWS", '{"sales":7}'),
        ("START_ATTRIBUTES", "topic"),
        ("START_ATTRIBUTES", '{"topic":"x"}'),
        ("START_ATTRIBUTES", '["a b"]'),
        ("START_ATTRIBUTES", "[7]"),
        ("CONTINUE_LATEST", ""),
        ("CONTINUE_LATEST", "True"),
        ("STAMP_AUTHENTICATION", "yes"),
        ("CHAT_DURATION_MINUTES", "59"),
        ("CHAT_DURATION_MINUTES", "10081"),
        ("CHAT_DURATION_MINUTES", "90.5"),
        ("CHAT_DURATION_MINUTES", "٩٠"),
        ("CUSTOMER_IDENTITY", "unchecked"),
    ],
)
def test_a_mistake_is_named(name: str, value: str) -> None:
    """A deployment fails with this name, at once; without customers that are checked no chat starts."""
    with pytest.raises(SettingsError, match=f"environment variable {name} is m"):
        read({**ENVIRONMENT, name: value})


@pytest.mark.parametrize("name", ["who", "Who", "WHO"])
def test_the_customers_attribute_is_none_that_a_caller_may_set(name: str) -> None:
    """Whatever the construct let through."""
    with pytest.raises(SettingsError, match="START_ATTRIBUTES"):
        read({**ENVIRONMENT, "CUSTOMER_IDENTITY": "attribute:who", "START_ATTRIBUTES": f'["topic","{name}"]'})
