"""The environment is read once, and a mistake in it has a name."""

import pytest

from authorizer.settings import read
from authorizer.signature import ALGORITHMS
from aws.endpoint import Endpoint
from aws.environment import SettingsError
from shared import variables
from tests.unit.authorizer.signing import ENVIRONMENT, ISSUER


def test_the_settings_can_be_told_as_they_were_read() -> None:
    """The proof compares them with what the construct wrote: a variable that only the local cloud may have is seen."""
    settings = read(ENVIRONMENT)
    assert settings.environment == ENVIRONMENT
    assert (settings.issuer, settings.audiences, settings.algorithms) == (ISSUER, ("app", "other"), ("RS256",))
    assert settings.local_issuer is None
    local = {**ENVIRONMENT, "LOCAL_ISSUER_URL": "http://127.0.0.1:9/issuer"}
    assert read(local).environment == local
    assert read(local).local_issuer == Endpoint("http", "127.0.0.1", 9, "/issuer")


def test_the_construct_offers_the_algorithms_that_there_are() -> None:
    """One that only the construct knew would stop the function at its start."""
    assert tuple(ALGORITHMS) == variables.SIGNATURE_ALGORITHMS


def test_the_variables_of_the_sdks_lead_no_issuer_astray() -> None:
    """They are for services of AWS. Else the local cloud would answer for every issuer."""
    assert read({**ENVIRONMENT, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}).local_issuer is None


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_a_missing_variable_is_named(name: str) -> None:
    """A deployment fails with this name, at once."""
    with pytest.raises(SettingsError, match=f"environment variable {name} is missing"):
        read({**ENVIRONMENT, name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://issuer.example"),
        ("ISSUER", "issuer.example"),
        ("ISSUER", "https://issuer.example?x"),
        ("ISSUER", "https://issuer.example#x"),
        ("ISSUER", "https://user@issuer.example"),
        ("ALGORITHMS", "none"),
        ("ALGORITHMS", "RS256 HS256"),
        ("ALGORITHMS", "ES256"),
        ("LOCAL_ISSUER_URL", "nowhere"),
    ],
)
def test_a_malformed_variable_is_named(name: str, value: str) -> None:
    """With what it is and what it should be. No algorithm with a shared secret can be had."""
    with pytest.raises(SettingsError, match=f"environment variable {name} is malformed: got .*expected"):
        read({**ENVIRONMENT, name: value})


@pytest.mark.parametrize("issuer", ["https://a.example/", "https://a.example:8443/x/y", "https://A.example"])
def test_an_issuer_stays_as_it_is_written(issuer: str) -> None:
    """Tokens hold it character by character."""
    assert read({**ENVIRONMENT, "ISSUER": issuer}).issuer == issuer
