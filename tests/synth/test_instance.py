"""ConnectInstance: what it understands, and what it says to what it does not."""

import json
from collections.abc import Callable

import pytest
from aws_cdk import App, Aws, CfnParameter, Environment, Stack, Stage
from aws_cdk import aws_iam as iam

from connect_persistent_chat import (
    ChatHistory,
    ConfigurationError,
    ConnectInstance,
    PersistentChatEndpoint,
    PersistentChatMonitoring,
)
from constructs import Construct
from tests.synth.apps import HERE, INSTANCE_ARN, INSTANCE_ID, Synthesized, endpoint, history, stack

Make = Callable[[Stack, str, str], ConnectInstance]
FROM_ARN: Make = ConnectInstance.from_instance_arn
FROM_ID: Make = ConnectInstance.from_instance_id
FROM_ALIAS: Make = ConnectInstance.from_instance_alias
FROM_ANY: Make = ConnectInstance.from_any


@pytest.mark.parametrize(
    ("make", "value"),
    [(FROM_ARN, INSTANCE_ARN), (FROM_ID, INSTANCE_ID), (FROM_ID, INSTANCE_ARN), (FROM_ANY, INSTANCE_ARN)],
)
def test_an_arn_and_an_id_mean_the_same_instance(make: Make, value: str) -> None:
    """People paste the ARN where an id is asked for: it says all that is needed."""
    here = stack(env=HERE)
    instance = make(here, "Instance", value)
    assert instance.instance_id == INSTANCE_ID
    assert json.dumps(here.resolve(instance.instance_arn)).endswith(f':instance/{INSTANCE_ID}"]]}}')
    assert json.dumps(here.resolve(instance.contact_arn)).endswith(f':instance/{INSTANCE_ID}/contact/*"]]}}')
    assert Synthesized(here).only("Custom::ConnectInstance")["InstanceId"] == INSTANCE_ID


UPPER_ID = "ABCDEF00-1111-4111-8111-AAAAAAAAAAAA"


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (FROM_ID, UPPER_ID),
        (FROM_ANY, UPPER_ID),
        (FROM_ARN, INSTANCE_ARN.replace(INSTANCE_ID, UPPER_ID)),
        (FROM_ID, INSTANCE_ARN.replace(INSTANCE_ID, UPPER_ID)),
        (FROM_ARN, f"arn:{Aws.PARTITION}:connect:{Aws.REGION}:{Aws.ACCOUNT_ID}:instance/{UPPER_ID}"),
    ],
)
def test_an_id_is_in_lower_case_whatever_was_given(make: Make, value: str) -> None:
    """An instance's id is one whatever its case; a permission's ARN is compared with it."""
    here = stack(env=HERE)
    instance = make(here, "Instance", value)
    endpoint(here, instance=instance)
    assert instance.instance_id == UPPER_ID.lower()
    text = Synthesized(here).text()
    assert UPPER_ID not in text
    assert f"instance/{UPPER_ID.lower()}/contact/*" in text


def test_a_token_keeps_its_case() -> None:
    """What is known to the deployment only is left as it is."""
    here = stack(env=HERE)
    parameter = CfnParameter(here, "InstanceId")
    assert here.resolve(FROM_ID(here, "Instance", parameter.value_as_string).instance_id) == {"Ref": "InstanceId"}
    arn = f"arn:aws:connect:us-east-1:123456789012:instance/{parameter.value_as_string}"
    assert here.resolve(FROM_ARN(here, "ByArn", arn).instance_id) == {"Ref": "InstanceId"}


@pytest.mark.parametrize("make", [FROM_ALIAS, FROM_ANY])
def test_an_alias_is_resolved_by_the_deployment(make: Make) -> None:
    """Synthesis looks nothing up; the custom resource gives the id."""
    here = stack(env=HERE)
    instance = make(here, "Instance", "local")
    made = Synthesized(here)
    (check,) = made.all("Custom::ConnectInstance")
    assert made.only("Custom::ConnectInstance")["InstanceAlias"] == "local"
    assert here.resolve(instance.instance_id) == {"Fn::GetAtt": [check, "InstanceId"]}


@pytest.mark.parametrize("make", [FROM_ARN, FROM_ID, FROM_ALIAS])
def test_tokens_pass(make: Make) -> None:
    """A parameter's value is known to the deployment only."""
    here = stack()
    parameter = CfnParameter(here, "Parameter")
    instance = make(here, "Instance", parameter.value_as_string)
    endpoint(here, instance=instance)
    assert "Parameter" in json.dumps(Synthesized(here).only("Custom::ConnectInstance"))


