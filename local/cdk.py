"""The real CDK command line, against a cloud that runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from local.cloud import Cloud

ROOT = Path(__file__).resolve().parents[1]
_COMMAND = ROOT / "node_modules" / ".bin" / "cdk"
_OPTIONS = (
    "--ci",
    "--no-color",
    "--no-notices",
    "--no-version-reporting",
    "--no-path-metadata",
    "--no-asset-metadata",
)


class CdkFailed(Exception):
    """The command line ended with an error; the text is what it printed."""


def cdk(*arguments: str, environment: Mapping[str, str], say: Callable[[str], None] | None = None) -> str:
    """Run the CDK command line in the project's folder and return what it printed.

    :param say: called with each line as it comes.

    Raises CdkFailed if it ends with an error. Whatever ends this function ends the command and its children.
    """
    lines = []
    # The virtual environment's Node runs the command, and its Python the app.
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    with subprocess.Popen(
        [str(_COMMAND), *arguments, *_OPTIONS],
        cwd=ROOT,
        env={**environment, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A group of its own, so that the app that it starts ends with it.
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(line)
                if say is not None and line.strip():
                    say(line.rstrip())
            process.wait()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    printed = "".join(lines)
    if process.returncode != 0:
        raise CdkFailed(printed)
    return printed


def bootstrap(cloud: Cloud, say: Callable[[str], None] | None = None) -> None:
    """Prepare the cloud's account for deployments. Raises CdkFailed."""
    # No app is needed, and this project's own asks for an instance.
    target = f"aws://{cloud.account}/{cloud.region}"
    cdk("bootstrap", target, "--app", "", environment=cloud.environment(), say=say)
