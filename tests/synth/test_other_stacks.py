"""Values and resources of another stack are accepted exactly if the CDK can name them. The tests ask the CDK itself."""

from collections import UserList, deque
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from aws_cdk import App, Aws, CfnOutput, CfnParameter, Duration, Environment, Stack, Stage, Token
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_connect as connect
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm

from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ConfigurationError,
    ConnectInstance,
    CustomerIdentity,
    PersistentChatMonitoring,
)
from connect_persistent_chat.stacks import unnamed_in
from tests.synth.apps import HERE, INSTANCE_ARN, INSTANCE_ID, Synthesized, endpoint, history, stack, user_pool
from tests.synth.calls import TABLE_ARN, mistakes_of

ACCOUNT, OTHER, REGION, FAR = "123456789012", "999999999999", "us-east-1", "eu-west-2"
ENVS: dict[str, dict[str, str]] = {
    "none": {},
    "region": {"region": REGION},
    "other region": {"region": FAR},
    "account": {"account": ACCOUNT},
    "other account": {"account": OTHER},
    "full": {"account": ACCOUNT, "region": REGION},
    "full, other account": {"account": OTHER, "region": REGION},
    "full, other region": {"account": ACCOUNT, "region": FAR},
}
PAIRS = [(own, env) for own in ENVS for env in ENVS]


def stacks(own: str, env: str, *, staged: bool = False) -> tuple[App, Stack, Stack]:
    """An app with two stacks of these envs, perhaps each in a stage of its own."""
    app = App()
    scopes = [Stage(app, name) if staged else app for name in ("One", "Two")]
    envs = [Environment(**ENVS[name]) for name in (own, env)]
    return app, Stack(scopes[0], "There", env=envs[0]), Stack(scopes[1], "Here", env=envs[1])


def cdk_takes(app: App) -> bool:
    """Whether the CDK synthesizes it."""
    try:
        app.synth()
    except RuntimeError as refused:
        causes = ("CannotUseCrossEnvironment", "RequireExplicitRegion", "NoCrossStageDependency", "DependencyCycle")
        if any(cause in str(refused) for cause in causes):
            return False
        raise
    return True


def connect_instance(there: Stack) -> str:
    """The id of an instance that is made there."""
    attributes = connect.CfnInstance.AttributesProperty(inbound_calls=True, outbound_calls=True)
    return connect.CfnInstance(
        there, "Centre", attributes=attributes, identity_management_type="CONNECT_MANAGED"
    ).attr_id


MADE: dict[str, Callable[[Stack], str]] = {
    "a pool": lambda there: cognito.UserPool(there, "Pool").user_pool_arn,
    "an app client": lambda there: cognito.UserPool(there, "Pool").add_client("App").user_pool_client_id,
    "an imported pool": lambda there: cognito.UserPool.from_user_pool_id(there, "Pool", "us-east-1_abc").user_pool_arn,
    "an instance": connect_instance,
    "a parameter": lambda there: ssm.StringParameter.value_for_string_parameter(there, "/x"),
    "a part": lambda there: f"x{connect_instance(there)}",
    "a topic": lambda there: sns.Topic(there, "Topic").topic_arn,
    "a topic with a name": lambda there: sns.Topic(there, "Topic", topic_name="named").topic_arn,
}


@pytest.mark.prove
@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("made", list(MADE))
def test_a_value_of_another_stack_is_refused_exactly_if_the_cdk_refuses_it(made: str, staged: bool) -> None:
    """The CDK refuses it only at the end of synthesis, and does not name the parameter."""
    differ = {}
    for own, env in PAIRS:
        app, there, here = stacks(own, env, staged=staged)
        value = MADE[made](there)
        said = unnamed_in("parameter", "a value", value, here)
        CfnOutput(here, "Value", value=value)
        if cdk_takes(app) != (said == []):
            differ[own, env] = said
    assert differ == {}


