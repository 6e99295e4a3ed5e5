"""The Provider framework's handler: which custom resource, and what CloudFormation wants of it."""

import json
import os
from collections.abc import Callable
from typing import Any

from provisioning import instance, names, proof
from provisioning.calls import Calls
from provisioning.failure import DeploymentFailure

_RESOURCES: dict[str, Callable[[dict[str, Any], Calls, bool], dict[str, str]]] = {
    names.CONNECT_INSTANCE: lambda properties, calls, _: instance.check(properties, calls),
    names.PERSISTENT_CHAT_PROOF: proof.prove,
}
# CloudFormation takes an answer of 4096 bytes, and the framework adds a trace of its own to a failure.
_MOST_BYTES = 1500


def handle(event: dict[str, Any], _context: object, calls: Calls | None = None) -> dict[str, Any]:
    """Answer a Create, Update or Delete; raise, with a sentence for the person who deploys, on failure.

    Delete touches nothing and always succeeds. So does the Update of a stack that is rolled back, unless the instance
    is known by an alias that cannot be resolved now. The physical id never changes, so nothing is ever replaced.
    """
    resource_type, request = event["ResourceType"], event["RequestType"]
    physical_id = event.get("PhysicalResourceId") or f"{resource_type}/{event['LogicalResourceId']}"
    data: dict[str, str] = {}
    outcome = "succeeded"
    if request != "Delete":
        properties, calls = event["ResourceProperties"], calls or Calls()
        try:
            data = _RESOURCES[resource_type](properties, calls, request == "Update")
        except Exception as failure:
            # Of a failure that was not foreseen its kind says more than its text.
            text = str(failure) if isinstance(failure, DeploymentFailure) else f"{type(failure).__name__}: {failure}"
            if request != "Update" or not calls.rolls_back(event["StackId"]):
                _say(event, f"failed: {text}")
                raise DeploymentFailure(_brief(text)) from failure
            # What was there before is broken as well. To say so now would only leave the stack stuck half-way.
            outcome = f"passed over, while the stack is rolled back: {text}"
            data = failure.attributes if isinstance(failure, DeploymentFailure) else {}
    _say(event, outcome)
    return {"PhysicalResourceId": physical_id, "Data": data}


def _say(event: dict[str, Any], outcome: str) -> None:
    """One line in the log; never the event, which holds a ResponseURL."""
    print(json.dumps({"resourceType": event["ResourceType"], "requestType": event["RequestType"], "outcome": outcome}))


def _brief(text: str) -> str:
    """As much as CloudFormation takes, and where the rest is: the framework names a log that does not exist."""
    log = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    kept = text.encode()[:_MOST_BYTES].decode(errors="ignore")
    return f"{kept}{'' if kept == text else '...'}{f' (log group {log})' if log else ''}"
