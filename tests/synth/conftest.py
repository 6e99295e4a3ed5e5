"""The default endpoint, synthesized once."""

import pytest

from tests.synth.apps import HERE, Synthesized, endpoint, stack


@pytest.fixture(scope="session")
def default() -> Synthesized:
    """One endpoint, all defaults, in a stack whose account and region are known."""
    here = stack("Default", env=HERE)
    endpoint(here)
    return Synthesized(here)
