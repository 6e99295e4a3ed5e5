"""Custom::PersistentChatProof: a proof that passes on a broken endpoint is worthless."""

from typing import Any

import pytest

from provisioning.calls import Answer
from provisioning.failure import DeploymentFailure
from provisioning.proof import prove
from tests.unit.provisioning.world import INSTANCE_ID, World

ACTION = "connect:CreatePersistentContactAssociation"
BASE = "https://api.execute-api.us-east-1.amazonaws.com/v1/contact/persistent-contact-association"
PROPERTIES = {
    "Url": f"{BASE}/{INSTANCE_ID}/",
    "Signed": "true",
    "Function": "arn:aws:lambda:us-east-1:123456789012:function:f",
    "Environment": {"CONNECT_INSTANCE_ID": INSTANCE_ID},
    "Actions": [ACTION],
    "PatienceSeconds": "60",
}


def test_a_sound_endpoint_passes_at_once() -> None:
    """The proof must not fail, or delay, what works; it calls with ids that cannot exist."""
    world = World()
    prove(PROPERTIES, world)
    nowhere = "00000000-0000-0000-0000-000000000000"
    assert world.posted == [f"{BASE}/{nowhere}/{nowhere}"] * 2
    assert world.clock == 0


def test_without_iam_authorization_no_signed_call_is_made() -> None:
    """Only a person's token would be answered, and the proof has none."""
    world = World()
    world.signed = Answer(403, b"")
    prove({**PROPERTIES, "Signed": "false"}, world)
    assert len(world.posted) == 1


@pytest.mark.parametrize(
    ("broken", "link", "seconds"),
    [
        ({"unsigned": Answer(403, b'{"message":"Forbidden"}')}, "stage", 60),
        ({"unsigned": Answer(404, b'{"message":"Not Found"}')}, "stage", 60),
        ({"unsigned": Answer(404, b'{"__type":"ResourceNotFoundException"}')}, "authorization", 60),
        ({"unsigned": Answer(200, b"{}")}, "authorization", 60),
        ({"signed": Answer(403, b'{"__type":"AccessDeniedException"}')}, "authorization", 60),
        ({"signed": Answer(503, b'{"__type":"InternalServiceException"}')}, "gateway to function", 60),
        ({"signed": Answer(404, b'{"message":"no function said this"}')}, "gateway to function", 60),
        ({"probe_answer": {"type": "AccessDeniedException", "status": 403}}, f"permission {ACTION}", 60),
        ({"probe_answer": {"type": "ThrottlingException", "status": 429}}, "Amazon Connect", 60),
        ({"probe_answer": {"type": "unreachable", "status": 0}}, "Amazon Connect", 60),
        ({"probe_answer": {"type": "InternalServiceException", "status": 500}}, "Amazon Connect", 60),
        ({"probe_answer": {}}, "Amazon Connect", 60),
        ({"environment": {"CONNECT_INSTANCE_ID": "another"}}, "environment", 60),
        ({"environment": {}}, "environment", 60),
        ({"function_error": {"errorType": "Runtime.ImportModuleError"}}, "function", 0),
        ({"function_error": {"errorMessage": "environment variable X is missing"}}, "environment", 0),
    ],
)
def test_a_broken_link_is_named(broken: dict[str, Any], link: str, seconds: float) -> None:
    """Whoever reads the failure knows where to look; what may heal is asked again for the patience only."""
    world = World()
    for name, value in broken.items():
        setattr(world, name, value)
    with pytest.raises(DeploymentFailure, match=rf"Broken link: {link}\."):
        prove(PROPERTIES, world)
    assert seconds - 2 <= world.clock <= seconds


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("unsigned", Answer(403, b'{"message":"Forbidden"}')),
        ("signed", Answer(403, b'{"__type":"AccessDeniedException"}')),
        ("probe_answer", {"type": "AccessDeniedException", "status": 403}),
    ],
)
def test_what_heals_within_the_patience_passes(link: str, broken: object) -> None:
    """A new policy, stage or permission takes a while to be seen: that is no failure."""

    class Healing(World):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            if self.clock > 20:
                setattr(self, link, getattr(World(), link))

    world = Healing()
    setattr(world, link, broken)
    prove(PROPERTIES, world)
    assert world.clock > 20


RECORDER = {
    "Function": PROPERTIES["Function"],
    "Environment": PROPERTIES["Environment"],
    "Actions": ["connect:DescribeContact", "dynamodb:PutItem"],
    "PatienceSeconds": "60",
}
SOUND = {"type": "ConditionalCheckFailedException", "status": 400, "message": "The conditional request failed"}


def test_a_recorder_is_proved_without_a_call_from_outside() -> None:
    """It has no address; a write that its own condition refuses is all that DynamoDB need answer."""
    world = World()
    world.probe_answer = SOUND
    prove(RECORDER, world)
    assert (world.posted, world.clock) == ([], 0)


@pytest.mark.parametrize(
    ("answer", "link"),
    [
        ({"type": "AccessDeniedException", "status": 400, "message": "no"}, "permission dynamodb:PutItem"),
        ({"type": "ResourceNotFoundException", "status": 400}, "DynamoDB"),
        ({"type": "ValidationException", "status": 400}, "DynamoDB"),
        ({"type": "ProvisionedThroughputExceededException", "status": 400}, "DynamoDB"),
        ({"type": "InternalServerError", "status": 500}, "DynamoDB"),
        ({"type": "unreachable", "status": 0}, "DynamoDB"),
        ({}, "DynamoDB"),
    ],
)
def test_of_dynamodb_only_the_expected_answer_will_do(answer: dict[str, Any], link: str) -> None:
    """A table that is not there answers as well."""
    world = World()
    world.probe_answer = answer
    with pytest.raises(DeploymentFailure, match=rf"^The recorder of chats does not work. Broken link: {link}\."):
        prove({**RECORDER, "Actions": ["dynamodb:PutItem"]}, world)
