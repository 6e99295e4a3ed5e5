"""Deploy, update, fail, roll back, destroy: through the real command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_

from connect_persistent_chat import ConnectInstance
from local.cdk import CdkFailed
from local.cloud import Cloud
from tests.local.deployments import Deployed, deploy, destroy, endpoint


def status_of(cloud: Cloud, name: str) -> str:
    """The stack's status."""
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return str(stack["StackStatus"])


def proofs(cloud: Cloud, name: str) -> list[str]:
    """The events of the stack's proofs, oldest first."""
    events = cloud.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return [
        event["ResourceStatus"]
        for event in reversed(events)
        if event.get("ResourceType") == "Custom::PersistentChatProof"
    ]


def test_two_endpoints_of_one_stack_stand_side_by_side(sound: Deployed) -> None:
    """By id and by alias; the alias is resolved, and both addresses end with the instance id."""
    instance = f"/{sound.cloud.instance_id}/"
    assert sound.outputs["FirstUrl"].endswith(instance)
    assert sound.outputs["SecondUrl"].endswith(instance)
    assert sound.outputs["FirstUrl"] != sound.outputs["SecondUrl"]


def test_the_life_of_a_stack(cloud: Cloud, tmp_path: Path) -> None:
    """Deploy; deploy the same; update; an update that fails rolls back; destroy leaves nothing."""
    deadline = Duration.seconds(8)

    def sound(stack: Stack) -> None:
        endpoint(stack, deadline=deadline)

    deploy(cloud, tmp_path / "1", {"Life": sound})
    created = proofs(cloud, "Life")
    deploy(cloud, tmp_path / "2", {"Life": sound})
    assert proofs(cloud, "Life") == created, "an unchanged endpoint was proved again"

    deadline = Duration.seconds(9)
    deploy(cloud, tmp_path / "3", {"Life": sound})
    assert proofs(cloud, "Life")[len(created) :] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]

    def broken(stack: Stack) -> None:
        made = endpoint(stack, deadline=deadline, proof_patience=Duration.seconds(2))
        resource = made.function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.handler = "association.handler.nothing"

    with pytest.raises(CdkFailed, match=r"Broken link: function\. The function fails"):
        deploy(cloud, tmp_path / "4", {"Life": broken})
    assert status_of(cloud, "Life") == "UPDATE_ROLLBACK_COMPLETE"
    function = Deployed(cloud, "Life", {}).physical_id("AWS::Lambda::Function", "EndpointFunction")
    configured = cloud.client("lambda").get_function_configuration(FunctionName=function)
    assert configured["Handler"] == "association.handler.handle"

    destroy(cloud, tmp_path / "3")
    names = [stack["StackName"] for stack in cloud.client("cloudformation").describe_stacks()["Stacks"]]
    assert "Life" not in names


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
    """One sentence that a person can act on, in the command line's own output, and a roll-back."""
    assert said in refusals
    assert status_of(cloud, name) == "ROLLBACK_COMPLETE"


def test_a_function_that_cannot_start_fails_the_deployment(cloud: Cloud, tmp_path: Path) -> None:
    """A crash on import, or a missing variable: it says so at once, and does not hang."""

    def crashing(stack: Stack) -> None:
        resource = endpoint(stack).function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.handler = "association.missing.handle"

    def without_variable(stack: Stack) -> None:
        resource = endpoint(stack).function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.add_property_deletion_override("Environment.Variables.DEADLINE_SECONDS")

    with pytest.raises(CdkFailed) as failed:
        deploy(cloud, tmp_path, {"Crashing": crashing, "WithoutVariable": without_variable})
    assert "Broken link: function. The function fails" in str(failed.value)
    assert "Broken link: environment. The function fails" in str(failed.value)
    assert "environment variable DEADLINE_SECONDS is missing" in str(failed.value)
