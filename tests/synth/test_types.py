"""Wrong types: each parameter refuses them in a sentence. The table is made from the signatures."""

import math
import typing
from collections.abc import Mapping, Sequence
from enum import Enum, IntEnum
from functools import partial
from typing import Any
from unittest import mock

import jsii
import pytest
from aws_cdk import Token
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ConfigurationError,
    ConnectInstance,
    CustomerIdentity,
    IChatHistory,
    PersistentChatMonitoring,
    messages,
)
from constructs import Construct
from tests.synth.apps import HERE, INSTANCE_ID, endpoint, history, stack, user_pool
from tests.synth.calls import CALLABLES, EACH, TABLE_ARN, TOKEN_TWICE, Prepared, kind_of, mistakes_of, parameters_of


class Untrue:
    """Cannot be used as a condition, like an array of numpy."""

    def __bool__(self) -> bool:
        raise ValueError("neither true nor false")


def wrong_for(kind: Any) -> list[Any]:
    """Values of other types. Python itself refuses none of them."""
    within_itself: list[Any] = []
    within_itself.append(within_itself)
    wrong: list[Any] = ["", 5, object(), {}, type, print, b"x", Token.as_any({"Ref": "X"}), Untrue(), within_itself]
    if typing.get_origin(kind) is Sequence:
        return [*wrong, "text", [5], [None], {"a"}]
    if typing.get_origin(kind) is Mapping:
        return [*wrong, "text", ["text"], {"a"}, {"a": 5}, {"a": None}, {"a": ""}, {"a": ["x"]}, {5: "a"}, {"": "a"}]
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
    """No test would try a factory that is missing in the table."""
    assert {"PersistentChatEndpoint", "ChatHistory", "ChatStart", "ConnectInstance"} <= set(CALLABLES)
    assert "PersistentChatMonitoring" in CALLABLES
    assert {name.partition(".")[2] for name in CALLABLES if "." in name} == {
        *("iam", "cognito", "oidc", "authorizer", "attribute"),
        *("from_table_arn", "from_instance_id", "from_instance_arn", "from_instance_alias", "from_any"),
        *("grant_invoke", "grant_read", "metric_count", "metric_client_error", "metric_server_error", "metric_latency"),
        *("metric_dead_letters", "metric_errors"),
    }


@pytest.mark.parametrize("name", list(CALLABLES))
def test_none_is_the_default_of_all_that_is_optional(name: str) -> None:
    """An app that passes a setting on has None if nobody made the setting."""
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


def test_one_of_what_there_may_be_several_is_told_to_be_put_into_a_list() -> None:
    """For Python a text is a list of letters. The CDK's engine would refuse a pool that is not in a list."""
    (pool,), (client,) = user_pool(stack())
    pools: Any = pool
    clients: Any = client
    text: Any = "https://chat.example.com"
    said = mistakes_of(lambda: Authorization.cognito(pools, clients))
    assert said.count("Put it into a list.") == 2
    assert "Put it into a list." in mistakes_of(lambda: endpoint(stack(), cors_allowed_origins=text))
    swapped: Any = ([client], [pool])
    said = mistakes_of(lambda: Authorization.cognito(*swapped))
    assert "user_pools: got a UserPoolClient in the list, expected a Cognito user pool. " in said
    assert "app_clients: got a UserPool in the list, expected a Cognito app client. " in said


def test_what_is_wrong_in_a_list_has_its_advice() -> None:
    """People try the ids of pools first."""
    ids: Any = ["us-east-1_abc"]
    said = mistakes_of(lambda: Authorization.cognito(ids, ids))
    assert (
        "user_pools: got 'us-east-1_abc' in the list, expected a Cognito user pool. Use cognito.UserPool(...) or "
        in said
    )
    assert "Use cognito.UserPoolClient(...) or " in said


def test_what_was_imported_has_its_interfaces() -> None:
    """Imported resources are not objects of the CDK's classes, but constructs can use them."""
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
    assert "got a TopicBase in the list, expected a Cognito user pool" in mistakes_of(
        lambda: Authorization.cognito([wrong], [client])
    )


def test_a_history_that_was_imported_is_of_the_interface_that_an_endpoint_takes() -> None:
    """A function of an app that takes any history needs one type for both."""
    here = stack(env=HERE)
    histories: list[IChatHistory] = [history(here), ChatHistory.from_table_arn(here, "Imported", TABLE_ARN)]
    for one in histories:
        assert one.customer_identity.checked
        assert one.index_arn.endswith("/index/ByEnd")


class Spelled(str, Enum):  # noqa: UP042 - StrEnum formats as its text, and this one does not
    """Names that an app has as an enum of texts."""

    CUSTOMER = "tenant"


class Counted(IntEnum):
    """Numbers that an app has as an enum."""

    MANY = 20


def test_an_enum_of_the_apps_own_is_its_text_and_no_number() -> None:
    """A formatted text enum would be its name. The CDK's engine takes a number enum for an enum of the CDK."""
    assert CustomerIdentity.attribute(Spelled.CUSTOMER).value == "attribute:tenant"
    with pytest.raises(ConfigurationError, match=r"throttle_burst_limit: got Counted\.MANY, expected a whole number"):
        endpoint(stack(), throttle_burst_limit=Counted.MANY)


