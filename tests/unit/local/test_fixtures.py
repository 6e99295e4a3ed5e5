"""The pytest fixture's module: after its import, nothing reaches AWS. The fixture itself runs in examples/tested."""

import os
import subprocess
import sys

from local.page import ROOT

THEIRS = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "theirs",
    "AWS_SECRET_ACCESS_KEY": "theirs",
    "AWS_SESSION_TOKEN": "theirs",
    "AWS_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": "https://theirs.example",
    "AWS_ENDPOINT_URL_CONNECT": "https://theirs.example",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://theirs.example",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/theirs",
    "CDK_DEFAULT_ACCOUNT": "999999999999",
}
CODE = """
import os
import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
# What a module of theirs made before: its session has a profile's settings.
boto3.DEFAULT_SESSION = boto3.session.Session("theirs", "theirs", "theirs", "eu-central-1")
import local.fixtures
client = boto3.client("connect", config=Config(retries={"total_max_attempts": 1}))
assert client.meta.endpoint_url == "http://127.0.0.1:1", client.meta.endpoint_url
assert client.meta.region_name == "us-east-1", client.meta.region_name
assert client._request_signer._credentials.access_key == "123456789012"
try:
    client.list_instances()
except EndpointConnectionError:
    print([value for value in os.environ.values() if "theirs" in value or value in ("production", "999999999999")])
"""


def test_its_import_takes_all_settings_of_aws_away() -> None:
    """Before a test's module can make a client: a call then fails, and reaches no account of theirs."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env={**os.environ, **THEIRS}, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
