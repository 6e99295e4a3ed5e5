"""A proof that would pass on a broken endpoint is worthless: each link is broken, and named.

The endpoint is broken through AWS's own APIs. Then the provisioning function is asked for the proof, as an
Update would. Each test mends what it broke.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.local.breaking import (
    ACTION,
    DESCRIBE,
    disconnected,
    other_code,
    other_environment,
    uninvited,
    without_authorization,
    without_gateway_response,
    without_one_resource,
    without_permission,
    without_stage,
)
from tests.local.deployments import Deployed

CRASHING = "raise RuntimeError('crashes on import')"
SILENT = "def handle(event, context):\n    return {}"


@pytest.mark.parametrize(
    ("break_it", "link"),
    [
        (without_stage, "stage"),
        (without_gateway_response, "stage"),
        (without_authorization, "authorization"),
        (without_permission, f"permission {ACTION}"),
        (lambda sound: without_permission(sound, DESCRIBE), f"permission {DESCRIBE}"),
        (lambda sound: without_one_resource(sound, "contacts"), f"permission {ACTION}"),
        (lambda sound: without_one_resource(sound, "instance"), f"permission {ACTION}"),
        (lambda sound: other_code(sound, CRASHING), "function"),
        (lambda sound: other_code(sound, SILENT), "function"),
        (lambda sound: other_environment(sound, lambda e: e.pop("DEADLINE_SECONDS")), "environment"),
        (lambda sound: other_environment(sound, lambda e: e.update(DEADLINE_SECONDS="9")), "environment"),
        (
            lambda sound: other_environment(sound, lambda e: e.update(CONNECT_INSTANCE_ID="another")),
            "environment",
        ),
        (disconnected, "gateway to function"),
        (uninvited, "gateway to function"),
    ],
    ids=[
        "stage deleted",
        "gateway response deleted",
        "authorization removed",
        "permission removed",
        "permission to describe removed",
        "instance removed from the permission",
        "contacts removed from the permission",
        "code crashes",
        "code of something else",
        "variable removed",
        "variable changed",
        "another instance",
        "integration leads elsewhere",
        "function's resource policy empty",
    ],
)
def test_the_proof_names_the_broken_link(
    sound: Deployed, prove: Callable[[], str | None], break_it: Any, link: str
) -> None:
    """And passes again once it is mended."""
    with break_it(sound):
        said = prove()
    assert said is not None, "the proof passed on a broken endpoint"
    assert f"Broken link: {link}." in said
    assert prove() is None
