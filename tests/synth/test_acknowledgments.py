"""What is explained is what cdk-nag finds: an id that is written otherwise explains nothing."""

import contextlib
import json
from pathlib import Path

import pytest
from aws_cdk import App, CfnCondition, CfnParameter, Fn, Stack, Validations
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks

from connect_persistent_chat.acknowledgments import acknowledge, managed_policy, wildcard
from tests.synth.apps import HERE, stack

MANAGED = "service-role/AWSLambdaBasicExecutionRole"


def resources(here: Stack) -> dict[str, str]:
    """ARNs with a wildcard, each with tokens of another kind."""
    CfnCondition(here, "No", expression=Fn.condition_equals("a", "b"))
    named = CfnParameter(here, "Named").value_as_string
    return {
        "plain": "arn:aws:connect:us-east-1:123456789012:instance/i/contact/*",
        "everything": "*",
        "parameter": f"{named}/contact/*",
        "partition": f"arn:{here.partition}:connect:us-east-1:123456789012:instance/*",
        "attribute": f"{iam.User(here, 'User').user_arn}/*",
        "import": f"arn:aws:connect:us-east-1:123456789012:instance/{Fn.import_value('instance-id')}/contact/*",
        "select": f"arn:aws:connect:us-east-1:123456789012:instance/{Fn.select(1, Fn.split('/', named))}/contact/*",
        "substitute": Fn.sub("arn:${AWS::Partition}:connect:${AWS::Region}:1:instance/*"),
        "variables": Fn.sub("arn:aws:connect:us-east-1:123456789012:instance/${id}/*", {"id": named}),
        "condition": f"arn:aws:connect:us-east-1:1:{Fn.condition_if('No', 'a', 'b').to_string()}/*",
        "joined": f"{Fn.join('/', ['arn:aws:connect:us-east-1:123456789012:instance', named])}/contact/*",
        "nested": Fn.join("/", [f"arn:{here.partition}:connect", Fn.join("-", [named, "x"]), "*"]),
    }


class Nagged:
    """A stack with a role for each of these, some explained, and what cdk-nag says of them."""

    def __init__(self, folder: Path, *, explained: frozenset[str] = frozenset()) -> None:
        app = App(outdir=str(folder))
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        here = stack("Nag", app=app, env=HERE)
        self.expected: dict[str, str] = {}
        for name, resource in resources(here).items():
            role = iam.Role(here, name, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
            statement = iam.PolicyStatement(actions=["connect:DescribeContact"], resources=[resource])
            iam.ManagedPolicy(here, f"Policy{name}", roles=[role], statements=[statement])
            self.expected[name] = wildcard(here, resource)
            if name in explained:
                acknowledge(here.node.find_child(f"Policy{name}"), {self.expected[name]: f"because of {name}"})
        managed = iam.ManagedPolicy.from_aws_managed_policy_name(MANAGED)
        role = iam.Role(here, "M", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), managed_policies=[managed])
        self.expected["managed"] = managed_policy(MANAGED)
        if "managed" in explained:
            acknowledge(role, {managed_policy(MANAGED): "because of managed"})
        # It fails the synthesis of whatever is not explained, and says so in its report.
        with contextlib.suppress(RuntimeError):
            app.synth()
        reports = json.loads((folder / "validation-report.json").read_text(encoding="utf-8"))["pluginReports"]
        # Beside it the CDK's own, if it has anything to say.
        (report,) = (one for one in reports if one["pluginName"] == "AwsSolutions")
        # What was explained, with its reason; and what was not.
        self.explained = {f"AwsSolutions::{one['ruleName']}": one["reason"] for one in report["suppressedViolations"]}
        self.open = {f"AwsSolutions::{one['ruleName']}" for one in report["violations"]}


EXPLAINED = frozenset({"plain", "everything", "attribute", "nested", "managed"})


@pytest.fixture(scope="module")
def nagged(tmp_path_factory: pytest.TempPathFactory) -> Nagged:
    """One in which half of the findings are explained."""
    return Nagged(tmp_path_factory.mktemp("nag"), explained=EXPLAINED)


def test_a_finding_is_named_as_cdk_nag_names_it(nagged: Nagged) -> None:
    """Whatever the ARN is made of: a parameter, another resource, another stack's export, the partition."""
    assert set(nagged.explained) | nagged.open == set(nagged.expected.values())
    assert len(set(nagged.expected.values())) == len(nagged.expected)


def test_no_explanation_breaks_an_app_without_a_linter() -> None:
    """`Validations.acknowledge` refuses ids: before aws-cdk-lib 2.269 those of wildcards, and later others."""
    odd = {"Pack::Rule[Resource::*]": "a", "Pack::Rule::More": "b", "Pack::Rule]": "c"}
    here = stack(env=HERE)
    acknowledge(here, odd)
    written = [one.data for one in here.node.metadata if one.type == Validations.ACKNOWLEDGED_RULES_METADATA_KEY]
    assert written == [odd]


def test_a_reason_explains_its_own_finding_and_no_other(nagged: Nagged) -> None:
    """A new wildcard in the same stack is found, whatever was explained before."""
    assert nagged.explained == {nagged.expected[name]: f"because of {name}" for name in EXPLAINED}
    assert nagged.open == {rule for name, rule in nagged.expected.items() if name not in EXPLAINED}
