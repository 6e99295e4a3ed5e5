"""Limits: values of the right type that are too small, too large, or not allowed."""

import math

import pytest
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connect_persistent_chat import (
    Authorization,
    ConfigurationError,
    ConnectInstance,
    PersistentChatMonitoring,
    parameters,
)
from tests.synth.apps import HERE, INSTANCE_ID, Synthesized, endpoint, history, stack, user_pool
from tests.synth.calls import mistakes_of

# Each duration is a slow call of the CDK's engine.
FEWER = settings(max_examples=40)
MILLISECONDS = st.integers(0, 3_600_000) | st.sampled_from([1, 999, 1_001, 86_400_000_000])


def out_of_range(value: object, least: float, most: float) -> list[str]:
    """The mistakes of this value as a deadline with these limits."""

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
    """The limits themselves are allowed. The sentence shows the value and both limits."""
    mistakes = out_of_range(Duration.millis(milliseconds), least, most)
    if least <= milliseconds / 1000 <= most:
        assert mistakes == []
    else:
        got = f"{milliseconds / 1000:.15g}"
        assert mistakes == [f"deadline: got {got} seconds, expected {least} to {most} seconds."]


@pytest.mark.parametrize("odd", [8, 0, math.inf, math.nan, "8", True, [], {}])
def test_what_is_no_duration_is_a_mistake_whatever_its_limits(odd: object) -> None:
    """A number has no unit: it could be seconds or minutes. None is the default."""
    (mistake,) = out_of_range(odd, 0, 10**9)
    assert mistake.startswith(f"deadline: got {odd!r}, expected a Duration of 0 to ")
    assert out_of_range(None, 5, 6) == []


@pytest.mark.parametrize("length", [Duration.seconds(16.1), Duration.millis(1500.5), Duration.minutes(0.0333)])
def test_a_length_with_a_fraction_is_no_token(length: Duration) -> None:
    """The CDK refuses to write it as whole milliseconds. Such a length is still right."""
    here = stack()
    watched = endpoint(here, deadline=length)
    PersistentChatMonitoring(here, "Monitoring", endpoint=watched, slow=length)
    alarms = Synthesized(here).all("AWS::CloudWatch::Alarm")
    (threshold,) = (one["Properties"]["Threshold"] for key, one in alarms.items() if "Slow" in key)
    assert threshold == pytest.approx(length.to_milliseconds(integral=False))


@pytest.mark.parametrize("period", [1, 5, 10, 30, 60, 3600])
@pytest.mark.parametrize("other", [0, 2, 15, 20, 45, 90])
def test_a_metric_has_a_period_that_the_cdk_takes(period: int, other: int) -> None:
    """CloudWatch accepts 20 seconds, but the CDK does not."""
    made = endpoint(stack())
    assert made.metric_count(period=Duration.seconds(period)).period.to_seconds() == period
    said = mistakes_of(lambda: made.metric_count(period=Duration.seconds(other)))
    assert f"period: got {other} seconds, expected 1, 5, 10 or 30 seconds, or a multiple of 60 seconds." in said


@pytest.mark.parametrize("id", ["", "x y", "a,b", "é" * 3, "a" * 129])
def test_an_app_client_has_an_id_that_can_be_one(id: str) -> None:
    """The function gets the ids in one text with spaces between them, so an id with a space would be two."""
    here = stack()
    clients = [cognito.UserPoolClient.from_user_pool_client_id(here, "Client", id)]
    said = mistakes_of(lambda: Authorization.cognito(user_pool(here)[0], clients))
    assert f"app_clients: got a client with the id {id!r}, expected an id such as " in said


def test_no_table_or_log_leaves_a_snapshot() -> None:
    """CloudFormation makes no snapshot of them. The CDK ends with a stack trace, or says nothing."""
    snapshot = RemovalPolicy.SNAPSHOT
    said = mistakes_of(lambda: history(stack(), removal_policy=snapshot, log_removal_policy=snapshot))
    assert said.count("removal_policy: got RemovalPolicy.SNAPSHOT, expected RemovalPolicy.DESTROY or ") == 2
    said = mistakes_of(lambda: endpoint(stack(), log_removal_policy=snapshot))
    assert "log_removal_policy: got RemovalPolicy.SNAPSHOT, expected " in said


def test_variables_fit_or_the_sentence_names_what_is_too_much() -> None:
    """AWS Lambda refuses more than 4,096 bytes in the middle of a deployment."""
    here = stack(env=HERE)
    client = "a" * 26
    clients = [cognito.UserPoolClient.from_user_pool_client_id(here, f"Client{one}", client) for one in range(150)]
    pools, _ = user_pool(here)
    endpoint(here, "Few", authorization=Authorization.cognito(pools, clients[:100]))
    said = mistakes_of(lambda: endpoint(here, "Many", authorization=Authorization.cognito(pools, clients)))
    assert "authorization: got values that need 4" in said
    assert " bytes of environment variables together with the other settings, expected at most 4096" in said
    long = f"https://{'a' * 4000}.example"
    assert "cors_allowed_origins: got values that need 4" in mistakes_of(
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
