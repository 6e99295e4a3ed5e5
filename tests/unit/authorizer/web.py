"""An issuer's web server: plays raw answers, by path, and remembers what it was sent."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


def ok(body: bytes) -> bytes:
    """An answer with this body."""
    return JSON % (len(body), body)


class Web:
    """Answers by path; a number is how many seconds of silence there are, None closes at once."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.answers: dict[str, bytes | float | None] = {}
        self.requests: list[bytes] = []
        # Whether a connection stays open after an answer.
        self.keeps = False
        self.connections = 0
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as open_one:
                    while self._answers(open_one) and self.keeps:
                        pass
            except OSError:
                connection.close()

    def _answers(self, connection: socket.socket) -> bool:
        request = connection.recv(65536)
        if not request:
            return False
        self.requests.append(request)
        # A request, or the greeting of TLS.
        target = b"".join(request.split(b" ")[1:2]).decode("latin-1")
        answer = self.answers.get(target, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        if isinstance(answer, bytes):
            connection.sendall(answer)
        elif answer is not None:
            time.sleep(answer)
        return True

    def close(self) -> None:
        """End it."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@contextmanager
def web(tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A server, for as long as it is needed."""
    server = Web(tls)
    try:
        yield server
    finally:
        server.close()
