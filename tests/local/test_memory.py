"""The memory of a process that answers many requests."""

import pytest

from bench import measure
from local.cloud import Cloud


@pytest.mark.prove
@pytest.mark.usefixtures("without_quotas")
def test_memory_does_not_grow(cloud: Cloud) -> None:
    """Ten times as many requests of one process take at most a megabyte more."""
    figures = measure.growth(cloud, 5000)
    assert figures["many_mb"] <= figures["few_mb"] + 1
