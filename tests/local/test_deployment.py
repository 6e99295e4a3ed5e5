"""Deploy, update, fail, roll back, destroy: through the real command line."""

import json
import re
from collections import Counter
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat import ConnectInstance
from local.cdk import CdkFailed
from local.cloud import Cloud
from tests.local.deployments import (
    Deployed,
    Prover,
    api_of,
    deploy,
    destroy,
    endpoint,
    hardened_stack,
    history,
    lines_of,
)

# What an endpoint's proof asks of Amazon Connect, and once more each for an instance that has to be denied.
PROBED = ("CreatePersistentContactAssociation", "DescribeContact")


def status_of(cloud: Cloud, name: str) -> str:
    """The stack's status."""
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return str(stack["StackStatus"])


def probes(cloud: Cloud) -> Counter[str]:
    """How often Amazon Connect was asked for what the proofs ask for."""
    calls = cloud.control("GET", "calls")
    return Counter({operation: sum(calls.get(operation, {}).values()) for operation in PROBED})


def tables(cloud: Cloud, name: str) -> list[str]:
    """The tables that were made by a stack of this name."""
    found: list[str] = cloud.client("dynamodb").list_tables()["TableNames"]
    return [table for table in found if table.startswith(f"{name}-")]


def test_two_endpoints_of_one_stack_stand_side_by_side(sound: Deployed) -> None:
    """By id and by alias; the alias is resolved, and both addresses end with the instance id."""
    instance = f"/{sound.cloud.instance_id}/"
    assert sound.outputs["FirstUrl"].endswith(instance)
    assert sound.outputs["SecondUrl"].endswith(instance)
    assert sound.outputs["FirstUrl"] != sound.outputs["SecondUrl"]


@pytest.mark.prove
def test_the_life_of_a_stack(cloud: Cloud, tmp_path: Path) -> None:
    """Deploy; deploy the same; update; an update that fails rolls back; destroy leaves the history's table only."""
    # Far more than a call takes: a retry would be counted.
    deadline = Duration.seconds(24)
    # A proof that cannot hold is tried until this time is over, so it is short here.
    hurried: dict[str, Any] = {"proof_patience": Duration.seconds(10)}

    def sound(stack: Stack) -> None:
        endpoint(stack, deadline=deadline, history=history(stack, **hurried), **hurried)

    before = probes(cloud)
    deploy(cloud, tmp_path / "1", {"Life": sound})
    created = probes(cloud)
    # Twice: for an instance that has to be denied, too. And the recorder's.
    assert created - before == Counter(CreatePersistentContactAssociation=2, DescribeContact=4)
    deploy(cloud, tmp_path / "2", {"Life": sound})
    assert probes(cloud) == created, "an unchanged endpoint was proved again"

    deadline = Duration.seconds(25)
    deploy(cloud, tmp_path / "3", {"Life": sound})
    # Once more: at first it may have been what was there before that answered.
    assert probes(cloud) - created == Counter(3 * PROBED), "only the endpoint was to be proved again"

    def broken(stack: Stack) -> None:
        made = endpoint(stack, deadline=deadline, history=history(stack, **hurried), **hurried)
        resource = made.function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.handler = "association.handler.nothing"

    # Meanwhile what was there before does not work either: that must not keep the stack half-way.
    cloud.control("POST", "faults", {"operation": "DescribeContact", "kind": "error", "status": 500})
    try:
        with pytest.raises(CdkFailed, match=r"Broken link: function\. The function fails") as failed:
            deploy(cloud, tmp_path / "4", {"Life": broken})
    finally:
        cloud.control("DELETE", "faults")
    assert "no-rollback" not in str(failed.value), "an update's logs stay"
    assert status_of(cloud, "Life") == "UPDATE_ROLLBACK_COMPLETE"
    function = Deployed(cloud, "Life", {}).physical_id("AWS::Lambda::Function", "EndpointFunction")
    configured = cloud.client("lambda").get_function_configuration(FunctionName=function)
    assert configured["Handler"] == "association.handler.handle"

    destroy(cloud, tmp_path / "3")
    names = [stack["StackName"] for stack in cloud.client("cloudformation").describe_stacks()["Stacks"]]
    assert "Life" not in names
    (table,) = tables(cloud, "Life")
    cloud.client("dynamodb").delete_table(TableName=table)


