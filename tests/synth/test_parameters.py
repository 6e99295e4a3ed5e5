"""Whatever is passed in: it is taken, or refused in a sentence. The table is made of the signatures."""

import inspect
import json
import math
import types
import typing
from collections.abc import Callable, Sequence
from enum import Enum, IntEnum
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, Fn, RemovalPolicy, Stack, Stage, Token
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from hypothesis import example, given, settings
from hypothesis import strategies as st

import connect_persistent_chat
from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ConfigurationError,
    ConnectInstance,
    CustomerIdentity,
    IChatHistory,
    PersistentChatEndpoint,
    PersistentChatMonitoring,
    parameters,
)
from constructs import Construct
from tests.synth.apps import HERE, INSTANCE_ARN, INSTANCE_ID, Synthesized, endpoint, history, stack, user_pool
from tests.synth.test_authorization import lambda_authorizer

TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Chats"
CONSTRUCTS: list[type] = [PersistentChatEndpoint, ChatHistory, PersistentChatMonitoring]
ELSEWHERE = {
    "region": Environment(account="123456789012", region="eu-west-2"),
    "account": Environment(account="999999999999", region="us-east-1"),
}


# What an app gets that computes with a number that only the deployment knows.
TOKEN_TWICE = -3.7763091794175e289


def callables() -> dict[str, Callable[..., Any]]:
    """Whatever a user may call of the package that takes something."""
    found: dict[str, Callable[..., Any]] = {}
    for name in connect_persistent_chat.__all__:
        one = getattr(connect_persistent_chat, name)
        if issubclass(one, Enum | Exception) or getattr(one, "_is_protocol", False):
            continue
        own = [(key, getattr(one, key)) for key in dir(one) if not key.startswith("_") and key not in dir(Construct)]
        taking = {f"{name}.{key}": value for key, value in own if callable(value)}
        found |= {name: one} | taking
    return {name: one for name, one in found.items() if name not in INTERNAL and parameters_of(one)}


