"""The Provider framework's handler: what each request does, and which physical id it keeps."""

import json
from typing import Any

import pytest

from provisioning.calls import Answer
from provisioning.link import DeploymentFailure
from provisioning.router import handle
from tests.unit.provisioning.test_proof import ENDPOINT
from tests.unit.provisioning.world import INSTANCE_ID, World


def event(request: str, resource: str = "Custom::ConnectInstance", **more: Any) -> dict[str, Any]:
    """What the framework hands over."""
    properties = {"ServiceToken": "arn", "InstanceId": INSTANCE_ID}
    return {
        "RequestType": request,
        "ResourceType": resource,
        "LogicalResourceId": "Check123",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/Stack/1",
        "ResourceProperties": properties,
        "ResponseURL": "https://secret",
        **more,
    }


def test_create_checks_and_names_the_resource_after_itself() -> None:
    """A physical id that never changes: nothing is ever replaced."""
    answer = handle(event("Create"), None, World())
    assert answer["PhysicalResourceId"] == "Custom::ConnectInstance/Check123"
    assert answer["Data"]["InstanceId"] == INSTANCE_ID


def test_update_checks_again_and_keeps_the_physical_id() -> None:
    """A changed id on Update would mean replacement."""
    world = World()
    assert handle(event("Update", PhysicalResourceId="kept"), None, world)["PhysicalResourceId"] == "kept"
    world.status = "CREATION_FAILED"
    with pytest.raises(DeploymentFailure):
        handle(event("Update", PhysicalResourceId="kept"), None, world)


def test_flows_are_checked_and_hand_nothing_on() -> None:
    """What uses the flows knows them already; during a roll-back a broken flow is passed over."""
    world = World()
    asked = event("Update", "Custom::ConnectFlows", ResourceProperties={"InstanceId": INSTANCE_ID, "Flows": {"a": "x"}})
    with pytest.raises(DeploymentFailure, match=r"a \(x\) is malformed"):
        handle(asked, None, world)
    world.is_rolling_back = True
    assert handle(asked, None, world)["Data"] == {}


def test_a_roll_back_is_never_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """If what was there before is broken as well, a refusal would leave the stack in UPDATE_ROLLBACK_FAILED."""
    world = World()
    world.status = "CREATION_FAILED"
    world.is_rolling_back = True
    assert handle(event("Update"), None, world)["Data"] == {"InstanceId": INSTANCE_ID}
    assert "passed over" in json.loads(capsys.readouterr().out)["outcome"]
    with pytest.raises(DeploymentFailure):
        handle(event("Create"), None, world)


def test_a_roll_back_knows_the_instance_behind_an_alias() -> None:
    """Whatever else is wrong with it: what refers to the id would fail without it."""
    world = World()
    world.is_rolling_back = True
    world.storages = []
    by_alias = event("Update", ResourceProperties={"ServiceToken": "arn", "InstanceAlias": "local"})
    assert handle(by_alias, None, world)["Data"] == {"InstanceId": INSTANCE_ID}


def test_a_roll_back_passes_over_what_nobody_foresaw() -> None:
    """Whatever the proof stumbles over, the deployment has failed already."""
    world = World()
    world.is_rolling_back = True
    world.invoke_failure = ZeroDivisionError("a bug")
    proof = {**ENDPOINT, "PatienceSeconds": "1"}
    asked = event("Update", "Custom::PersistentChatProof", ResourceProperties=proof)
    report = handle(asked, None, world)["Data"]["Report"]
    assert report == "passed over, while the stack is rolled back: ZeroDivisionError: a bug"
    world.is_rolling_back = False
    with pytest.raises(DeploymentFailure, match="ZeroDivisionError: a bug"):
        handle(asked, None, world)


@pytest.mark.parametrize("resource", ["Custom::ConnectInstance", "Custom::ConnectFlows", "Custom::PersistentChatProof"])
def test_delete_always_succeeds_and_asks_nothing(resource: str) -> None:
    """A broken endpoint, or an instance that is gone, must not keep a stack from being deleted."""

    class NoWorld(World):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(f"Delete asked for {name}")

    answer = handle(event("Delete", resource, PhysicalResourceId="kept"), None, NoWorld())
    assert answer == {"PhysicalResourceId": "kept", "Data": {}}


def test_the_log_tells_the_outcome_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """A ResponseURL in a log lets its reader answer CloudFormation in our name."""
    handle(event("Create"), None, World())
    logged = capsys.readouterr().out
    assert json.loads(logged)["outcome"] == "succeeded"
    assert "secret" not in logged


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        [],
        "x",
        {},
        event("Create", "Custom::Other"),
        event("Create", ["Custom::ConnectInstance"]),  # type: ignore[arg-type]
        event("Replace"),
        event("Create", LogicalResourceId=7),
        {"requestContext": {}},
    ],
)
def test_what_is_no_request_of_cloudformation_gets_one_sentence(malformed: Any) -> None:
    """Whoever may invoke the function can send anything; it asks nobody for it."""
    with pytest.raises(DeploymentFailure, match=r"^The provisioning function got .*, expected a request of CloudForm"):
        handle(malformed, None, World())


@pytest.mark.parametrize("properties", [None, [], "x"])
def test_properties_that_are_none_get_one_sentence(properties: Any) -> None:
    """The same."""
    with pytest.raises(DeploymentFailure, match=r"^ResourceProperties: got .*, expected an object\."):
        handle(event("Create", ResourceProperties=properties), None, World())


def test_no_log_and_no_text_has_a_credential(capsys: pytest.CaptureFixture[str]) -> None:
    """API Gateway answers a signature that does not hold with the request that should have been signed."""
    world = World()
    shown = b"'POST\\n/v1/contact\\nhost:h\\nx-amz-security-token:IQoJb3JpZ2luEXAMPLE\\n'"
    world.signed = Answer(403, b'{"message":"The Canonical String should have been ' + shown + b'"}')
    asked = event("Create", "Custom::PersistentChatProof", ResourceProperties={**ENDPOINT, "PatienceSeconds": "1"})
    with pytest.raises(DeploymentFailure, match="Canonical String") as failed:
        handle(asked, None, world)
    assert "EXAMPLE" not in str(failed.value)
    logged = capsys.readouterr().out
    assert "Canonical String" in logged
    assert "EXAMPLE" not in logged


def test_a_report_is_all_that_report_only_ends_with() -> None:
    """Whatever the proof stumbles over, the deployment goes on."""
    world = World()
    asked = event("Create", "Custom::PersistentChatProof", ResourceProperties={**ENDPOINT, "Scope": "REPORT_ONLY"})
    world.invoke_failure = ZeroDivisionError("a bug")
    assert handle(asked, None, world)["Data"] == {"Report": "Nothing could be shown: ZeroDivisionError: a bug"}
