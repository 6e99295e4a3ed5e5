"""CORS: the web pages that are allowed to call the endpoint and to read its answers."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address

from aws_cdk import Annotations, Duration
from aws_cdk import aws_apigateway as apigateway

from connect_persistent_chat.acknowledgments import acknowledge
from connect_persistent_chat.endpoint.authorization import Authorization
from connect_persistent_chat.identity import CustomerIdentity
from connect_persistent_chat.messages import shown
from connect_persistent_chat.shared import variables, wire
from connect_persistent_chat.tokens import is_known, is_placeholder, with_tokens_as
from constructs import Construct

# An origin keeps a dot at the end of its host (URL Standard, "host serializer").
_HOST = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?"
_ORIGIN = re.compile(rf"(https?)://(?:{_HOST}|\[([0-9a-f:]+)\])(?::([1-9][0-9]{{0,4}}))?")
# A hybrid app's web view: the schemes of Capacitor and Ionic, or a scheme that the app chose for its local pages.
_WEB_VIEW = re.compile(rf"(?:capacitor|ionic)://{_HOST}|(?!ftp:|wss?:|file:)[a-z][a-z0-9+.-]*://localhost")
# Pages of a browser's extension: with its id in letters, or with its UUID.
_EXTENSION = re.compile(
    r"chrome-extension://[a-p]{32}|(?:moz|safari-web)-extension://[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
# An origin at the beginning of a text.
_LIKE_ORIGIN = re.compile("[a-z][a-z0-9+.-]*://[^/?#]+")
# Values to try for a token at the beginning of an origin, and the value for each later token.
_BEGINNINGS = ("https://x", "https", "x")
_LATER = "1"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_REQUEST_HEADERS = [
    "Authorization",
    "Content-Type",
    "X-Amz-Content-Sha256",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
]


class Cors:
    """The origins whose pages are allowed to call. None by default."""

    def __init__(self, allowed_origins: Sequence[str]) -> None:
        self._origins = list(allowed_origins)

    def mistakes_in(self, authorization: Authorization, identity: CustomerIdentity) -> list[str]:
        """The reasons why these origins cannot be used. Empty if they can."""
        mistakes = []
        if self._origins and not identity.checked:
            mistakes.append(
                "cors_allowed_origins: got origins with CustomerIdentity.unchecked(), expected none. Remove the "
                "origins, or use customer_id() or attribute(...): any page with credentials could open any customer's "
                "chat."
            )
        if variables.ANY_ORIGIN in self._origins and len(self._origins) > 1:
            mistakes.append('cors_allowed_origins: got "*" beside other origins, expected "*" alone or exact origins.')
        elif variables.ANY_ORIGIN in self._origins and authorization.may_read_cookies:
            mistakes.append(
                'cors_allowed_origins: got "*", expected exact origins. List each origin: a Lambda authorizer can '
                "accept credentials that browsers send by themselves, such as cookies."
            )
        mistakes += [
            f"cors_allowed_origins: got {shown(origin)}, expected http(s)://host[:port] in lower case, with no "
            f'path and without the default port, or "*" alone. {_advice(origin)}'
            for origin in self._origins
            if origin != variables.ANY_ORIGIN and not _is_sent(origin)
        ]
        return mistakes

    def warn(self, scope: Construct, authorization: Authorization) -> None:
        """Warn if every page can call, or pages with AWS credentials."""
        if self._origins and authorization.is_iam and not authorization.lets_browsers_speak_for_any:
            Annotations.of(scope).add_warning_v2(
                "connect-persistent-chat:iam-origins",
                "cors_allowed_origins with IAM authorization is for pages that have AWS credentials, and IAM callers "
                "speak for any customer. Authorization.cognito() ties each user to one customer.",
            )
        if variables.ANY_ORIGIN in self._origins:
            Annotations.of(scope).add_warning_v2(
                "connect-persistent-chat:any-origin",
                'cors_allowed_origins="*" lets every page on the web call the endpoint with credentials that it '
                "has, and read the answers.",
            )

    def environment(self) -> Mapping[str, str]:
        """The environment variables of the function for these origins."""
        return {variables.CORS_ALLOWED_ORIGINS: " ".join(self._origins)} if self._origins else {}

    def add_preflight(self, resource: apigateway.IResource, method: str) -> None:
        """Answer the request that a browser sends before the call."""
        if not self._origins:
            return
        preflight = resource.add_cors_preflight(
            allow_origins=self._origins,
            allow_methods=[method],
            allow_headers=_REQUEST_HEADERS,
            max_age=Duration.hours(1),
        )
        reason = "A browser sends this request without credentials. The answer holds only values of the template."
        acknowledge(preflight, {"AwsSolutions::AwsSolutions-APIG4": reason, "AwsSolutions::AwsSolutions-COG4": reason})

    def refusal_headers(self) -> Mapping[str, str]:
        """The headers of the gateway's own refusals, so that a page can read these too.

        A gateway response cannot choose from several origins, so it repeats the caller's origin. This is safe: the text
        does not depend on the caller, and credentials are never allowed. Browsers use HTTP/2, with header names in
        lower case.
        """
        if not self._origins:
            return {}
        exposed = {"Access-Control-Expose-Headers": f"'{', '.join(wire.EXPOSED_HEADERS)}'"}
        if self._origins == [variables.ANY_ORIGIN]:
            return {"Access-Control-Allow-Origin": f"'{variables.ANY_ORIGIN}'", **exposed}
        only = f"'{self._origins[0]}'" if len(self._origins) == 1 else "method.request.header.origin"
        return {"Access-Control-Allow-Origin": only, "Vary": "'Origin'", **exposed}


def _is_sent(origin: str) -> bool:
    """Whether a browser can send this origin, judged by the parts that are known."""
    if is_placeholder(origin):
        return True
    return any(
        _is_origin(with_tokens_as(_LATER, with_tokens_as(beginning, origin, 1))) for beginning in (*_BEGINNINGS, _LATER)
    )


def _is_origin(text: str) -> bool:
    """Whether this is an origin. It never has the default port of its scheme (RFC 6454, 6.2)."""
    found = _ORIGIN.fullmatch(text)
    if found is None:
        return any(pattern.fullmatch(text) for pattern in (_WEB_VIEW, _EXTENSION))
    scheme, address, port = found.groups()
    if address is not None and not _is_shortest(address):
        return False
    return port is None or (int(port) < 65536 and int(port) != _DEFAULT_PORTS[scheme])


def _is_shortest(address: str) -> bool:
    """Whether a browser writes this IPv6 address in the same way."""
    try:
        return str(IPv6Address(address)) == address
    except ValueError:
        return False


def _advice(origin: str) -> str:
    """The origin to write instead, if it can be found: in lower case, without a path and the default port."""
    found = _LIKE_ORIGIN.match(origin.strip().lower())
    meant = "" if found is None else re.sub("^(http://.*):80$|^(https://.*):443$", r"\1\2", found[0])
    if is_known(origin) and _is_origin(meant):
        return f"Write {meant} instead."
    return "The origin of a web view is allowed too, such as capacitor://localhost."
