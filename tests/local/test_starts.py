"""Endpoints that start chats, as they are deployed: the second method, its permissions, its flows and its proof."""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack

from connect_persistent_chat import ChatStart
from connect_persistent_chat.lambda_function import START_PACKAGES
from local.cdk import CdkFailed
from local.chats import Chats
from local.clients import endpoint_client
from local.cloud import Cloud
from local.connect.instances import FLOW_ID
from tests.local.breaking import START, actions_of, other_policies, with_code, without_permission
from tests.local.callers import Door, token_of
from tests.local.deployments import Deployed, Prover, deploy, endpoint, log_of

pytestmark = pytest.mark.usefixtures("without_quotas")
ROLE = "StarterRole"
LAMBDA = Path(__file__).resolve().parents[2] / "lambda"
WHO = {"DisplayName": "Customer"}


def client_of(starting: Deployed) -> Any:
    """boto3's own client of the endpoint."""
    return endpoint_client(starting.cloud, starting.outputs["StarterUrl"])


def calls_of(cloud: Cloud, operation: str) -> int:
    """How often Amazon Connect was asked for an operation."""
    return sum(cloud.control("GET", "calls").get(operation, {}).values())


def without_resource(starting: Deployed, end: str) -> AbstractContextManager[None]:
    """The role may no longer start chats on the resource with this end."""

    def change(statement: dict[str, Any]) -> None:
        if START in actions_of(statement):
            statement["Resource"] = [one for one in statement["Resource"] if not one.endswith(end)]

    return other_policies(starting, ROLE, change)


def test_a_client_of_the_sdk_starts_a_chat(starting: Deployed, customer: str, chats: Chats) -> None:
    """Without the instance's flow, which is the only one; the customer is in the contact, where the rule looks."""
    said = client_of(starting).start_chat_contact(
        InstanceId=starting.cloud.instance_id,
        ContactFlowId="web",
        ParticipantDetails=WHO,
        CustomerId=customer,
        Attributes={"page": "a"},
    )
    contact = chats.describe(said["ContactId"])
    assert (contact["CustomerId"], contact["Attributes"]) == (customer, {"page": "a"})
    assert said["ParticipantToken"]
    assert starting.outputs["StarterStartUrl"].endswith("/v1/contact/chat")


@pytest.mark.usefixtures("with_events")
def test_a_customer_who_comes_back_continues_the_latest_chat(starting: Deployed, customer: str, chats: Chats) -> None:
    """One call: the endpoint finds the past chat in its history."""
    client = client_of(starting)
    asked = {"InstanceId": starting.cloud.instance_id, "ContactFlowId": FLOW_ID, "ParticipantDetails": WHO}
    first = client.start_chat_contact(**asked, CustomerId=customer)
    chats.end(first["ContactId"])
    chats.told()
    second = client.start_chat_contact(**asked, CustomerId=customer)
    assert second["ContinuedFromContactId"] == first["ContactId"]
    assert "ContinuedFromContactId" not in client.start_chat_contact(**asked, CustomerId=f"{customer}-2")


def test_people_start_their_own_chats_only(starting: Deployed, customer: str, chats: Chats) -> None:
    """The authorizer says who calls. A page may ask before, and read what came."""
    door = Door(starting, "PeopleUrl")
    token = token_of({"customer": customer})
    body = json.dumps({"ParticipantDetails": WHO}).encode()
    said = door.send("/contact/chat", body, method="PUT", token=token, headers={"Origin": "https://a.example"})
    assert said.status == 200
    assert {name.lower(): value for name, value in said.headers.items()}[
        "access-control-allow-origin"
    ] == "https://a.example"
    assert chats.describe(said.document["ContactId"])["CustomerId"] == customer
    other = json.dumps({"ParticipantDetails": WHO, "CustomerId": "other"}).encode()
    assert door.send("/contact/chat", other, method="PUT", token=token).status == 404


@pytest.mark.parametrize("more", [{"SegmentAttributes": {}}, {"RelatedContactId": FLOW_ID}, {"Attributes": {"x": "y"}}])
def test_what_nobody_may_send_starts_nothing(starting: Deployed, more: dict[str, Any]) -> None:
    """The local gateway does not look at the model, so this is the function, which refuses the same bodies."""
    before = calls_of(starting.cloud, "StartChatContact")
    body = json.dumps({"ParticipantDetails": WHO, "CustomerId": "c", **more}).encode()
    said = Door(starting, "StarterUrl").send("/contact/chat", body, method="PUT")
    assert (said.status, said.document["__type"]) == (400, "InvalidParameterException")
    assert calls_of(starting.cloud, "StartChatContact") == before


def test_its_report_names_the_links_of_the_start(starting: Deployed) -> None:
    """And no chat came of the proof: what the API excludes was refused."""
    report = starting.outputs["StarterReport"]
    assert f"permission {START}" in report
    assert "stage and authorization of PUT, gateway to function of PUT." in report
    assert "Could show nothing" not in report


