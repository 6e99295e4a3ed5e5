"""One kept-alive connection, with a deadline for everything that happens on it. Requests to AWS services are signed."""

import io
import select
import socket
import ssl
import time
from collections.abc import Mapping
from functools import partial

from aws import http, trust
from aws.endpoint import Endpoint
from aws.http import Response
from aws.no_answer import DeadlineExceeded, Stale, Unreachable, Unreadable

# AWS closes a connection that was unused for about a minute, and a device on the way may drop it silently.
_IDLE_SECONDS = 20
# More than a connection needs within a region, and to another continent. After that, a new connection is more likely to
# succeed.
_CONNECT_SECONDS, _CONNECT_FAR_SECONDS = 1.0, 2.4


class _Reader(io.RawIOBase):
    """Reads from a socket, each time for no longer than what is left of the deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self.received = False
        # Whether the answer is whole: then nothing more is to come.
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a BufferedReader gives nothing else
        if self.ended:
            return 0
        self._sock.settimeout(_left(self._deadline))
        count = self._sock.recv_into(buffer)
        self.received = self.received or count > 0
        return count


class Client:
    """A client of one service. Not for several threads: a Lambda function serves one request at a time.

    :param service: the AWS service for which requests are signed. None: the server is not of AWS, and no request is
        signed.
    """

    def __init__(self, service: str | None, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connect_seconds = _CONNECT_FAR_SECONDS if service is None else _CONNECT_SECONDS
        self._sign, likely = None, trust.commons
        if service is not None:
            # Imported here: where nothing is signed, the cold start does not pay for it.
            from aws.signing import signed_headers

            self._sign, likely = partial(signed_headers, service=service), trust.amazons
        self._tls = likely() if endpoint.scheme == "https" else None
        self._sock: socket.socket | None = None
        self._used = 0.0

    def send(
        self, method: str, target: str, body: bytes, deadline: float, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Sign and send a request; `deadline` is an instant of time.monotonic().

        Any method but HEAD. `target` is percent-encoded. `headers` add to, or replace, a Content-Type of
        application/json. Redirects are not followed. The system looks the name up, within its own time limits, which
        RES_OPTIONS sets. Raises Unreachable (Stale if a kept connection was closed meanwhile), DeadlineExceeded,
        Unreadable, CredentialsMissing. After any of these the request may have taken effect.
        """
        request = self._request(method, target, body, headers or {})
        if self._sock is not None and not self._is_fresh(self._sock):
            self.close()
        try:
            return self._exchange(request, deadline)
        except TimeoutError as error:
            if time.monotonic() < deadline:
                raise Unreachable(f"no connection within {self._connect_seconds:g} s") from error
            raise DeadlineExceeded("no whole answer within the deadline") from error
        except OSError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        except ValueError as error:
            raise Unreadable(str(error)) from error

    def _is_fresh(self, sock: socket.socket) -> bool:
        """Whether a kept connection is young, has not ended, and sent nothing unasked (RFC 9112, 9.2)."""
        return 0 <= time.time() - self._used < _IDLE_SECONDS and not select.select([sock], [], [], 0)[0]

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _request(self, method: str, target: str, body: bytes, more: Mapping[str, str]) -> bytes:
        target = self._endpoint.base_path + target
        headers = {"Host": self._endpoint.host_header, "Content-Type": "application/json", **more}
        if self._sign is not None:
            headers = self._sign(method, target, headers, body)
        headers["Content-Length"] = str(len(body))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body

    def _exchange(self, request: bytes, deadline: float) -> Response:
        reused = self._sock is not None
        sock = self._sock = self._sock or self._connect(deadline)
        reader = _Reader(sock, deadline)
        kept = False
        try:
            _send_all(sock, request, deadline)
            stream: io.BufferedReader = io.BufferedReader(reader)
            response, kept = http.read(stream)
            reader.ended = True
            # There is more than the answer, and it belongs to no request.
            kept = kept and not stream.peek()
        except TimeoutError:
            raise
        except OSError as error:
            if reused and not reader.received:
                raise Stale("the kept connection was closed") from error
            raise
        finally:
            if not kept:
                self.close()
        self._used = time.time()
        return response

    def _connect(self, deadline: float) -> socket.socket:
        try:
            return self._connected(deadline)
        except ssl.SSLCertVerificationError:
            if self._tls is trust.everybodys():
                raise
        self._tls = trust.everybodys()
        return self._connected(deadline)

    def _connected(self, deadline: float) -> socket.socket:
        failure: OSError | None = None
        # As bytes: for text the codec of international names would be imported.
        host = self._endpoint.host.encode("ascii")
        found = socket.getaddrinfo(host, self._endpoint.port, type=socket.SOCK_STREAM)
        for family, kind, protocol, _, address in found:
            sock = None
            try:
                sock = socket.socket(family, kind, protocol)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(min(_left(deadline), self._connect_seconds))
                sock.connect(address)
                if self._tls is None:
                    return sock
                # The time limit of a socket holds for the whole of a handshake.
                sock.settimeout(min(_left(deadline), self._connect_seconds))
                return self._tls.wrap_socket(sock, server_hostname=host)
            except OSError as error:
                if sock is not None:
                    sock.close()
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise
                failure = error
        raise failure or OSError("the name has no address")


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises TimeoutError if it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left


def _send_all(sock: socket.socket, data: bytes, deadline: float) -> None:
    rest = memoryview(data)
    while rest:
        sock.settimeout(_left(deadline))
        rest = rest[sock.send(rest) :]
