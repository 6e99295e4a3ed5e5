"""A body of any bytes: its fields, or one sentence. What a request makes of them is in test_request.py."""

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from association import body
from association.body import BodyError, fields_of

# Generated JSON takes long.
FEWER = settings(max_examples=60)
TEXTS = st.text('aé😀\u2028\n"\\{ ', max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=4)
# What JSON is made of, in any order, and what it is not.
PIECES = st.lists(
    st.sampled_from(
        ["{", "}", "[", "]", ",", ":", '"', '"a"', "1", "1e999", "-", "\\", "null", "NaN", "\ufeff", "\0", " "]
    )
    | TEXTS
)


def event(text: object, *, encoded: object = False) -> dict[str, object]:
    """A proxy event with this body."""
    return {"body": text, "isBase64Encoded": encoded}


def said_of(request: dict[str, object]) -> str:
    """What the caller is told of its body, which stays short; empty if it is an object."""
    try:
        assert isinstance(fields_of(request), dict)
    except BodyError as error:
        said = str(error)
    else:
        return ""
    assert 0 < len(said) < 300
    return said


@FEWER
@given(OBJECTS, st.booleans(), st.booleans())
def test_what_a_client_writes_is_read(document: dict[str, Any], ascii_only: bool, encoded: bool) -> None:
    """Escaped or not, and in base64 where API Gateway encodes what a binary media type covers."""
    text = json.dumps(document, ensure_ascii=ascii_only)
    sent = base64.b64encode(text.encode()).decode() if encoded else text
    assert fields_of(event(sent, encoded=encoded)) == document


@given(
    PIECES.map("".join) | st.binary(max_size=20).map(lambda some: some.decode("utf-8", "surrogateescape")),
    st.booleans(),
)
@example("[" * 8000, False)
@example('{"a":' * 1600, False)
@example("1" * 8000, False)
@example('{"a":' + "1" * 5000 + "}", False)
def test_any_text_is_an_object_or_one_sentence(text: str, encoded: bool) -> None:
    """No stack trace, and an answer that stays short whatever is sent."""
    said = said_of(event(text, encoded=encoded))
    assert said.isascii()
    assert said == "" or (said.startswith("body: got ") and "expected a JSON object of RehydrationType" in said)


@FEWER
@given(JSON, st.sampled_from([True, False, None, "true", 1]))
def test_any_event_is_an_object_or_one_sentence(sent: object, encoded: object) -> None:
    """Whoever invokes the function directly chooses the whole event."""
    said_of(event(sent, encoded=encoded))


@given(st.binary(max_size=20))
def test_any_bytes_are_an_object_or_one_sentence(data: bytes) -> None:
    """What is not UTF-8 is said to be that."""
    sent = event(base64.b64encode(data).decode(), encoded=True)
    try:
        data.decode()
    except UnicodeDecodeError:
        with pytest.raises(BodyError, match=f"got {len(data)} bytes that are not UTF-8"):
            fields_of(sent)
    else:
        assert "bytes that are not UTF-8" not in said_of(sent)


@FEWER
@given(OBJECTS, TEXTS, JSON, JSON, st.sampled_from(["{}", '{{"a":{}}}', '{{"a":[1,{}]}}']))
def test_a_field_that_stands_there_twice_is_refused_at_any_depth(
    document: dict[str, Any], name: str, one: object, other: object, around: str
) -> None:
    """Two readers might take two different ones: a gateway the first, the function the last."""
    fields = [*document.items(), (name, one), (name, other)]
    inner = ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in fields)
    with pytest.raises(BodyError, match="twice"):
        fields_of(event(around.format("{" + inner + "}")))


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("character", ["a", "é", "😀"])
def test_the_size_is_counted_in_bytes_as_the_client_sent_them(character: str, encoded: bool) -> None:
    """API Gateway counts the same, and base64 must not make it less."""
    for size, taken in ((8192, True), (8193, False)):
        text = json.dumps({"": character}, ensure_ascii=False)
        text += " " * (size - len(text.encode()))
        sent = event(base64.b64encode(text.encode()).decode() if encoded else text, encoded=encoded)
        if taken:
            assert fields_of(sent) == {"": character}
        else:
            with pytest.raises(BodyError, match="got 8193 bytes"):
                fields_of(sent)


@given(st.text('aé\n\x85\u2028"\ud800', max_size=60))
def test_a_text_is_shown_whole_or_not_at_all(text: str) -> None:
    """Half of it would mislead, and a line end in it would look like another line of ours."""
    said = body.shown(text)
    assert said.isascii()
    assert said.isprintable()
    assert said == f"a string of {len(text)} characters" if len(text) > 40 else json.loads(said) == text
