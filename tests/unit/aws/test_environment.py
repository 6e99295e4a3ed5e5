"""A variable of a function is what the construct writes, or a sentence that names it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws.endpoint import Endpoint
from aws.environment import Environment, SettingsError


@given(st.floats() | st.sampled_from(["", "soon", "1s", "1_0", "\u0661"]))
def test_seconds_are_a_finite_number(value: float | str) -> None:
    """Whatever Python takes for a number: a deadline of NaN would never be over."""
    try:
        read = Environment({"NAME": str(value)}).seconds("NAME", more_than_zero=False)
    except SettingsError:
        assert isinstance(value, str) or not math.isfinite(value) or value < 0
    else:
        assert math.isfinite(read)
        assert read >= 0


def test_a_sentence_says_what_is_expected() -> None:
    """A deployment fails with it: whoever reads it knows which variable, and what to do."""
    with pytest.raises(SettingsError, match=r"^environment variable N is missing: got nothing, expected a word\. The"):
        Environment({}).text("N", str.islower, "a word")
    with pytest.raises(SettingsError, match=r"is malformed: got 'A', expected a word"):
        Environment({"N": "A"}).text("N", str.islower, "a word")
    with pytest.raises(SettingsError, match="expected a number of seconds greater than 0"):
        Environment({"N": "0"}).seconds("N", more_than_zero=True)
    with pytest.raises(SettingsError, match="expected the URL of dynamodb in this region"):
        Environment({"N": "dynamodb"}).endpoint("dynamodb", "N")
    with pytest.raises(SettingsError, match="expected words with spaces between them"):
        Environment({"N": " "}).words("N", required=True)


def test_what_is_right_is_read() -> None:
    """No words are none, where they may be missing."""
    environment = {"N": "abc", "U": "https://dynamodb.eu-west-1.amazonaws.com", "W": "a  b"}
    read = Environment(environment)
    assert read.text("N", str.islower, "a word") == "abc"
    assert read.endpoint("dynamodb", "U") == Endpoint.parse(environment["U"])
    assert read.words("W", required=True) == ("a", "b")
    assert read.words("missing", required=False) == ()
    assert read.get("missing") == ""
    # The proof of a deployment compares this with the template.
    assert read.seen == environment


def test_the_variables_of_the_sdks_come_first_and_are_none_of_ours() -> None:
    """On the local cloud they are set, and no template has them."""
    own = {"U": "https://dynamodb.eu-west-1.amazonaws.com"}
    read = Environment({**own, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    assert read.endpoint("dynamodb", "U").port == 4566
    assert read.seen == own