def parameters_of(called: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """What it takes of a user."""
    of = called.__init__ if inspect.isclass(called) else called
    return {
        name: one for name, one in inspect.signature(of).parameters.items() if name not in ("self", "args", "kwargs")
    }


# What constructs ask each other; nothing of it is a user's to call.
INTERNAL = {
    "Authorization.method_options",
    "Authorization.mistakes_in",
    "Authorization.warn",
    "ChatHistory.mistakes_with",
    "ConnectInstance.is_checked_in",
    "ConnectInstance.may_be",
    "ConnectInstance.mistakes_in",
    "CustomerIdentity.may_be",
}
CALLABLES = callables()
EACH = [(name, parameter) for name, called in CALLABLES.items() for parameter in parameters_of(called)]


def kind_of(name: str, parameter: str) -> tuple[Any, bool]:
    """The annotation without None, and whether None was in it."""
    called = CALLABLES[name]
    of = called.__init__ if inspect.isclass(called) else called
    from aws_cdk import aws_cloudwatch as cloudwatch

    hint = typing.get_type_hints(of, localns={"cognito": cognito, "cloudwatch": cloudwatch})[parameter]
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    (kind,) = (one for one in kinds if one is not type(None))
    return kind, len(kinds) > 1


class Prepared:
    """A stack with what each callable needs to be called rightly."""

    def __init__(self) -> None:
        self.stack = stack(env=HERE)
        self._made = 0

    def instance(self) -> ConnectInstance:
        """An instance, a new one each time."""
        self._made += 1
        return ConnectInstance.from_instance_id(self.stack, f"Instance{self._made}", INSTANCE_ID)

    def bound(self, name: str) -> Callable[..., Any]:
        """What is called by this name, with a scope and an id if it takes them."""
        owner, _, method = name.partition(".")
        called: Any = CALLABLES[name]
        if not inspect.isclass(called) and not inspect.ismethod(called):
            of = endpoint(self.stack, owner) if owner == "PersistentChatEndpoint" else history(self.stack, owner)
            called = getattr(of, method)
        where = {"scope": self.stack, "id": "Made"} if "scope" in parameters_of(CALLABLES[name]) else {}
        return lambda **given: called(**{**where, **given})

    def required(self, name: str) -> dict[str, Any]:
        """What there is no default for."""
        pools, clients = user_pool(self.stack) if name == "Authorization.cognito" else ([], [])
        values: dict[str, Callable[[], Any]] = {
            "instance": lambda: INSTANCE_ID if name == "ConnectInstance.from_any" else self.instance(),
            "instance_id": lambda: INSTANCE_ID,
            "instance_arn": lambda: INSTANCE_ARN,
            "instance_alias": lambda: "local",
            "table_arn": lambda: TABLE_ARN,
            "endpoint": lambda: endpoint(self.stack, "Watched"),
            "user_pools": lambda: pools,
            "app_clients": lambda: clients,
            "authorizer": lambda: lambda_authorizer(self.stack),
            "customer_key": lambda: "customer",
            "name": lambda: "customer",
            "grantee": lambda: iam.User(self.stack, "Caller"),
        }
        taken = parameters_of(CALLABLES[name]).items()
        needed = [key for key, one in taken if one.default is inspect.Parameter.empty and key not in ("scope", "id")]
        if name == "ConnectInstance":
            needed.append("instance_id")
        return {key: values[key]() for key in needed}


def mistakes_of(call: Callable[[], Any]) -> str:
    """The one error that it has to end with; no message shows a token's inner form."""
    with pytest.raises(ConfigurationError) as refused:
        call()
    said = str(refused.value)
    assert not any(form in said for form in ("Token[", "e+289", "88815", "TOKEN.", "object at 0x")), said
    return said


class Untrue:
    """As an array of numpy, it has no truth."""

    def __bool__(self) -> bool:
        raise ValueError("neither true nor false")


def wrong_for(kind: Any) -> list[Any]:
    """Values of other types, which Python takes without a word."""
    within_itself: list[Any] = []
    within_itself.append(within_itself)
    wrong: list[Any] = ["", 5, object(), {}, type, print, b"x", Token.as_any({"Ref": "X"}), Untrue(), within_itself]
    if typing.get_origin(kind) is Sequence:
        return [*wrong, "text", [5], [None], {"a"}]
    if kind in (int, float):
        return [one for one in wrong if one != 5] + [
            TOKEN_TWICE,
            "5",
            True,
            math.nan,
            math.inf,
            -math.inf,
            [5],
            10**5000,
        ]
    if kind is bool:
        return [*wrong, "true", 1, 0]
    return [*wrong, ["text"], math.nan, *(["text"] if kind is not str else [])]


def test_the_table_has_all_that_is_public() -> None:
    """A factory that the table missed would be tried by nobody."""
    assert {"PersistentChatEndpoint", "ChatHistory", "ConnectInstance", "PersistentChatMonitoring"} <= set(CALLABLES)
    assert {name.partition(".")[2] for name in CALLABLES if "." in name} == {
        *("iam", "cognito", "authorizer", "attribute"),
        *("from_table_arn", "from_instance_id", "from_instance_arn", "from_instance_alias", "from_any"),
        *("grant_invoke", "grant_read", "metric_count", "metric_client_error", "metric_server_error", "metric_latency"),
        *("metric_dead_letters", "metric_errors"),
    }


@pytest.mark.parametrize("name", list(CALLABLES))
def test_none_is_the_default_of_all_that_is_optional(name: str) -> None:
    """Whoever passes a setting on that nobody made has None in hand."""
    optional = {key: one.default for key, one in parameters_of(CALLABLES[name]).items() if one.default is not one.empty}
    assert set(optional.values()) <= {None}
    assert all(kind_of(name, key)[1] for key in optional)
    given = dict.fromkeys(optional)
    prepared = Prepared()
    prepared.bound(name)(**{**given, **prepared.required(name)})


@pytest.mark.parametrize(("name", "parameter"), EACH, ids=map("-".join, EACH))
def test_a_wrong_type_is_one_sentence(name: str, parameter: str) -> None:
    """Otherwise jsii ends with a stack trace of the CDK's engine, or the template holds nonsense."""
    prepared = Prepared()
    kind, optional = kind_of(name, parameter)
    required, bound = prepared.required(name), prepared.bound(name)
    for value in [*wrong_for(kind), *([] if optional else [None])]:
        said = mistakes_of(partial(bound, **{**required, parameter: value}))
        assert f"{parameter}: got " in said, (value, said)
        assert ", expected " in said
        assert len(said) < 1000


# What is written into the construct tree, or decides what is made.
KNOWN_AT_SYNTHESIS = {"ConnectInstance.from_any": ["id", "instance"]}
# The unit in which a Duration may be a token: that in which the template has it.
UNITS = {
    "transcript_delay": Duration.seconds,
    "event_delay": Duration.seconds,
    "retention": Duration.seconds,
    "slow": Duration.millis,
}


HAVE_TOKENS = [
    (name, parameter) for name, parameter in EACH if kind_of(name, parameter)[0] in (str, int, float, Duration)
]


@pytest.mark.parametrize(("name", "parameter"), HAVE_TOKENS, ids=map("-".join, HAVE_TOKENS))
def test_what_only_the_deployment_knows_is_taken(name: str, parameter: str) -> None:
    """A text, a number or a time that an operator gives as a parameter of the stack; or it says why it cannot be."""
    prepared = Prepared()
    kind, _ = kind_of(name, parameter)
    text = CfnParameter(prepared.stack, "Text").value_as_string
    number = CfnParameter(prepared.stack, "Number", type="Number").value_as_number
    values = {str: text, int: number, float: number, Duration: UNITS.get(parameter, Duration.seconds)(number)}
    required = prepared.required(name)
    if (name, parameter) == ("ConnectInstance", "alias"):
        del required["instance_id"]
    call = partial(prepared.bound(name), **{**required, parameter: values[kind]})
    if parameter in KNOWN_AT_SYNTHESIS.get(name, ["id"]) or (kind is Duration and parameter not in UNITS):
        assert f"{parameter}: got a token, expected " in mistakes_of(call)
        return
    made = call()
    if not isinstance(made, Construct):
        return
    if name.startswith("ChatHistory"):
        endpoint(prepared.stack, history=made)
    template = Synthesized(prepared.stack).text()
    assert f'{{"Ref": "{"Text" if kind is str else "Number"}"}}' in template
    assert not any(form in template for form in ("Token[", "e+289"))


@pytest.mark.parametrize("unit", [Duration.minutes, Duration.hours, Duration.days])
@pytest.mark.parametrize("parameter", sorted(UNITS))
def test_a_time_in_another_unit_than_the_templates_is_refused(
    parameter: str, unit: Callable[[float], Duration]
) -> None:
    """CloudFormation multiplies nothing; the sentence says which unit it takes."""
    prepared = Prepared()
    value = unit(CfnParameter(prepared.stack, "Number", type="Number").value_as_number)
    (name, *_) = (one.__name__ for one in CONSTRUCTS if parameter in parameters_of(one))
    said = mistakes_of(partial(prepared.bound(name), **{**prepared.required(name), parameter: value}))
    assert f"{parameter}: got a token, expected " in said
    assert f"Duration.{UNITS[parameter].__name__}(<a token>)" in said


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.__name__)
def test_every_mistake_of_a_construct_is_in_one_error(construct: type) -> None:
    """One synthesis, all errors: whoever mends one must not find the next one behind it."""
    prepared = Prepared()
    names = [name for name in parameters_of(construct) if name not in ("scope", "id")]
    said = mistakes_of(partial(prepared.bound(construct.__name__), **dict.fromkeys(names, object())))
    assert [name for name in names if f"{name}: got an object, expected " not in said] == []
    # A line each, in the order of the signature.
    first, *lines = said.split("\n")
    assert first == "Stack/Made:"
    assert [line.removeprefix("- ").partition(":")[0] for line in lines] == names


