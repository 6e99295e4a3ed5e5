"""TLS policies where no template shows them; those of an endpoint are in test_endpoint.py."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aws_cdk import aws_apigateway as apigateway

from connect_persistent_chat import ConfigurationError
from connect_persistent_chat.endpoint import rest_api
from tests.synth.apps import endpoint, stack

POLICIES = list(apigateway.SecurityPolicy)
TAKEN = [policy for policy in POLICIES if policy in (rest_api.TLS_LIMITS.allowed or ())]


def set_to(*policies: apigateway.SecurityPolicy) -> tuple[str, str]:
    """Policy and mode of an API that was given these, one after the other."""
    api = SimpleNamespace()
    for policy in policies:
        rest_api.set_tls(cast(apigateway.CfnRestApi, api), policy)
    return api.security_policy, api.endpoint_access_mode


@pytest.mark.parametrize("policy", TAKEN, ids=lambda policy: policy.name)
def test_the_last_policy_counts_whole(policy: apigateway.SecurityPolicy) -> None:
    """A mode that was left over from another policy is what API Gateway refuses in the middle of an update."""
    for before in TAKEN:
        assert set_to(before, policy) == set_to(policy)


def test_a_mode_goes_with_the_newer_policies_and_with_no_other() -> None:
    """API Gateway Developer Guide, "Security policies for REST APIs": only SecurityPolicy_… takes a mode."""
    for name, mode in map(set_to, TAKEN):
        assert mode == ("BASIC" if name.startswith("SecurityPolicy_") else "")
    assert {mode for _, mode in map(set_to, TAKEN)} == {"BASIC", ""}


@pytest.mark.parametrize(
    ("given", "got"), [("TLS_1_2", "'TLS_1_2'"), (7, "7"), (apigateway.SecurityPolicy, "the class")]
)
def test_what_is_no_policy_is_refused_with_those_that_are(given: Any, got: str) -> None:
    """Python checks no type: a text that looks right would reach the template without a mode."""
    with pytest.raises(ConfigurationError) as refused:
        endpoint(stack(), security_policy=given)
    said = str(refused.value).removeprefix("Stack/Endpoint: ")
    assert said.startswith(f"security_policy: got {got}")
    # The name of a policy as a text is told as the policy.
    said = said.removesuffix(" Use SecurityPolicy.TLS_1_2." if given == "TLS_1_2" else "")
    offered = said.removesuffix(".").rpartition(": ")[2].split(", ")
    assert offered == [policy.name for policy in TAKEN]
    assert len(offered) > 1
