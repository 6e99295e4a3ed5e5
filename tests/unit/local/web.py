"""A web server that records what it is asked, and answers what a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import NamedTuple


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Web:
    """What was asked, and what is answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.status = 200
        self.body = b"{}"


@contextmanager
def web() -> Iterator[Web]:
    """One that runs on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            here.asked.append(Asked(self.command, self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(here.status)
            self.send_header("Content-Length", str(len(here.body)))
            self.end_headers()
            self.wfile.write(here.body)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as there
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        here = Web(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield here
        finally:
            server.shutdown()
            thread.join()
