"""Which callers are allowed to call the endpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aws_cdk import Annotations, Duration, Names, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat.endpoint import oidc
from connect_persistent_chat.lazy import cognito
from connect_persistent_chat.messages import shown
from connect_persistent_chat.parameters import Parameters
from connect_persistent_chat.shared import variables
from connect_persistent_chat.stacks import stacks_named, unlinked, unnamed_in
from connect_persistent_chat.tokens import is_known, is_token
from constructs import Construct

_TYPE = apigateway.AuthorizationType
# The advice for an authorizer of another type.
_INSTEAD_OF = {
    _TYPE.COGNITO: "For user pools use Authorization.cognito(...).",
    _TYPE.IAM: "For AWS identities use Authorization.iam().",
    _TYPE.NONE: "With none, everybody could call.",
}
# Only Cognito writes `sub`, and it never gives the same value to another user.
_SUBJECT = "sub"
# The pattern and the length that the API's model gives for an app client's id.
_CLIENT_ID = re.compile("[0-9A-Za-z_+]{1,128}")


class Authorization:
    """Which callers are allowed to call the endpoint. No authorization allows everybody.

    An authorization that knows the person who calls (`cognito`, `oidc`, `authorizer`) also names the verified claim
    that holds the customer. Both contacts have to belong to this customer.
    """

    # Set by the methods below.
    _kind: str = variables.IAM
    _user_pools: Sequence[cognito.IUserPool] = ()
    _app_clients: Sequence[cognito.IUserPoolClient] = ()
    _claim: str = ""
    _authorizer: apigateway.IAuthorizer | None = None
    _issuer: oidc.OidcIssuer | None = None

    @classmethod
    def iam(cls, *, allow_identity_pools: bool | None = None) -> Authorization:
        """AWS identities with permission to invoke the endpoint (`grant_invoke`).

        They sign requests with Signature Version 4. They can call for any customer, so they should be backends. Both
        contacts still have to belong to the same customer.

        :param allow_identity_pools: whether identities of a Cognito identity pool are allowed to call. These are
            browsers, and then they can call for any customer. Default: false. If true, synthesis warns with
            `connect-persistent-chat:identity-pools`.

        Raises ConfigurationError.
        """
        Parameters(cls.iam, locals(), where="Authorization.iam").refuse()
        made = cls()
        made._kind = variables.IAM_WITH_IDENTITY_POOLS if allow_identity_pools else variables.IAM
        return made

    @classmethod
    def cognito(
        cls,
        user_pools: Sequence[cognito.IUserPool],
        app_clients: Sequence[cognito.IUserPoolClient],
        *,
        customer_claim: str | None = None,
    ) -> Authorization:
        """Users of these pools. They send their ID token in the Authorization header.

        API Gateway checks the token of every request and caches no result.

        :param user_pools: at least one. With several, a value of `customer_claim` has to mean the same person in all
            of them: any claim but `sub` adds the warning `connect-persistent-chat:several-user-pools`.
        :param app_clients: at least one. Tokens of other app clients are refused.
        :param customer_claim: the claim of the token that holds the customer of the user's contacts. Default: `sub`.
            Any other claim adds the warning `connect-persistent-chat:customer-claim`: users must not be able to write
            this claim. A claim that is a list, such as `cognito:groups`, never names a customer: every call gets 404.
            Cognito's own lists add the warning `connect-persistent-chat:list-claim`.

        Raises ConfigurationError.
        """
        given = Parameters(cls.cognito, locals(), where="Authorization.cognito")
        given.add(*oidc.mistakes_in_claim(customer_claim))
        for name, listed, what in (("user_pools", user_pools, "user pool"), ("app_clients", app_clients, "app client")):
            if given.right(name) and not listed:
                given.add(f"{name}: got an empty list, expected at least one {what}.")
        if given.right("app_clients"):
            ids = [client.user_pool_client_id for client in app_clients]
            for id in ids:
                if is_known(id) and not _CLIENT_ID.fullmatch(id):
                    got = f"got a client with the id {shown(id)}"
                    given.add(f"app_clients: {got}, expected an id such as 7example3client9id0.")
        given.refuse()
        made = cls()
        made._kind = variables.COGNITO
        made._user_pools = list(user_pools)
        made._app_clients = list(app_clients)
        made._claim = _SUBJECT if customer_claim is None else customer_claim
        return made

    @classmethod
    def oidc(
        cls,
        issuer: str,
        audiences: Sequence[str],
        *,
        customer_claim: str | None = None,
        algorithms: Sequence[str] | None = None,
    ) -> Authorization:
        """Users with an ID token of an OpenID Connect issuer, such as Entra ID, Okta, Auth0, Keycloak or Google.

        They send the token in the Authorization header, with or without `Bearer`. A function of the endpoint checks the
        token of every request, and API Gateway keeps no answer. The deployment proves that the issuer answers.

        :param issuer: the issuer, exactly as in the claim `iss` of its tokens: `https://` and a host, perhaps with a
            path. The function reads the discovery document below this address.
        :param audiences: the ids of the clients whose users are allowed to call, at least one. More than one adds the
            warning `connect-persistent-chat:several-audiences`.
        :param customer_claim: the claim of the token that holds the customer of the user's contacts, a text of at most
            128 characters. Default: `sub`. Any other claim adds the warning `connect-persistent-chat:customer-claim`:
            users must not be able to choose its value.
        :param algorithms: the algorithms of the tokens' signatures: one or more of RS256, RS384, RS512 and PS256. If a
            key names its own algorithm, the key is used with this algorithm only. Default: RS256.

        Raises ConfigurationError.
        """
        given = Parameters(cls.oidc, locals(), oidc.LIMITS, where="Authorization.oidc")
        given.add(*oidc.mistakes_in_claim(customer_claim))
        oidc.refuse_mistakes(given, issuer, audiences, algorithms)
        made = cls()
        made._kind = variables.AUTHORIZER
        made._claim = variables.CUSTOMER_KEY
        made._issuer = oidc.OidcIssuer(
            issuer,
            list(audiences),
            oidc.SUBJECT if customer_claim is None else customer_claim,
            oidc.DEFAULT_ALGORITHMS if algorithms is None else list(algorithms),
        )
        return made

    @classmethod
    def authorizer(cls, authorizer: apigateway.IAuthorizer, *, customer_key: str) -> Authorization:
        """Callers that your own Lambda authorizer allows.

        :param authorizer: a TokenAuthorizer or RequestAuthorizer. API Gateway keeps its answer for 5 minutes by
            default and uses it for other contacts too. So the policy has to name the method with wildcards
            (`<api>/v1/POST/contact/*`, and with `start` also `<api>/v1/PUT/contact/chat`), or set `results_cache_ttl`
            to 0. The identity sources have to include everything that the answer depends on.
        :param customer_key: the key of the authorizer's context, or `principalId`, whose value is the customer of
            the caller's contacts. Only your authorizer writes it. API Gateway passes every value on as a string. A
            value in square brackets counts as a list, and a list never names a customer.

        Raises ConfigurationError.
        """
        given = Parameters(cls.authorizer, locals(), where="Authorization.authorizer")
        kind = authorizer.authorization_type if given.right("authorizer") else None
        if kind not in (None, _TYPE.CUSTOM):
            how = _INSTEAD_OF.get(kind, "Make one with apigateway.RequestAuthorizer(...) or TokenAuthorizer(...).")
            given.add(f"authorizer: got one of type {kind.name}, expected a Lambda authorizer. {how}")
        given.refuse()
        made = cls()
        made._kind = variables.AUTHORIZER
        made._claim = customer_key
        made._authorizer = authorizer
        return made

    @property
    def is_iam(self) -> bool:
        """Whether callers are AWS identities."""
        return self._kind in (variables.IAM, variables.IAM_WITH_IDENTITY_POOLS)

    @property
    def knows_person(self) -> bool:
        """Whether the authorization says which customer calls."""
        return not self.is_iam

    @property
    def lets_browsers_speak_for_any(self) -> bool:
        """Whether a page in a browser can call for any customer."""
        return self._kind == variables.IAM_WITH_IDENTITY_POOLS

    @property
    def may_read_cookies(self) -> bool:
        """Whether a browser can send the credentials by itself, for example cookies."""
        return self._kind == variables.AUTHORIZER and self._issuer is None

    def environment(self) -> Mapping[str, str]:
        """The environment variables of the function that this authorization sets."""
        values = {
            variables.AUTHORIZATION: self._kind,
            variables.APP_CLIENTS: " ".join(client.user_pool_client_id for client in self._app_clients),
            variables.CUSTOMER_CLAIM: self._claim,
        }
        return {name: value for name, value in values.items() if value}

    def authorizer_environment(self, instance_id: str) -> Mapping[str, str]:
        """The environment variables of the authorizer's function. Empty if the endpoint needs no such function.

        :param instance_id: the id of the endpoint's instance.
        """
        return {} if self._issuer is None else self._issuer.environment(instance_id)

    def method_options(
        self, scope: Construct, function: lambda_.Function | None
    ) -> tuple[apigateway.AuthorizationType, apigateway.IAuthorizer | None]:
        """The authorization type and the authorizer of the API's methods. If the user did not give an authorizer, it is
        made in this scope.

        :param function: the authorizer's function, if the endpoint needs one.
        """
        if self.is_iam:
            return _TYPE.IAM, None
        if self._kind == variables.COGNITO:
            # A cached answer would stay valid after its token has expired.
            made = apigateway.CognitoUserPoolsAuthorizer(
                scope, "Authorizer", cognito_user_pools=self._user_pools, results_cache_ttl=Duration.seconds(0)
            )
            return _TYPE.COGNITO, made
        return _TYPE.CUSTOM, self._authorizer if function is None else oidc.build_authorizer(scope, function)

    def mistakes_in(self, stack: Stack) -> list[str]:
        """The reasons why an endpoint of this stack cannot have this authorization. Empty if it can.

        :param stack: the endpoint's stack.
        """
        mistakes = []
        if isinstance(self._authorizer, apigateway.Authorizer) and Stack.of(self._authorizer) is not stack:
            mistakes.append(
                f"authorization: got an authorizer of the stack {Stack.of(self._authorizer).node.path!r}, expected one "
                f"of the endpoint's own stack, {stack.node.path!r}. Create one there."
            )
        elif isinstance(self._authorizer, apigateway.Authorizer):
            if _has_an_api(self._authorizer, stack):
                mistakes.append(
                    "authorization: got an authorizer that another API uses already, expected one that no API uses "
                    "yet. Create another one for this endpoint."
                )
            mistakes += _mistakes_in_values(self._authorizer, stack)
        if self._issuer is not None:
            mistakes += self._issuer.mistakes_in(stack)
        # API Gateway accepts pools of any region and account.
        named = [("a user pool", pool.user_pool_arn) for pool in self._user_pools]
        named += [("an app client", client.user_pool_client_id) for client in self._app_clients]
        named.append(("a claim" if self._authorizer is None else "a customer_key", self._claim))
        for what, value in named:
            mistakes += unnamed_in("authorization", what, value, stack)
        mistakes += [
            f"authorization: got the app client {client.node.path!r} of another user pool, expected one of the user "
            "pools that were given. Add its pool to user_pools, or give a client of one of those pools."
            for client in self._app_clients
            if _is_of_another(client, self._user_pools)
        ]
        return mistakes

    def warn(self, scope: Construct) -> None:
        """Add warnings about settings that are allowed but have a risk."""
        if self._issuer is not None:
            self._issuer.warn(scope)
        claim = f"The claim {self._claim}" if not is_token(self._claim) else "A claim that only the deployment knows"
        if self._kind == variables.IAM_WITH_IDENTITY_POOLS:
            Annotations.of(scope).add_warning_v2(
                "connect-persistent-chat:identity-pools",
                "Identities of Cognito identity pools are browsers, and IAM callers speak for any customer. Everybody "
                "with such credentials can continue any customer's chat in another chat of the same customer. "
                "Authorization.cognito() ties each user to one customer.",
            )
        if self._kind == variables.COGNITO and self._claim != _SUBJECT:
            Annotations.of(scope).add_warning_v2(
                "connect-persistent-chat:customer-claim",
                f"{claim} names the customer. Make sure that users cannot write it: neither by "
                "the app client's write permissions nor at sign-up.",
            )
            if self._claim in variables.LISTS_OF_COGNITO:
                Annotations.of(scope).add_warning_v2(
                    "connect-persistent-chat:list-claim",
                    f"{claim} is a list, and a list can never name a customer: every call will get "
                    "404. Name a claim that holds one person, such as sub.",
                )
            if len(self._user_pools) > 1:
                Annotations.of(scope).add_warning_v2(
                    "connect-persistent-chat:several-user-pools",
                    f"{claim} of {len(self._user_pools)} user pools names the customer. Users with the same value in "
                    "two pools count as one customer. Make sure that no user can choose the value in any pool.",
                )


def _mistakes_in_values(authorizer: apigateway.Authorizer, stack: Stack) -> list[str]:
    """The reasons why the endpoint's stack cannot use the authorizer's function or settings. Empty if it can."""
    function = getattr(authorizer, "_handler", None)
    resource = authorizer.node.default_child
    if not isinstance(resource, apigateway.CfnAuthorizer):
        return []
    what, uri = "an authorizer with a function", resource.authorizer_uri or ""
    settings = [
        resource.authorizer_credentials,
        resource.authorizer_result_ttl_in_seconds,
        resource.identity_source,
        resource.identity_validation_expression,
        resource.name,
    ]
    mistakes = unnamed_in("authorization", what, uri, stack)
    mistakes += unnamed_in("authorization", "an authorizer with a setting", settings, stack)
    if mistakes or not isinstance(function, Construct):
        return mistakes
    own = Stack.of(function)
    # If the authorizer has no role, the function's stack holds a permission for the API, and so refers to the API.
    permission = function.node.try_find_child(f"{Names.unique_id(authorizer)}:Permissions")
    if permission is None or own is stack:
        return []
    if own.account == stack.account and own in stacks_named(uri, stack)[0]:
        return [
            f"authorization: got {what} of the stack {own.node.path!r}, expected a function of the endpoint's own "
            f"stack, {stack.node.path!r}. Otherwise each stack has to be deployed before the other. Create the "
            "function there, or give the authorizer an assume_role."
        ]
    return unlinked("authorization", what, own, stack)


def _has_an_api(authorizer: apigateway.Authorizer, stack: Stack) -> bool:
    """Whether an API uses it already. Until then, the id of its API cannot be resolved."""
    resource = authorizer.node.default_child
    if not isinstance(resource, apigateway.CfnAuthorizer):
        return False
    try:
        stack.resolve(resource.rest_api_id)
    except RuntimeError:
        return False
    return True


def _is_of_another(client: cognito.IUserPoolClient, pools: Sequence[cognito.IUserPool]) -> bool:
    """Whether an app client belongs to none of these pools. This is only known if the app makes all of them."""
    resource = client.node.default_child
    made = all(isinstance(pool.node.default_child, cognito.CfnUserPool) for pool in pools)
    if not (made and isinstance(resource, cognito.CfnUserPoolClient)):
        return False
    own, *given = client.stack.resolve([resource.user_pool_id, *(pool.user_pool_id for pool in pools)])
    return is_token(resource.user_pool_id) and own not in given
