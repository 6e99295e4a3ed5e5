"""The agent's window: one page by which a person plays the agents, by the control path."""

import base64
import hashlib
import re
from pathlib import Path

from .service import Response

_PAGE = (Path(__file__).parent / "agent.html").read_bytes()


def response() -> Response:
    """The page. It has the control path's power, so no other page may frame it, and nothing but its own text runs."""
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
    """What the policy calls the page's own script or style."""
    (text,) = re.findall(rb"<%s>(.*?)</%s>" % (tag, tag), _PAGE, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
