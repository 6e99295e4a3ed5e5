"""Reads the issuer's documents: which keys it signs with. Over TLS only, and only from the addresses that it names.

Source: OpenID Connect Discovery 1.0, section 4.
"""

import re
import time
from collections.abc import Callable, Mapping

from authorizer import keys
from authorizer.failure import IssuerFailed
from authorizer.keys import Key
from authorizer.settings import Settings
from aws.answer import Answer, Document, Outcome, detail_of
from aws.client import Client
from aws.description import described
from aws.endpoint import Endpoint
from aws.no_answer import DeadlineExceeded, Unreachable, Unreadable
from aws.retry import Operation, Retry

# For both documents, retries included: a caller waits for them.
_DEADLINE_SECONDS = 5.0
_URL = re.compile(r"(https://[^\s/?#]+)(/[!-~]*)", re.ASCII)
_MOST_SHOWN = 200
# Without a User-Agent some firewalls refuse a request.
_HEADERS = {"Accept": "application/json", "User-Agent": "connect-persistent-chat"}


def read_keys(settings: Settings) -> dict[str | None, Key]:
    """The issuer's keys that can be used, by name, read anew. Raises IssuerFailed, which says what is wrong."""
    # One client for each host: most issuers have both documents on one host.
    clients: dict[Endpoint, Client] = {}
    retry = Retry(time.monotonic() + _DEADLINE_SECONDS)

    def document(url: str) -> Mapping[str, object]:
        endpoint, target = _place_of(url)
        client = clients.setdefault(endpoint, Client(None, settings.local_issuer or endpoint))
        headers = {"Host": endpoint.host_header, **_HEADERS}
        return _object_of(retry.call(Operation("GET", target, b"", _read, headers), client), url)

    try:
        return keys.usable(document(_key_set_of(settings.issuer, document)), settings.algorithms)
    finally:
        for client in clients.values():
            client.close()


def _key_set_of(issuer: str, document: Callable[[str], Mapping[str, object]]) -> str:
    """The URL of the issuer's key set. Raises IssuerFailed."""
    # The issuer's path comes first, and it may end with a slash.
    url = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"
    discovery = document(url)
    named, key_set = discovery.get("issuer"), discovery.get("jwks_uri")
    if named != issuer:
        got = repr(named[:_MOST_SHOWN]) if isinstance(named, str) else described(named)
        raise IssuerFailed("issuer_unexpected", f"{url}: issuer is {got}, expected {issuer!r}, character by character.")
    if not isinstance(key_set, str):
        raise IssuerFailed("issuer_unexpected", f"{url}: jwks_uri is {described(key_set)}, expected a URL.")
    return key_set


def _object_of(outcome: Outcome, url: str) -> Mapping[str, object]:
    if isinstance(outcome, Answer) and isinstance(outcome.result, dict):
        return outcome.result
    is_silent = isinstance(outcome, Unreachable | DeadlineExceeded)
    found = f"{url}: got {detail_of(outcome)}, expected 200 and a JSON object."
    raise IssuerFailed("issuer_unreachable" if is_silent else "issuer_unexpected", found)


def _place_of(url: str) -> tuple[Endpoint, str]:
    """The host, and the target of a request. Some issuers have a query in it. Raises IssuerFailed."""
    try:
        found = _URL.fullmatch(url)
        if found is not None:
            return Endpoint.parse(found[1]), found[2]
    except ValueError:
        pass
    expected = "expected https://host[:port]/path, without a user or a fragment."
    raise IssuerFailed("issuer_unexpected", f"A URL of the issuer is {url[:_MOST_SHOWN]!r}, {expected}")


def _read(document: Document) -> Document:
    if not document:
        raise Unreadable("no JSON object")
    return document
