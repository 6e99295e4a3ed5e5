"""The Provider framework's handler: which custom resource, and what CloudFormation wants of it."""

import json
from collections.abc import Callable
from typing import Any

from provisioning import instance, names, proof
from provisioning.calls import Calls
from provisioning.failure import DeploymentFailure

_RESOURCES: dict[str, Callable[[dict[str, Any], Calls], dict[str, str]]] = {
    names.CONNECT_INSTANCE: instance.check,
    names.PERSISTENT_CHAT_PROOF: proof.prove,
}


def handle(event: dict[str, Any], _context: object, calls: Calls | None = None) -> dict[str, Any]:
    """Answer a Create, Update or Delete; raise, with a sentence for the person who deploys, on failure.

    Delete touches nothing and always succeeds. So does the Update of a stack that is rolled back, unless the instance
    is known by an alias that belongs to nothing now. The physical id never changes, so nothing is ever replaced.
    """
    resource_type, request = event["ResourceType"], event["RequestType"]
    physical_id = event.get("PhysicalResourceId") or f"{resource_type}/{event['LogicalResourceId']}"
    data: dict[str, str] = {}
    outcome = "succeeded"
    if request != "Delete":
        properties, calls = event["ResourceProperties"], calls or Calls()
        try:
            data = _RESOURCES[resource_type](properties, calls)
        except DeploymentFailure:
            if request != "Update" or not calls.rolls_back(event["StackId"]):
                raise
            # What was there before is broken as well. To say so now would only leave the stack stuck half-way.
            outcome = "passed over, while the stack is rolled back"
            data = {name: properties[name] for name in (names.INSTANCE_ID,) if name in properties}
    print(json.dumps({"resourceType": resource_type, "requestType": request, "outcome": outcome}))
    return {"PhysicalResourceId": physical_id, "Data": data}
