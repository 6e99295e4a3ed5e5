"""An answer is read as HTTP has it, or refused: held against the standard library's reader for generated answers."""

import io
from http.client import HTTPException, HTTPResponse
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws import http
from aws.no_answer import TooLarge


def read(data: bytes) -> tuple[http.Response, bool]:
    """What our reader makes of these bytes."""
    return http.read(io.BufferedReader(io.BytesIO(data)))


class FakeSocket:
    """What http.client asks of a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> Any:
        """The bytes."""
        return io.BytesIO(self._data)


def by_http_client(data: bytes) -> tuple[int, bytes] | None:
    """What the standard library makes of them; None if it refuses."""
    answer = HTTPResponse(FakeSocket(data), method="POST")  # type: ignore[arg-type]
    try:
        answer.begin()
        return answer.status, answer.read()
    except (HTTPException, OSError, ValueError):
        return None


BODIES = st.binary(max_size=60)
HEADS = st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 404 Not Found", b"HTTP/1.0 200 OK", b"HTTP/1.1 500"])


def chunked(parts: list[bytes]) -> bytes:
    """A body in chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts if part) + b"0\r\n\r\n"


ANSWERS = st.one_of(
    st.builds(lambda head, body: b"%s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body), HEADS, BODIES),
    st.builds(lambda head, body: b"%s\r\n\r\n%s" % (head, body), HEADS, BODIES),
    st.builds(
        lambda head, parts: b"%s\r\nTransfer-Encoding: chunked\r\n\r\n%s" % (head, chunked(parts)),
        HEADS,
        st.lists(BODIES, max_size=4),
    ),
    st.builds(lambda body: b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + body, BODIES),
)


@settings(max_examples=500, deadline=None)
@given(ANSWERS)
def test_a_whole_answer_is_read_as_the_standard_library_reads_it(data: bytes) -> None:
    """Lengths, chunks, ends of connections, interim answers."""
    response, _ = read(data)
    assert (response.status, response.body) == by_http_client(data)


@settings(max_examples=1_000, deadline=None)
@given(ANSWERS, st.integers(0, 400), st.binary(max_size=3))
def test_what_is_damaged_is_refused_or_read_alike(data: bytes, position: int, instead: bytes) -> None:
    """Cut short, or with other bytes in the middle: never another answer than the standard library's."""
    damaged = data[:position] + instead + data[position + len(instead) + 1 :]
    try:
        response, _ = read(damaged)
    except (ConnectionError, ValueError):
        return
    assert by_http_client(damaged) in (None, (response.status, response.body))


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
    ],
)
def test_a_connection_is_kept_only_when_the_answer_ends_by_itself(data: bytes, kept: bool) -> None:
    """Otherwise the next answer would begin in the rest of this one."""
    assert read(data)[1] == kept


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ConnectionError),
        (b"HTTP/1.1 200 OK\r\nContent-Le", ConnectionError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", ConnectionError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", ConnectionError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", ValueError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\r\n10\r\n0\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", ValueError),
        (b"HTTP/1.1 200 OK\r\nA: b\rContent-Length: 0\r\n\r\n", ValueError),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", ValueError),
        (b"HTTP/2 200\r\n\r\n", ValueError),
        (b"HTTP/1.1 999 Odd\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 9000 + b"\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 101 + b"\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", TooLarge),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_048_577, TooLarge),
    ],
)
def test_what_is_not_plainly_right_is_refused(data: bytes, error: type[Exception]) -> None:
    """A cut may be tried again; what is no HTTP, or says two things, is no answer."""
    with pytest.raises(error):
        read(data)
