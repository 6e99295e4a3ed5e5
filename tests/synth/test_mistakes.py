"""The error: all mistakes of a call together, each in a short sentence without the inner form of a token."""

from functools import partial
from typing import Any

import pytest
from aws_cdk import App, Duration
from hypothesis import example, given
from hypothesis import strategies as st

from connect_persistent_chat import Authorization, ChatHistory, ConnectInstance, CustomerIdentity, messages
from constructs import Construct
from tests.synth.apps import HERE, INSTANCE_ID, endpoint, history, stack
from tests.synth.calls import CALLABLES, CONSTRUCTS, ELSEWHERE, TABLE_ARN, Prepared, mistakes_of, parameters_of
from tests.synth.test_authorization import lambda_authorizer


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.__name__)
def test_every_mistake_of_a_construct_is_in_one_error(construct: type) -> None:
    """One synthesis shows all mistakes. Nobody wants to repair one and then find the next."""
    prepared = Prepared()
    names = [name for name in parameters_of(construct) if name not in ("scope", "id")]
    said = mistakes_of(partial(prepared.bound(construct.__name__), **dict.fromkeys(names, object())))
    assert [name for name in names if f"{name}: got an object, expected " not in said] == []
    # A line each, in the order of the signature.
    first, *lines = said.split("\n")
    assert first == "Stack/Made:"
    assert [line.removeprefix("- ").partition(":")[0] for line in lines] == names


def test_mistakes_of_types_limits_and_places_come_together() -> None:
    """A mistake of one parameter must not hide a mistake of another."""
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


def test_no_mistake_hides_another() -> None:
    """The mistakes of all items of a list are shown, and also mistakes that the CDK finds only later."""
    here = stack(env=HERE)
    authorization = Authorization.authorizer(lambda_authorizer(here), customer_key="customer")
    endpoint(here, "First", authorization=authorization)
    origins: Any = ["x", None, "https://chat.example.com", 5, "y"]
    said = mistakes_of(lambda: endpoint(here, authorization=authorization, cors_allowed_origins=origins, deadline=None))
    assert [said.count(f"got {one}") for one in ("'x'", "None", "5", "'y'", "an authorizer that another API uses")] == [
        1
    ] * 5
    assert "chat.example.com" not in said


@given(st.text(max_size=400) | st.floats() | st.integers() | st.lists(st.text(max_size=50), max_size=9) | st.none())
@example("${Token[TOKEN.1]}")
@example("x" * 10**6)
@example(10**5000)
@example(["${Token[TOKEN.1]}", -1.8881545897087e289])
@example(-int(-1.8881545897087e289))
@example(1.8881545897087e292)
def test_a_value_in_a_message_is_short_and_no_tokens_inner_form(value: object) -> None:
    """A person reads the message, and must see the value, not how the CDK writes it."""
    said = messages.shown(value)
    assert 0 < len(said) <= 303
    assert "Token[" not in said
    assert "e+289" not in said
    assert "88815" not in said


WITH_ID = [name for name, called in CALLABLES.items() if "id" in parameters_of(called)]


@pytest.mark.parametrize("name", WITH_ID)
def test_an_id_that_the_scope_has_already_is_told_with_the_other_mistakes(name: str) -> None:
    """The CDK ends with a stack trace of its engine, at the first mistake."""
    prepared = Prepared()
    Construct(prepared.stack, "Made")
    required = prepared.required(name)
    twice = "id: got 'Made', expected an id that no other construct in this scope has."
    assert mistakes_of(partial(prepared.bound(name), **required)) == f"Stack/Made: {twice}"
    *_, last = parameters_of(CALLABLES[name])
    said = mistakes_of(partial(prepared.bound(name), **{**required, last: object()}))
    assert f"\n- {twice}\n" in said
    assert f"\n- {last}: got an object, expected " in said


def test_an_id_with_a_slash_is_the_same_as_with_two_hyphens() -> None:
    """The CDK writes it so, because a slash separates the ids in a path."""
    here = stack()
    ConnectInstance.from_instance_id(here, "a/b", INSTANCE_ID)
    for id in ("a/b", "a--b"):
        said = mistakes_of(partial(ConnectInstance.from_instance_id, here, id, INSTANCE_ID))
        assert f"id: got {id!r}, expected an id that no other construct in this scope has." in said


FREE_TEXTS = [
    ("PersistentChatEndpoint", "id"),
    ("Authorization.cognito", "customer_claim"),
    ("Authorization.authorizer", "customer_key"),
    ("PersistentChatEndpoint.metric_count", "statistic"),
    ("CustomerIdentity.attribute", "name"),
]


@pytest.mark.parametrize(("name", "parameter"), FREE_TEXTS, ids=map("-".join, FREE_TEXTS))
def test_a_text_that_no_template_can_hold_is_refused(name: str, parameter: str) -> None:
    """Half of a character makes the template invalid JSON. White space at an end is a slip that nobody sees."""
    prepared = Prepared()
    required, bound = prepared.required(name), prepared.bound(name)
    for text in ("a\ud800b", "a\0b", "a\x9fb", " sub", "sub ", "sub\n", "\u00a0sub"):
        said = mistakes_of(partial(bound, **{**required, parameter: text}))
        expected = "a text without control characters and white space at its ends."
        assert said.endswith(f"{parameter}: got {text!r}, expected {expected}")
        assert said.isprintable()
