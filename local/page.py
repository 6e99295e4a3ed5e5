"""Serves the chat page of examples/web on this machine, with its own configuration."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from local.command import ROOT

FOLDER = ROOT / "examples/web"
# By the path that a browser asks for: the file, and its content type. Nothing else is served.
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/chat.css": ("chat.css", "text/css; charset=utf-8"),
    "/chat.js": ("chat.js", "text/javascript; charset=utf-8"),
    "/amazon-connect-chat.js": (
        "node_modules/amazon-connect-chatjs/dist/amazon-connect-chat.js",
        "text/javascript; charset=utf-8",
    ),
}
CONFIGURATION = "/config.js"
# A page cannot set these by itself.
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class ChatPage:
    """The page. As a context manager, it is served on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        # The values that the page gets instead of the values in the folder's own config.js.
        self.configuration: Mapping[str, str] = {}
        self._server: ThreadingHTTPServer | None = None

    @property
    def origin(self) -> str:
        """The page's origin, as a browser writes it."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def address(self) -> str:
        """The address that people open. The issuer sends them back to it."""
        return f"{self.origin}/"

    def __enter__(self) -> "ChatPage":
        here = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                kind, body = here._file(self.path.partition("?")[0])
                self.send_response(200 if body else 404)
                for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def _file(self, path: str) -> tuple[str, bytes]:
        """The content type and the content, which is empty for a path that is not served."""
        if path == CONFIGURATION:
            return FILES["/chat.js"][1], f"export default {json.dumps(self.configuration, indent=2)};\n".encode()
        name, kind = FILES.get(path, ("", "text/plain"))
        return kind, (FOLDER / name).read_bytes() if name else b""