def test_mistakes_of_types_limits_and_places_come_together() -> None:
    """What is wrong with one parameter must not hide what is wrong with another."""
    app = App()
    here, there = stack("Here", app=app, env=HERE), stack("There", app=app, env=ELSEWHERE["region"])
    many: Any = [f"https://{number}.example.com" for number in range(200)]
    role: Any = "yes"
    said = mistakes_of(
        lambda: endpoint(
            here,
            history=history(there),
            deadline=Duration.minutes(1),
            throttle_rate_limit=0,
            cors_allowed_origins=[*many, "x"],
            cloud_watch_role=role,
        )
    )
    for part in (
        "deadline: got 60 seconds",
        "throttle_rate_limit: got 0",
        "cloud_watch_role: got 'yes', expected True or False.",
        "cors_allowed_origins: got 'x'",
        "history: got a history in region eu-west-2, expected one in region us-east-1",
        "expected at most 4096, which is AWS Lambda's limit",
    ):
        assert part in said
    said = mistakes_of(
        lambda: ChatHistory.from_table_arn(
            here,
            "H",
            TABLE_ARN.replace("us-", "eu-"),
            customer_identity=CustomerIdentity.unchecked(),
            event_delay=Duration.days(1),
        )
    )
    assert [said.count(part) for part in ("table_arn: got", "customer_identity: got", "event_delay: got")] == [1, 1, 1]


def test_a_look_up_synthesizes_before_it_is_made() -> None:
    """In the first pass the CDK gives a placeholder, and only a synthesis that ends leads to the second."""
    app = App()
    here = stack("Here", app=app, env=HERE)
    found = ssm.StringParameter.value_from_lookup(here, "/contact-centre/any")
    made = (
        ConnectInstance.from_instance_id(here, "Id", found),
        ConnectInstance.from_instance_arn(here, "Arn", found),
        ConnectInstance.from_instance_arn(here, "ArnOf", f"arn:aws:connect:us-east-1:123456789012:instance/{found}"),
        ConnectInstance.from_instance_alias(here, "Alias", found),
        ConnectInstance.from_any(here, "Any", found),
    )
    by_attribute = CustomerIdentity.attribute(found)
    pools, clients = user_pool(here)
    endpoint(
        here,
        instance=made[0],
        customer_identity=by_attribute,
        history=ChatHistory.from_table_arn(here, "History", found, customer_identity=by_attribute),
        authorization=Authorization.cognito(pools, clients, customer_claim=found),
        cors_allowed_origins=[found, f"https://{found}"],
    )
    manifest = json.loads((Path(app.synth().directory) / "manifest.json").read_text(encoding="utf-8"))
    assert [one["provider"] for one in manifest["missing"]] == ["ssm"]


