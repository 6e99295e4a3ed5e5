"""What holds for all tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Snapshots are written anew only when asked for."""
    parser.addoption("--update-snapshots", action="store_true", help="write the template snapshots anew")
