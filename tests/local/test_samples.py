"""What the README shows works as it stands there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.chats import Chats
from tests.local.deployments import Deployed

ROOT = Path(__file__).resolve().parents[2]


def sample(kind: str) -> str:
    """A sample of the README, as it stands there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.partition(f"<!-- sample: {kind} -->\n```")[2]
    return block.partition("\n")[2].partition("```")[0]


@pytest.mark.parametrize(
    ("kind", "command"),
    [("curl", ["bash", "-euo", "pipefail", "-c"]), ("boto3", [sys.executable, "-W", "ignore", "-c"])],
)
def test_the_readmes_call_continues_a_chat(sound: Deployed, kind: str, command: list[str]) -> None:
    """A user copies it, sets the variables, and gets the contact that is continued."""
    chats = Chats(sound.cloud)
    past, contact = chats.past(), chats.start()
    variables = {
        **os.environ,
        **sound.cloud.environment(),
        "ENDPOINT_URL": sound.cloud.execute_api_url(sound.outputs["FirstUrl"]),
        "CONTACT_ID": contact,
        "SOURCE_CONTACT_ID": past[0],
    }
    done = subprocess.run(
        [*command, sample(kind)], env=variables, capture_output=True, text=True, check=False, timeout=60
    )
    assert past[2] in done.stdout, done.stdout + done.stderr