def test_the_origin_of_a_page_of_the_same_app_is_taken() -> None:
    """A distribution's domain is known to the deployment only: the function and the preflight get it then."""
    here = stack()
    pages = origins.S3BucketOrigin.with_origin_access_control(s3.Bucket(here, "Pages"))
    site = cloudfront.Distribution(here, "Site", default_behavior=cloudfront.BehaviorOptions(origin=pages))
    allowed = [f"https://{site.distribution_domain_name}", "capacitor://localhost", "ionic://localhost"]
    endpoint(here, authorization=Authorization.cognito(*user_pool(here)), cors_allowed_origins=allowed)
    made = Synthesized(here)
    variables = made.named("AWS::Lambda::Function", "EndpointFunction")["Environment"]["Variables"]
    between, parts = variables["CORS_ALLOWED_ORIGINS"]["Fn::Join"]
    assert between == ""
    assert parts[0] == "https://"
    assert parts[2] == " capacitor://localhost ionic://localhost"


TOKEN = "${Token[TOKEN.7]}"


@pytest.mark.parametrize(
    ("origin", "may_be"),
    [
        (TOKEN, True),
        (f"https://{TOKEN}", True),
        (f"https://{TOKEN}:8443", True),
        (f"https://chat.{TOKEN}", True),
        (f"https://chat.example.com:{TOKEN}", True),
        (f"{TOKEN}://chat.example.com", True),
        (f"{TOKEN}.example.com", True),
        (f"https://{TOKEN}.{TOKEN}:{TOKEN}", True),
        (f"https://{TOKEN}/", False),
        (f"https://{TOKEN}:443", False),
        (f"HTTPS://{TOKEN}", False),
        (f"https://Chat.{TOKEN}", False),
        (f"{TOKEN}/path", False),
        (f"ftp://{TOKEN}", False),
    ],
)
def test_an_origin_is_checked_as_far_as_it_is_known(origin: str, may_be: bool) -> None:
    """A slash at its end matches nothing, whatever the host will be."""
    pages: Any = {"cors_allowed_origins": [origin]}
    if may_be:
        endpoint(stack(), **pages)
    else:
        said = mistakes_of(lambda: endpoint(stack(), **pages))
        assert origin.replace(TOKEN, "<token>") in said


def test_a_list_that_only_the_deployment_knows_is_told_how_to_be_given() -> None:
    """A preflight's template has a line for each origin; the elements one by one are taken."""
    here = stack()
    several = CfnParameter(here, "Origins", type="CommaDelimitedList").value_as_list
    assert "Fn.select(0, ...)" in mistakes_of(lambda: endpoint(here, cors_allowed_origins=several))
    endpoint(here, "Taken", cors_allowed_origins=[Fn.select(0, several), Fn.select(1, several)])


def test_one_of_what_there_may_be_several_is_told_to_be_put_into_a_list() -> None:
    """A text is a list of its letters to Python, and a pool is none to the CDK's engine."""
    (pool,), (client,) = user_pool(stack())
    pools: Any = pool
    clients: Any = client
    text: Any = "https://chat.example.com"
    said = mistakes_of(lambda: Authorization.cognito(pools, clients))
    assert said.count("Put it into a list.") == 2
    assert "Put it into a list." in mistakes_of(lambda: endpoint(stack(), cors_allowed_origins=text))
    swapped: Any = ([client], [pool])
    said = mistakes_of(lambda: Authorization.cognito(*swapped))
    assert "user_pools: got a UserPoolClient in the list, expected an IUserPool." in said
    assert "app_clients: got a UserPool in the list, expected an IUserPoolClient." in said


def test_what_was_imported_has_its_interfaces() -> None:
    """The CDK's imports are no objects of its classes, and serve as well."""
    here = stack(env=HERE)
    pool = cognito.UserPool.from_user_pool_id(here, "Pool", "us-east-1_abc")
    client = cognito.UserPoolClient.from_user_pool_client_id(here, "Client", "abc")
    topic = sns.Topic.from_topic_arn(here, "Topic", "arn:aws:sns:us-east-1:999999999999:topic")
    instance = ConnectInstance.from_instance_id(here, "Instance", INSTANCE_ID)
    made = endpoint(
        here,
        instance=instance,
        history=ChatHistory.from_table_arn(here, "History", TABLE_ARN),
        authorization=Authorization.cognito([pool], [client]),
    )
    PersistentChatMonitoring(here, "Monitoring", endpoint=made, topic=topic)
    ChatHistory(here, "Other", instance=instance, topic=topic)
    wrong: Any = topic
    assert "got a TopicBase in the list, expected an IUserPool" in mistakes_of(
        lambda: Authorization.cognito([wrong], [client])
    )