@pytest.mark.parametrize("own", ["none", "region"])
@pytest.mark.parametrize(
    "what", ["pool", "imported pool", "instance", "own instance", "claim", "issuer", "audience", "attribute", "origin"]
)
def test_an_endpoint_takes_of_another_stack_what_the_cdk_takes(what: str, own: str) -> None:
    """Without any env, the other stack's resources cannot be named. With a region alone, they can."""
    app, there, here = stacks(own, "full")
    parameter = CfnParameter(there, "Value").value_as_string

    def build() -> None:
        given: dict[str, Any] = {}
        if what == "pool":
            given["authorization"] = Authorization.cognito(*user_pool(there))
        elif what == "imported pool":
            pool = cognito.UserPool.from_user_pool_id(there, "Pool", "us-east-1_abc")
            client = cognito.UserPoolClient.from_user_pool_client_id(there, "Client", "abc")
            given["authorization"] = Authorization.cognito([pool], [client])
        elif what == "instance":
            given["instance"] = ConnectInstance.from_instance_id(there, "Instance", connect_instance(there))
        elif what == "own instance":
            given["instance"] = ConnectInstance.from_instance_arn(here, "Instance", parameter)
        elif what == "claim":
            given["authorization"] = Authorization.cognito(*user_pool(here), customer_claim=parameter)
        elif what in ("issuer", "audience"):
            issuer, audience = (parameter, "a") if what == "issuer" else ("https://login.example.com", parameter)
            given["authorization"] = Authorization.oidc(issuer, [audience])
        elif what == "attribute":
            given["customer_identity"] = CustomerIdentity.attribute(parameter)
        else:
            given["authorization"] = Authorization.cognito(*user_pool(here))
            given["cors_allowed_origins"] = [f"https://{parameter}"]
        endpoint(here, **given)

    if own == "region" or what == "imported pool":
        build()
        assert cdk_takes(app)
    else:
        with pytest.raises(ConfigurationError, match=r"of the stack 'There', expected one of a stack with the same"):
            build()


DURATIONS: dict[str, Callable[[Stack, float], object]] = {
    "transcript_delay": lambda here, number: endpoint(here, transcript_delay=Duration.seconds(number)),
    "retention": lambda here, number: history(here, "Kept", retention=Duration.seconds(number)),
    "event_delay": lambda here, number: history(here, "Late", event_delay=Duration.seconds(number)),
    "slow": lambda here, number: PersistentChatMonitoring(
        here, "Monitoring", endpoint=endpoint(here, "Watched"), slow=Duration.millis(number)
    ),
    "history": lambda here, number: endpoint(
        here,
        "Reader",
        history=ChatHistory.from_table_arn(here, "Imported", TABLE_ARN, event_delay=Duration.seconds(number)),
    ),
}


def test_the_number_of_a_duration_is_taken_of_another_stack_as_any_number() -> None:
    """The token stands inside the Duration."""
    app, there, here = stacks("none", "full")
    number = CfnParameter(there, "Number", type="Number").value_as_number
    for name, build in DURATIONS.items():
        said = mistakes_of(partial(build, here, number))
        assert f"{name}: got " in said
        assert "of the stack 'There', expected one of a stack with the same env" in said
    app, there, here = stacks("region", "full")
    number = CfnParameter(there, "Number", type="Number").value_as_number
    for build in DURATIONS.values():
        build(here, number)
    assert cdk_takes(app)


@pytest.mark.parametrize("kind", [list, tuple, deque, UserList])
def test_a_list_of_any_kind_is_looked_into_and_each_mistake_is_said_once(kind: Callable[[list[str]], object]) -> None:
    """All of them are sequences, which a parameter for a list takes."""
    _, there, here = stacks("none", "full")
    value = CfnParameter(there, "Value").value_as_string
    assert len(unnamed_in("parameter", "a value", kind([value, f"x{value}"]), here)) == 1


def function(scope: Stack, **properties: Any) -> lambda_.Function:
    """The function of an authorizer."""
    runtime, code = lambda_.Runtime.PYTHON_3_14, lambda_.Code.from_inline("def handle(event, context): ...")
    return lambda_.Function(scope, "Authorize", runtime=runtime, code=code, handler="index.handle", **properties)


FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:authorize"
FUNCTIONS: dict[str, Callable[[Stack], lambda_.IFunction]] = {
    "made": function,
    "with a name": lambda there: function(there, function_name="authorize"),
    "an alias": lambda there: function(there).add_alias("live"),
    "a version": lambda there: function(there).current_version,
    "imported": lambda there: lambda_.Function.from_function_arn(there, "Authorize", FUNCTION_ARN),
}