def test_the_id_is_taken_out_of_an_arn_that_is_a_token() -> None:
    """CloudFormation can split what synthesis cannot see."""
    here = stack()
    parameter = CfnParameter(here, "Parameter")
    instance = FROM_ARN(here, "Instance", parameter.value_as_string)
    assert here.resolve(instance.instance_id) == {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Parameter"}]}]}


def test_an_arn_with_tokens_in_it_is_understood() -> None:
    """An app builds an ARN from pseudo parameters; its concrete parts are still checked."""
    arn = f"arn:{Aws.PARTITION}:connect:{Aws.REGION}:{Aws.ACCOUNT_ID}:instance/{INSTANCE_ID}"
    assert FROM_ARN(stack(), "Instance", arn).instance_id == INSTANCE_ID
    with pytest.raises(ConfigurationError, match="service is 'lex', expected 'connect'"):
        FROM_ARN(stack(), "Instance", arn.replace(":connect:", ":lex:"))


@pytest.mark.parametrize(
    ("make", "value", "said"),
    [
        (FROM_ID, "not an id", r"instance_id: got 'not an id', expected an instance id such as"),
        (FROM_ID, "", r"instance_id: got '', expected"),
        (FROM_ID, INSTANCE_ID + "\n", r"instance_id: got '.*\\n', expected"),
        (FROM_ID, "my-centre", r"If it is an alias, use ConnectInstance\.from_instance_alias"),
        (FROM_ARN, INSTANCE_ID, r"instance_arn: got .*, expected an instance ARN such as arn:aws:connect"),
        (FROM_ARN, "arn:aws:s3:::bucket", r"service is 's3', expected 'connect'"),
        (FROM_ARN, INSTANCE_ARN.replace("instance/", "queue/"), r"resource is 'queue', expected 'instance'"),
        (FROM_ARN, INSTANCE_ARN + "/contact/c", r"whose end is '.*/contact/c', expected an instance id"),
        (
            FROM_ARN,
            INSTANCE_ARN.replace("us-east-1", "eu-west-2"),
            r"region is 'eu-west-2', expected 'us-east-1'",
        ),
        (
            FROM_ARN,
            INSTANCE_ARN.replace("1234", "9999"),
            r"account is '999956789012', expected '123456789012'",
        ),
        (FROM_ARN, INSTANCE_ARN.replace("aws:", "aws-us-gov:", 1), r"partition is 'aws-us-gov', expected 'aws'"),
        (
            FROM_ARN,
            "arn:aws:connect:us-east-1:123456789012:",
            r"resource is '', expected 'instance'.*\n.* end is '', exp",
        ),
        (FROM_ARN, "arn:::::", r"service is '', expected 'connect'"),
        (FROM_ARN, INSTANCE_ARN + ":more", r"expected an instance ARN such as"),
        (FROM_ARN, None, r"instance_arn: got None, expected an instance ARN"),
        (FROM_ID, None, r"instance_id: got None, expected an instance id"),
        (FROM_ALIAS, None, r"instance_alias: got None, expected an instance alias"),
        (FROM_ANY, None, r"instance: got None, expected an instance id"),
        (lambda here, id, _: ConnectInstance(here, id), "", r"instance_id or alias: got neither of them, expected one"),
        (
            lambda here, id, value: ConnectInstance(here, id, instance_id=INSTANCE_ID, alias=value),
            "local",
            r"instance_id or alias: got both of them, expected one",
        ),
        (
            lambda here, id, value: ConnectInstance(here, id, instance_id=value),
            INSTANCE_ARN,
            r"instance_id: got 'arn:.*, expected an instance id .*\. Use ConnectInstance\.from_instance_arn\(",
        ),
        (FROM_ANY, Aws.NO_VALUE, r"got a token, .*Use ConnectInstance\.from_instance_id\(.*from_instance_alias\("),
        (FROM_ALIAS, "https://local.my.connect.aws", r"expected an instance alias .*first part of https"),
        (FROM_ALIAS, "x" * 46, r"expected an instance alias \(1 to 45"),
        (FROM_ALIAS, "d-123", r"expected an instance alias"),
        (FROM_ALIAS, INSTANCE_ID, r"Use ConnectInstance\.from_instance_id\("),
        (FROM_ALIAS, INSTANCE_ARN, r"Use ConnectInstance\.from_instance_arn\("),
        (
            FROM_ANY,
            "what is this?",
            r"expected an instance id .*, or an instance ARN .*, or an instance alias",
        ),
    ],
)
def test_what_cannot_be_an_instance_is_an_error_at_synthesis(make: Make, value: str, said: str) -> None:
    """What was got, what was expected, and where the common mistake is known, what to do."""
    with pytest.raises(ConfigurationError, match=said):
        make(stack(env=HERE), "Instance", value)


FACTORIES: dict[str, Callable[..., object]] = {
    "ConnectInstance": lambda scope, id: ConnectInstance(scope, id, alias="d-1"),
    "ConnectInstance.from_instance_arn": lambda scope, id: FROM_ARN(scope, id, "x"),
    "ConnectInstance.from_instance_id": lambda scope, id: FROM_ID(scope, id, "x y"),
    "ConnectInstance.from_instance_alias": lambda scope, id: FROM_ALIAS(scope, id, "x y"),
    "ConnectInstance.from_any": lambda scope, id: FROM_ANY(scope, id, "x y"),
    "ChatHistory.from_table_arn": lambda scope, id: ChatHistory.from_table_arn(scope, id, "x"),
}


@pytest.mark.parametrize(("name", "make"), FACTORIES.items(), ids=FACTORIES)
def test_an_error_begins_with_the_constructs_path(name: str, make: Callable[..., object]) -> None:
    """In an app with many stacks an id alone is no place; and where there is no path, there is what was called."""
    here = Construct(stack(), "Inner")
    for scope, id, where in (
        (here, "Made", "Stack/Inner/Made: "),
        (here, "", f"Stack/Inner: {name}: "),
        (here, None, f"Stack/Inner: {name}: "),
        (None, "Made", "Made: "),
        (None, "", f"{name}: "),
        (App(), "Made", "Made: "),
    ):
        with pytest.raises(ConfigurationError) as refused:
            make(scope, id)
        assert str(refused.value).replace(":\n- ", ": ").startswith(where)


def test_an_arn_with_several_mistakes_names_them_all() -> None:
    """One synthesis, all errors."""
    with pytest.raises(ConfigurationError, match=r"service is 'lex'.*\n.*region is 'eu-west-2'"):
        FROM_ARN(stack(env=HERE), "Instance", f"arn:aws:lex:eu-west-2:123456789012:instance/{INSTANCE_ID}")


def test_an_alias_stays_within_its_stack() -> None:
    """Only a deployment of its own stack knows the id; another would need an export."""
    app = App()
    instance = FROM_ALIAS(stack("First", app=app), "Instance", "local")
    with pytest.raises(ConfigurationError, match=r"by its alias in the stack 'First'.*Create a Connect"):
        endpoint(stack("Second", app=app), instance=instance)


def test_an_instance_of_another_region_is_refused() -> None:
    """The endpoint's function would call Connect where the instance is not."""
    app = App()
    instance = FROM_ID(stack("First", app=app, env=HERE), "Instance", INSTANCE_ID)
    there = stack("Second", app=app, env=Environment(account="123456789012", region="eu-west-2"))
    with pytest.raises(ConfigurationError, match="in region us-east-1, expected one in region eu-west-2"):
        endpoint(there, instance=instance)


def test_an_instance_of_another_stage_is_refused() -> None:
    """No deployment could wait for its check."""
    app = App()
    instance = FROM_ID(Stack(Stage(app, "One"), "First"), "Instance", INSTANCE_ID)
    with pytest.raises(
        ConfigurationError, match="got an instance of another stage, expected one in the stage of the stack 'Two/Sec"
    ):
        endpoint(Stack(Stage(app, "Two"), "Second"), instance=instance)


def test_an_instance_known_by_id_serves_another_stack_of_its_region() -> None:
    """Its check is deployed first, by a dependency between the stacks, without an export."""
    app = App()
    first, second = stack("First", app=app, env=HERE), stack("Second", app=app, env=HERE)
    endpoint(second, instance=FROM_ID(first, "Instance", INSTANCE_ID))
    assert "Fn::ImportValue" not in Synthesized(second).text()
    assert [dependency.stack_name for dependency in second.dependencies] == ["First"]


def test_the_check_may_look_at_this_instance_only() -> None:
    """Least privilege for the custom resource as well; only an alias needs to see them all."""
    here = stack(env=HERE)
    FROM_ID(here, "Instance", INSTANCE_ID)
    text = json.dumps(Synthesized(here).named("AWS::IAM::Policy", "InstancePolicy"))
    assert f":instance/{INSTANCE_ID}" in text
    assert "ListInstances" not in text
    assert ":instance/*" not in text


def test_what_is_put_under_an_instance_waits_for_its_check_only() -> None:
    """An app that keeps its constructs under the instance would get a template with a cycle: they would wait for each
    other."""
    here = stack(env=HERE)
    instance = FROM_ID(here, "Instance", INSTANCE_ID)
    caller = iam.Role(instance, "Caller", assumed_by=iam.AccountRootPrincipal())
    made = PersistentChatEndpoint(instance, "Endpoint", instance=instance, history=history(here, instance=instance))
    made.grant_invoke(caller)
    PersistentChatMonitoring(instance, "Monitoring", endpoint=made)
    ChatHistory(instance, "History", instance=instance)
    # The CDK refuses a cycle here.
    api = Synthesized(here).all("AWS::ApiGateway::RestApi").values()
    assert [[key[:-8] for key in one["DependsOn"]] for one in api] == [["InstanceCheck", "InstancePolicy"]]