PLAIN = (bool, int, float, str, Sequence[str], Mapping[str, str])
CLASSES = [(name, parameter) for name, parameter in EACH if kind_of(name, parameter)[0] not in PLAIN]


@pytest.mark.parametrize(("name", "parameter"), CLASSES, ids=map("-".join, CLASSES))
def test_a_class_instead_of_an_object_has_its_advice(name: str, parameter: str) -> None:
    """`ChatHistory` is easily written for `ChatHistory(...)`, and both have the same name."""
    prepared = Prepared()
    kind, _ = kind_of(name, parameter)
    given = typing.get_args(kind)[0] if typing.get_origin(kind) is Sequence else kind
    value = [given] if given is not kind else given
    said = mistakes_of(partial(prepared.bound(name), **{**prepared.required(name), parameter: value}))
    assert f"{parameter}: got the class {given.__name__}" in said
    advice = said.partition(", expected ")[2].partition(". ")[2]
    # Where few members of an enum are allowed, they are named.
    named = isinstance(given, type) and issubclass(given, Enum) and given.__name__ in said.partition(", expected ")[2]
    assert named or advice.startswith(("Use ", "Call ", "Make ", "Give "))


@pytest.mark.parametrize(
    ("parameter", "text", "member"),
    [
        ("log_removal_policy", "retain", "RemovalPolicy.RETAIN"),
        ("log_retention", "ONE_WEEK", "RetentionDays.ONE_WEEK"),
        ("proof", "report_only", "ProofScope.REPORT_ONLY"),
        ("security_policy", "TLS_1_2", "SecurityPolicy.TLS_1_2"),
    ],
)
def test_the_name_of_a_member_is_told_as_the_member(parameter: str, text: str, member: str) -> None:
    """The name alone stands in a list of names, so it would look right to the reader."""
    said = mistakes_of(lambda: endpoint(stack(), **{parameter: text}))
    assert f"{parameter}: got {text!r}, expected " in said
    assert said.endswith(f". Use {member}.")


def test_a_function_instead_of_its_result_is_told_to_be_called() -> None:
    """Without the parentheses, Python gives the function itself."""

    def key() -> str:
        return "customer"

    function: Any = key
    said = mistakes_of(lambda: CustomerIdentity.attribute(function))
    assert said.endswith("name: got the function key, expected a text that is not empty. Call it: key(...).")


@pytest.mark.parametrize(("name", "parameter"), EACH, ids=map("-".join, EACH))
def test_a_mock_is_no_object_of_the_class_that_it_imitates(name: str, parameter: str) -> None:
    """`isinstance` believes a mock with a `spec`, and the CDK's engine does not."""
    prepared = Prepared()
    kind, _ = kind_of(name, parameter)
    listed = typing.get_origin(kind) is Sequence
    required, bound = prepared.required(name), prepared.bound(name)
    imitated = [list, typing.get_args(kind)[0]] if listed else [typing.get_origin(kind) or kind]
    for one in [*imitated, float, str, type]:
        for value in (mock.Mock(spec=one), [mock.Mock(spec=one)]):
            said = mistakes_of(partial(bound, **{**required, parameter: value}))
            assert f"{parameter}: got " in said
            assert "id=" not in said


def test_a_scope_is_a_construct_of_its_own() -> None:
    """The CDK takes an imported resource wherever it takes its interface, but not as a scope."""
    pool: Any = cognito.UserPool.from_user_pool_id(stack(), "Pool", "us-east-1_abc")
    said = mistakes_of(lambda: ConnectInstance.from_instance_id(pool, "Instance", INSTANCE_ID))
    assert "scope: got an IUserPool, expected a stack or another construct." in said


class Plain:
    """Has what an identity has, for Python."""

    def __init__(self, principal: object) -> None:
        self.grant_principal = principal


class Part(Construct):
    """A part of an app, with an identity of its own."""

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The identity."""
        return iam.AccountRootPrincipal()


@jsii.implements(iam.IGrantable)
class Declared:
    """An identity for the CDK's engine too."""

    def __init__(self, principal: Any) -> None:
        self._principal = principal

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The identity."""
        principal: iam.IPrincipal = self._principal
        return principal


@jsii.implements(iam.IGrantable)
class Assigned(Plain):
    """The CDK's engine does not see its attribute."""


def test_an_identity_of_the_apps_own_is_one_for_the_cdks_engine_too() -> None:
    """The CDK ends with an AttributeError or a trace of its engine."""
    here = stack(env=HERE)
    role, made = iam.Role(here, "Role", assumed_by=iam.AccountRootPrincipal()), endpoint(here)
    assert made.grant_invoke(Declared(role)).success
    for wrong in (Plain(role), Part(here, "Part"), Declared(None), Declared("role"), Assigned(role)):
        identity: Any = wrong
        said = mistakes_of(partial(made.grant_invoke, identity))
        assert f"grantee: got {messages.shown(identity)}, expected an identity such as a role. Give a role, " in said