@pytest.mark.prove
@pytest.mark.parametrize("with_role", [False, True])
@pytest.mark.parametrize("kind", list(FUNCTIONS))
def test_an_authorizers_function_is_taken_exactly_if_the_cdk_takes_it(kind: str, with_role: bool) -> None:
    """Without a role, the stacks of the function and of the API name each other. Often this is a cycle."""
    known = ("none", "full", "full, other account", "full, other region")
    for own, env, staged in [(own, env, staged) for own in known for env in ("none", "full") for staged in (0, 1)]:
        app, there, here = stacks(own, env, staged=bool(staged))
        assumed = iam.Role(here, "Assumed", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        authorizer = apigateway.TokenAuthorizer(
            here, "Authorizer", handler=FUNCTIONS[kind](there), assume_role=assumed if with_role else None
        )
        said = Authorization.authorizer(authorizer, customer_key="customer").mistakes_in(here)
        custom = apigateway.AuthorizationType.CUSTOM
        apigateway.RestApi(here, "Api").root.add_method("POST", authorizer=authorizer, authorization_type=custom)
        assert cdk_takes(app) == (said == []), (own, env, staged, said)


SETTINGS: dict[str, Callable[[Stack, str], dict[str, Any]]] = {
    "identity_sources": lambda here, value: {"identity_sources": ["method.request.header.A", value]},
    "identity_source": lambda here, value: {"identity_source": value},
    "validation_regex": lambda here, value: {"validation_regex": value},
    "authorizer_name": lambda here, value: {"authorizer_name": value},
    "assume_role": lambda here, value: {"assume_role": iam.Role.from_role_arn(here, "Assumed", value)},
    "handler": lambda here, value: {"handler": lambda_.Function.from_function_arn(here, "Imported", value)},
    "results_cache_ttl": lambda here, value: {"results_cache_ttl": Duration.seconds(Token.as_number(value))},
}


@pytest.mark.parametrize("own", ["none", "region"])
@pytest.mark.parametrize("setting", list(SETTINGS))
def test_an_authorizers_settings_are_taken_exactly_if_the_cdk_takes_them(setting: str, own: str) -> None:
    """The CDK would refuse them at the end of synthesis, and not name the authorization."""
    app, there, here = stacks(own, "full")
    value = CfnParameter(there, "Value").value_as_string
    kind = apigateway.RequestAuthorizer if setting == "identity_sources" else apigateway.TokenAuthorizer
    authorizer = kind(here, "Authorizer", **{"handler": function(here), **SETTINGS[setting](here, value)})
    said = Authorization.authorizer(authorizer, customer_key="customer").mistakes_in(here)
    custom = apigateway.AuthorizationType.CUSTOM
    apigateway.RestApi(here, "Api").root.add_method("POST", authorizer=authorizer, authorization_type=custom)
    assert cdk_takes(app) == (said == []) == (own == "region"), said


def test_the_customer_key_of_another_stack_is_called_by_its_own_name() -> None:
    """Only user pools have claims."""
    _, there, here = stacks("none", "full")
    authorizer = apigateway.TokenAuthorizer(here, "Authorizer", handler=function(here))
    key = CfnParameter(there, "Value").value_as_string
    (said,) = Authorization.authorizer(authorizer, customer_key=key).mistakes_in(here)
    assert said.startswith("authorization: got a customer_key of the stack 'There'")


@pytest.mark.parametrize("what", ["history", "endpoint"])
def test_a_reader_or_caller_is_taken_exactly_if_the_cdk_names_the_resource_there(what: str) -> None:
    """The permission stands in the template of the identity's stack."""
    for own in ENVS:
        app, there, here = stacks(own, "full")
        role = iam.Role(there, "Caller", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        made: Any = history(here) if what == "history" else endpoint(here)
        resource = made.table.table_arn if what == "history" else made.api.arn_for_execute_api()
        try:
            made.grant_read(role) if what == "history" else made.grant_invoke(role)
            taken = True
        except ConfigurationError:
            taken = False
            # Without its checks, the library would make this grant.
            iam.Grant.add_to_principal(grantee=role, actions=["*"], resource_arns=[resource])
        # In another account the CDK may name it, but IAM would refuse.
        assert taken == (cdk_takes(app) and "other account" not in own), own


@pytest.mark.parametrize(
    ("changed", "said"),
    [(("us-east-1", FAR), "region is 'eu-west-2'"), ((ACCOUNT, OTHER), "account is '999999999999'"), (("", ""), "")],
)
def test_what_an_arn_says_is_held_against_the_stack_that_uses_it(changed: tuple[str, str], said: str) -> None:
    """A stack without env accepts any ARN. The endpoint that uses it may be in a stack with an env."""
    app = App()
    here, there = stack("Here", app=app, env=HERE), stack("There", app=app)
    instance = ConnectInstance.from_instance_arn(there, "Instance", INSTANCE_ARN.replace(*changed))
    table_arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/Chats".replace(*changed)
    kept = ChatHistory.from_table_arn(there, "History", table_arn)
    if said:
        with pytest.raises(ConfigurationError) as refused:
            endpoint(here, instance=instance, history=kept)
        assert str(refused.value).count(said) == 2
    else:
        endpoint(here, instance=instance, history=kept)


@pytest.mark.parametrize(
    ("make", "value", "said"),
    [
        ("from_instance_id", "x{}", "instance_id: got 'x<token>', expected an instance id"),
        ("from_instance_id", "11111111-{}", ""),
        ("from_instance_id", "{}" + INSTANCE_ID + "1", "instance_id: got "),
        ("from_instance_alias", "arn:aws:connect:{}", "Use ConnectInstance.from_instance_arn(...)."),
        ("from_instance_alias", "centre-{}", ""),
        ("from_instance_alias", "my centre {}", "instance_alias: got 'my centre <token>', expected an instance alias"),
        ("from_instance_arn", "arn:aws:connect:us-east-1:123456789012:{}", ""),
        ("from_instance_arn", "arn:aws:connect:us-east-1:123456789012:instance/x{}", "whose end is 'x<token>'"),
        ("from_table_arn", "arn:aws:dynamodb:us-east-1:123456789012:{}", ""),
        ("from_table_arn", "arn:aws:dynamodb:us-east-1:{}:table/Chats", ""),
        ("from_table_arn", "arn:aws-cn:dynamodb:us-east-1:{}:table/Chats", "partition is 'aws-cn', expected 'aws'"),
        ("from_topic_arn", "arn:aws:sns:us-east-1:{}:topic", ""),
        ("from_topic_arn", "arn:aws:sns:eu-west-2:{}:topic", "topic: got a topic in region eu-west-2"),
    ],
)
def test_what_is_known_of_a_text_is_checked_and_the_rest_is_taken(make: str, value: str, said: str) -> None:
    """A token in a text does not hide a mistake beside it."""
    here = stack(env=HERE)
    text = value.format(CfnParameter(here, "Rest").value_as_string if "_arn" not in make else _rest(here, value))

    def build() -> None:
        if make == "from_table_arn":
            endpoint(here, history=ChatHistory.from_table_arn(here, "Made", text))
        elif make == "from_topic_arn":
            history(here, topic=sns.Topic.from_topic_arn(here, "Made", text))
        else:
            endpoint(here, instance=getattr(ConnectInstance, make)(here, "Made", text))

    if said:
        with pytest.raises(ConfigurationError) as refused:
            build()
        assert said in str(refused.value)
        assert "Token[" not in str(refused.value)
    else:
        build()
        assert "Token[" not in Synthesized(here).text()


def _rest(here: Stack, value: str) -> str:
    return Aws.ACCOUNT_ID if ":{}:" in value else CfnParameter(here, "Rest").value_as_string


def test_a_resource_that_only_the_deployment_knows_is_taken_apart_there() -> None:
    """CloudFormation splits a text that synthesis does not know."""
    here = stack(env=HERE)
    rest = CfnParameter(here, "Rest").value_as_string
    instance = ConnectInstance.from_instance_arn(here, "Instance", f"arn:aws:connect:{REGION}:{ACCOUNT}:{rest}")
    kept = ChatHistory.from_table_arn(here, "History", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:{rest}")
    name = {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Rest"}]}]}
    assert here.resolve(kept.table.table_name) == name
    assert "Rest" in str(here.resolve(instance.instance_id))