def instance_stack(instance_id: str) -> Callable[[Stack], None]:
    """A stack that needs this instance."""

    def fill(stack: Stack) -> None:
        endpoint(stack, instance=ConnectInstance.from_instance_id(stack, "Instance", instance_id))

    return fill


@pytest.fixture(scope="module")
def refusals(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the command line printed of four deployments to instances that cannot work."""
    made: dict[str, dict[str, Any]] = {
        "Creating": {"InstanceStatus": "CREATION_IN_PROGRESS"},
        "NoBucket": {"TranscriptBuckets": []},
        "TwoBuckets": {"TranscriptBuckets": ["first", "second"]},
    }
    stacks = {
        name: instance_stack(cloud.control("POST", "instances", body)["InstanceId"]) for name, body in made.items()
    }
    stacks["Missing"] = instance_stack("99999999-9999-4999-8999-999999999999")
    with pytest.raises(CdkFailed) as failed:
        deploy(cloud, tmp_path_factory.mktemp("refused"), stacks)
    return str(failed.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Missing", "The Connect instance 99999999-9999-4999-8999-999999999999 does not exist in us-east-1"),
        ("Creating", "is CREATION_IN_PROGRESS, expected ACTIVE"),
        ("NoBucket", "stores chat transcripts in 0 places (none), expected exactly one in S3"),
        ("TwoBuckets", "stores chat transcripts in 2 places (s3://first/"),
    ],
)
def test_an_instance_that_cannot_work_fails_the_deployment(cloud: Cloud, refusals: str, name: str, said: str) -> None:
    """Within a minute: one sentence that a person can act on, in the command line's own output, and a roll-back."""
    assert said in refusals
    assert status_of(cloud, name) == "ROLLBACK_COMPLETE"
    events = cloud.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    failed = min((event for event in events if event["ResourceStatus"] == "CREATE_FAILED"), key=itemgetter("Timestamp"))
    began = min(one["Timestamp"] for one in events if one["LogicalResourceId"] == failed["LogicalResourceId"])
    assert (failed["Timestamp"] - began).total_seconds() < 60


@pytest.fixture(scope="module")
def made(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Deployed]:
    """Stacks that deploy: hardened endpoints, and the provider with and without its permission."""

    def fill(stack: Stack, *lost: str) -> None:
        ConnectInstance.from_instance_id(stack, "Instance", cloud.instance_id)
        role = stack.node.find_child("ConnectPersistentChatProvisioning").node.find_child("ProviderRole")
        resource = role.node.default_child
        assert isinstance(resource, iam.CfnRole)
        statements = stack.resolve(resource.policies)[0]["policyDocument"]["Statement"]
        kept = [statement for statement in statements if statement["Action"] not in lost]
        assert len(statements) - len(kept) == len(lost)
        resource.add_property_override("Policies.0.PolicyDocument.Statement", kept)

    stacks: dict[str, Callable[[Stack], None]] = {
        "Called": fill,
        "Uncalled": lambda stack: fill(stack, "lambda:InvokeFunction"),
        "Hardened": hardened_stack,
    }
    return deploy(cloud, tmp_path_factory.mktemp("made"), stacks)


@pytest.mark.prove
def test_the_provider_needs_its_permission(cloud: Cloud, made: dict[str, Deployed]) -> None:
    """Without it nobody asks about the instance. (On AWS the deployment says so, see docs/local-cloud.md.)"""
    function = "ConnectPersistentChatProvisioningFunction"
    said = {
        name: lines_of(cloud, made[name].physical_id("AWS::Lambda::Function", function))
        for name in ("Called", "Uncalled")
    }
    assert [line["outcome"] for line in said["Called"]] == ["succeeded"]
    assert said["Uncalled"] == []


@pytest.mark.parametrize("name", ["Off", "KeptOut", "Keyed"])
def test_an_endpoint_that_no_deployment_can_call_deploys(made: dict[str, Deployed], name: str) -> None:
    """Ordinary hardening is no fault: all but the API is proved, and the output says what is not."""
    report = made["Hardened"].outputs[f"{name}Report"]
    assert report == (
        "The endpoint: no broken link was found. Shown: instance, function, permission "
        "connect:CreatePersistentContactAssociation, permission connect:DescribeContact. "
        "Not tried, because of proof=ProofScope.WITHOUT_GATEWAY: stage, authorization, gateway to function."
    )


@pytest.mark.parametrize("name", ["Off", "KeptOut", "Keyed"])
def test_such_an_endpoint_is_what_the_proof_would_have_failed_for(made: dict[str, Deployed], name: str) -> None:
    """The local cloud keeps callers out as AWS does; and a proof that meets it says what to choose."""
    function = made["Hardened"].physical_id("AWS::Lambda::Function", f"{name}Function")
    gateway = {"ApiId": api_of(made["Hardened"], f"{name}Url"), "Stage": "v1", "Signed": "true"}
    said = Prover(made["Hardened"], function, [], **gateway)()
    assert re.search(r"Broken link: (stage|authorization)\. ", said or "passed")
    assert "choose proof=ProofScope.WITHOUT_GATEWAY" in (said or "")


def test_a_report_tells_what_is_broken_and_the_deployment_goes_on(made: dict[str, Deployed]) -> None:
    """In an output, for those who would rather read than fail."""
    report = made["Hardened"].outputs["ReportedReport"]
    assert report.startswith(
        "The endpoint: links are broken. The deployment went on, because of proof=ProofScope.REPORT_ONLY."
    )
    assert "Broken link: stage. An unsigned call got 403" in report
    assert "Shown: instance, function, permission " in report


def test_a_policy_for_everybody_and_a_tight_throttle_are_proved_as_a_whole(made: dict[str, Deployed]) -> None:
    """They keep no deployment out."""
    assert made["Hardened"].outputs["LetInReport"].endswith("stage and authorization, gateway to function.")


FAILING = "def handle(event, context):\n    print('the last words of the function')\n    raise RuntimeError('boom')\n"


@pytest.mark.prove
def test_a_function_that_cannot_start_fails_the_deployment(cloud: Cloud, tmp_path: Path) -> None:
    """A crash on import, or a missing variable: it says so at once, does not hang, and leaves no table behind."""

    def crashing(stack: Stack) -> None:
        resource = endpoint(stack).function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.handler = "association.missing.handle"

    def failing(stack: Stack) -> None:
        resource = endpoint(stack).function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.code = lambda_.CfnFunction.CodeProperty(zip_file=FAILING)
        resource.handler = "index.handle"

    def without_variable(stack: Stack) -> None:
        resource = endpoint(stack).function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.add_property_deletion_override("Environment.Variables.DEADLINE_SECONDS")

    def recorder_without_variable(stack: Stack) -> None:
        resource = history(stack).function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.add_property_deletion_override("Environment.Variables.RETENTION_SECONDS")

    stacks = {
        "Crashing": crashing,
        "Failing": failing,
        "WithoutVariable": without_variable,
        "Unrecorded": recorder_without_variable,
    }
    with pytest.raises(CdkFailed) as failed:
        deploy(cloud, tmp_path, stacks)
    assert "Broken link: function. The function fails" in str(failed.value)
    assert "Broken link: environment. The function fails" in str(failed.value)
    assert "environment variable DEADLINE_SECONDS is missing" in str(failed.value)
    assert "The recorder of chats does not work. Broken link: environment." in str(failed.value)
    assert "environment variable RETENTION_SECONDS is missing" in str(failed.value)
    assert tables(cloud, "Unrecorded") == []
    assert "the last words of the function" in str(failed.value)
    # The roll-back deleted the logs: what somebody needs is in the command line's own output.
    assert "What held before: instance." in str(failed.value)
    assert "cdk deploy --no-rollback keeps them" in re.sub(r"\s+", " ", str(failed.value))
    for name in stacks:
        events = cloud.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
        reasons = [event.get("ResourceStatusReason", "") for event in events if "Broken link" in str(event)]
        assert reasons
        assert all(len(json.dumps(reason)) < 3600 for reason in reasons), (
            "CloudFormation takes 4,096 bytes with the rest"
        )
