"""Where an AWS service answers."""

import re
from collections.abc import Mapping

from shared.typing import NamedTuple

# No `urllib.parse`: it would cost a cold start milliseconds.
_URL = re.compile(r"(https?)://(?:\[([0-9A-Fa-f:.]+)\]|([^\s/:?#@\[\]]+))(?::([0-9]{1,5}))?((?:/[^\s?#@]*)?)", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_MOST_PORT = 65_535


class Endpoint(NamedTuple):
    """A service's address: scheme (http or https), host, port, and the path before every request's path."""

    scheme: str
    host: str
    port: int
    base_path: str

    @property
    def host_header(self) -> str:
        """As it is signed and sent: without the scheme's own port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        """Read http(s)://host[:port][/base/path]. Raises ValueError, which says what is wrong."""
        found = _URL.fullmatch(url)
        if found is None or not url.isascii() or not url.isprintable() or int(found[4] or 0) > _MOST_PORT:
            expected = "expected http(s)://host[:port][/path] with no user, query or fragment."
            raise ValueError(f"got {url[:100]!r}, {expected}")
        scheme, address, name, port, path = found.groups()
        return cls(scheme, (address or name).lower(), int(port) if port else _PORTS[scheme], path.rstrip("/"))


def endpoint_of(service: str, environ: Mapping[str, str], default: Endpoint) -> Endpoint:
    """Where the AWS SDKs would look, by their Reference Guide ("Service-specific endpoints"). Raises ValueError."""
    ignored = environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
    names = () if ignored else (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL")
    name = next((name for name in names if environ.get(name)), None)
    try:
        return default if name is None else Endpoint.parse(environ[name])
    except ValueError as error:
        raise ValueError(f"environment variable {name} is malformed: {error}") from None
