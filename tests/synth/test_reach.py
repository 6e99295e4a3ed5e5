"""When the proof can call an API, over resource policies of any kind; the errors of an app are in test_proof.py."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_persistent_chat.deployment import reach

EVERYBODY: list[Any] = ["*", ["*"], {"AWS": "*"}, {"AWS": ["*"]}]
SOMEBODY: list[Any] = [{"AWS": "123456789012"}, {"AWS": ["*", "123456789012"]}, {"Service": "*"}, None]
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Allow", "Allow", "Deny"])},
    optional={
        "Principal": st.sampled_from([*EVERYBODY, *EVERYBODY, *SOMEBODY]),
        "Condition": st.sampled_from([{}, {}, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}]),
        "NotAction": st.just("execute-api:Invoke"),
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Statement", "Effect", "x"]), inner),
    max_leaves=6,
)


def is_reached(policy: object) -> bool:
    """Whether an API with this policy, and nothing else that is odd, is proved."""
    return reach._why_not({"Policy": policy}, {}) == ""


@given(st.lists(STATEMENTS, max_size=4))
def test_a_policy_lets_the_proof_in_if_it_lets_everybody_in_without_a_condition(statements: list[Any]) -> None:
    """Whether a condition would hold for the proof, only the deployment knows: then it fails for no fault."""
    narrowed = any(one["Effect"] == "Deny" or one.get("Condition") for one in statements)
    opened = any(one.get("Principal") in EVERYBODY and "NotAction" not in one for one in statements)
    policy = {"Version": "2012-10-17", "Statement": statements}
    assert is_reached(policy) == (opened and not narrowed)
    # IAM's language takes one statement without a list, and CloudFormation a policy as its text.
    assert is_reached(json.dumps(policy)) == is_reached(policy)
    if len(statements) == 1:
        assert is_reached({"Statement": statements[0]}) == is_reached(policy)


@given(JSON)
def test_a_policy_that_nobody_can_read_lets_nobody_in(policy: object) -> None:
    """As an intrinsic function, or a mistake: no stack trace at synthesis, and no promise."""
    assert is_reached(policy) == (policy is None)


@pytest.mark.parametrize(
    ("api", "method", "why"),
    [
        ({}, {}, ""),
        ({"DisableExecuteApiEndpoint": {"Ref": "Off"}}, {}, "The API's default address is switched off."),
        ({"DisableExecuteApiEndpoint": "false"}, {"ApiKeyRequired": "false"}, ""),
        ({"EndpointConfiguration": {"Types": None}}, {}, ""),
        ({"EndpointConfiguration": {"Ref": "Kind"}}, {}, ""),
        ({}, {"ApiKeyRequired": {"Ref": "Key"}}, "The API's method asks for an API key."),
        ({"EndpointConfiguration": {"Types": ["PRIVATE"]}}, {"ApiKeyRequired": True}, "The API is private."),
    ],
)
def test_what_only_the_deployment_knows_counts_as_on(api: dict[str, Any], method: dict[str, Any], why: str) -> None:
    """A parameter that may switch the address off may fail the proof; one reason is enough to choose."""
    assert reach._why_not(api, method) == why
