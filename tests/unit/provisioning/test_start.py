"""The proof of an endpoint that starts chats as well; what all endpoints share is in test_proof.py."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from provisioning.calls import Answer
from provisioning.link import DeploymentFailure
from provisioning.proof import prove
from tests.unit.provisioning.test_proof import ACTION, BASE, ENDPOINT, NOWHERE, OF_ISSUER, broken
from tests.unit.provisioning.world import INSTANCE_ID, World, refused

START = "connect:StartChatContact"
STARTING = {**ENDPOINT, "Actions": [ACTION, START]}
EXCLUDED = {"type": "InvalidRequestException", "status": 400, "message": "exclude each other"}
DENIED = {
    "type": "AccessDeniedException",
    "status": 403,
    "message": f"User: role is not authorized to perform: {START} on resource: contact-flow/2",
}
THROTTLED = {"type": "ThrottlingException", "status": 429, "message": "rate"}
STARTED = {"type": "ChatStarted", "status": 0, "message": "a chat started.", "contactId": "contact"}
SOUND = {"web": EXCLUDED, "help": EXCLUDED}


def failure(world: World, properties: dict[str, Any] = STARTING) -> str:
    """What the failed deployment says."""
    with pytest.raises(DeploymentFailure) as failed:
        prove(properties, world, False)
    return str(failed.value)


def test_a_sound_endpoint_that_starts_chats_passes_at_once() -> None:
    """Each of the two methods is called by a stranger and by a caller; the start names an instance that is none."""
    world = broken(start_answers=SOUND)
    assert prove(STARTING, world, False)["Report"].endswith(
        f"permission {START}, stage and authorization, gateway to function, stage and authorization of PUT, "
        "gateway to function of PUT."
    )
    assert world.posted == [*[f"{BASE}/{NOWHERE}/{NOWHERE}"] * 2, *[BASE.rpartition("/")[0] + "/chat"] * 2]
    (body, _) = world.put_bodies
    assert (body["InstanceId"], body["ContactFlowId"]) == (NOWHERE, NOWHERE)
    assert world.clock == 0


def test_an_endpoint_that_starts_none_is_not_asked_for_it() -> None:
    """It has no such method."""
    world = World()
    prove(ENDPOINT, world, False)
    assert world.put_bodies == []


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            {"web": EXCLUDED, "help": DENIED},
            f"permission {START}. Amazon Connect refused the function: flow help: {DENIED['message']}.",
        ),
        (
            {"web": {**DENIED, "message": "no"}},
            f"permission {START}. Amazon Connect refused the function: flow web: no. These are not the words of IAM.",
        ),
        ({"web": EXCLUDED, "help": THROTTLED}, f"Amazon Connect. {START} got flow help: 429 ThrottlingException rate"),
        ({"web": {"status": 0, "type": "unreachable"}}, f"Amazon Connect. {START} got flow web: 0 unreachable"),
        ({"web": "text"}, f"Amazon Connect. {START} got flow web: 0 None None"),
    ],
)
def test_a_flow_that_cannot_start_a_chat_is_named(answers: dict[str, Any], said: str) -> None:
    """A permission that is missing on one flow is seen, although the others work; those are not named."""
    found = failure(broken(start_answers=answers))
    assert f"Broken link: {said}" in found
    assert "flow web" not in found or "flow web" in said


def test_every_flow_that_is_denied_is_named() -> None:
    """One deployment shows all of them; a missing permission on contacts denies every flow."""
    found = failure(broken(start_answers={"web": DENIED, "help": DENIED}))
    assert f"flow web: {DENIED['message']}; flow help: {DENIED['message']}." in found


@pytest.mark.parametrize(
    ("stop_said", "end"),
    [
        (None, "The contact contact was stopped."),
        (refused("AccessDeniedException", "no"), "The contact contact could not be stopped: An error occurred"),
        (EndpointConnectionError(endpoint_url="https://connect"), "The contact contact could not be stopped: "),
    ],
)
def test_a_chat_that_starts_all_the_same_is_a_broken_link_and_is_ended(stop_said: Any, end: str) -> None:
    """Nobody would come to this chat; and another try would start another chat."""
    world = broken(start_answers={"web": EXCLUDED, "help": STARTED}, stop_said=stop_said)
    found = failure(world)
    assert "Broken link: start. A chat started, although the request has both PersistentChat and " in found
    assert f"flow help: a chat started. {end}" in found
    assert world.stopped == ([] if stop_said else [(INSTANCE_ID, "contact")])
    assert world.clock == 0


def test_a_chat_that_nobody_can_name_is_a_broken_link_too() -> None:
    """The function may have ended it by itself."""
    world = broken(start_answers={"web": {**STARTED, "contactId": None}})
    assert "Broken link: start. " in failure(world)
    assert world.stopped == []


def test_a_throttle_of_one_flow_undoes_no_update() -> None:
    """Starts of customers use the same quota."""
    report = prove(STARTING, broken(start_answers={"web": EXCLUDED, "help": THROTTLED}), True)["Report"]
    assert f"Not shown: permission {START} (Amazon Connect: {START} got flow help: 429" in report
    both = broken(start_answers={"web": {**THROTTLED, "status": 500, "type": "x"}, "help": THROTTLED})
    with pytest.raises(DeploymentFailure, match="Broken link: Amazon Connect"):
        prove(STARTING, both, True)


def test_the_negative_control_of_starts_is_reported() -> None:
    """Perhaps Connect looks at the request before it looks at the permission."""
    report = prove(STARTING, broken(start_answers=SOUND, control_answer=EXCLUDED), False)["Report"]
    assert f"Could show nothing: permission {START}." in report


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"unsigned_put": Answer(403, b"{}")}, "stage. An unsigned call of PUT got 403 {}"),
        ({"unsigned_put": Answer(200, b"{}")}, "authorization. An unsigned call of PUT got 200 {}"),
        ({"signed_put": Answer(403, b"{}")}, "authorization. A signed call of PUT got 403 {}"),
        ({"signed_put": Answer(400, b"{}")}, "gateway to function. A signed call of PUT got 400 {}"),
        ({"signed_put": Answer(502, b"{}")}, "gateway to function. A signed call of PUT got 502 {}"),
        ({"unsigned_put": Answer(429, b"{}")}, "throttle. The gateway throttles the proof: it answered with 429"),
    ],
)
def test_a_broken_link_of_the_second_method_is_named(parts: dict[str, Any], said: str) -> None:
    """The first method may work all the same."""
    assert f"Broken link: {said}" in failure(broken(start_answers=SOUND, **parts))


def test_a_function_that_fails_at_starts_is_heard() -> None:
    """A direct call with the same request shows what the function logs about it."""
    world = broken(start_answers=SOUND, signed_put=Answer(502, b"{}"), request_log="ZeroDivisionError")
    with pytest.raises(DeploymentFailure) as failed:
        prove(STARTING, world, False)
    assert failed.value.log == "ZeroDivisionError"
    assert world.invoked[-1]["httpMethod"] == "PUT"


def test_an_issuers_authorizer_is_proved_for_both_methods() -> None:
    """Each method could have lost its authorizer."""
    report = prove({**OF_ISSUER, "Actions": [ACTION, START]}, broken(start_answers=SOUND), False)["Report"]
    assert "gateway to authorizer, stage and authorization of PUT, gateway to authorizer of PUT." in report
