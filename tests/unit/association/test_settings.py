"""The environment is read once, and a mistake in it has a name."""

import pytest

from association.settings import read
from aws.environment import SettingsError
from tests.unit.association.events import ENVIRONMENT


def test_the_settings_can_be_told_as_they_were_read() -> None:
    """The proof compares them with what the construct wrote."""
    person = {
        "AUTHORIZATION": "cognito",
        "APP_CLIENTS": "a b",
        "CUSTOMER_CLAIM": "custom:customer id",
        "CORS_ALLOWED_ORIGINS": "https://a https://b",
    }
    # As the construct wrote them: an id that a token brought in upper case, too.
    upper = {"CONNECT_INSTANCE_ID": "ABCDEF00-1111-4111-8111-111111111111"}
    for environment in (ENVIRONMENT, {**ENVIRONMENT, **person}, {**ENVIRONMENT, **upper}):
        assert read(environment).environment == environment


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
        ("TRANSCRIPT_DELAY_SECONDS", "-1"),
        ("CUSTOMER_IDENTITY", "attribute:"),
        ("CUSTOMER_IDENTITY", "attribute:a b"),
        ("AUTHORIZATION", "none"),
    ],
)
def test_a_malformed_variable_is_named(name: str, value: str) -> None:
    """With what it is and what it should be."""
    with pytest.raises(SettingsError, match=f"environment variable {name} is malformed: got .*expected"):
        read({**ENVIRONMENT, name: value})


@pytest.mark.parametrize(
    ("authorization", "missing"),
    [("cognito", "APP_CLIENTS"), ("cognito", "CUSTOMER_CLAIM"), ("authorizer", "CUSTOMER_CLAIM")],
)
def test_an_authorization_that_knows_the_person_needs_what_names_the_customer(authorization: str, missing: str) -> None:
    """Without it nobody could be told from anybody."""
    environment = {**ENVIRONMENT, "AUTHORIZATION": authorization, "APP_CLIENTS": "a", "CUSTOMER_CLAIM": "sub"}
    del environment[missing]
    with pytest.raises(SettingsError, match=f"environment variable {missing} is missing"):
        read(environment)
