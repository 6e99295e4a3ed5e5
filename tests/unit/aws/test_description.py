"""What is said of a value or a bug tells nothing of what is in it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws.description import described, is_unicode, place_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60)
@given(JSON)
def test_a_value_is_described_by_its_kind_alone(value: object) -> None:
    """What a stranger sends may be anything, a secret of somebody else's among it."""
    kinds = {
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        list: "an array",
        dict: "an object",
    }
    said = described(value)
    if isinstance(value, str):
        assert said == f"a string of {len(value)} characters"
    else:
        assert said == ("null" if value is None else kinds[type(value)])


@given(st.text("aé😀\ud800\udc80", max_size=6))
def test_half_a_surrogate_pair_is_no_text(text: str) -> None:
    """It cannot be hashed, logged or sent on."""
    assert is_unicode(text) == (text.encode("utf-8", "replace").decode() == text)


def test_a_bug_is_told_by_its_class_and_place() -> None:
    """Its text may hold what was sent; without a trace there is no place."""

    def fails() -> None:
        raise RuntimeError("s3cret")

    with pytest.raises(RuntimeError) as raised:
        fails()
    told = place_of(raised.value)
    assert told.startswith("RuntimeError at test_description.py:")
    assert told.endswith(" fails")
    assert place_of(ValueError("s3cret")) == "ValueError"
