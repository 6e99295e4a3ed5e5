"""Custom::ConnectFlows: every flow that cannot start a chat is named before anything is made."""

import json
from typing import Any

import pytest

from provisioning.flows import check
from provisioning.link import DeploymentFailure
from tests.unit.provisioning.world import FLOW_ID, INSTANCE_ID, World, refused

OTHER = "33333333-3333-4333-8333-333333333333"
SOUND = {"Type": "CONTACT_FLOW", "State": "ACTIVE", "Status": "PUBLISHED"}
ONE = {"InstanceId": INSTANCE_ID, "Flows": {"web": FLOW_ID}}
THROTTLED = refused("ThrottlingException", status=429)


def world(**flows: Any) -> World:
    """One in which these flows say this."""
    made = World()
    made.flows |= {FLOW_ID if name == "web" else OTHER: said for name, said in flows.items()}
    return made


def test_a_sound_flow_passes_at_once() -> None:
    """A chat can start with it."""
    sound = World()
    assert check(ONE, sound) == {}
    assert sound.clock == 0


@pytest.mark.parametrize("left_out", ["State", "Status"])
def test_what_connect_leaves_out_is_no_mistake(left_out: str) -> None:
    """Both are optional in its model, and an unpublished flow has an error of its own."""
    assert check(ONE, world(web={key: value for key, value in SOUND.items() if key != left_out})) == {}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (refused("ResourceNotFoundException"), "does not exist in this instance"),
        (refused("InvalidParameterException"), "does not exist in this instance"),
        (refused("ContactFlowNotPublishedException"), "is not published"),
        (refused("OtherException", "odd"), "could not be checked: An error occurred (OtherException)"),
        ({**SOUND, "Type": "CUSTOMER_QUEUE"}, "has the Type CUSTOMER_QUEUE, expected CONTACT_FLOW"),
        ({**SOUND, "State": "ARCHIVED"}, "has the State ARCHIVED, expected ACTIVE"),
        ({**SOUND, "Status": "SAVED"}, "has the Status SAVED, expected PUBLISHED"),
        (
            {**SOUND, "State": "ARCHIVED", "Status": "SAVED"},
            "has the State ARCHIVED, expected ACTIVE, and the Status SAVED, expected PUBLISHED",
        ),
    ],
)
def test_a_broken_flow_is_named_with_the_reason(said: Any, why: str) -> None:
    """Otherwise the first customer who starts a chat finds out. To ask again would not help."""
    broken = world(web=said)
    with pytest.raises(DeploymentFailure) as failed:
        check(ONE, broken)
    assert f"1 of 1 flows cannot start chats in the Amazon Connect instance {INSTANCE_ID}. " in str(failed.value)
    assert f" web ({FLOW_ID}) {why}" in str(failed.value)
    assert str(failed.value).endswith("or publish them in Amazon Connect, and deploy again.")
    assert broken.clock == 0


def test_every_broken_flow_is_in_one_error() -> None:
    """Nobody wants to repair one, deploy, and find the next. A sound one is not named."""
    flows = {"web": FLOW_ID, "phone": OTHER, "help": "not-an-id"}
    broken = world(phone=refused("ContactFlowNotPublishedException"))
    with pytest.raises(DeploymentFailure) as failed:
        check({**ONE, "Flows": flows}, broken)
    said = str(failed.value)
    assert said.startswith("2 of 3 flows cannot start chats")
    assert f"phone ({OTHER}) is not published; help (not-an-id) is malformed, expected a flow id." in said
    assert "web" not in said


@pytest.mark.parametrize("trouble", [THROTTLED, refused("AccessDeniedException", status=403), refused("x", status=500)])
def test_what_passes_is_waited_for(trouble: Exception) -> None:
    """A policy is seen late, and DescribeContactFlow may be called twice a second only."""
    waiting = World()
    waiting.at_first = [trouble] * 3
    assert check(ONE, waiting) == {}
    assert waiting.clock == 6


def test_what_does_not_pass_fails_within_the_patience() -> None:
    """In the service's own words; and the check does not hang, however many flows there are."""
    stuck = world(phone=SOUND)
    stuck.at_first = [refused("AccessDeniedException", "not yet", 403)] * 1000
    with pytest.raises(DeploymentFailure, match=r"2 of 2 flows .* web .* could not be checked: .*not yet.*; phone "):
        check({**ONE, "Flows": {"web": FLOW_ID, "phone": OTHER}}, stuck)
    assert 58 <= stuck.clock <= 60


def test_a_throttle_undoes_no_update(capsys: pytest.CaptureFixture[str]) -> None:
    """Traffic of others is no fault of this stack; a creation is not believed without a look."""
    throttled = World()
    throttled.at_first = [THROTTLED] * 1000
    assert check(ONE, throttled, True) == {}
    assert json.loads(capsys.readouterr().out)["outcome"] == "not shown"
    with pytest.raises(DeploymentFailure, match="Amazon Connect throttles the proof"):
        check(ONE, throttled, False)


@pytest.mark.parametrize(
    "malformed",
    [
        {},
        {"InstanceId": "a/b"},
        {"InstanceId": None},
        {"Flows": {}},
        {"Flows": [FLOW_ID]},
        {"Flows": {"web": 5}},
        {"Flows": {str(number): FLOW_ID for number in range(101)}},
    ],
    ids=lambda malformed: str(malformed)[:40],
)
def test_malformed_properties_get_one_sentence_and_ask_nobody(malformed: dict[str, Any]) -> None:
    """Whoever may invoke the function can send anything."""
    silent = World()
    silent.at_first = [AssertionError("it asked")]
    with pytest.raises(DeploymentFailure, match=r"^The check of flows got .*, expected an instance id and flow ids by"):
        check({**ONE, **malformed} if malformed else {}, silent)
