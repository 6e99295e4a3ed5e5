"""Base64url and JSON without any tolerance: a text that two readers could understand in two ways is refused.

Source: RFC 7515, section 2 and 10.12; RFC 8725, section 2.
"""

import binascii
import json
import re

_ALPHABET = re.compile("[0-9A-Za-z_-]*", re.ASCII)
# No issuer needs so many levels, and Python's own limit is far higher.
_MOST_LEVELS = 32


def bytes_of(text: str) -> bytes:
    """The bytes of base64url without padding. Raises ValueError, also if unused bits at the end are not 0."""
    if not _ALPHABET.fullmatch(text):
        raise ValueError("a character that base64url does not have")
    data = binascii.a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), strict_mode=True)
    if binascii.b2a_base64(data, newline=False).rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_") != text.encode():
        raise ValueError("unused bits that are not 0")
    return data


def object_of(data: bytes) -> dict[str, object]:
    """A JSON object in UTF-8. Raises ValueError, also if an object in it has the same name twice."""
    try:
        document = json.loads(data.decode(), object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("too many levels") from None
    if not isinstance(document, dict) or not _fits(document, _MOST_LEVELS):
        raise ValueError("not an object, or too many levels")
    return document


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("the same name twice")
    return fields


def _refuse_constant(constant: str) -> object:
    raise ValueError(f"{constant}, which JSON does not have")


def _fits(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_fits(one, levels - 1) for one in inner)
