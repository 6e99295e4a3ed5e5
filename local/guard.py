"""Which requests the local cloud takes: those of this machine's programs, and of a web page only to few addresses.

The account's root takes any secret, so a signature keeps nobody out; this does. A page can neither choose nor leave out
Host, Origin and Sec-Fetch-Site (Fetch Standard, "forbidden request-header"; Fetch Metadata Request Headers).
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

Headers = Iterable[tuple[bytes, bytes]]
# Any port: a forwarded one, or one with TLS in front. Whoever rebinds a name can choose the port, but not the host.
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
# What pages of any origin may call; it decides by itself whom it answers, by its own CORS. What a service adds here is
# open to every page that the developer has open in a browser.
_TAKES_PAGES = (
    # A deployed API, but not the management of its connections.
    re.compile(r"/_aws/execute-api/[^/]+/(?!(?:[^/]*/)?@connections(?:/|$)).*", re.DOTALL),
    # The issuer's own addresses, but not what is done to it.
    re.compile(r"/_issuer/(?:\.well-known/openid-configuration|keys|authorize|token)"),
    # The participant service, whose bearer tokens alone authorize, as on AWS.
    re.compile(r"/participant/[a-z-]+"),
)
# Nobody opens this WebSocket without the token in its address.
_TAKES_HANDSHAKES = "/participant/socket"
_SITES = frozenset(("none", "same-origin"))
_BROWSER = re.compile(r"\bMozilla/", re.IGNORECASE)
# A preflight asks for a page, whatever else it says.
_OF_A_PREFLIGHT = tuple(f"access-control-request-{name}" for name in ("method", "headers", "private-network"))
# Browsers alone say what a request is for. Node's own fetch says Sec-Fetch-Mode, too.
_OF_A_BROWSER = ("sec-fetch-dest", "sec-fetch-user")


def takes_pages(path: str) -> bool:
    """Whether pages of any origin may call this path."""
    return any(pattern.fullmatch(path) for pattern in _TAKES_PAGES)


def host_of(headers: Headers) -> str:
    """The one host that a request is for; "" if it names none or several."""
    hosts = _all(headers, "host")
    return hosts[0] if len(hosts) == 1 else ""


def is_own(host: str) -> bool:
    """Whether it is this machine's own, by one of its three names, and not one that a name server could lead here."""
    return _HOST.fullmatch(host) is not None


def refusal(
    target: bytes, path: str, headers: Headers, *, by_domain: bool = False, handshake: bool = False
) -> str | None:
    """Why a request is refused, in one sentence; None if it is taken.

    :param target: the path as it was sent.
    :param path: the path as it is served.
    :param by_domain: whether its host is a custom domain or the issuer's, which leads to this path and nothing else.
    :param handshake: whether it is a WebSocket's, which no CORS keeps from pages.
    """
    headers = list(headers)
    # Neither a proxy's request (absolute, CONNECT) nor one without a path is for this server.
    if not target.startswith(b"/"):
        return "The local cloud is not a proxy: send a path that begins with /."
    if not by_domain and not is_own(host_of(headers)):
        return (
            "The local cloud answers only as 127.0.0.1, localhost and [::1], or as a custom domain of a deployed API."
        )
    if handshake and path != _TAKES_HANDSHAKES and _is_of_a_foreign_page(headers):
        return "The local cloud takes no WebSocket of web pages of another origin."
    if not takes_pages(path) and _is_of_a_foreign_page(headers):
        return "The local cloud takes requests of web pages only for deployed APIs, for signing in and for chats."
    return None


def without_cors(headers: Headers) -> list[tuple[bytes, bytes]]:
    """An answer's headers, without those that let pages of other origins read it."""
    return [(name, value) for name, value in headers if not name.lower().startswith(b"access-control-")]


def _is_of_a_foreign_page(headers: Headers) -> bool:
    own = f"http://{host_of(headers)}".lower()
    sites = [site.strip().lower() for site in _all(headers, "sec-fetch-site")]
    agents = _all(headers, "user-agent")
    return (
        any(site not in _SITES for site in sites)
        or any(origin.strip().lower() != own for origin in _all(headers, "origin"))
        # Old browsers say nothing of the site, and no origin with a GET.
        or any(_origin(referer) != own for referer in _all(headers, "referer"))
        or (not sites and any(_BROWSER.search(agent) for agent in agents))
        or (not sites and any(_all(headers, name) for name in _OF_A_BROWSER))
        or any(_all(headers, name) for name in _OF_A_PREFLIGHT)
    )


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def _all(headers: Headers, name: str) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key.decode("latin-1").lower() == name]
