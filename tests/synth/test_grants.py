"""Grants: an identity gets its permission, or a sentence says why it cannot."""

import typing
from collections.abc import Callable
from functools import partial

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat import ConfigurationError
from tests.synth.apps import HERE, Synthesized, endpoint, history, stack
from tests.synth.calls import PLACES, mistakes_of


def role(here: Stack) -> iam.Role:
    """The role of a backend."""
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
PLAIN_AND_LOOKED_UP: list[Callable[[Stack], iam.IGrantable]] = [
    role,
    lambda there: iam.Role.from_lookup(there, "Unknown", role_name="backend"),
]


@pytest.mark.parametrize("action", ["execute-api:Invoke", "dynamodb:Query"])
@pytest.mark.parametrize("caller", list(CALLERS))
def test_a_grant_is_made_or_says_that_it_is_not(caller: str, action: str) -> None:
    """For a role without updates, the CDK reports success, but the template has no permission."""
    here = stack("Here", env=HERE)
    granted, of = CALLERS[caller]
    grant = endpoint(here, "Made").grant_invoke if "Invoke" in action else history(here, "Made").grant_read
    identity = of(here)
    if granted:
        assert grant(identity).success
        policies = Synthesized(here).all("AWS::IAM::Policy")
        assert [key for key, one in policies.items() if action in str(one) and not key.startswith("Made")]
    else:
        assert f"{grant.__name__}: " in mistakes_of(lambda: grant(identity))


@pytest.mark.parametrize("place", list(PLACES))
def test_a_role_that_is_not_looked_up_yet_is_refused_in_the_words_for_any_role(place: str) -> None:
    """If synthesis stopped at an error of the CDK, the look-up would never happen."""
    app = App()
    kept = history(stack("Here", app=app, env=HERE))
    there = PLACES[place](app)
    said = [mistakes_of(partial(kept.grant_read, of(there))) for of in PLAIN_AND_LOOKED_UP]
    assert said[0] == said[1]


def test_an_identity_that_a_stack_of_another_account_imports_is_refused_with_the_reason() -> None:
    """It is a role of the right account, but the CDK writes no permission for it, or writes it there."""
    app = App()
    kept = history(stack("Here", app=app, env=HERE))
    there = PLACES["in account 999999999999"](app)
    for identity in (
        iam.Role.from_role_arn(there, "Role", ROLE_ARN),
        iam.Role.from_role_arn(there, "Fixed", ROLE_ARN, mutable=False),
        iam.User.from_user_arn(there, "User", ROLE_ARN.replace("role", "user")),
    ):
        said = mistakes_of(partial(kept.grant_read, identity))
        assert "an identity that was imported in the stack 'There' of the account 999999999999" in said


def test_nobody_elsewhere_is_let_read_a_history() -> None:
    """A permission without effect is a mistake."""
    app = App()
    kept = history(Stack(app, "Stack", env=HERE))
    there = Environment(account="999999999999", region="us-east-1")
    for other, said in (
        (Stack(app, "Other", env=there), "of the account 999999999999"),
        (Stack(app, "Anywhere"), "The account or the region of one of the two is not known"),
        (stack(), "of another stage"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            kept.grant_read(iam.Role(other, "Reader", assumed_by=iam.AccountRootPrincipal()))
    assert kept.grant_read(iam.Role(Stack.of(kept), "Reader", assumed_by=iam.AccountRootPrincipal())).success
