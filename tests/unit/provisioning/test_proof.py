"""Custom::PersistentChatProof: a proof that passes on a broken endpoint is worthless."""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError, SSLError

from provisioning.calls import Answer, Calls
from provisioning.failure import DeploymentFailure
from provisioning.proof import prove
from tests.unit.provisioning.world import INSTANCE_ID, World, refused

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
    prove(PROPERTIES, world, False)
    nowhere = "00000000-0000-0000-0000-000000000000"
    assert world.posted == [f"{BASE}/{nowhere}/{nowhere}"] * 2
    assert world.clock == 0


def test_without_iam_authorization_no_signed_call_is_made() -> None:
    """Only a person's token would be answered, and the proof has none."""
    world = World()
    world.signed = Answer(403, b"")
    prove({**PROPERTIES, "Signed": "false"}, world, False)
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
        ({"environment": None}, "function", 60),
        ({"function_error": {"errorType": "Runtime.ImportModuleError"}}, "function", 0),
        ({"invoke_failure": refused("ResourceNotFoundException")}, "function", 60),
        ({"invoke_failure": ReadTimeoutError(endpoint_url="https://lambda")}, "function", 60),
        ({"post_failure": EndpointConnectionError(endpoint_url=BASE)}, "address", 60),
        ({"post_failure": ConnectTimeoutError(endpoint_url=BASE)}, "address", 60),
        ({"post_failure": SSLError(endpoint_url=BASE, error="expired")}, "address", 60),
        ({"function_error": {"errorMessage": "environment variable X is missing"}}, "environment", 0),
    ],
)
def test_a_broken_link_is_named(broken: dict[str, Any], link: str, seconds: float) -> None:
    """Whoever reads the failure knows where to look; what may heal is asked again for the patience only."""
    world = World()
    for name, value in broken.items():
        setattr(world, name, value)
    with pytest.raises(DeploymentFailure, match=rf"Broken link: {link}\."):
        prove(PROPERTIES, world, False)
    assert seconds - 2 <= world.clock <= seconds


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("unsigned", Answer(403, b'{"message":"Forbidden"}')),
        ("signed", Answer(403, b'{"__type":"AccessDeniedException"}')),
        ("probe_answer", {"type": "AccessDeniedException", "status": 403}),
        ("post_failure", EndpointConnectionError(endpoint_url=BASE)),
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
    prove(PROPERTIES, world, False)
    assert world.clock > 20


@pytest.mark.parametrize(
    "url",
    ["https://nowhere.invalid/v1/contact/persistent-contact-association/i/", "https://127.0.0.1:1/v1/a/b/i/"],
    ids=["no such name", "nobody listens"],
)
def test_an_address_that_cannot_be_reached_is_a_broken_link(url: str) -> None:
    """With the real client: a new address may have no name for a while, and that is no crash."""

    class Unreached(World):
        def post(self, url: str, body: bytes, *, signed: bool) -> Answer:
            return Calls.post(self, url, body, signed=signed)

    world = Unreached()
    with pytest.raises(DeploymentFailure, match=r"Broken link: address\. .* cannot be reached"):
        prove({**PROPERTIES, "Url": url, "PatienceSeconds": "4"}, world, False)
    assert world.clock == 4


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("unsigned", Answer(200, b"{}")),
        ("signed", Answer(403, b'{"__type":"AccessDeniedException"}')),
        ("probe_answer", {"type": "AccessDeniedException", "status": 403}),
    ],
)
def test_after_an_update_what_was_there_before_is_not_believed(link: str, broken: object) -> None:
    """A policy or a stage that was changed may be seen a few seconds later only: so it is looked at twice."""

    class Late(World):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            if self.clock >= 8:
                setattr(self, link, broken)

    prove(PROPERTIES, Late(), False)
    with pytest.raises(DeploymentFailure, match="Broken link"):
        prove(PROPERTIES, Late(), True)


def test_only_the_variables_that_differ_are_shown() -> None:
    """All of them would be more than CloudFormation shows."""
    world = World()
    world.environment = {"CONNECT_INSTANCE_ID": "another", "MORE": "1"}
    expected = f"CONNECT_INSTANCE_ID is 'another', expected '{INSTANCE_ID}'; MORE is '1', expected None."
    with pytest.raises(DeploymentFailure, match=expected):
        prove({**PROPERTIES, "Environment": {"CONNECT_INSTANCE_ID": INSTANCE_ID}}, world, False)


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
    prove(RECORDER, world, False)
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
        prove({**RECORDER, "Actions": ["dynamodb:PutItem"]}, world, False)
