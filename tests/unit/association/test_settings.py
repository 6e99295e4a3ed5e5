"""The environment is read once, and a mistake in it has a name."""

import pytest

from association.settings import SettingsError, read
from tests.unit.association.events import ENVIRONMENT


def test_the_settings_can_be_told_as_they_were_read() -> None:
    """The proof compares them with what the construct wrote."""
    assert read(ENVIRONMENT).as_environment() == ENVIRONMENT


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_a_missing_variable_is_named(name: str) -> None:
    """A deployment fails with this name, at once."""
    with pytest.raises(SettingsError, match=f"environment variable {name} is missing"):
        read({**ENVIRONMENT, name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONNECT_INSTANCE_ID", "a/b"),
        ("CONNECT_INSTANCE_ID", "a" * 101),
        ("CUSTOMER_IDENTITY", "anybody"),
        ("DEADLINE_SECONDS", "soon"),
        ("DEADLINE_SECONDS", "0"),
        ("DEADLINE_SECONDS", "nan"),
        ("DEADLINE_SECONDS", "inf"),
        ("CONNECT_ENDPOINT_URL", "connect"),
    ],
)
def test_a_malformed_variable_is_named(name: str, value: str) -> None:
    """With what it is and what it should be."""
    with pytest.raises(SettingsError, match=f"environment variable {name} is malformed: got .*expected"):
        read({**ENVIRONMENT, name: value})
