"""An OpenID Connect issuer for tests and pages: it signs anybody in who gives a name, without a password.

Discovery, keys, and the code flow of public clients with PKCE (OpenID Connect Core 1.0, Discovery 1.0, RFC 6749, 7636).
These calls below `/_issuer/control/` control it. They are not a part of any standard:

| call | what it does |
|---|---|
| POST clients {"client_id", "redirect_uris"} | a client that people may sign in to |
| POST tokens {"claims"?, "header"?, "kid"?} | an ID token with these claims, also wrong ones; null leaves one out |
| POST keys {"forget"?, "alg"?} | another key signs from now on; forget ends the older keys; alg: false leaves alg out |
| POST faults {"of"?, "kind", "times"?, "seconds"?}, DELETE faults | the issuer fails; all faults end |
| GET calls | how often each address was asked |
"""

import asyncio
import base64
import hashlib
import html
import json
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from .connect.faults import Fault, Faults
from .connect.service import Response
from .control import BadCall, Call, Fields, follow, is_number_up_to, is_one_of, json_response

PREFIX = "/_issuer/"
CONTROL = f"{PREFIX}control/"
# No name server knows this name (RFC 2606). So a caller reaches it only if the caller has the cloud's address.
HOST = "issuer.example"
# The `iss` of tokens. The local cloud's own address has the same path.
ISSUER = f"https://{HOST}/_issuer"
ADDRESSES = {
    "discovery": ".well-known/openid-configuration",
    "keys": "keys",
    "authorize": "authorize",
    "token": "token",
}
_ADDRESS_OF = {path: name for name, path in ADDRESSES.items()}
KINDS = {
    "down": "no answer, the connection ends",
    "error": "503",
    "slow": "the right answer after some seconds",
    "half": "less than the announced length, then the connection ends",
    "huge": "the right answer after millions of spaces",
    "redirect": "a redirect to an address that gives the right answer",
    "html": "a page",
    "garbage": "no JSON",
    "other_issuer": "a discovery document of another issuer",
    "no_keys": "an empty set of keys",
}
_HUGE_BYTES = 16_000_000
_LONGEST_DELAY_SECONDS = 3600
_SLOW_SECONDS = 30
_CODE_SECONDS = 60
_TOKEN_SECONDS = 300
# The query of a redirect's target. This address never fails, so a client that follows a redirect is served and counted.
_FOLLOWED = "followed"
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_PAGE = """<!doctype html><html lang="en"><title>Sign in</title><h1>Sign in</h1>
<p>The local cloud's issuer takes any name, and asks for no password.</p>
<form>{hidden}<label>Name <input name="login_hint" required maxlength="128" autofocus></label>
<button>Sign in</button></form></html>"""


class Asked(NamedTuple):
    """A request. The path is the part after the prefix."""

    method: str
    path: str
    host: str
    query: str
    body: bytes


