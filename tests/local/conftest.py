"""One local cloud a run, bootstrapped once, and stacks that the tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cdk import bootstrap
from local.cloud import Cloud
from tests.local.deployments import Deployed, deploy, sound_stack


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The local cloud, bootstrapped by the real command line."""
    with Cloud() as running:
        bootstrap(running)
        yield running


@pytest.fixture(scope="session")
def sound(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Two sound endpoints in one stack, deployed once; whoever breaks something mends it."""
    out: Path = tmp_path_factory.mktemp("sound")
    return deploy(cloud, out, {"Sound": sound_stack})["Sound"]
