"""What holds for all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.distributions import ROOT, build

# Generated cases are the same in every run of the same code. Others: `make test ARGS=--hypothesis-profile=explore`.
# None has a time limit: on a busy machine that would fail what is right.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Snapshots are written anew only when asked for."""
    parser.addoption("--update-snapshots", action="store_true", help="write the template snapshots anew")


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel and sdist."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def local_distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of the local cloud."""
    return build(ROOT / "local", tmp_path_factory.mktemp("dist-local"))
