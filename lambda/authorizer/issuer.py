"""The issuer's own documents: which keys it signs with. Over TLS only, and from nowhere else than it says.

Source: OpenID Connect Discovery 1.0, section 4.
"""

import re
import time
from collections.abc import Mapping

from authorizer import keys
from authorizer.failure import IssuerFailed
from authorizer.keys import Key
from authorizer.settings import Settings
from aws.answer import Answer, Document, detail_of
from aws.client import Client
from aws.description import described
from aws.endpoint import Endpoint
from aws.failure import DeadlineExceeded, Unreachable, Unreadable
from aws.retry import Operation, Retry

# For both documents, retries included: a caller waits for them.
_DEADLINE_SECONDS = 5.0
_URL = re.compile(r"(https://[^\s/?#]+)(/[!-~]*)", re.ASCII)
# Without a User-Agent some firewalls refuse a request.
_HEADERS = {"Accept": "application/json", "User-Agent": "connect-persistent-chat"}


def read_keys(settings: Settings) -> dict[str | None, Key]:
    """The issuer's keys that can be used, by name, read anew. Raises IssuerFailed, which says what is wrong."""
    retry = Retry(time.monotonic() + _DEADLINE_SECONDS)
    # RFC 8414 has it elsewhere; OpenID Connect has it after the path, which may end with a slash.
    url = f"{settings.issuer.removesuffix('/')}/.well-known/openid-configuration"
    discovery = _document(url, settings.local_issuer, retry)
    issuer, key_set = discovery.get("issuer"), discovery.get("jwks_uri")
    if issuer != settings.issuer:
        got = repr(issuer[:200]) if isinstance(issuer, str) else described(issuer)
        raise IssuerFailed(
            "issuer_unexpected", f"{url}: issuer is {got}, expected {settings.issuer!r}, character by character."
        )
    if not isinstance(key_set, str):
        raise IssuerFailed("issuer_unexpected", f"{url}: jwks_uri is {described(key_set)}, expected a URL.")
    return keys.usable(_document(key_set, settings.local_issuer, retry), settings.algorithms)


def _document(url: str, elsewhere: Endpoint | None, retry: Retry) -> Mapping[str, object]:
    """A JSON object at a URL of the issuer. Redirects are not followed. Raises IssuerFailed."""
    endpoint, target = _place_of(url)
    client = Client(None, elsewhere or endpoint)
    try:
        outcome = retry.call(Operation("GET", target, b"", _read, {"Host": endpoint.host_header, **_HEADERS}), client)
    finally:
        client.close()
    if isinstance(outcome, Answer) and isinstance(outcome.result, dict):
        return outcome.result
    is_silent = isinstance(outcome, Unreachable | DeadlineExceeded)
    found = f"{url}: got {detail_of(outcome)}, expected 200 and a JSON object."
    raise IssuerFailed("issuer_unreachable" if is_silent else "issuer_unexpected", found)


def _place_of(url: str) -> tuple[Endpoint, str]:
    """Where it is, and the target of a request: with the query, that some issuers have."""
    try:
        found = _URL.fullmatch(url)
        if found is not None:
            return Endpoint.parse(found[1]), found[2]
    except ValueError:
        pass
    expected = "expected https://host[:port]/path, without a user and a fragment."
    raise IssuerFailed("issuer_unexpected", f"A URL of the issuer is {url[:200]!r}, {expected}")


def _read(document: Document) -> Document:
    if not document:
        raise Unreadable("no JSON object")
    return document
