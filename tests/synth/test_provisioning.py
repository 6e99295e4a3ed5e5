"""The stack's one provisioning function, by itself; what an endpoint asks of it is in test_proof.py."""

from aws_cdk import App, Stack
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_persistent_chat.deployment.provisioning import Provisioning
from constructs import Construct
from tests.synth.apps import HERE, Synthesized, stack

STACK = stack("Policies", env=HERE)
RESOURCES = st.lists(st.sampled_from(["arn:aws:connect:::a", "arn:aws:connect:::b", "*"]), min_size=1, unique=True)
PERMISSIONS = st.dictionaries(
    st.sampled_from([f"connect:Action{number}" for number in range(6)]), RESOURCES, min_size=1
)


def test_each_stack_has_one_of_its_own() -> None:
    """A second function in a stack would only cost; one of another stack would tie the two together."""
    app = App()
    first, second = (stack(name, app=app, env=HERE) for name in ("First", "Second"))
    assert Provisioning.of(first) is Provisioning.of(first)
    assert Provisioning.of(first) is not Provisioning.of(second)
    assert Stack.of(Provisioning.of(second)) is second
    functions = Synthesized(first).all("AWS::Lambda::Function")
    # Its own, and that of the Provider framework, whose id each custom resource names.
    assert len(functions) == 2
    (framework,) = (key for key in functions if "framework" in key)
    token = first.resolve(Provisioning.of(first).service_token)
    assert token == {"Fn::GetAtt": [framework, "Arn"]}


@settings(max_examples=25)
@given(PERMISSIONS)
def test_a_policy_allows_what_was_asked_for_in_as_few_statements_as_can_be(permissions: dict[str, list[str]]) -> None:
    """All policies of the role together have a limit; an action that moved to other resources would be a hole."""
    scope = Construct(STACK, f"Resource{len(STACK.node.children)}")
    policy = Provisioning.of(STACK).policy_for(scope, permissions)
    document = STACK.resolve(policy.document)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    allowed: dict[str, list[str]] = {}
    for statement in statements:
        assert statement["Effect"] == "Allow"
        actions, resources = (
            [part] if isinstance(part, str) else part for part in (statement["Action"], statement["Resource"])
        )
        for action in actions:
            assert action not in allowed
            allowed[action] = sorted(resources)
    assert allowed == {action: sorted(resources) for action, resources in permissions.items()}
    # Two with the same resources in another order may stand beside each other.
    assert len(statements) <= len({tuple(resources) for resources in permissions.values()})
