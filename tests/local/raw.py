"""Requests byte by byte as whoever attacks would have them: any host, any target, any header, any protocol."""

import base64
import http.client
import json
import os
import time
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.cloud import Cloud

Header = tuple[str, str]
EVIL = "https://evil.example"
# What a browser adds to a page's request to another origin.
FOREIGN = (("Origin", EVIL), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"))


class Raw(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> str:
        """The sentence of a refusal."""
        return str(json.loads(self.body)["message"])


class Socket:
    """The cloud's socket."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        parts = urlsplit(cloud.url)
        self.host, self.port = parts.netloc, parts.port or 0
        self._clients = {name: cloud.client(name) for name in ("lambda", "iam", "s3", "sns")}

    def ask(
        self,
        method: str,
        target: str,
        *headers: Header,
        body: bytes = b"",
        host: str | None = None,
        no_host: bool = False,
    ) -> Raw:
        """One request. Its Host is the cloud's own unless told otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if not no_host:
            connection.putheader("Host", self.host if host is None else host)
        for name, value in headers:
            connection.putheader(name, value)
        if body or method in ("POST", "PUT"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        read = Raw(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return read

    def handshake(self, target: str, *headers: Header, host: str | None = None) -> Raw:
        """A WebSocket's, of which the answer is read only if it is refused."""
        key = base64.b64encode(os.urandom(16)).decode()
        upgrade = (
            *(("Connection", "Upgrade"), ("Upgrade", "websocket")),
            *(("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key)),
        )
        return self.ask("GET", target, *upgrade, *headers, host=host)

    def as_root(self, service: str, body: bytes = b"", *headers: Header, query: str = "") -> tuple[Header, ...]:
        """What signs a POST as the cloud's root: nobody needs to know a secret for it."""
        request = AWSRequest("POST", f"{self.cloud.url}/{query}", dict(headers), body)
        SigV4Auth(Credentials(self.cloud.account, "any"), service, self.cloud.region).add_auth(request)
        return tuple((name, str(value)) for name, value in request.headers.items())

    def state(self) -> dict[str, Any]:
        """What attacks would change."""
        functions, users, buckets, topics = self._clients.values()
        now = self.cloud.control("POST", "clock", {"advance": 0})["now"]
        return {
            "functions": [one["FunctionName"] for one in functions.list_functions()["Functions"]],
            "users": [one["UserName"] for one in users.list_users()["Users"]],
            "buckets": [one["Name"] for one in buckets.list_buckets()["Buckets"]],
            "topics": topics.list_topics()["Topics"],
            "calls": self.cloud.control("GET", "calls"),
            "events": self.cloud.control("GET", "events"),
            # Connect's clock is ahead of the machine's by so many hours.
            "ahead": round((_seconds(now) - time.time()) / 3600),
        }


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
