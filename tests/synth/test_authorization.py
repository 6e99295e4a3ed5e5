"""Who may call, and who the customer is: what is safe is built, what contradicts itself is refused."""

import json
import re
import typing
from typing import Any

import jsii
import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat import Authorization, ConfigurationError, CustomerIdentity
from connect_persistent_chat.endpoint import wire
from tests.synth.apps import HERE, Synthesized, endpoint, stack, user_pool


def lambda_authorizer(scope: Stack) -> apigateway.IAuthorizer:
    """A Lambda authorizer of the user's own."""
    function = lambda_.Function(
        scope,
        "Authorize",
        runtime=lambda_.Runtime.PYTHON_3_14,
        code=lambda_.Code.from_inline("def handle(event, context): ..."),
        handler="index.handle",
    )
    return apigateway.TokenAuthorizer(scope, "Authorizer", handler=function)


def two_pools(scope: Stack, claim: str) -> Authorization:
    """Users of two pools, known by this claim."""
    pools, clients = user_pool(scope)
    more_pools, more_clients = user_pool(scope, "More")
    return Authorization.cognito([*pools, *more_pools], [*clients, *more_clients], customer_claim=claim)


def variables_of(made: Synthesized) -> dict[str, Any]:
    """The function's environment."""
    variables: dict[str, Any] = made.named("AWS::Lambda::Function", "EndpointFunction")["Environment"]["Variables"]
    return variables


def method_of(made: Synthesized) -> dict[str, Any]:
    """The one method that is called."""
    (method,) = (
        resource["Properties"]
        for resource in made.all("AWS::ApiGateway::Method").values()
        if resource["Properties"]["HttpMethod"] == "POST"
    )
    return dict(method)


def test_users_of_a_pool_are_known_by_their_id_token() -> None:
    """The gateway checks the signature, the function the kind of token, the app client and the person."""
    here = stack(env=HERE)
    endpoint(here, authorization=Authorization.cognito(*user_pool(here)))
    made = Synthesized(here)
    assert method_of(made)["AuthorizationType"] == "COGNITO_USER_POOLS"
    authorizer = made.only("AWS::ApiGateway::Authorizer")
    (pool,) = made.all("AWS::Cognito::UserPool")
    assert authorizer["ProviderARNs"] == [{"Fn::GetAtt": [pool, "Arn"]}]
    # An answer that the gateway keeps would outlive its token, by five minutes as the default is.
    assert authorizer["AuthorizerResultTtlInSeconds"] == 0
    (client,) = made.all("AWS::Cognito::UserPoolClient")
    variables = variables_of(made)
    assert (variables["AUTHORIZATION"], variables["CUSTOMER_CLAIM"]) == ("cognito", "sub")
    assert variables["APP_CLIENTS"] == {"Ref": client}
    assert made.only("Custom::PersistentChatProof")["Signed"] == "false"
    assert made.warnings() == []


def test_a_lambda_authorizer_names_the_customer_by_a_key() -> None:
    """Whatever else its context holds."""
    here = stack(env=HERE)
    endpoint(here, authorization=Authorization.authorizer(lambda_authorizer(here), customer_key="customer"))
    made = Synthesized(here)
    assert method_of(made)["AuthorizationType"] == "CUSTOM"
    assert variables_of(made)["AUTHORIZATION"] == "authorizer"
    assert variables_of(made)["CUSTOMER_CLAIM"] == "customer"


