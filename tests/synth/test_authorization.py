"""Who may call, and who the customer is: what is safe is built, what contradicts itself is refused."""

import json
import re
import typing
from functools import partial
from typing import Any

import jsii
import pytest
from aws_cdk import App, CfnParameter, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from connect_persistent_chat import Authorization, ConfigurationError, CustomerIdentity
from connect_persistent_chat.endpoint import wire
from connect_persistent_chat.messages import shown
from tests.synth.apps import HERE, INSTANCE_ID, Synthesized, endpoint, stack, user_pool

ISSUER = "https://login.example.com/tenant"
TOKEN = "${Token[TOKEN.7]}"


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


def test_users_of_an_issuer_are_checked_by_a_function_of_the_endpoints_own() -> None:
    """A REST API knows no issuer but Cognito. It asks the function about every request, and keeps no answer."""
    here = stack(env=HERE)
    made_here = endpoint(
        here,
        authorization=Authorization.oidc(ISSUER, ["client"]),
        log_retention=logs.RetentionDays.ONE_YEAR,
        log_removal_policy=RemovalPolicy.RETAIN,
    )
    made = Synthesized(here)
    assert method_of(made)["AuthorizationType"] == "CUSTOM"
    authorizer = made.only("AWS::ApiGateway::Authorizer")
    assert (authorizer["Type"], authorizer["AuthorizerResultTtlInSeconds"]) == ("TOKEN", 0)
    assert authorizer["IdentitySource"] == "method.request.header.Authorization"
    function = made.named("AWS::Lambda::Function", "EndpointAuthorizerFunction")
    endpoints = made.named("AWS::Lambda::Function", "EndpointFunction")
    same = ("Runtime", "Architectures", "TracingConfig", "MemorySize")
    assert [function[name] for name in same] == [endpoints[name] for name in same]
    assert (function["Handler"], function["Timeout"]) == ("authorizer.handler.handle", 10)
    assert function["Environment"]["Variables"] == {
        "CONNECT_INSTANCE_ID": INSTANCE_ID,
        "ISSUER": ISSUER,
        "AUDIENCES": "client",
        "CUSTOMER_CLAIM": "sub",
        "ALGORITHMS": "RS256",
        "RES_OPTIONS": endpoints["Environment"]["Variables"]["RES_OPTIONS"],
    }
    # What the function has verified stands under one key, whatever the claim is called.
    variables = variables_of(made)
    assert (variables["AUTHORIZATION"], variables["CUSTOMER_CLAIM"]) == ("authorizer", "customer")
    log = made.all("AWS::Logs::LogGroup")
    (own,) = (key for key in log if "AuthorizerLog" in key)
    assert (log[own]["Properties"]["RetentionInDays"], log[own]["DeletionPolicy"]) == (365, "Retain")
    assert function["LoggingConfig"] == {"LogGroup": {"Ref": own}}
    assert made.allowed("EndpointAuthorizerRole") == {
        "logs:CreateLogStream": {"Fn::GetAtt": [own, "Arn"]},
        "logs:PutLogEvents": {"Fn::GetAtt": [own, "Arn"]},
        "xray:PutTelemetryRecords": "*",
        "xray:PutTraceSegments": "*",
    }
    access_log = json.loads(made.only("AWS::ApiGateway::Stage")["AccessLogSetting"]["Format"])
    assert access_log["authorizerRequestId"] == "$context.authorizer.requestId"
    assert made_here.authorizer_function is not None
    assert made_here.authorizer_log is not None
    assert made.warnings() == []


def test_only_an_endpoint_of_an_issuer_has_an_authorizers_function() -> None:
    """The others have one function, and one log of it."""
    here = stack(env=HERE)
    other = endpoint(here, authorization=Authorization.authorizer(lambda_authorizer(here), customer_key="k"))
    assert (other.authorizer_function, other.authorizer_log) == (None, None)
    assert "authorizerRequestId" not in Synthesized(here).text()


def test_the_proof_of_an_issuers_endpoint_invokes_both_functions() -> None:
    """It may invoke these two, and compares the variables of both."""
    here = stack(env=HERE)
    endpoint(here, authorization=Authorization.oidc(ISSUER, ["a", "b"], customer_claim="email", algorithms=["PS256"]))
    made = Synthesized(here)
    proof = made.only("Custom::PersistentChatProof")
    (authorizer,) = (key for key in made.all("AWS::Lambda::Function") if "AuthorizerFunction" in key)
    (function,) = (key for key in made.all("AWS::Lambda::Function") if key.startswith("EndpointFunction"))
    assert (proof["Authorizer"], proof["Signed"]) == ({"Fn::GetAtt": [authorizer, "Arn"]}, "false")
    assert proof["AuthorizerEnvironment"] == {
        "CONNECT_INSTANCE_ID": INSTANCE_ID,
        "ISSUER": ISSUER,
        "AUDIENCES": "a b",
        "CUSTOMER_CLAIM": "email",
        "ALGORITHMS": "PS256",
    }
    statements = made.named("AWS::IAM::Policy", "EndpointProofPolicy")["PolicyDocument"]["Statement"]
    (invoke,) = (one for one in statements if "lambda:InvokeFunction" in one["Action"])
    assert invoke["Resource"] == [{"Fn::GetAtt": [one, "Arn"]} for one in (function, authorizer)]


