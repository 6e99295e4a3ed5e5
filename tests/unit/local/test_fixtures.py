"""The pytest fixture's module: after its import, nothing reaches AWS. tests/local/test_fixtures.py has the fixture."""

import os
import subprocess
import sys
from pathlib import Path

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
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/theirs",
    "CDK_DEFAULT_ACCOUNT": "999999999999",
    # One that leads to this machine only, where nothing answers: whatever uses it fails in another way.
    "HTTP_PROXY": "http://127.0.0.1:2",
    "http_proxy": "http://127.0.0.1:2",
}
PROFILE = """
[profile production]
aws_access_key_id = theirs
aws_secret_access_key = theirs
endpoint_url = https://theirs.example
"""
CODE = """
import os
import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
# What a module of theirs made before: its session has the profile's settings.
boto3.setup_default_session()
before, session = dict(os.environ), boto3.DEFAULT_SESSION
import local.fixtures
theirs = ("theirs", "production", "999999999999", "eu-central-1")
assert not [value for value in os.environ.values() if any(one in value for one in theirs)]
client = boto3.client("connect", config=Config(retries={"total_max_attempts": 1}))
assert client.meta.endpoint_url.startswith("http://127.0.0.1:"), client.meta.endpoint_url
assert client.meta.region_name == "us-east-1", client.meta.region_name
assert client._request_signer._credentials.access_key == "123456789012"
try:
    client.list_instances()
except EndpointConnectionError:
    print("nobody answers")
os.environ["SET_BY_A_TEST"] = "stays"
local.fixtures._put_back()
assert dict(os.environ) == before | {"SET_BY_A_TEST": "stays"}
assert boto3.DEFAULT_SESSION is session
import local.fixtures
assert boto3.client("connect").meta.endpoint_url.startswith("http://127.0.0.1:")
"""


def test_its_import_takes_all_settings_of_aws_away_until_the_run_ends(tmp_path: Path) -> None:
    """Before a test's module can make a client: a call then fails, and reaches no account of theirs."""
    config = tmp_path / "config"
    config.write_text(PROFILE, encoding="utf-8")
    variables = {**os.environ, **THEIRS, "AWS_CONFIG_FILE": str(config)}
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("nobody answers\n", "")
