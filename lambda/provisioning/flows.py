"""Custom::ConnectFlows: checks that chats can start with each flow."""

import re
from collections.abc import Mapping
from functools import partial

from botocore.exceptions import ClientError

from provisioning.calls import Calls
from provisioning.link import Broken, DeploymentFailure, answer_of, code_of, retry
from provisioning.text import say
from shared import custom_resources

LINK = "flows"
_ID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_INSTANCE_ID = "[0-9A-Za-z-]{1,250}"
_MOST_FLOWS = 100
_UNKNOWN = {"ResourceNotFoundException", "InvalidRequestException", "InvalidParameterException"}
_UNPUBLISHED = "ContactFlowNotPublishedException"
# A chat that starts by the API begins with an inbound flow (Administrator Guide, "Contact initiation methods").
_SOUND = {"Type": "CONTACT_FLOW", "State": "ACTIVE", "Status": "PUBLISHED"}


def check(properties: Mapping[str, object], calls: Calls, is_update: bool = False) -> dict[str, str]:
    """Raises DeploymentFailure, which names every flow that cannot start a chat."""
    until = calls.now() + custom_resources.CHECK_PATIENCE_SECONDS
    instance_id, flows = _read(properties)
    unfit = []
    for name, flow_id in flows.items():
        try:
            why = retry(partial(_why_unfit, instance_id, flow_id, calls), calls, until)
        except Broken as broken:
            # An update does not fail if Amazon Connect only throttled the check.
            if broken.throttled and is_update:
                say(level="WARN", link=LINK, outcome="not shown", detail=f"{name}: {broken.found}")
                continue
            why = f"could not be checked: {broken.found}"
        if why:
            unfit.append(f"{name} ({flow_id[:100]}) {why}")
    if unfit:
        raise DeploymentFailure(
            f"{len(unfit)} of {len(flows)} flows cannot start chats in the Amazon Connect instance {instance_id}. "
            f"{'; '.join(unfit)}. Correct the flows of ChatStart, or publish them in Amazon Connect, and deploy again."
        )
    return {}


def _why_unfit(instance_id: str, flow_id: str, calls: Calls) -> str:
    """Why no chat can start with this flow; "" if a chat can. Raises Broken if Amazon Connect does not say."""
    if not re.fullmatch(_ID, flow_id):
        return "is malformed, expected a flow id"
    try:
        flow = answer_of(LINK, "Amazon Connect", lambda: calls.flow(instance_id, flow_id))
    except ClientError as error:
        if code_of(error) in _UNKNOWN:
            return "does not exist in this instance"
        return "is not published" if code_of(error) == _UNPUBLISHED else f"could not be checked: {error}"
    # State and Status are optional in an answer.
    wrong = [f"{key} {flow[key]}, expected {value}" for key, value in _SOUND.items() if flow.get(key, value) != value]
    return f"has the {', and the '.join(wrong)}" if wrong else ""


def _read(properties: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    instance_id, flows = (properties.get(name) for name in (custom_resources.INSTANCE_ID, custom_resources.FLOWS))
    if (
        isinstance(instance_id, str)
        and re.fullmatch(_INSTANCE_ID, instance_id)
        and isinstance(flows, dict)
        and 0 < len(flows) <= _MOST_FLOWS
        and all(isinstance(part, str) for pair in flows.items() for part in pair)
    ):
        return instance_id, flows
    raise DeploymentFailure(
        f"The check of flows got {str({'InstanceId': instance_id, 'Flows': flows})[:300]}, expected an instance id and "
        "flow ids by name. Deploy what this library synthesizes."
    )