@pytest.mark.parametrize(
    ("authorization", "warning"),
    [
        (lambda here: Authorization.iam(allow_identity_pools=True), "identity-pools"),
        (lambda here: Authorization.cognito(*user_pool(here), customer_claim="email"), "customer-claim"),
        (lambda here: two_pools(here, "email"), "customer-claim several-user-pools"),
        (
            lambda here: Authorization.cognito(*user_pool(here), customer_claim="cognito:groups"),
            "customer-claim list-claim",
        ),
        (
            lambda here: Authorization.cognito(*user_pool(here), customer_claim="cognito:roles"),
            "customer-claim list-claim",
        ),
        (lambda here: two_pools(here, "sub"), ""),
    ],
)
def test_what_has_to_be_known_warns_with_a_stable_id(authorization: Any, warning: str) -> None:
    """Allowed, but not silently: a `sub` is nobody else's in any pool, another claim may be, and a list is nobody's."""
    here = stack(env=HERE)
    endpoint(here, authorization=authorization(here))
    said = " ".join(Synthesized(here).warnings())
    assert re.findall(r"\[ack: connect-persistent-chat:(.*?)\]", said) == warning.split()


@pytest.mark.parametrize(
    "authorization",
    [
        lambda here: Authorization.cognito(*user_pool(here)),
        lambda here: Authorization.authorizer(lambda_authorizer(here), customer_key="k"),
    ],
)
def test_an_authorization_that_knows_the_person_and_unchecked_contradict_each_other(authorization: Any) -> None:
    """Any user could open any customer's chat."""
    here = stack(env=HERE)
    with pytest.raises(ConfigurationError, match=r"customer_identity: got unchecked\(\) with an authorization"):
        endpoint(here, authorization=authorization(here), customer_identity=CustomerIdentity.unchecked())


def test_browsers_that_speak_for_anybody_and_unchecked_contradict_each_other() -> None:
    """Each alone warns; together any page could open any chat."""
    pools = Authorization.iam(allow_identity_pools=True)
    with pytest.raises(ConfigurationError, match=r"got unchecked\(\) with iam\(allow_identity_pools=True\)"):
        endpoint(stack(env=HERE), authorization=pools, customer_identity=CustomerIdentity.unchecked())


def test_a_grant_on_an_endpoint_of_tokens_is_refused() -> None:
    """IAM permission opens nothing there; whoever grants it believes otherwise."""
    here = stack(env=HERE)
    made = endpoint(here, authorization=Authorization.cognito(*user_pool(here)))
    with pytest.raises(ConfigurationError, match="grant_invoke"):
        made.grant_invoke(iam.Role(here, "Backend", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")))


def test_mistakes_say_what_was_got_and_expected() -> None:
    """At synthesis, not at the first call."""
    here = stack(env=HERE)
    pools, clients = user_pool(here)
    with pytest.raises(
        ConfigurationError,
        match=r"user_pools: got an empty list, expected at least one user pool.*\n- app_clients: got an empty list",
    ):
        Authorization.cognito([], [])
    with pytest.raises(ConfigurationError, match="customer_claim"):
        Authorization.cognito(pools, clients, customer_claim=" ")
    with pytest.raises(ConfigurationError, match="customer_key"):
        Authorization.authorizer(lambda_authorizer(here), customer_key="")
    users = apigateway.CognitoUserPoolsAuthorizer(here, "Wrong", cognito_user_pools=pools)
    with pytest.raises(ConfigurationError, match=r"expected a Lambda authorizer.*Authorization\.cognito"):
        Authorization.authorizer(users, customer_key="sub")


@jsii.implements(apigateway.IAuthorizer)
class Typed:
    """An authorizer that only says its type. The CDK's engine sees only members of the class."""

    authorizer_id = property(lambda _: "a")
    authorization_type = property(lambda self: self._kind)

    def __init__(self, kind: apigateway.AuthorizationType) -> None:
        self._kind = kind


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (apigateway.AuthorizationType.NONE, "With none, everybody could call."),
        (apigateway.AuthorizationType.IAM, "For AWS identities use Authorization.iam()."),
        (apigateway.AuthorizationType.COGNITO, "For user pools use Authorization.cognito(...)."),
    ],
)
def test_an_authorizer_of_another_type_is_told_what_there_is_instead(
    kind: apigateway.AuthorizationType, how: str
) -> None:
    """Each of the other types has its own answer."""
    with pytest.raises(ConfigurationError) as refused:
        Authorization.authorizer(typing.cast(apigateway.IAuthorizer, Typed(kind)), customer_key="k")
    assert refused.value.mistakes == [f"authorizer: got one of type {kind.name}, expected a Lambda authorizer. {how}"]


