"""A pytest fixture: one local cloud for a run of tests. Nothing registers it: import it in a conftest.py.

The import takes all settings of AWS out of this process: credentials, profiles, regions, endpoints. From then on every
AWS SDK without settings of its own, in this process and in its children, calls the local cloud, and before that runs,
nobody.
"""

import os
from collections.abc import Iterator

import boto3
import pytest

from .cdk import bootstrap
from .cloud import Cloud


def _lead_to(cloud: Cloud) -> None:
    environment = cloud.environment()
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[Cloud]:
    """A local cloud, bootstrapped by the CDK command line. It ends with the run."""
    with Cloud() as cloud:
        _lead_to(cloud)
        bootstrap(cloud)
        yield cloud


# Not in the fixture: modules with tests may make clients when they are imported.
_lead_to(Cloud())
# It may have read other settings already.
boto3.DEFAULT_SESSION = None
