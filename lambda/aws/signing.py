"""Signature Version 4 in a request's headers, as the AWS SDKs make it for every service but S3.

Source: IAM User Guide, "Create a signed AWS API request"; the tests hold it against botocore.
"""

import hashlib
import hmac
import os
import time
from collections.abc import Mapping

from shared.typing import NamedTuple

_ALGORITHM = "AWS4-HMAC-SHA256"
# What stands for itself (RFC 3986, 2.3).
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# What a proxy or the tracing may change on the way.
_UNSIGNED = frozenset(("expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"))


class CredentialsMissing(Exception):
    """The environment holds no credentials or no region."""


class Credentials(NamedTuple):
    """Who signs, and for which region."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None
    region: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Credentials":
        """From the variables that Lambda sets. Raises CredentialsMissing, which names the missing one."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
            if not environ.get(name):
                raise CredentialsMissing(f"environment variable {name} is missing; AWS Lambda sets it.")
        token = environ.get("AWS_SESSION_TOKEN") or None
        return cls(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], token, environ["AWS_REGION"])


def signed_headers(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    service: str,
    credentials: Credentials | None = None,
    now: float | None = None,
) -> dict[str, str]:
    """The headers with X-Amz-Date, X-Amz-Security-Token (if there is one) and Authorization.

    `target` is as it goes out: percent-encoded, with the query after a `?`. `headers` have `Host`, and no name in two
    spellings. `credentials` default to the environment's of this moment: Lambda may change them between invocations.
    `now` is in seconds since the epoch. Raises CredentialsMissing.
    """
    who = credentials or Credentials.of(os.environ)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    headers = {**headers, "X-Amz-Date": stamp}
    if who.session_token:
        headers["X-Amz-Security-Token"] = who.session_token
    canonical = {
        name.lower(): " ".join(value.split()) for name, value in headers.items() if name.lower() not in _UNSIGNED
    }
    names = ";".join(sorted(canonical))
    path, _, query = target.partition("?")
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&")) if query else []
    request = (
        method.upper(),
        # The path is encoded on the wire already, and once more here: only S3 does without.
        encoded(_normalized(path), b"/"),
        "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{canonical[name]}" for name in sorted(canonical)),
        "",
        names,
        hashlib.sha256(body).hexdigest(),
    )
    scope = f"{stamp[:8]}/{who.region}/{service}/aws4_request"
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    key = f"AWS4{who.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}".encode(), "sha256").hex()
    headers["Authorization"] = (
        f"{_ALGORITHM} Credential={who.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def encoded(text: str, kept: bytes = b"") -> str:
    """Percent-encoded in UTF-8, but for these characters. `urllib.parse` would cost a cold start milliseconds."""
    return "".join(chr(byte) if byte in _UNRESERVED or byte in kept else f"%{byte:02X}" for byte in text.encode())


def _normalized(path: str) -> str:
    """Without dot segments and repeated slashes (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    end = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{end}"
