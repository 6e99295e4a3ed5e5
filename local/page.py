"""The chat page of examples/web, served on this machine with a configuration of its own."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "examples/web"
# What a browser asks for: where it is, and what it is. All else is not served.
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
# What a page cannot say of itself.
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class ChatPage:
    """The page; as a context manager it is served on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        # In the place of the folder's own config.js.
        self.configuration: Mapping[str, str] = {}
        self._server: ThreadingHTTPServer | None = None

    @property
    def origin(self) -> str:
        """As a browser names it."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def address(self) -> str:
        """What people open, and where the issuer sends them back to."""
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

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as there
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Serve it no more."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def _file(self, path: str) -> tuple[str, bytes]:
        """The kind and the content; nothing of what is not served."""
        if path == CONFIGURATION:
            return FILES["/chat.js"][1], f"export default {json.dumps(self.configuration, indent=2)};\n".encode()
        name, kind = FILES.get(path, ("", "text/plain"))
        return kind, (FOLDER / name).read_bytes() if name else b""