Elsewhere = Callable[[App], Stack]
PLACES: dict[str, Elsewhere] = {
    "another stage": lambda app: Stack(Stage(app, "Other"), "There", env=HERE),
    "in region eu-west-2": lambda app: Stack(app, "There", env=ELSEWHERE["region"]),
    "in account 999999999999": lambda app: Stack(app, "There", env=ELSEWHERE["account"]),
}


@pytest.mark.parametrize("said", list(PLACES))
@pytest.mark.parametrize("what", ["instance", "history", "endpoint", "topic", "topic of a history"])
def test_what_another_place_keeps_is_refused(what: str, said: str) -> None:
    """No template can name it, or the function would look where nothing is."""
    app = App()
    here, there = stack("Here", app=app, env=HERE), PLACES[said](app)

    def build() -> None:
        if what == "instance":
            endpoint(here, instance=ConnectInstance.from_instance_id(there, "Instance", INSTANCE_ID))
        elif what == "history":
            endpoint(here, history=history(there))
        elif what == "endpoint":
            PersistentChatMonitoring(here, "Monitoring", endpoint=endpoint(there))
        elif what == "topic":
            PersistentChatMonitoring(here, "Monitoring", endpoint=endpoint(here), topic=sns.Topic(there, "Topic"))
        else:
            history(here, topic=sns.Topic(there, "Topic"))

    assert said in mistakes_of(build)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-2"])
def test_a_topic_by_its_arn_may_be_of_another_account_but_not_region(region: str) -> None:
    """Its policy may let the alarms of this account in; no alarm reaches another region."""
    here = stack(env=HERE)
    topic = sns.Topic.from_topic_arn(here, "Topic", f"arn:aws:sns:{region}:999999999999:topic")
    if region == "us-east-1":
        history(here, topic=topic)
    else:
        assert "topic: got a topic in region eu-west-2" in mistakes_of(lambda: history(here, topic=topic))


@pytest.mark.parametrize("what", ["history", "endpoint", "topic", "user pool", "app client"])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_stack_with_an_env_refers_to_nothing_of_one_without(what: str, swapped: bool) -> None:
    """The CDK refuses it, but at the end of synthesis, and without a word of which value it was."""
    app = App()
    here, there = stack("Here", app=app, env=HERE), Stack(app, "There")
    if swapped:
        here, there = there, here

    def build() -> None:
        if what == "history":
            endpoint(here, history=history(there))
        elif what == "endpoint":
            PersistentChatMonitoring(here, "Monitoring", endpoint=endpoint(there))
        elif what == "topic":
            history(here, topic=sns.Topic(there, "Topic"))
        else:
            (pools, clients), (far_pools, far_clients) = user_pool(here), user_pool(there)
            if what == "user pool":
                pools = far_pools
            else:
                clients = far_clients
            endpoint(here, authorization=Authorization.cognito(pools, clients))

    assert "Of one of them the account or the region is not known. Give both the same env." in mistakes_of(build)
    # By its id or its ARN it may be of any stack.
    imported = ChatHistory.from_table_arn(there, "Imported", TABLE_ARN)
    endpoint(here, "Taken", history=imported, instance=ConnectInstance.from_instance_id(there, "Known", INSTANCE_ID))


def test_no_mistake_hides_another() -> None:
    """Neither one element of a list the others, nor what the CDK says late what this library says early."""
    here = stack(env=HERE)
    authorization = Authorization.authorizer(lambda_authorizer(here), customer_key="customer")
    endpoint(here, "First", authorization=authorization)
    origins: Any = ["x", None, "https://chat.example.com", 5, "y"]
    said = mistakes_of(lambda: endpoint(here, authorization=authorization, cors_allowed_origins=origins, deadline=None))
    assert [said.count(f"got {one}") for one in ("'x'", "None", "5", "'y'", "an authorizer that another API uses")] == [
        1
    ] * 5
    assert "chat.example.com" not in said


@pytest.mark.parametrize("id", ["", "x y", "a,b", "é" * 3, "a" * 129])
def test_an_app_client_has_an_id_that_can_be_one(id: str) -> None:
    """The function is told the ids with spaces between them: another text would be two, or none."""
    here = stack()
    clients = [cognito.UserPoolClient.from_user_pool_client_id(here, "Client", id)]
    said = mistakes_of(lambda: Authorization.cognito(user_pool(here)[0], clients))
    assert f"app_clients: got a client with the id {id!r}, expected an id such as " in said