@pytest.mark.parametrize(
    ("token", "asks"),
    [
        ("eyJ.eyJ.s-_", True),
        ("Bearer eyJ.eyJ.s", True),
        ("bEARER eyJ.eyJ.s", True),
        ("", False),
        ("junk", False),
        ("Bearer junk", False),
        ("a.b", False),
        ("a..c", False),
        ("a.b.c.d", False),
        ("a.b.c=", False),
        ("Bearer  a.b.c", False),
        ("a.b.c\n", False),
        ("AWS4-HMAC-SHA256 Credential=a/b, Signature=c", False),
    ],
)
def test_the_gateway_asks_about_everything_with_the_form_of_a_token(token: str, asks: bool) -> None:
    """Junk costs no invocation. What the function would take must not be refused before."""
    here = stack(env=HERE)
    endpoint(here, authorization=Authorization.oidc(ISSUER, ["client"]))
    expression = Synthesized(here).only("AWS::ApiGateway::Authorizer")["IdentityValidationExpression"]
    assert (re.fullmatch(expression, token) is not None) == asks


@pytest.mark.parametrize(
    ("authorization", "failing"),
    [
        (lambda here: Authorization.iam(), set()),
        (lambda here: Authorization.cognito(*user_pool(here)), {"UNAUTHORIZED"}),
        (
            lambda here: Authorization.oidc(ISSUER, ["client"]),
            {"UNAUTHORIZED", "AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"},
        ),
        (
            lambda here: Authorization.authorizer(lambda_authorizer(here), customer_key="k"),
            {"UNAUTHORIZED", "AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"},
        ),
    ],
)
def test_an_authorizer_that_fails_is_no_refusal_of_the_caller(authorization: Any, failing: set[str]) -> None:
    """A page that gets 403 signs its user in again, and one that gets 503 tries again."""
    here = stack(env=HERE)
    endpoint(here, authorization=authorization(here))
    refusals = [one["Properties"] for one in Synthesized(here).all("AWS::ApiGateway::GatewayResponse").values()]
    ours = {one["ResponseType"]: one for one in refusals if "AUTHORI" in one["ResponseType"]}
    assert set(ours) == failing
    for kind in failing - {"UNAUTHORIZED"}:
        assert ours[kind]["StatusCode"] == "503"
        assert "InternalServiceException" in json.dumps(ours[kind]["ResponseTemplates"])
        assert ours[kind]["ResponseParameters"]["gatewayresponse.header.Retry-After"] == "'1'"
    # A caller without credentials, or at a path that is not there, learns which kind of them this endpoint takes.
    (missing,) = (one for one in refusals if one["ResponseType"] == "MISSING_AUTHENTICATION_TOKEN")
    kinds = {"IAM authorization", "a signed-in customer"}
    said = {kind for kind in kinds if kind in json.dumps(missing["ResponseTemplates"])}
    assert said == {"a signed-in customer" if failing else "IAM authorization"}


@pytest.mark.parametrize(
    "issuer",
    [
        "https://accounts.google.com",
        "https://tenant.eu.auth0.com/",
        "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0",
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc",
        "https://keycloak.example.com:8443/realms/customers",
        "https://Login.Example.com/a%20b",
        TOKEN,
        f"https://{TOKEN}",
        f"https://{TOKEN}/realms/{TOKEN}",
        f"https://login.example.com:{TOKEN}/tenant",
        f"{TOKEN}/tenant",
        f"{TOKEN}://login.example.com",
    ],
)
def test_an_issuer_that_can_be_one(issuer: str) -> None:
    """As six known issuers write theirs; a part may be known to the deployment only."""
    endpoint(stack(env=HERE), authorization=Authorization.oidc(issuer, [f"client-{TOKEN}"]))


