"""An OpenID Connect issuer whose users may call, and the function that checks their ID tokens for API Gateway."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aws_cdk import Annotations, Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from connect_persistent_chat import lambda_function
from connect_persistent_chat.messages import shown
from connect_persistent_chat.parameters import Limits, Parameters
from connect_persistent_chat.shared import variables
from connect_persistent_chat.stacks import unnamed_in
from connect_persistent_chat.tokens import is_placeholder, is_token, with_tokens_as
from constructs import Construct

# An issuer never gives the same `sub` to another person (OpenID Connect Core, section 2).
SUBJECT = "sub"
DEFAULT_ALGORITHMS = ("RS256",)
# About the token, and not the person: many people can have the same (OpenID Connect Core, section 2; Amazon Cognito
# Developer Guide, "Understanding the identity (ID) token").
_OF_TOKENS = ("iss", "aud", "azp", "exp", "iat", "nbf", "auth_time", "token_use")
LIMITS = {"issuer": Limits("an https URL without a query, such as https://login.example.com/tenant")}
# The function reads it in the same way: host, port and path.
_URL = re.compile(r"https://[0-9A-Za-z._-]+(?::([0-9]{1,5}))?(?:/[!-~]*)?")
# Values to try for a token at the beginning of a URL, and the value for each later token.
_BEGINNINGS = ("https://x", "https", "1")
_LATER = "1"
_DISCOVERY = "/.well-known/openid-configuration"
# Entra ID's addresses for many tenants. A token's `iss` is never one of them (Microsoft identity platform, "OpenID
# Connect").
_MANY_TENANTS = re.compile(r"https://login\.microsoftonline\.(?:com|us)/(?:common|organizations|consumers)(?:/.*)?")
# The function waits 5 seconds for the issuer's documents. API Gateway waits longer than this timeout.
_TIMEOUT_SECONDS = 10
# API Gateway itself refuses a text that does not have this form. The function accepts "Bearer" in any case.
_FORM = r"^([A-Za-z]+ )?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"


class OidcIssuer(NamedTuple):
    """An issuer, and which of its tokens are accepted."""

    url: str
    audiences: Sequence[str]
    customer_claim: str
    algorithms: Sequence[str]

    def environment(self, instance_id: str) -> Mapping[str, str]:
        """The environment variables of the function."""
        return {
            variables.INSTANCE_ID: instance_id,
            variables.ISSUER: self.url,
            variables.AUDIENCES: " ".join(self.audiences),
            variables.CUSTOMER_CLAIM: self.customer_claim,
            variables.ALGORITHMS: " ".join(self.algorithms),
        }

    def mistakes_in(self, stack: Stack) -> list[str]:
        """A mistake for each value that the stack's template cannot hold."""
        named = [("an issuer", self.url), *(("an audience", one) for one in self.audiences)]
        named.append(("a claim", self.customer_claim))
        return [mistake for what, value in named for mistake in unnamed_in("authorization", what, value, stack)]

    def warn(self, scope: Construct) -> None:
        """Add warnings about settings that are allowed but have a risk."""
        if self.customer_claim != SUBJECT:
            claim = "that only the deployment knows" if is_token(self.customer_claim) else self.customer_claim
            Annotations.of(scope).add_warning_v2(
                "connect-persistent-chat:customer-claim",
                f"The claim {claim} names the customer. Make sure that users cannot choose its value: the issuer has "
                "to verify it, and must never give the same value to another person.",
            )
        if len({*self.audiences}) > 1:
            Annotations.of(scope).add_warning_v2(
                "connect-persistent-chat:several-audiences",
                f"ID tokens of {len({*self.audiences})} clients are accepted. If one of them loses a token, the "
                "token opens the person's chats of all clients: an endpoint for each client avoids this. Some issuers "
                "give a person another sub for each client: then one person is several customers.",
            )


def mistakes_in_claim(claim: object) -> list[str]:
    """Why this claim can name no customer."""
    expected = f"expected a claim that names one person, such as {SUBJECT}: otherwise many people are one customer"
    return [f"customer_claim: got {shown(claim)}, {expected}."] if claim in _OF_TOKENS else []


def refuse_mistakes(given: Parameters, issuer: str, audiences: Sequence[str], algorithms: Sequence[str] | None) -> None:
    """Raise ConfigurationError if the arguments of Authorization.oidc have mistakes."""
    if given.right("issuer") and not _may_be_issuer(issuer):
        is_discovery = issuer.rstrip("/").endswith(_DISCOVERY)
        how = f" Leave out {_DISCOVERY}: write exactly the `iss` of the tokens." if is_discovery else ""
        given.add(f"issuer: got {shown(issuer)}, expected {LIMITS['issuer'].expected}.{how}")
    elif given.right("issuer") and _MANY_TENANTS.fullmatch(issuer):
        given.add(
            f"issuer: got {shown(issuer)}, expected the issuer of one tenant: its id stands in the tokens' `iss`."
        )
    known = variables.SIGNATURE_ALGORITHMS
    for name, listed, what, is_right in (
        ("audiences", audiences, "a client id without white space", _is_word),
        ("algorithms", algorithms, f"{', '.join(known[:-1])} or {known[-1]}", known.__contains__),
    ):
        wrong = [one for one in given.texts(name) if not is_right(one)]
        given.add(*(f"{name}: got {shown(one)} in the list, expected {what}." for one in wrong))
        if given.right(name) and listed is not None and not listed:
            given.add(f"{name}: got an empty list, expected {what}.")
    given.refuse()


def build_function(
    scope: Construct, environment: Mapping[str, str], log: logs.LogGroup, instance: Construct
) -> lambda_.Function:
    """The function that checks a token. It calls no service of AWS."""
    role = lambda_function.role_for(
        scope, "AuthorizerRole", "Checks ID tokens for a persistent chat endpoint", log, {}, traced=True
    )
    return lambda_function.function_for(
        scope,
        "AuthorizerFunction",
        description="Checks the ID tokens of an OpenID Connect issuer",
        packages=lambda_function.AUTHORIZER_PACKAGES,
        environment=environment,
        role=role,
        log=log,
        after=instance,
        # Lambda gives more CPU with more memory, and a cold start needs CPU.
        memory_size=512,
        timeout=Duration.seconds(_TIMEOUT_SECONDS),
    )


def build_authorizer(scope: Construct, function: lambda_.Function) -> apigateway.TokenAuthorizer:
    """The authorizer of the API. It keeps no answer, because an answer could be valid longer than its token."""
    return apigateway.TokenAuthorizer(
        scope,
        "Authorizer",
        handler=function,
        results_cache_ttl=Duration.seconds(0),
        validation_regex=_FORM,
    )


def _may_be_issuer(url: str) -> bool:
    """Whether this can be an issuer, judged by the parts that are known."""
    if is_placeholder(url):
        return True
    texts = [with_tokens_as(_LATER, with_tokens_as(beginning, url, 1)) for beginning in _BEGINNINGS]
    return not url.rstrip("/").endswith(_DISCOVERY) and any(map(_is_issuer, texts))


def _is_word(text: str) -> bool:
    """Whether this has no white space: the function's variable holds words with spaces between them."""
    return re.fullmatch("[!-~]+", with_tokens_as("x", text)) is not None


def _is_issuer(text: str) -> bool:
    found = _URL.fullmatch(text)
    return found is not None and not set("?#@{}") & set(text) and int(found[1] or 0) < 65536