def test_a_role_that_is_not_looked_up_yet_is_no_mistake() -> None:
    """In the first pass of synthesis the CDK gives a role of another account, which takes no permissions."""
    app = App()
    here = stack("Here", app=app, env=ELSEWHERE["account"])
    account = ssm.StringParameter.value_from_lookup(here, "/backend/account")
    made = endpoint(here)
    made.grant_invoke(iam.Role.from_lookup(here, "Backend", role_name="backend"))
    made.grant_invoke(iam.Role.from_role_arn(here, "Other", f"arn:aws:iam::{account}:role/backend"))
    manifest = json.loads((Path(app.synth().directory) / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["missing"]) == 2


@pytest.mark.parametrize("period", [1, 5, 10, 30, 60, 3600])
@pytest.mark.parametrize("other", [0, 2, 15, 20, 45, 90])
def test_a_metric_has_a_period_that_the_cdk_takes(period: int, other: int) -> None:
    """CloudWatch takes 20 seconds, the CDK does not."""
    made = endpoint(stack())
    assert made.metric_count(period=Duration.seconds(period)).period.to_seconds() == period
    said = mistakes_of(lambda: made.metric_count(period=Duration.seconds(other)))
    assert f"period: got {other} seconds, expected 1, 5, 10 or 30 seconds, or a multiple of 60." in said


def test_a_user_pool_that_no_template_can_name_is_refused() -> None:
    """By its ARN, API Gateway takes one of any account and region."""
    app = App()
    here = stack("Here", app=app, env=HERE)
    authorization = Authorization.cognito(*user_pool(PLACES["another stage"](app)))
    assert "authorization: got a user pool of another stage" in mistakes_of(
        lambda: endpoint(here, authorization=authorization)
    )
    far = cognito.UserPool.from_user_pool_arn(
        here, "Far", "arn:aws:cognito-idp:eu-west-1:999999999999:userpool/eu-west-1_abc"
    )
    client = cognito.UserPoolClient.from_user_pool_client_id(here, "FarClient", "abc")
    endpoint(here, "Taken", authorization=Authorization.cognito([far], [client]))


def test_an_authorizer_serves_one_endpoint_of_its_own_stack() -> None:
    """The CDK attaches it to one API, and names both in each other's template."""
    app = App()
    here, there = stack("Here", app=app, env=HERE), stack("There", app=app, env=HERE)
    authorization = Authorization.authorizer(lambda_authorizer(there), customer_key="customer")
    said = mistakes_of(lambda: endpoint(here, authorization=authorization))
    assert "authorization: got an authorizer of the stack 'There', expected one of the endpoint's own stack" in said
    endpoint(there, authorization=authorization)
    said = mistakes_of(lambda: endpoint(there, "Second", authorization=authorization))
    assert "authorization: got an authorizer that another API uses already, expected one that no API uses yet." in said


def role(here: Stack) -> iam.Role:
    """A backend's."""
    return iam.Role(here, "Backend", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))


ROLE_ARN = "arn:aws:iam::123456789012:role/backend"
CALLERS: dict[str, tuple[bool, Callable[[Stack], iam.IGrantable]]] = {
    "a role": (True, role),
    "a user": (True, lambda here: iam.User(here, "Caller")),
    "a group": (True, lambda here: iam.Group(here, "Caller")),
    "an imported role": (True, lambda here: iam.Role.from_role_arn(here, "Caller", ROLE_ARN)),
    "a role by name": (True, lambda here: iam.Role.from_role_name(here, "Caller", "backend")),
    "an imported user": (True, lambda here: iam.User.from_user_name(here, "Caller", "backend")),
    "an imported role that is not to be changed": (
        False,
        lambda here: iam.Role.from_role_arn(here, "Caller", ROLE_ARN, mutable=False),
    ),
    "a role without updates": (False, lambda here: role(here).without_policy_updates()),
    "an imported function without its role": (
        False,
        lambda here: lambda_.Function.from_function_arn(
            here, "Caller", "arn:aws:lambda:us-east-1:123456789012:function:backend"
        ),
    ),
    "a stack's without an env": (
        False,
        lambda here: role(Stack(typing.cast(App, here.node.root), "There")),
    ),
    "an ARN": (False, lambda here: iam.ArnPrincipal(ROLE_ARN)),
    "everybody": (False, lambda here: iam.AnyPrincipal()),
    "another stage's": (False, lambda here: role(PLACES["another stage"](typing.cast(App, here.node.root)))),
}


@pytest.mark.parametrize("caller", list(CALLERS))
def test_grant_invoke_grants_or_says_that_it_does_not(caller: str) -> None:
    """The CDK says of a role without updates that it took a permission; the template says otherwise."""
    here = stack("Here", env=HERE)
    granted, of = CALLERS[caller]
    made, identity = endpoint(here), of(here)
    if granted:
        made.grant_invoke(identity)
        policies = Synthesized(here).all("AWS::IAM::Policy")
        assert [
            key for key, one in policies.items() if "execute-api:Invoke" in str(one) and not key.startswith("Endpoint")
        ]
    else:
        assert "grant_invoke: " in mistakes_of(lambda: made.grant_invoke(identity))


