"""A proxy before the local cloud, which keeps what a client really sent and got, and when."""

import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlsplit

from .clients import Answer

_ANSWER_SECONDS = 60


class Exchange(NamedTuple):
    """A request and its answer; the times are of the monotonic clock, in seconds."""

    path: str
    asked: float
    answer: Answer
    answered: float


class RecordingProxy:
    """As a context manager it listens on a free port, and passes POST and PUT requests on unchanged.

    Clients sign for its host and port. The local cloud takes that: it checks the signature over what it gets.
    """

    def __init__(self, cloud_url: str) -> None:
        self._exchanges: list[Exchange] = []
        # Called with each answer before the client gets it.
        self.heard: Callable[[Answer], None] = lambda _: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, cloud_url))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "RecordingProxy":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self) -> list[Exchange]:
        """What has passed since the last time, in order."""
        taken, self._exchanges[:] = list(self._exchanges), []
        return taken


def _handler(proxy: RecordingProxy, cloud_url: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            asked = time.monotonic()
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            upstream = HTTPConnection(urlsplit(cloud_url).netloc, timeout=_ANSWER_SECONDS)
            try:
                upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    upstream.putheader(name, value)
                upstream.endheaders(body)
                got = upstream.getresponse()
                answer = Answer(got.status, dict(got.getheaders()), got.read())
            finally:
                upstream.close()
            proxy.heard(answer)
            proxy._exchanges.append(Exchange(self.path, asked, answer, time.monotonic()))
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_PUT = _pass_on  # noqa: N815 - names of the standard library

        def log_message(self, *_: object) -> None:
            """Nothing: the exchanges tell."""

    return Handler