BROKEN: dict[str, tuple[Callable[[Deployed], AbstractContextManager[None]], str]] = {
    "no permission": (lambda starting: without_permission(starting, START, ROLE), "flow web: User: "),
    "not on the flow": (lambda starting: without_resource(starting, FLOW_ID), f"contact-flow/{FLOW_ID}"),
    "not on contacts": (lambda starting: without_resource(starting, "/contact/*"), "/contact/*"),
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_a_permission_that_is_missing_is_noticed(starting: Deployed, prove_start: Prover, how: str) -> None:
    """By the proof, with the flow and the resource; a caller gets 500 without a word about the role."""
    break_it, said = BROKEN[how]
    client = client_of(starting)
    with break_it(starting):
        failed = prove_start() or "passed"
        with pytest.raises(client.exceptions.InternalServiceException) as refused:
            client.start_chat_contact(
                InstanceId=starting.cloud.instance_id, ContactFlowId="web", ParticipantDetails=WHO, CustomerId="c"
            )
    assert f"Broken link: permission {START}. Amazon Connect refused the function: flow web: " in failed
    assert said in failed
    assert "role" not in str(refused.value)
    function = starting.physical_id("AWS::Lambda::Function", "StarterFunction")
    assert f"not authorized to perform: {START}" in log_of(starting.cloud, function)
    assert prove_start.mended() is None


# What Amazon Connect is documented never to do: the probe's impossible request starts a chat.
STARTING = """
_probes_of = probes_of

def probes_of(*of):
    said = {"type": probes.CHAT_STARTED, "status": 0, "message": "a chat started.", "contactId": "CONTACT"}
    return {**_probes_of(*of), probes.START_CHAT: lambda: {"answer": said, "flows": {"web": said}}}
"""


def test_a_chat_that_the_proof_started_is_ended(starting: Deployed, prove_start: Prover, chats: Chats) -> None:
    """It is a broken link in any case. Without the permission to end it, the proof names the contact that is left."""
    contact, packed = chats.start(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for package in START_PACKAGES:
            for file in (LAMBDA / package).glob("*.py"):
                more = STARTING.replace("CONTACT", contact) if file.name == "probing.py" else ""
                archive.writestr(f"{package}/{file.name}", file.read_text(encoding="utf-8") + more)
    with with_code(starting, packed.getvalue(), "Starter"):
        with without_permission(starting, "connect:StopContact", "ConnectPersistentChatProvisioningRole"):
            left = prove_start() or "passed"
        assert "Broken link: start. A chat started" in left
        assert f"The contact {contact} could not be stopped: " in left
        assert "not authorized to perform: connect:StopContact" in left
        assert "DisconnectTimestamp" not in chats.describe(contact)
        assert f"The contact {contact} was stopped." in (prove_start() or "passed")
        assert "DisconnectTimestamp" in chats.describe(contact)
    assert prove_start.mended() is None


def test_the_role_may_start_chats_with_its_flow_only(starting: Deployed, chats: Chats) -> None:
    """Another flow of the instance is not found, and would be denied."""
    client = client_of(starting)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.start_chat_contact(
            InstanceId=starting.cloud.instance_id, ContactFlowId=chats.flow(), ParticipantDetails=WHO, CustomerId="c"
        )


def test_every_broken_flow_is_named_before_anything_is_made(
    cloud: Cloud, chats: Chats, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One deployment shows all of them. No function and no API was made, so no chat could have started."""
    flows = {
        "sound": FLOW_ID,
        "queue": chats.flow(Type="CUSTOMER_QUEUE"),
        "archived": chats.flow(State="ARCHIVED"),
        "saved": chats.flow(Status="SAVED"),
        "unknown": "99999999-9999-4999-8999-999999999999",
    }

    def fill(stack: Stack) -> None:
        endpoint(stack, start=ChatStart(flows))

    with pytest.raises(CdkFailed) as failed:
        deploy(cloud, tmp_path_factory.mktemp("flows"), {"BrokenFlows": fill})
    said = " ".join(str(failed.value).split())
    assert "4 of 5 flows cannot start chats in the Amazon Connect instance" in said
    for name, why in {
        "queue": "has the Type CUSTOMER_QUEUE, expected CONTACT_FLOW",
        "archived": "has the State ARCHIVED, expected ACTIVE",
        "saved": "is not published",
        "unknown": "does not exist in this instance",
    }.items():
        assert f"{name} ({flows[name]}) {why}" in said
    events = cloud.client("cloudformation").describe_stack_events(StackName="BrokenFlows")["StackEvents"]
    made = {one["LogicalResourceId"] for one in events if one["ResourceStatus"] == "CREATE_COMPLETE"}
    assert not any(name.startswith(("EndpointFunction", "EndpointApi")) and "Log" not in name for name in made), made
    cloud.client("cloudformation").delete_stack(StackName="BrokenFlows")
