"""The real CDK command line, against a cloud that runs."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from local.cloud import Cloud
from local.command import ROOT, run

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
    # The virtual environment's Node runs the command, and its Python the app.
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    status, printed = run([str(_COMMAND), *arguments, *_OPTIONS], {**environment, "PATH": path}, say)
    if status != 0:
        raise CdkFailed(printed)
    return printed


def bootstrap(cloud: Cloud, say: Callable[[str], None] | None = None) -> None:
    """Prepare the cloud's account for deployments. Raises CdkFailed."""
    # No app is needed, and this project's own asks for an instance.
    target = f"aws://{cloud.account}/{cloud.region}"
    cdk("bootstrap", target, "--app", "", environment=cloud.environment(), say=say)
