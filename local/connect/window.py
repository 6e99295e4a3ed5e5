"""The agent's window: a page on which a person plays the agents. It uses the control path."""

import base64
import hashlib
import re
from pathlib import Path

from local.connect.service import Response

_PAGE = (Path(__file__).parent / "agent.html").read_bytes()


def response() -> Response:
    """The page. It can do all that the control path can. So no page may frame it, and only its own script runs."""
    script, style = (_source(tag) for tag in (b"script", b"style"))
    policy = (
        f"default-src 'none'; connect-src 'self'; script-src {script}; style-src {style}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Response(200, headers, _PAGE)


def _source(tag: bytes) -> str:
    """The page's own script or style, as the policy names it: by its hash."""
    (text,) = re.findall(rb"<%s>(.*?)</%s>" % (tag, tag), _PAGE, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
