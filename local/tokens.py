"""Signs people in at the local cloud's issuer, and controls it."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from .cloud import Cloud, CloudError
from .issuer import ADDRESSES, ISSUER, PREFIX

# What people sign in to, where nothing else is said.
CLIENT = "chat-page"
_NOWHERE = "http://127.0.0.1/signed-in"
_ANSWER_SECONDS = 60


class Tokens:
    """ID tokens of the cloud's issuer, by its own addresses and its control path."""

    issuer = ISSUER

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def sign(
        self,
        sub: str | None = "customer",
        audience: str | list[str] | None = "client",
        *,
        header: Mapping[str, Any] | None = None,
        kid: str | None = None,
        **claims: Any,
    ) -> str:
        """A token with these claims, also with wrong ones, and with a right signature. None leaves a claim out."""
        fields = {"claims": {"sub": sub, "aud": audience, **claims}, "header": dict(header or {}), "kid": kid}
        return str(self._control("POST", "tokens", fields)["id_token"])

    def sign_in(self, name: str, client_id: str = CLIENT) -> str:
        """The token of somebody who signs in like a person, by the code flow with PKCE."""
        self.client(client_id, _NOWHERE)
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe()
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "scope": "openid",
            "client_id": client_id,
            "redirect_uri": _NOWHERE,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "login_hint": name,
        }
        there, _ = self._ask("GET", f"{ADDRESSES['authorize']}?{urlencode(asked)}")
        back = parse_qs(urlsplit(there.getheader("Location", "")).query)
        if back.get("state") != [state] or "code" not in back:
            raise CloudError(f"The issuer does not sign {name!r} in: {there.status}.")
        form = {
            "grant_type": "authorization_code",
            "code": back["code"][0],
            "client_id": client_id,
            "redirect_uri": _NOWHERE,
            "code_verifier": verifier,
        }
        answer, body = self._ask("POST", ADDRESSES["token"], urlencode(form))
        if answer.status != 200:
            raise CloudError(f"The issuer gives no token: {answer.status}.")
        return str(json.loads(body)["id_token"])

    def client(self, client_id: str, *redirect_uris: str) -> None:
        """Make a client that people may sign in to. Its redirect addresses are exactly these."""
        self._control("POST", "clients", {"client_id": client_id, "redirect_uris": list(redirect_uris)})

    def rotate(self, *, forget: bool = False, alg: bool = True) -> str:
        """Make another key, which signs from now on. Returns its kid. `forget`: older keys are published no more."""
        return str(self._control("POST", "keys", {"forget": forget, "alg": alg})["kid"])

    def fail(self, kind: str, of: str | None = None, **fields: Any) -> None:
        """Make the issuer fail until `mend`, or only `times` times: one of `issuer.ADDRESSES`, or all of them."""
        self._control("POST", "faults", {"kind": kind, **({"of": of} if of else {}), **fields})

    def mend(self) -> None:
        """End all faults."""
        self._control("DELETE", "faults")

    def calls(self) -> dict[str, int]:
        """How often each address was asked."""
        return dict(self._control("GET", "calls"))

    def _ask(self, method: str, target: str, form: str | None = None) -> tuple[HTTPResponse, bytes]:
        """Send a request like a browser, but do not follow a redirect."""
        connection = HTTPConnection(urlsplit(self._cloud.url).netloc, timeout=_ANSWER_SECONDS)
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        try:
            connection.request(method, f"{PREFIX}{target}", form, headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def _control(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Any:
        return self._cloud.control(method, path, fields, of="_issuer/control")
