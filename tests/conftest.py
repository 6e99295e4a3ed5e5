"""What holds for all tests."""

import pytest
from hypothesis import settings

# Generated cases are the same in every run of the same code. Others: `make test ARGS=--hypothesis-profile=explore`.
# None has a time limit: on a busy machine that would fail what is right.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Snapshots are written anew only when asked for."""
    parser.addoption("--update-snapshots", action="store_true", help="write the template snapshots anew")
