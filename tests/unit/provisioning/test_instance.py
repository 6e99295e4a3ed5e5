"""Custom::ConnectInstance: each reason for which a deployment must fail, in words a person can act on."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from provisioning.failure import DeploymentFailure
from provisioning.instance import check
from tests.unit.provisioning.world import INSTANCE_ARN, INSTANCE_ID, World, refused, storage

BY_ID = {"InstanceId": INSTANCE_ID}
BY_ALIAS = {"InstanceAlias": "local"}


def test_a_sound_instance_gives_its_id_and_arn() -> None:
    """What the stack needs of a resolved instance."""
    assert check(BY_ID, World()) == {"InstanceId": INSTANCE_ID}


def test_an_alias_is_resolved() -> None:
    """An alias is all that many people know of their instance."""
    assert check(BY_ALIAS, World())["InstanceId"] == INSTANCE_ID


def test_an_unknown_alias_is_answered_with_the_known_ones() -> None:
    """The list shows a typing error, or the wrong region, at once."""
    with pytest.raises(DeploymentFailure, match=r"alias 'lokal' in us-east-1: found local, other\. Correct"):
        check({"InstanceAlias": "lokal"}, World())


def test_an_instance_that_does_not_exist() -> None:
    """The commonest mistake: an id of another region or account."""
    world = World()
    world.instance_error = refused("ResourceNotFoundException")
    with pytest.raises(DeploymentFailure, match=f"{INSTANCE_ID} does not exist in us-east-1"):
        check(BY_ID, world)


@pytest.mark.parametrize("malformed", ["", "a b", INSTANCE_ARN])
def test_a_malformed_id(malformed: str) -> None:
    """A parameter or another stack gives it, so the synthesis could not look."""
    with pytest.raises(
        DeploymentFailure, match=r"is malformed, expected 1 to 250 letters, digits and hyphens\. Correct"
    ):
        check({"InstanceId": malformed}, World())


def test_an_alias_that_resolves_to_nothing() -> None:
    """As an empty parameter does."""
    with pytest.raises(DeploymentFailure, match=r"alias '' in us-east-1: found local, other\. Correct"):
        check({"InstanceAlias": ""}, World())


def test_a_region_without_amazon_connect() -> None:
    """Its endpoint does not exist there."""

    class Nowhere(World):
        def instance(self, instance_id: str) -> dict[str, Any]:
            raise EndpointConnectionError(endpoint_url="https://connect.nowhere")

    with pytest.raises(DeploymentFailure, match=r"out of reach in us-east-1: .*Deploy to a region that has Amazon"):
        check(BY_ID, Nowhere())


def test_an_instance_that_is_not_active() -> None:
    """An instance in creation, or one whose creation failed, serves no chats."""
    world = World()
    world.status = "CREATION_FAILED"
    with pytest.raises(DeploymentFailure, match=r"is CREATION_FAILED, expected ACTIVE\. Wait"):
        check(BY_ID, world)


def test_an_instance_without_transcripts() -> None:
    """Without transcripts the endpoint would answer 200 and customers would see nothing."""
    world = World()
    world.storages = []
    with pytest.raises(DeploymentFailure, match=r"in 0 places \(none\), expected exactly one in S3"):
        check(BY_ID, world)


def test_an_instance_with_transcripts_in_several_places() -> None:
    """Several places break rehydration, by the administrator guide; the text names them."""
    world = World()
    world.storages = [storage("a"), storage("b")]
    with pytest.raises(DeploymentFailure, match=r"in 2 places \(s3://a/chats, s3://b/chats\), expected"):
        check(BY_ID, world)


def test_a_policy_that_is_seen_late_is_waited_for() -> None:
    """IAM needs seconds to show a new policy; a deployment must not fail for that."""
    world = World()
    world.denials_left = 3
    assert check(BY_ID, world)["InstanceId"] == INSTANCE_ID
    assert world.clock == 6


def test_a_policy_that_is_never_seen_fails_within_the_patience() -> None:
    """A denial that stays is said, with Connect's own words, and does not hang."""
    world = World()
    world.denials_left = 1000
    with pytest.raises(DeploymentFailure, match=r"may not look at the Amazon Connect instance: not yet\."):
        check(BY_ID, world)
    assert world.clock <= 40


def test_any_other_error_of_connect_fails_with_its_text() -> None:
    """An outage is no reason to deploy something unproved."""
    world = World()
    world.instance_error = refused("InternalServiceException", "broken today")
    with pytest.raises(DeploymentFailure, match="broken today"):
        check(BY_ID, world)
