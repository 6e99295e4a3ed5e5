"""The Provider framework's handler: passes a request to the custom resource that it is for."""

from collections.abc import Callable, Mapping
from typing import Any

from provisioning import flows, instance, proof, text
from provisioning.calls import Calls
from provisioning.link import DeploymentFailure
from shared import custom_resources

_RESOURCES: dict[str, Callable[[Mapping[str, object], Calls, bool], dict[str, str]]] = {
    custom_resources.CONNECT_INSTANCE: instance.check,
    custom_resources.CONNECT_FLOWS: flows.check,
    custom_resources.PERSISTENT_CHAT_PROOF: proof.prove,
}
_REQUESTS = ("Create", "Update", "Delete")
_LONGEST_GOT = 100


def handle(event: object, _context: object, calls: Calls | None = None) -> dict[str, Any]:
    """Answer a Create, Update or Delete; raise, with a sentence for the person who deploys, on failure.

    Delete touches nothing and always succeeds. So does the Update of a stack that is rolled back, unless the instance
    is known by an alias that cannot be resolved now. The physical id never changes, so nothing is ever replaced.
    """
    asked = _checked(event)
    data: dict[str, str] = {}
    outcome = "succeeded"
    if asked["RequestType"] != "Delete":
        calls = calls or Calls()
        try:
            data = _answered(asked, calls)
        except Exception as failure:
            # The kind of an unforeseen failure says more than its text.
            unforeseen = f"{type(failure).__name__}: {failure}"
            known = failure if isinstance(failure, DeploymentFailure) else DeploymentFailure(unforeseen)
            if asked["RequestType"] != "Update" or not calls.rolls_back(str(asked.get("StackId"))):
                _say(asked, f"failed: {known}", known.log)
                raise DeploymentFailure(text.of_failure(asked, str(known), known.log)) from None
            # What was there before is broken as well. A failure now would only leave the stack stuck half-way.
            outcome = f"passed over, while the stack is rolled back: {known}"
            # What refers to the resource's attributes must not fail as well.
            is_proof = asked["ResourceType"] == custom_resources.PERSISTENT_CHAT_PROOF
            data = {custom_resources.REPORT: outcome} if is_proof else known.attributes
    _say(asked, outcome)
    if custom_resources.REPORT in data:
        data[custom_resources.REPORT] = text.of_report(asked, data[custom_resources.REPORT])
    return {"PhysicalResourceId": text.physical_id_of(asked), "Data": data}


def _checked(event: object) -> dict[str, Any]:
    """The event, if it is CloudFormation's request for one of these resources. Raises DeploymentFailure."""
    got: object = event
    if isinstance(event, dict):
        got = {name: event.get(name) for name in ("RequestType", "ResourceType", "LogicalResourceId")}
        sound = event.get("RequestType") in _REQUESTS and event.get("ResourceType") in tuple(_RESOURCES)
        if sound and isinstance(event.get("LogicalResourceId"), str):
            return event
    raise DeploymentFailure(
        f"The provisioning function got {str(got)[:_LONGEST_GOT]}, expected a request of CloudFormation for "
        f"{' or '.join(_RESOURCES)}. Deploy what this library synthesizes."
    )


def _answered(event: dict[str, Any], calls: Calls) -> dict[str, str]:
    properties = event.get("ResourceProperties")
    if not isinstance(properties, dict):
        raise DeploymentFailure(f"ResourceProperties: got {str(properties)[:_LONGEST_GOT]}, expected an object.")
    is_update = event["RequestType"] == "Update"
    try:
        return _RESOURCES[event["ResourceType"]](properties, calls, is_update)
    except Exception as failure:
        if properties.get(custom_resources.SCOPE) != custom_resources.REPORT_ONLY:
            raise
        # Only a report was asked for, so nothing may fail.
        return {custom_resources.REPORT: f"Nothing could be shown: {type(failure).__name__}: {failure}"}


def _say(event: dict[str, Any], outcome: str, log: str = "") -> None:
    text.say(resourceType=event["ResourceType"], requestType=event["RequestType"], outcome=outcome, functionLog=log)
