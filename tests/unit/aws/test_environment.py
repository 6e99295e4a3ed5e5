"""A variable of a function is what the construct writes, or a sentence that names it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws.environment import SettingsError, seconds, text, url, words


@given(st.floats() | st.sampled_from(["", "soon", "1s", "1_0", "\u0661"]))
def test_seconds_are_a_finite_number(value: float | str) -> None:
    """Whatever Python takes for a number: a deadline of NaN would never be over."""
    try:
        read = seconds({"NAME": str(value)}, "NAME", more_than_zero=False)
    except SettingsError:
        assert isinstance(value, str) or not math.isfinite(value) or value < 0
    else:
        assert math.isfinite(read)
        assert read >= 0


def test_a_sentence_says_what_is_expected() -> None:
    """A deployment fails with it: whoever reads it knows which variable, and what to do."""
    with pytest.raises(SettingsError, match=r"^environment variable N is missing: got nothing, expected a word\. The"):
        text({}, "N", str.islower, "a word")
    with pytest.raises(SettingsError, match=r"is malformed: got 'A', expected a word"):
        text({"N": "A"}, "N", str.islower, "a word")
    with pytest.raises(SettingsError, match="expected a number of seconds greater than 0"):
        seconds({"N": "0"}, "N", more_than_zero=True)
    with pytest.raises(SettingsError, match="expected the URL of DynamoDB in this region"):
        url({"N": "dynamodb"}, "N", "DynamoDB")
    with pytest.raises(SettingsError, match="expected words with spaces between them"):
        words({"N": " "}, "N", required=True)


def test_what_is_right_is_read() -> None:
    """No words are none, where they may be missing."""
    environment = {"N": "abc", "U": "https://dynamodb.eu-west-1.amazonaws.com", "W": "a  b"}
    assert text(environment, "N", str.islower, "a word") == "abc"
    assert url(environment, "U", "DynamoDB") == environment["U"]
    assert words(environment, "W", required=True) == ("a", "b")
    assert words(environment, "missing", required=False) == ()
