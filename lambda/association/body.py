"""The request's body, from bytes to the fields of one JSON object."""

import binascii
import json
from collections.abc import Mapping

from aws.description import described
from shared import wire

_FIELDS = "RehydrationType, SourceContactId and, if you like, ClientToken"
_MOST_SHOWN = 40


class BodyError(ValueError):
    """The body is not one JSON object; the text is for the caller."""


def fields_of(
    event: Mapping[str, object], names: str = _FIELDS, most_bytes: int = wire.BODY_BYTES
) -> dict[str, object]:
    """The fields of the body of an API Gateway proxy event. Raises BodyError, which says that `names` are expected."""
    try:
        return _fields(event, most_bytes)
    except BodyError as error:
        expected = f"expected a JSON object of {names}, in UTF-8, of at most {most_bytes} bytes"
        raise BodyError(f"body: got {error}, {expected}.") from None


def _fields(event: Mapping[str, object], most_bytes: int) -> dict[str, object]:
    text = _text(event.get("body"), most_bytes, encoded=event.get("isBase64Encoded") is True)
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except BodyError:
        raise
    # A number of thousands of digits is a ValueError, thousands of brackets are a RecursionError.
    except (ValueError, RecursionError):
        raise BodyError(f"{len(text)} characters that are not JSON") from None
    if not isinstance(document, dict):
        raise BodyError(described(document))
    return document


def shown(text: str) -> str:
    """A short text in quotation marks and ASCII; a long text by its length only."""
    return json.dumps(text) if len(text) <= _MOST_SHOWN else described(text)


def _text(body: object, most_bytes: int, *, encoded: bool) -> str:
    if body is None or body == "":
        raise BodyError("nothing")
    if not isinstance(body, str):
        raise BodyError(described(body))
    try:
        data = binascii.a2b_base64(body, strict_mode=True) if encoded else body.encode()
    except ValueError:
        raise BodyError("invalid base64" if encoded else "half a surrogate pair") from None
    if len(data) > most_bytes:
        raise BodyError(f"{len(data)} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BodyError(f"{len(data)} bytes that are not UTF-8") from None


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in pairs:
        if name in fields:
            raise BodyError(f"the field {shown(name)} twice")
        fields[name] = value
    return fields


def _refuse_constant(constant: str) -> object:
    raise BodyError(f"{constant}, which JSON does not have")
