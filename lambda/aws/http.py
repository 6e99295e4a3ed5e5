"""Reads one HTTP/1.1 answer. No `http.client`: with the mail parser that it needs it takes a third of a cold start.

Source: RFC 9112, sections 4 to 7 and 9. An answer that is not clearly correct is refused.
"""

import re
from io import BufferedReader

from aws.no_answer import TooLarge
from shared.typing import NamedTuple

# More than any answer of Amazon Connect or DynamoDB to the functions' calls.
_MOST_BYTES = 1024 * 1024
_MOST_LINE_BYTES = 8 * 1024
_MOST_HEADERS = 100
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: [^\r\n]*)?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*)")


class Response(NamedTuple):
    """What the service answered. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def read(stream: BufferedReader) -> tuple[Response, bool]:
    """The answer to a request that is no HEAD, and whether the connection may be used again.

    Raises ConnectionError if the connection ends in the middle, ValueError for what is no HTTP, and TooLarge.
    """
    status, is_latest, headers = _head(stream)
    while status == 100:
        status, is_latest, headers = _head(stream)
    if status < 200:
        raise ValueError("an interim answer that nobody asked for")
    body, ends_itself = _body(stream, status, headers)
    kept = ends_itself and is_latest and "close" not in headers.get("connection", "").lower()
    return Response(status, headers, body), kept


def _head(stream: BufferedReader) -> tuple[int, bool, dict[str, str]]:
    line = _STATUS_LINE.fullmatch(_line(stream))
    if line is None:
        raise ValueError("no HTTP status line")
    headers: dict[str, str] = {}
    for _ in range(_MOST_HEADERS + 1):
        data = _line(stream)
        if not data:
            return int(line[2]), line[1] == b"1", headers
        field = _FIELD.fullmatch(data)
        if field is None:
            raise ValueError("no HTTP header")
        key, text = field[1].decode("ascii").lower(), field[2].rstrip(b" \t").decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    raise ValueError("too many headers")


def _body(stream: BufferedReader, status: int, headers: dict[str, str]) -> tuple[bytes, bool]:
    """The body, and whether the headers or chunks say where it ends, not only the end of the connection."""
    if status in (204, 304):
        return b"", True
    encoding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if encoding is not None:
        if encoding.lower() != "chunked" or length is not None:
            raise ValueError("an unknown transfer encoding")
        return _chunks(stream), True
    if length is not None:
        return _exactly(stream, _number(length.encode("latin-1"), 10)), True
    body = stream.read(_MOST_BYTES + 1)
    _limit(len(body))
    return body, False


def _chunks(stream: BufferedReader) -> bytes:
    body = b""
    while size := _number(_line(stream).partition(b";")[0].rstrip(b" \t"), 16):
        body += _exactly(stream, size)
        _limit(len(body))
        if _line(stream):
            raise ValueError("no end of a chunk")
    while _line(stream):
        pass
    return body


def _number(text: bytes, base: int) -> int:
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}" if base == 16 else rb"[0-9]{1,8}", text):
        raise ValueError("no length")
    return int(text, base)


def _exactly(stream: BufferedReader, size: int) -> bytes:
    _limit(size)
    data = stream.read(size)
    if len(data) < size:
        raise ConnectionError(f"the connection ended after {len(data)} of {size} bytes")
    return data


def _line(stream: BufferedReader) -> bytes:
    line = stream.readline(_MOST_LINE_BYTES + 1)
    if line.endswith(b"\r\n"):
        return line[:-2]
    if line.endswith(b"\n"):
        raise ValueError("a line ends in another way than CRLF")
    if len(line) > _MOST_LINE_BYTES:
        raise ValueError("a line is too long")
    raise ConnectionError("the connection ended" + (" in the middle of a line" if line else ""))


def _limit(size: int) -> None:
    if size > _MOST_BYTES:
        raise TooLarge(f"the answer is larger than {_MOST_BYTES} bytes")