def test_variables_fit_or_the_sentence_names_what_is_too_much() -> None:
    """AWS Lambda refuses more than 4,096 bytes in the middle of a deployment."""
    here = stack(env=HERE)
    client = "a" * 26
    clients = [cognito.UserPoolClient.from_user_pool_client_id(here, f"Client{one}", client) for one in range(150)]
    pools, _ = user_pool(here)
    endpoint(here, "Few", authorization=Authorization.cognito(pools, clients[:100]))
    said = mistakes_of(lambda: endpoint(here, "Many", authorization=Authorization.cognito(pools, clients)))
    assert "authorization: got so many or so long values that the function's environment variables have 4" in said
    long = f"https://{'a' * 4000}.example"
    assert "cors_allowed_origins: got so many" in mistakes_of(
        lambda: endpoint(here, "Long", cors_allowed_origins=[long])
    )


def test_a_stack_holds_no_more_than_its_provisioning_role_may_be_told() -> None:
    """IAM refuses more than 10,240 characters of policies in the middle of a deployment."""
    here = stack(env=HERE)
    made = 0

    def build() -> None:
        nonlocal made
        for made in range(100):
            ConnectInstance.from_instance_id(here, f"Instance{made}", INSTANCE_ID)

    said = mistakes_of(build)
    assert "expected at most 10240, which is IAM's limit for a role. Move some of them into another stack." in said
    # Not too early either: so many policies, as IAM counts them, are nearly that.
    policies = [one["Properties"]["PolicyDocument"] for one in Synthesized(here).all("AWS::IAM::Policy").values()]
    assert sum(len(str(one).replace(" ", "")) for one in policies) > 9_000


def test_two_monitorings_of_one_endpoint_count_each_for_itself() -> None:
    """Two filters that write into one metric would count every line twice."""
    here = stack(env=HERE)
    made = endpoint(here)
    for id in ("First", "Second"):
        PersistentChatMonitoring(here, id, endpoint=made)
    filters = Synthesized(here).all("AWS::Logs::MetricFilter").values()
    metrics = [one["Properties"]["MetricTransformations"][0] for one in filters]
    written = [(one["MetricNamespace"], one["MetricName"]) for one in metrics]
    assert len(set(written)) == len(written) == 10


def test_a_history_that_was_imported_is_of_the_interface_that_an_endpoint_takes() -> None:
    """No abstract class is a user's: a function that takes any history names this type."""
    here = stack(env=HERE)
    histories: list[IChatHistory] = [history(here), ChatHistory.from_table_arn(here, "Imported", TABLE_ARN)]
    for one in histories:
        assert one.customer_identity.checked
        assert one.index_arn.endswith("/index/ByEnd")


@given(st.text(max_size=400) | st.floats() | st.integers() | st.lists(st.text(max_size=50), max_size=9) | st.none())
@example("${Token[TOKEN.1]}")
@example("x" * 10**6)
@example(10**5000)
@example(["${Token[TOKEN.1]}", -1.8881545897087e289])
@example(-int(-1.8881545897087e289))
@example(1.8881545897087e292)
def test_a_value_in_a_message_is_short_and_no_tokens_inner_form(value: object) -> None:
    """A message is read by a person, who must see what was given and not how the CDK writes it."""
    said = parameters.shown(value)
    assert 0 < len(said) <= 303
    assert "Token[" not in said
    assert "e+289" not in said
    assert "88815" not in said


# Each duration is a call of the CDK's engine.
FEWER = settings(max_examples=40)
MILLISECONDS = st.integers(0, 3_600_000) | st.sampled_from([1, 999, 1_001, 86_400_000_000])


def out_of_range(value: object, least: float, most: float) -> list[str]:
    """What is said of this as a deadline with these limits."""

    def taking(*, deadline: Duration | None = None) -> None: ...

    try:
        limits = {"deadline": parameters.seconds(least, most)}
        parameters.Parameters(taking, {"deadline": value}, limits, where="x").refuse()
    except ConfigurationError as refused:
        return [str(refused).removeprefix("x: ")]
    return []


@FEWER
@given(MILLISECONDS, st.integers(0, 60), st.integers(61, 4_000))
@example(5_000, 5, 61)
@example(4_999, 5, 61)
@example(61_000, 5, 61)
@example(61_001, 5, 61)
def test_a_duration_is_taken_exactly_if_it_is_within_its_limits(milliseconds: int, least: int, most: int) -> None:
    """Both limits included; the sentence says what was got, and both of them."""
    mistakes = out_of_range(Duration.millis(milliseconds), least, most)
    if least <= milliseconds / 1000 <= most:
        assert mistakes == []
    else:
        got = f"{milliseconds / 1000:.15g}"
        assert mistakes == [f"deadline: got {got} seconds, expected {least} to {most} seconds."]


@pytest.mark.parametrize("odd", [8, 0, math.inf, math.nan, "8", True, [], {}])
def test_what_is_no_duration_is_a_mistake_whatever_its_limits(odd: object) -> None:
    """Of what, seconds or minutes? Only what was left out is the default."""
    (mistake,) = out_of_range(odd, 0, 10**9)
    assert mistake.startswith(f"deadline: got {odd!r}, expected a Duration of 0 to ")
    assert out_of_range(None, 5, 6) == []


