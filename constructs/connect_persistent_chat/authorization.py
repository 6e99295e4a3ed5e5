"""Who may call the endpoint."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import Annotations, Duration
from aws_cdk import aws_apigateway as apigateway

from connect_persistent_chat.errors import ConfigurationError
from connect_persistent_chat.functions import association_names as names
from constructs import Construct

if TYPE_CHECKING:
    # A module of the CDK takes long to import, and most stacks have no user pool.
    from aws_cdk import aws_cognito as cognito

_TYPE = apigateway.AuthorizationType


class Authorization:
    """Who may call the endpoint. No authorization lets everybody call.

    An authorization that knows the person who calls (`cognito`, `authorizer`) also says which verified claim
    names the customer: that has to be the customer of both contacts.
    """

    def __init__(
        self,
        kind: str,
        *,
        user_pools: Sequence["cognito.IUserPool"] = (),
        app_clients: Sequence["cognito.IUserPoolClient"] = (),
        claim: str = "",
        authorizer: apigateway.IAuthorizer | None = None,
    ) -> None:
        self._kind = kind
        self._user_pools = list(user_pools)
        self._app_clients = list(app_clients)
        self._claim = claim
        self._authorizer = authorizer

    @classmethod
    def iam(cls, *, allow_identity_pools: bool = False) -> "Authorization":
        """AWS identities with permission to invoke the endpoint (`grant_invoke`), by signed requests.

        They sign with Signature Version 4. They speak for any customer, so they should be backends. Both
        contacts still have to belong to one customer.

        :param allow_identity_pools: whether identities of a Cognito identity pool may call: those are browsers,
            which then speak for any customer. Default: false. If true, synthesis warns
            (`connect-persistent-chat:identity-pools`).
        """
        return cls(names.IAM_WITH_IDENTITY_POOLS if allow_identity_pools else names.IAM)

    @classmethod
    def cognito(
        cls,
        user_pools: Sequence["cognito.IUserPool"],
        app_clients: Sequence["cognito.IUserPoolClient"],
        *,
        customer_claim: str = "sub",
    ) -> "Authorization":
        """Users of these pools, by their ID token in the Authorization header.

        API Gateway checks the token of every request, and caches no result.

        :param user_pools: at least one. With several, a value of `customer_claim` has to mean the same person in all
            of them: any claim but `sub` adds the warning `connect-persistent-chat:several-user-pools`.
        :param app_clients: at least one; tokens that were issued to another app client are refused.
        :param customer_claim: which claim of the token is the customer of the user's contacts. Default: `sub`.
            Any other claim adds the warning `connect-persistent-chat:customer-claim`: users must not be able to write
            that claim. A claim that is a list, such as `cognito:groups`, never names a customer: every call gets 404.
            Cognito's own lists add the warning `connect-persistent-chat:list-claim`.

        Raises ConfigurationError.
        """
        mistakes = [
            f"{name}: got none, expected at least one."
            for name, given in (("user_pools", user_pools), ("app_clients", app_clients))
            if not given
        ]
        if not customer_claim.strip():
            mistakes.append(f"customer_claim: got {customer_claim!r}, expected the name of a claim.")
        if mistakes:
            raise ConfigurationError("Authorization.cognito", mistakes)
        return cls(names.COGNITO, user_pools=user_pools, app_clients=app_clients, claim=customer_claim)

    @classmethod
    def authorizer(cls, authorizer: apigateway.IAuthorizer, *, customer_key: str) -> "Authorization":
        """Callers that a Lambda authorizer of your own lets in.

        :param authorizer: a TokenAuthorizer or RequestAuthorizer. API Gateway keeps its answer for 5 minutes by
            default and uses it for other contacts too. So the policy has to name the method with wildcards
            (`<api>/v1/POST/contact/*`), or set `results_cache_ttl` to 0. The identity sources have to be everything
            that the answer depends on.
        :param customer_key: the key of the authorizer's context, or `principalId`, whose value is the customer of
            the caller's contacts. Only your authorizer writes it. API Gateway passes every value on as a string. A
            value in square brackets counts as a list, and a list never names a customer.

        Raises ConfigurationError.
        """
        mistakes = []
        if authorizer.authorization_type not in (None, _TYPE.CUSTOM):
            mistakes.append(
                f"authorizer: got one of type {authorizer.authorization_type}, expected a Lambda authorizer. "
                "For user pools there is Authorization.cognito."
            )
        if not customer_key.strip():
            mistakes.append(f"customer_key: got {customer_key!r}, expected a key of the authorizer's context.")
        if mistakes:
            raise ConfigurationError("Authorization.authorizer", mistakes)
        return cls(names.AUTHORIZER, claim=customer_key, authorizer=authorizer)

    @property
    def is_iam(self) -> bool:
        """Whether callers are AWS identities."""
        return self._kind in (names.IAM, names.IAM_WITH_IDENTITY_POOLS)

    @property
    def knows_person(self) -> bool:
        """Whether it tells which customer calls."""
        return not self.is_iam

    @property
    def lets_browsers_speak_for_any(self) -> bool:
        """Whether a page in a browser may call in the name of any customer."""
        return self._kind == names.IAM_WITH_IDENTITY_POOLS

    @property
    def may_read_cookies(self) -> bool:
        """Whether a browser might send the credentials by itself, without the page's doing."""
        return self._kind == names.AUTHORIZER

    def environment(self) -> Mapping[str, str]:
        """What the function is told."""
        variables = {
            names.AUTHORIZATION: self._kind,
            names.APP_CLIENTS: " ".join(client.user_pool_client_id for client in self._app_clients),
            names.CUSTOMER_CLAIM: self._claim,
        }
        return {name: value for name, value in variables.items() if value}

    def method_options(self, scope: Construct) -> tuple[apigateway.AuthorizationType, apigateway.IAuthorizer | None]:
        """What API Gateway is told; what it takes is made in this scope."""
        if self.is_iam:
            return _TYPE.IAM, None
        if self._kind == names.COGNITO:
            # An answer that is kept would outlive its token.
            made = apigateway.CognitoUserPoolsAuthorizer(
                scope,
                "Authorizer",
                cognito_user_pools=self._user_pools,
                results_cache_ttl=Duration.seconds(0),
            )
            return _TYPE.COGNITO, made
        return _TYPE.CUSTOM, self._authorizer

    def warn(self, scope: Construct) -> None:
        """Warnings about what is allowed, but has to be known."""
        if self._kind == names.IAM_WITH_IDENTITY_POOLS:
            Annotations.of(scope).add_warning_v2(
                "connect-persistent-chat:identity-pools",
                "Identities of Cognito identity pools are browsers, and IAM callers speak for any customer. Everybody "
                "with such credentials may continue any customer's chat in another chat of the same customer. "
                "Authorization.cognito() ties each user to one customer.",
            )
        if self._kind == names.COGNITO and self._claim != "sub":
            Annotations.of(scope).add_warning_v2(
                "connect-persistent-chat:customer-claim",
                f"The claim {self._claim} names the customer. Make sure that users cannot write it: neither by "
                "the app client's write permissions nor at sign-up.",
            )
            if self._claim in names.LISTS_OF_COGNITO:
                Annotations.of(scope).add_warning_v2(
                    "connect-persistent-chat:list-claim",
                    f"The claim {self._claim} is a list, and a list can never name a customer: every call will get "
                    "404. Name a claim that holds one person, such as sub.",
                )
            if len(self._user_pools) > 1:
                Annotations.of(scope).add_warning_v2(
                    "connect-persistent-chat:several-user-pools",
                    f"The claim {self._claim} of {len(self._user_pools)} user pools names the customer. Users "
                    "with the same value in two pools count as one customer. Make sure that no user can choose the "
                    "value in any pool.",
                )
