"""What a deployment's proof may ask of the function: each permission for its own instance, and for one that its role
does not name."""

import json
import time

import pytest

from aws import probes
from aws.http import Response
from aws.retry import Retry
from connect import probing
from connect.operations import Connect
from shared.probes import NOWHERE
from tests.unit.association.events import INSTANCE_ID, ConnectClient

ACTIONS = ("connect:CreatePersistentContactAssociation", "connect:DescribeContact")
DENIED = Response(403, {"x-amzn-errortype": "AccessDeniedException"}, b'{"Message":"no"}')


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(("prefix", "instance"), [("", INSTANCE_ID), ("elsewhere ", NOWHERE)])
def test_a_permission_is_tried_with_contacts_that_cannot_exist(action: str, prefix: str, instance: str) -> None:
    """Once for the function's own instance, and once where it has to be denied: nothing else tells a permission from
    a service that does not ask for one."""
    client = ConnectClient({NOWHERE: DENIED}, DENIED)
    connect = Connect(INSTANCE_ID, "customer_id", (client, client), Retry(time.monotonic() + 600))  # type: ignore[arg-type]
    said = probes.answer({"probe": f"{prefix}{action}"}, {}, probing.probes_of(connect, *ACTIONS))
    assert said["answer"] == {"type": "AccessDeniedException", "status": 403, "message": "no"}
    ((_, target),) = client.sent
    assert target.endswith(f"/{instance}/{NOWHERE}")


@pytest.mark.parametrize(
    ("probe", "got"),
    [("\ud800", "a string of 1 characters"), ("x" * 10**6, "a string of 1000000 characters"), ([[1]], "an array")],
)
def test_an_unknown_probe_is_not_repeated(probe: object, got: str) -> None:
    """Half a surrogate pair cannot be answered, and Lambda takes no answer of more than 6 MB: either is a crash."""
    client = ConnectClient({})
    connect = Connect(INSTANCE_ID, "customer_id", (client, client), Retry(time.monotonic() + 600))  # type: ignore[arg-type]
    said = probes.answer({"probe": probe}, {}, probing.probes_of(connect, *ACTIONS))
    assert said["probe"] == got
    assert len(json.dumps(said, ensure_ascii=False).encode()) < 1000


def test_an_unknown_probe_is_told_which_there_are() -> None:
    """Whoever may invoke the function sees what it takes, and starts nothing."""
    client = ConnectClient({})
    connect = Connect(INSTANCE_ID, "customer_id", (client, client), Retry(time.monotonic() + 600))  # type: ignore[arg-type]
    said = probes.answer({"probe": "elsewhere settings"}, {}, probing.probes_of(connect, *ACTIONS))
    assert "unknown probe; known: settings, connect:Create" in str(said["error"])
    assert client.sent == []