@pytest.mark.parametrize(
    "issuer",
    [
        "login.example.com",
        "http://login.example.com",
        "HTTPS://login.example.com",
        "https://",
        "https:///tenant",
        "https://user@login.example.com",
        "https://user:password@login.example.com",
        "https://login.example.com?tenant=1",
        "https://login.example.com/?tenant=1",
        "https://login.example.com/#tenant",
        "https://login.example.com:65536",
        "https://login.example.com:port",
        "https://login.example.com/a b",
        "https://login.example.com/a@b",
        "https://login.example.com/{tenantid}/v2.0",
        "https://login.example.com/é",
        "https://login.example.com\n",
        f"http://{TOKEN}",
        f"https://{TOKEN}?x",
        f"{TOKEN}#x",
    ],
)
def test_an_issuer_that_can_be_none(issuer: str) -> None:
    """Its function would fail at its start, and a query would be lost: so synthesis says it."""
    with pytest.raises(ConfigurationError) as refused:
        Authorization.oidc(issuer, ["client"])
    (said,) = refused.value.mistakes
    assert said.startswith(f"issuer: got {shown(issuer)}, expected an https URL without a query, such as https://")


@pytest.mark.parametrize("tenants", ["common/v2.0", "organizations/v2.0", "consumers"])
def test_entra_ids_address_for_many_tenants_is_no_issuer(tenants: str) -> None:
    """Its discovery document names another issuer, so the deployment would fail after minutes."""
    url = f"https://login.microsoftonline.com/{tenants}"
    with pytest.raises(ConfigurationError) as refused:
        Authorization.oidc(url, ["client"])
    expected = "expected the issuer of one tenant: its id stands in the tokens' `iss`."
    assert refused.value.mistakes == [f"issuer: got {url!r}, {expected}"]


@pytest.mark.parametrize("claim", ["iss", "aud", "azp", "exp", "iat", "nbf", "auth_time", "token_use"])
def test_a_claim_that_names_no_person_is_refused(claim: str) -> None:
    """All users of a client have the same `aud`: they would be one customer, and read each other's chats."""
    for make in (
        partial(Authorization.oidc, ISSUER, ["client"]),
        partial(Authorization.cognito, *user_pool(stack())),
    ):
        with pytest.raises(ConfigurationError, match=f"customer_claim: got '{claim}', expected a claim that names one"):
            make(customer_claim=claim)


def test_mistakes_of_an_issuer_say_what_was_got_and_expected() -> None:
    """All of them at once. The address of the discovery document is what people have at hand."""
    discovery = f"{ISSUER}/.well-known/openid-configuration"
    with pytest.raises(ConfigurationError, match=r"Leave out /\.well-known/openid-configuration"):
        Authorization.oidc(f"{discovery}/", ["client"])
    with pytest.raises(ConfigurationError) as refused:
        Authorization.oidc(
            discovery, ["two words", "client"], customer_claim=" ", algorithms=["HS256", "RS256", "none"]
        )
    assert refused.value.mistakes == [
        f"issuer: got {discovery!r}, expected an https URL without a query, such as https://login.example.com/tenant. "
        "Leave out /.well-known/openid-configuration: write exactly the `iss` of the tokens.",
        "audiences: got 'two words' in the list, expected a client id without white space.",
        "customer_claim: got ' ', expected a text that is not empty.",
        "algorithms: got 'HS256' in the list, expected RS256, RS384, RS512 or PS256.",
        "algorithms: got 'none' in the list, expected RS256, RS384, RS512 or PS256.",
    ]
    with pytest.raises(ConfigurationError) as refused:
        Authorization.oidc(ISSUER, [], algorithms=[])
    assert refused.value.mistakes == [
        "audiences: got an empty list, expected a client id without white space.",
        "algorithms: got an empty list, expected RS256, RS384, RS512 or PS256.",
    ]
    with pytest.raises(ConfigurationError, match=r"authorization: got values that need \d+ bytes"):
        endpoint(stack(env=HERE), authorization=Authorization.oidc(ISSUER, ["a" * 60 + str(n) for n in range(70)]))


@pytest.mark.parametrize(
    ("authorization", "warning"),
    [
        (lambda here: Authorization.oidc(ISSUER, ["a"], customer_claim="sub"), ""),
        (lambda here: Authorization.oidc(ISSUER, ["a", "a"]), ""),
        (lambda here: Authorization.oidc(ISSUER, ["a"], customer_claim="email"), "customer-claim"),
        (
            lambda here: Authorization.oidc(ISSUER, ["a"], customer_claim=CfnParameter(here, "C").value_as_string),
            "customer-claim",
        ),
        (lambda here: Authorization.oidc(ISSUER, ["a", "b"]), "several-audiences"),
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
        lambda here: Authorization.oidc(ISSUER, ["client"]),
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


def test_pages_of_any_origin_may_call_with_an_issuers_tokens() -> None:
    """A browser sends no such token by itself. An authorizer of the user's own may read cookies."""
    here = stack(env=HERE)
    endpoint(here, authorization=Authorization.oidc(ISSUER, ["client"]), cors_allowed_origins=["*"])
    own = Authorization.authorizer(lambda_authorizer(here), customer_key="k")
    with pytest.raises(ConfigurationError, match="a Lambda authorizer can accept credentials that browsers send"):
        endpoint(here, "Own", authorization=own, cors_allowed_origins=["*"])


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
