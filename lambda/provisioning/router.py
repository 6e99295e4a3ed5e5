"""The Provider framework's handler: which custom resource, and what CloudFormation wants of it."""

import json
from collections.abc import Callable
from typing import Any

from provisioning import instance, names, proof
from provisioning.calls import Calls

_RESOURCES: dict[str, Callable[[dict[str, Any], Calls], dict[str, str]]] = {
    names.CONNECT_INSTANCE: instance.check,
    names.PERSISTENT_CHAT_PROOF: proof.prove,
}


def handle(event: dict[str, Any], _context: object, calls: Calls | None = None) -> dict[str, Any]:
    """Answer a Create, Update or Delete; raise, with a sentence for the person who deploys, on failure.

    Delete touches nothing and always succeeds. The physical id never changes, so nothing is ever replaced.
    """
    resource_type, request = event["ResourceType"], event["RequestType"]
    physical_id = event.get("PhysicalResourceId") or f"{resource_type}/{event['LogicalResourceId']}"
    data: dict[str, str] = {}
    if request != "Delete":
        data = _RESOURCES[resource_type](event["ResourceProperties"], calls or Calls())
    print(json.dumps({"resourceType": resource_type, "requestType": request, "outcome": "succeeded"}))
    return {"PhysicalResourceId": physical_id, "Data": data}
