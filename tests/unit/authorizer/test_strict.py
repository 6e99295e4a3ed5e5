"""Base64url and JSON: one way to write each value, and no other is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer import strict
from tests.unit.authorizer.signing import encoded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.binary(max_size=100))
def test_what_was_written_is_read(data: bytes) -> None:
    """Every byte comes back."""
    assert strict.bytes_of(encoded(data)) == data


@given(st.text("ABcd01_-", max_size=12))
def test_there_is_one_text_for_some_bytes(text: str) -> None:
    """Else one token had many forms, and whoever lists revoked ones would miss some."""
    try:
        data = strict.bytes_of(text)
    except ValueError:
        return
    assert encoded(data) == text


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAAAA",
        "QQ==",
        "QUI=",
        "QQ=",
        "=",
        "QR",
        "QUJ",
        "Q Q",
        "QQ\n",
        "\nQQ",
        "Q+",
        "Q/",
        "Qé",
        "Q\0",
        "QQ.",
        "\uff31\uff31",
    ],
)
def test_another_text_is_none(text: str) -> None:
    """Padding, the other alphabet, white space, full-width letters, and bits that stand for nothing."""
    with pytest.raises(ValueError, match=r"[a-z]"):
        strict.bytes_of(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'"a"',
        b"1",
        b"null",
        b"{",
        b"{}{}",
        b"{}\0",
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":[{"b":1,"b":2}]}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":' + b"1" * 5000 + b"}",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":01}',
        b'{"a":"\n"}',
        b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
        b'{"a":' * 32 + b"1" + b"}" * 32,
        b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(text: bytes) -> None:
    """Also what is only deep: no reader may fall over it, in whatever Python."""
    with pytest.raises(ValueError, match=r"[a-z]"):
        strict.object_of(text)


def test_what_is_deep_but_not_too_deep_is_read() -> None:
    """The other side of the limit: it is where it is said to be."""
    assert strict.object_of(b'{"a":' + b"[" * 30 + b"1" + b"]" * 30 + b"}")
    assert strict.object_of(b'{"a":{"b":1},"c":{"b":1},"a ":"\xc3\xa9"}') == {"a": {"b": 1}, "c": {"b": 1}, "a ": "é"}


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_every_object_is_read(document: dict[str, object]) -> None:
    """Strict means no other values than JSON's, not fewer."""
    try:
        text = json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        text = json.dumps(document).encode()
    assert strict.object_of(text) == document
