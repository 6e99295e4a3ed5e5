"""Custom::ConnectInstance: each reason for which a deployment must fail, in words a person can act on."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from provisioning.instance import check
from provisioning.link import DeploymentFailure
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
    with pytest.raises(DeploymentFailure) as failed:
        check(BY_ID, world)
    # Nothing else: to deploy the same again would not help.
    assert str(failed.value) == (
        f"The Connect instance {INSTANCE_ID} does not exist in us-east-1 of this account. Correct the id, or deploy to "
        "the instance's account and region."
    )


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
    """Its endpoint does not exist there; that is no different from a connection that fails, so it is asked again."""

    class Nowhere(World):
        def instance(self, instance_id: str) -> dict[str, Any]:
            raise EndpointConnectionError(endpoint_url="https://connect.nowhere")

    world = Nowhere()
    with pytest.raises(DeploymentFailure, match=r"in us-east-1: .*out of reach.*If us-east-1 has Amazon Connect"):
        check(BY_ID, world)
    assert 58 <= world.clock <= 60


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


THROTTLED = refused("TooManyRequestsException", status=429)
PASSING: dict[str, Exception] = {
    "a policy that is seen late": refused("AccessDeniedException", "not yet", 403),
    "two calls a second for the whole account": THROTTLED,
    "a throttle by its other name": refused("ThrottlingException"),
    "a failure of the service": refused("InternalServiceException", status=500),
    "a failure without a name": refused("Unknown", status=503),
    "a lost connection": ConnectionClosedError(endpoint_url="https://connect"),
    "silence": ReadTimeoutError(endpoint_url="https://connect"),
}


@pytest.mark.parametrize("properties", [BY_ID, BY_ALIAS], ids=["id", "alias"])
@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_waited_for(trouble: Exception, properties: dict[str, str]) -> None:
    """A deployment must not fail for a slow policy, for other stacks that deploy at once, or for a lost connection."""
    world = World()
    world.at_first = [trouble] * 3
    assert check(properties, world)["InstanceId"] == INSTANCE_ID
    assert world.clock == 6


@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING.keys())
def test_what_does_not_pass_fails_within_the_patience(trouble: Exception) -> None:
    """It is said in the service's own words, and does not hang."""
    world = World()
    world.at_first = [trouble] * 1000
    with pytest.raises(DeploymentFailure, match=re.escape(f"{trouble}")):
        check(BY_ID, world)
    assert world.clock <= 60


def test_a_throttle_undoes_no_update(capsys: pytest.CaptureFixture[str]) -> None:
    """Traffic of others is no fault of this stack; a creation is not believed without a look."""
    world = World()
    world.at_first = [THROTTLED] * 1000
    assert check(BY_ID, world, True) == {"InstanceId": INSTANCE_ID}
    assert json.loads(capsys.readouterr().out)["outcome"] == "not shown"
    with pytest.raises(DeploymentFailure, match="Amazon Connect throttles the proof"):
        check(BY_ID, world, False)
    # What nobody knows cannot be handed on.
    with pytest.raises(DeploymentFailure, match="Amazon Connect throttles the proof"):
        check(BY_ALIAS, world, True)


def test_any_other_error_of_connect_fails_with_its_text_at_once() -> None:
    """To ask the same again would only take time."""
    world = World()
    world.instance_error = refused("InvalidParameterException", "no such thing")
    with pytest.raises(DeploymentFailure, match="no such thing"):
        check(BY_ID, world)
    assert world.clock == 0


@pytest.mark.parametrize(
    "malformed",
    [{}, {"InstanceId": None}, {"InstanceId": ["i"]}, {"InstanceAlias": 7}, {"InstanceId": "i", "InstanceAlias": "a"}],
)
def test_malformed_properties_get_one_sentence(malformed: dict[str, Any]) -> None:
    """Whoever may invoke the function can send anything."""
    with pytest.raises(DeploymentFailure, match=r"^The check of an instance got .*, expected either InstanceId or"):
        check(malformed, World())
