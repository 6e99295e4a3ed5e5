"""A pytest fixture: one local cloud for a run of tests. Nothing registers it: import it in a conftest.py.

The import takes all settings of AWS out of this process: credentials, profiles, regions, endpoints. From then on, every
AWS SDK in this process and in its children calls the local cloud, unless your code gives it other settings. Before the
local cloud runs, such a call fails. When the run ends, the fixture puts the settings back.
"""

import os
import socket
import sys
from collections.abc import Iterator

import boto3
import pytest

from .cdk import CdkFailed, bootstrap
from .cloud import Cloud, CloudError

# The port is chosen now, so that a client reaches the cloud even if a module made it when pytest imported the module.
_port = socket.socket()
_port.bind(("127.0.0.1", 0))
_cloud = Cloud(_port.getsockname()[1])
_theirs = {name: os.environ.get(name) for name, _ in os.environ.items() ^ _cloud.environment().items()}
_their_session = boto3.DEFAULT_SESSION


def _take_out() -> None:
    environment = _cloud.environment()
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)


def _put_back() -> None:
    for name, value in _theirs.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    boto3.DEFAULT_SESSION = _their_session
    # Another run in this process has to take them out again.
    sys.modules.pop(__name__, None)


@pytest.fixture(scope="session")
def local_cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """A local cloud, bootstrapped by the CDK command line. It ends with the run."""
    # After the end of the last fixture: none of them reaches AWS.
    request.config.add_cleanup(_put_back)
    # Modules with tests may have set some.
    _take_out()
    _port.close()
    try:
        with _cloud:
            bootstrap(_cloud)
            yield _cloud
    except (CdkFailed, CloudError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


# Not in the fixture: modules with tests may make clients when they are imported.
_take_out()
# It may have read other settings already.
boto3.DEFAULT_SESSION = None