def test_an_app_client_of_another_pool_is_refused() -> None:
    """API Gateway would refuse every token of its users, and the function those of all the others."""
    here, there = (stack(name, app=app, env=HERE) for app in [App()] for name in ("Here", "There"))
    (pool,), (client,) = user_pool(here)
    (other,), (others,) = user_pool(there, "More")
    with pytest.raises(ConfigurationError) as refused:
        endpoint(here, authorization=Authorization.cognito([pool], [client, others]))
    assert refused.value.mistakes == [
        "authorization: got the app client 'There/More/App' of another user pool, expected one of the user pools that "
        "were given. Add its pool to user_pools, or give a client of one of those pools."
    ]
    endpoint(here, "Both", authorization=Authorization.cognito([pool, other], [client, others]))
    # Of what was imported nobody knows.
    imported = cognito.UserPool.from_user_pool_id(here, "Imported", "us-east-1_abc")
    endpoint(here, "Unknown", authorization=Authorization.cognito([imported], [client]))
    endpoint(
        here,
        "UnknownClient",
        authorization=Authorization.cognito(
            [pool], [cognito.UserPoolClient.from_user_pool_client_id(here, "ImportedClient", "abc")]
        ),
    )


@pytest.mark.parametrize(
    ("given", "how"),
    [
        ({"deadline": Duration.seconds}, "Call it: Duration.seconds(...)."),
        ({"authorization": Authorization.iam}, "Call it: Authorization.iam(...)."),
        ({"customer_identity": CustomerIdentity.attribute}, "Call it: CustomerIdentity.attribute(...)."),
        ({"deadline": print}, "Use Duration.seconds(...), for example."),
    ],
)
def test_a_method_that_was_not_called_is_told_to_be(given: dict[str, Any], how: str) -> None:
    """The parentheses are what people forget."""
    with pytest.raises(ConfigurationError, match=r"got the function .*, expected") as refused:
        endpoint(stack(), **given)
    assert str(refused.value).endswith(how)


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        (["https://a.example"], "'https://a.example'"),
        (["https://a.example", "http://localhost:3000"], "method.request.header.origin"),
        (["*"], "'*'"),
    ],
)
def test_pages_of_allowed_origins_can_ask_before_and_read_refusals(origins: list[str], allowed: str) -> None:
    """Preflight, and the headers on each of the gateway's own refusals; never with credentials."""
    here = stack(env=HERE)
    endpoint(here, authorization=Authorization.cognito(*user_pool(here)), cors_allowed_origins=origins)
    made = Synthesized(here)
    assert variables_of(made)["CORS_ALLOWED_ORIGINS"] == " ".join(origins)
    refusals = [resource["Properties"] for resource in made.all("AWS::ApiGateway::GatewayResponse").values()]
    expected = {refusal.response_type for refusal in (*wire.GATEWAY_REFUSALS, wire.UNAUTHORIZED)} | {"BAD_REQUEST_BODY"}
    assert {refusal["ResponseType"] for refusal in refusals} == expected
    for refusal in refusals:
        headers = refusal["ResponseParameters"]
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == allowed
        assert ("gatewayresponse.header.Vary" in headers) == (origins != ["*"])
    (preflight,) = (
        resource["Properties"]
        for resource in made.all("AWS::ApiGateway::Method").values()
        if resource["Properties"]["HttpMethod"] == "OPTIONS"
    )
    answers = json.dumps(preflight["Integration"])
    for origin in origins:
        assert origin in answers
    assert "'POST'" in answers
    assert "Credentials" not in made.text()
    warnings = made.warnings()
    assert ["[ack: connect-persistent-chat:any-origin]" in warning for warning in warnings] == (
        [True] if origins == ["*"] else []
    )