def test_an_element_of_a_list_token_is_told_how_to_be_taken() -> None:
    """`value_as_list[0]` is no text of the deployment's: the CDK itself would fail, and show its inner form."""
    here = stack()
    instance = ConnectInstance.from_instance_id(here, "Instance", INSTANCE_ID)
    first = CfnParameter(here, "Origins", type="CommaDelimitedList").value_as_list[0]
    for call in (
        lambda: ConnectInstance.from_any(here, "Any", first),
        lambda: ConnectInstance.from_instance_arn(here, "Arn", first),
        lambda: ChatHistory.from_table_arn(here, "Table", first),
        lambda: CustomerIdentity.attribute(first),
        lambda: Authorization.cognito(*user_pool(here), customer_claim=first),
        lambda: PersistentChatEndpoint(here, "Pages", instance=instance, cors_allowed_origins=[f"https://{first}"]),
        lambda: PersistentChatEndpoint(here, first, instance=instance),
    ):
        with pytest.raises(ConfigurationError) as told:
            call()
        assert "list" in str(told.value)
        assert "Token[" not in str(told.value)


@pytest.mark.parametrize("length", [Duration.seconds(16.1), Duration.millis(1500.5), Duration.minutes(0.0333)])
def test_a_length_with_a_fraction_is_no_token(length: Duration) -> None:
    """The CDK refuses to write it as whole milliseconds; it is taken all the same."""
    here = stack()
    watched = endpoint(here, deadline=length)
    PersistentChatMonitoring(here, "Monitoring", endpoint=watched, slow=length)
    alarms = Synthesized(here).all("AWS::CloudWatch::Alarm")
    (threshold,) = (one["Properties"]["Threshold"] for key, one in alarms.items() if "Slow" in key)
    assert threshold == pytest.approx(length.to_milliseconds(integral=False))


class Spelled(str, Enum):  # noqa: UP042 - StrEnum formats as its text, and this one does not
    """Names of an app's own, as text."""

    CUSTOMER = "tenant"


class Counted(IntEnum):
    """Numbers of an app's own."""

    MANY = 20


def test_an_enum_of_the_apps_own_is_its_text_and_no_number() -> None:
    """Formatted, the one would be its name; and the CDK's engine takes the other for an enum of the CDK's."""
    assert CustomerIdentity.attribute(Spelled.CUSTOMER).value == "attribute:tenant"
    with pytest.raises(ConfigurationError, match=r"throttle_burst_limit: got Counted\.MANY, expected a whole number"):
        endpoint(stack(), throttle_burst_limit=Counted.MANY)


def test_nobody_elsewhere_is_let_read_a_history() -> None:
    """A permission that gives nothing is no grant."""
    app = App()
    kept = history(Stack(app, "Stack", env=HERE))
    there = Environment(account="999999999999", region="us-east-1")
    for other, said in (
        (Stack(app, "Other", env=there), "of the account 999999999999"),
        (Stack(app, "Anywhere"), "Of one of them the account or the region is not known"),
        (stack(), "of another stage"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            kept.grant_read(iam.Role(other, "Reader", assumed_by=iam.AccountRootPrincipal()))
    assert kept.grant_read(iam.Role(Stack.of(kept), "Reader", assumed_by=iam.AccountRootPrincipal())).success


def test_no_table_or_log_leaves_a_snapshot() -> None:
    """CloudFormation makes none, and the CDK says so with a stack trace, or not at all."""
    snapshot = RemovalPolicy.SNAPSHOT
    said = mistakes_of(lambda: history(stack(), removal_policy=snapshot, log_removal_policy=snapshot))
    assert said.count("removal_policy: got RemovalPolicy.SNAPSHOT, expected RemovalPolicy.DESTROY or ") == 2
    said = mistakes_of(lambda: endpoint(stack(), log_removal_policy=snapshot))
    assert "log_removal_policy: got RemovalPolicy.SNAPSHOT, expected " in said


def test_a_history_of_another_alias_is_refused() -> None:
    """Look-ups would find nothing, and nobody would know why."""
    here = stack()
    one, same, other = (
        ConnectInstance.from_instance_alias(here, id, alias)
        for id, alias in (("One", "centre"), ("Same", "Centre"), ("Other", "other"))
    )
    kept = history(here, instance=one)
    assert "history: got one of the instance 'centre', expected one of the endpoint's, 'other'." in mistakes_of(
        lambda: endpoint(here, instance=other, history=kept)
    )
    endpoint(here, instance=same, history=kept)


def test_what_is_wrong_in_a_list_has_its_advice() -> None:
    """Ids of pools are what people try first."""
    ids: Any = ["us-east-1_abc"]
    said = mistakes_of(lambda: Authorization.cognito(ids, ids))
    assert "user_pools: got 'us-east-1_abc' in the list, expected an IUserPool. Use cognito.UserPool(...) or " in said
    assert "Use cognito.UserPoolClient(...) or " in said