@dataclass
class _Key:
    kid: str
    # Whether the key names its algorithm. The keys of some issuers do not.
    has_alg: bool

    @cached_property
    def private(self) -> RSAPrivateKey:
        return generate_private_key(65537, 2048)

    def public(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        alg = {"alg": "RS256"} if self.has_alg else {}
        key = {"kty": "RSA", "use": "sig", "kid": self.kid, **alg}
        return {**key, "n": _encoded(_bytes_of(numbers.n)), "e": _encoded(_bytes_of(numbers.e))}


class _Code(NamedTuple):
    """What the issuer knows of a code that it gave to somebody who signed in."""

    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str | None
    name: str
    until: float


class Issuer:
    """The issuer, and its control path."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._keys = [_Key("key-1", True)]
        # This many of the oldest keys are not published any more.
        self._forgotten = 0
        self._clients: dict[str, tuple[str, ...]] = {}
        self._codes: dict[str, _Code] = {}
        self._faults = Faults()
        self._asked: Counter[str] = Counter()
        self._calls: list[Call] = [
            ("POST", r"clients", self._add_client),
            ("POST", r"tokens", self._make_token),
            ("POST", r"keys", self._rotate),
            ("POST", r"faults", self._add_fault),
            ("DELETE", r"faults", self._clear_faults),
            ("GET", r"calls", self._counted),
        ]

    async def answer(self, asked: Asked) -> Response:
        """Answer a request, or fail if a fault was set."""
        if asked.path.startswith("control/"):
            return follow(self._calls, CONTROL, asked.method, asked.path.removeprefix("control/"), asked.body)
        name = _ADDRESS_OF.get(asked.path)
        if name is None:
            return json_response(404, {"message": f"No such address. There are {', '.join(ADDRESSES.values())}."})
        if asked.method == "OPTIONS":
            return _open(name, Response(200, {"Access-Control-Allow-Headers": "*"}, b""))
        if asked.method != ("POST" if name == "token" else "GET"):
            return json_response(405, {"message": f"{asked.method} is not for {asked.path}."})
        self._asked[name] += 1
        fault = None if asked.query == _FOLLOWED else self._faults.next(name)
        await asyncio.sleep(fault.seconds if fault else 0)
        if name == "authorize":
            response = self._authorize(asked.query)
        elif name == "token":
            response = self._token(asked.body)
        else:
            document = _discovery(asked.host) if name == "discovery" else self.keys
            response = json_response(200, document)
        return _open(name, _failing(name, fault.kind, response) if fault else response)

    @property
    def keys(self) -> dict[str, Any]:
        """The published keys (RFC 7517)."""
        return {"keys": [key.public() for key in self._keys[self._forgotten :]]}

    def token(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None, kid: str | None = None) -> str:
        """An ID token with these claims, signed by the newest key or by the key `kid`. None leaves a field out.

        Raises BadCall.
        """
        key = self._keys[-1] if kid is None else next((key for key in self._keys if key.kid == kid), None)
        if key is None:
            raise BadCall(f"kid: got {kid!r}, expected one of {', '.join(key.kid for key in self._keys)}.")
        now = int(self._now())
        parts: tuple[dict[str, Any], ...] = (
            {"alg": "RS256", "typ": "JWT", "kid": key.kid, **(header or {})},
            {"iss": ISSUER, "iat": now, "exp": now + _TOKEN_SECONDS, **claims},
        )
        told = [{name: value for name, value in part.items() if value is not None} for part in parts]
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in told)
        return f"{signed}.{_encoded(key.private.sign(signed.encode(), PKCS1v15(), SHA256()))}"

    def _authorize(self, query: str) -> Response:
        asked = _once(query)
        client_id, redirect_uri = asked.get("client_id", ""), asked.get("redirect_uri", "")
        # A redirect tells who signs in. So it goes only to an address that the client has.
        if redirect_uri not in self._clients.get(client_id, ()):
            return _page(400, "<p>The client_id is not known, or the redirect_uri is not exactly one of its own.</p>")
        challenge, name = asked.get("code_challenge", ""), asked.get("login_hint")
        back = {"state": asked["state"]} if "state" in asked else {}
        if asked.get("response_type") != "code":
            back["error"] = "unsupported_response_type"
        elif "openid" not in asked.get("scope", "").split():
            back["error"] = "invalid_scope"
        elif asked.get("code_challenge_method") != "S256" or not challenge:
            back["error"] = "invalid_request"
        elif name is None or not _NAME.fullmatch(name):
            hidden = "".join(
                f'<input type="hidden" name="{html.escape(field)}" value="{html.escape(value)}">'
                for field, value in asked.items()
                if field != "login_hint"
            )
            return _page(200, _PAGE.format(hidden=hidden))
        else:
            back["code"] = secrets.token_urlsafe(32)
            until = self._now() + _CODE_SECONDS
            self._codes[back["code"]] = _Code(client_id, redirect_uri, challenge, asked.get("nonce"), name, until)
        joint = "&" if urlsplit(redirect_uri).query else "?"
        return Response(302, {"Location": f"{redirect_uri}{joint}{urlencode(back)}", **_NO_STORE}, b"")

    def _token(self, body: bytes) -> Response:
        asked = _once(body.decode("utf-8", "replace"))
        if asked.get("grant_type") != "authorization_code":
            return _refused("unsupported_grant_type")
        # The code cannot be used again, even if something is wrong with the request.
        code = self._codes.pop(asked.get("code", ""), None)
        verifier = asked.get("code_verifier", "")
        if (
            code is None
            or code.until < self._now()
            or (asked.get("client_id"), asked.get("redirect_uri")) != (code.client_id, code.redirect_uri)
            or not _VERIFIER.fullmatch(verifier)
            or _encoded(hashlib.sha256(verifier.encode()).digest()) != code.challenge
        ):
            return _refused("invalid_grant")
        mail = code.name if "@" in code.name else f"{code.name}@example.com"
        claims = {"sub": code.name, "aud": code.client_id, "nonce": code.nonce, "name": code.name, "email": mail}
        document = {
            "id_token": self.token(claims),
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
        }
        return _unstored(json_response(200, document))

    def _add_client(self, fields: Fields) -> Callable[[], Any]:
        client = fields.required("client_id", "a string of 1 to 128 characters", _is_name)
        uris = fields.required("redirect_uris", "a list of http(s) addresses without a fragment", _is_uris)

        def act() -> dict[str, str]:
            self._clients[client] = tuple(uris)
            return {}

        return act

    def _make_token(self, fields: Fields) -> Callable[[], Any]:
        claims = fields.take("claims", "an object", lambda value: isinstance(value, dict), {})
        header = fields.take("header", "an object", lambda value: isinstance(value, dict), {})
        kid = fields.take("kid", "a string", lambda value: isinstance(value, str))
        return lambda: {"id_token": self.token(claims, header, kid)}

    def _rotate(self, fields: Fields) -> Callable[[], Any]:
        forget = fields.take("forget", "true or false", lambda value: isinstance(value, bool), False)
        has_alg = fields.take("alg", "true or false", lambda value: isinstance(value, bool), True)

        def act() -> dict[str, str]:
            if forget:
                self._forgotten = len(self._keys)
            self._keys.append(_Key(f"key-{len(self._keys) + 1}", has_alg))
            return {"kid": self._keys[-1].kid}

        return act

    def _add_fault(self, fields: Fields) -> Callable[[], Any]:
        kind = fields.required("kind", f"one of {', '.join(KINDS)}", is_one_of(tuple(KINDS)))
        of = fields.take("of", f"one of {', '.join(ADDRESSES)}", is_one_of(tuple(ADDRESSES)))
        times = fields.take("times", "a number of calls from 1", lambda value: type(value) is int and value >= 1)
        seconds = fields.take(
            "seconds",
            f"seconds from 0 to {_LONGEST_DELAY_SECONDS}",
            is_number_up_to(_LONGEST_DELAY_SECONDS),
            _SLOW_SECONDS if kind == "slow" else 0,
        )

        def act() -> dict[str, str]:
            for name in [of] if of else ADDRESSES:
                self._faults.add(Fault(name, kind, times, seconds, 503))
            return {}

        return act

    def _clear_faults(self, _: Fields) -> Callable[[], Any]:
        def act() -> dict[str, str]:
            self._faults.clear()
            return {}

        return act

    def _counted(self, _: Fields) -> Callable[[], Any]:
        return lambda: {name: self._asked[name] for name in ADDRESSES}


# The page has the cloud's own origin. So no script may run in it, and no other page may frame it.
_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_NO_STORE = {"Cache-Control": "no-store"}
# Any page may read tokens, because it needs somebody's code to get one.
_CORS = {"Access-Control-Allow-Origin": "*"}


def _open(name: str, response: Response) -> Response:
    """A response that pages may read. A page only sends people to `authorize`, and does not read it."""
    return response if name == "authorize" else response._replace(headers={**response.headers, **_CORS})


def _discovery(host: str) -> dict[str, Any]:
    """The addresses begin with the request's Host, so that pages reach them too. The issuer's name never changes."""
    base = f"{ISSUER}/" if host == HOST else f"http://{host}{PREFIX}"
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{base}authorize",
        "token_endpoint": f"{base}token",
        "jwks_uri": f"{base}keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": ["openid"],
    }


def _failing(name: str, kind: str, response: Response) -> Response:
    """The response that a fault makes out of the right one."""
    if kind in ("down", "half"):
        return response._replace(cut="whole" if kind == "down" else "half")
    if kind == "error":
        return json_response(503, {"error": "temporarily_unavailable"})
    if kind == "huge":
        return response._replace(body=b" " * _HUGE_BYTES + response.body)
    if kind == "redirect":
        return Response(302, {"Location": f"{PREFIX}{ADDRESSES[name]}?{_FOLLOWED}"}, b"")
    if kind == "html":
        return _page(200, "<p>We will be back soon.</p>")
    if kind == "garbage":
        return response._replace(body=b"\xff{")
    if kind == "other_issuer" and name == "discovery":
        return json_response(200, {**json.loads(response.body), "issuer": f"{ISSUER}/other"})
    if kind == "no_keys" and name == "keys":
        return json_response(200, {"keys": []})
    return response


def _page(status: int, body: str) -> Response:
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _POLICY}
    return Response(status, {**headers, **_NO_STORE}, body.encode())


def _refused(error: str) -> Response:
    return _unstored(json_response(400, {"error": error}))


def _unstored(response: Response) -> Response:
    return response._replace(headers={**response.headers, **_NO_STORE})


def _once(form: str) -> dict[str, str]:
    """The parameters of a query or a form. RFC 6749 allows each only once: a parameter that comes twice is left out."""
    pairs = parse_qsl(form, keep_blank_values=True)
    times = Counter(name for name, _ in pairs)
    return {name: value for name, value in pairs if times[name] == 1}


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_uris(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(uri, str) and re.fullmatch(r"https?://[!-~]+", uri) and "#" not in uri for uri in value
    )


def _bytes_of(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
