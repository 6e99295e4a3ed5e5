"""The wheel, as a user gets it: outside the repository, in an environment of its own."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from aws_cdk import App

from connect_persistent_chat import Authorization, ChatStart, lambda_function
from connect_persistent_chat.source import SOURCE
from tests.distributions import ROOT, environment, install, run
from tests.synth.apps import FLOW_ID, HERE, endpoint, history, stack
from tests.unit.association.events import HISTORY
from tests.unit.authorizer.signing import ENVIRONMENT as AUTHORIZER
from tests.unit.start.world import ENVIRONMENT as STARTS


def test_the_wheel_carries_the_functions_and_nothing_stray(distributions: Path) -> None:
    """The code that runs in AWS is data of the package; compiled files would change an asset's hash."""
    (wheel,) = distributions.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "association/handler.py",
        "authorizer/handler.py",
        "provisioning/router.py",
        "aws/signing.py",
        "connect/operations.py",
        "history/table.py",
        "recorder/handler.py",
        "start/handler.py",
    ):
        assert f"connect_persistent_chat/lambda/{name}" in names
    assert "connect_persistent_chat/py.typed" in names
    # As the functions have it, and as the package itself imports it.
    folders = ("connect_persistent_chat/shared/", "connect_persistent_chat/lambda/shared/")
    copies = [
        {name.removeprefix(folder): zipfile.Path(wheel, name).read_bytes() for name in names if name.startswith(folder)}
        for folder in folders
    ]
    assert copies[0] == copies[1] != {}
    assert [name for name in names if "__pycache__" in name or name.startswith(("tests", "local"))] == []


def test_the_readme_works_on_a_package_index(distributions: Path) -> None:
    """There a link to a file beside it leads nowhere, and nothing draws a diagram."""
    (wheel,) = distributions.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    readme = archive.read(metadata).decode()
    assert re.findall(r"\]\((?!https://)(.*?)\)", readme) == []
    assert "/blob/main/docs/calling.md)" in readme
    # What leads to a page about a picture is no picture.
    assert "/raw/main/docs/chat-page/came-back.png)" in readme
    assert "mermaid" not in readme


def test_the_sdist_builds_the_same_wheel(distributions: Path, tmp_path: Path) -> None:
    """Whoever builds from source gets the published wheel, byte by byte, and so can check it."""
    (sdist,) = distributions.glob("*.tar.gz")
    run("tar", "xzf", sdist, cwd=tmp_path)
    (unpacked,) = tmp_path.iterdir()
    run(
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "--outdir",
        tmp_path,
        unpacked,
        cwd=tmp_path,
    )
    (ours,), (theirs,) = distributions.glob("*.whl"), tmp_path.glob("*.whl")
    assert theirs.read_bytes() == ours.read_bytes()


def test_each_function_finds_all_that_it_imports_in_its_own_asset(tmp_path: Path) -> None:
    """AWS Lambda has the asset and, with the runtime, boto3: what is missing would fail the deployment only there."""
    app = App(outdir=str(tmp_path))
    here = stack(app=app, env=HERE)
    endpoint(here, history=history(here), authorization=Authorization.oidc("https://issuer.example", ["client"]))
    endpoint(here, "Starts", start=ChatStart({"web": FLOW_ID}))
    resources = json.loads((Path(app.synth().directory) / "Stack.template.json").read_text())["Resources"].values()
    handlers = {
        one["Properties"]["Handler"]: tmp_path / f"asset.{one['Properties']['Code']['S3Key'].removesuffix('.zip')}"
        for one in resources
        if one["Type"] == "AWS::Lambda::Function" and one["Properties"]["Handler"].endswith(".handle")
    }
    assert set(handlers) == {
        "association.handler.handle",
        "authorizer.handler.handle",
        "recorder.handler.handle",
        "start.handler.handle",
        "provisioning.router.handle",
    }
    (runtime,) = Path(sys.prefix).glob("lib/python*/site-packages")
    variables = {**AUTHORIZER, **STARTS, **HISTORY, "RETENTION_SECONDS": "1"}
    for handler, asset in handlers.items():
        module = handler.rpartition(".")[0]
        # Neither the environment's own folders, nor the .pth files in them.
        paths = [asset, runtime] if module == "provisioning.router" else [asset]
        code = f"import sys; sys.path[:0] = {[str(path) for path in paths]}; import {module}"
        command = [sys.executable, "-B", "-I", "-S", "-c", code]
        done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{handler}: {done.stderr}"


def test_what_was_installed_for_nobody_else_is_still_readable_in_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under umask 0077 files are 0600, and so they would be in a function's package. Lambda runs as another user."""
    private = tmp_path / "lambda"
    shutil.copytree(SOURCE, private)
    for path in (private, *private.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    hashes = []
    for turn, source in enumerate((SOURCE, private)):
        monkeypatch.setattr(lambda_function, "SOURCE", source)
        app = App(outdir=str(tmp_path / str(turn)))
        endpoint(stack(app=app, env=HERE))
        assembly = Path(app.synth().directory)
        assets = sorted(path for path in assembly.glob("asset.*") if (path / "association").is_dir())
        hashes.append([asset.name for asset in assets])
        modes = {path.stat().st_mode & 0o005 for asset in assets for path in asset.rglob("*.py")}
        assert modes == {0o004}
        assert all(
            path.stat().st_mode & 0o005 == 0o005 for asset in assets for path in asset.rglob("*") if path.is_dir()
        )
    assert hashes[0] == hashes[1] != []


def installed(distributions: Path, folder: Path, *, borrowing: bool = False) -> Path:
    """The Python of a new environment that holds the wheel, and nothing else of its own."""
    (wheel,) = distributions.glob("*.whl")
    python = environment(folder, borrowing=borrowing)
    install(python, "--no-deps", "--no-index", wheel)
    return python


def test_the_commands_need_no_cdk_and_say_what_they_need(distributions: Path, tmp_path: Path) -> None:
    """Whoever operates a contact centre need not have half a gigabyte of it; boto3 and tqdm are an extra."""
    command = installed(distributions, tmp_path).with_name("persistent-chat")
    asked = [str(command), "erase", "--recorder", "r", "--customer", "c"]
    bare = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    assert (bare.returncode, bare.stdout) == (1, "")
    assert bare.stderr == "Error: boto3 is not installed. Install it: pip install 'connect-persistent-chat[commands]'\n"
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    (here,) = Path(sys.prefix).glob("lib/python*/site-packages")
    for package in ("boto3", "botocore", "tqdm", "urllib3", "jmespath", "s3transfer", "dateutil", "six.py"):
        (site / package).symlink_to(here / package)
    there = subprocess.run(asked, env={"HOME": "/nonexistent"}, capture_output=True, text=True, check=False, timeout=60)
    assert (there.returncode, there.stderr) == (1, "Error: You must specify a region.\n")


@pytest.mark.prove
def test_an_app_outside_the_repository_synthesizes_twice_alike(distributions: Path, tmp_path: Path) -> None:
    """The ten lines of the README work with the wheel alone, and the same app gives the same template."""
    synthesizes_twice_alike(installed(distributions, tmp_path, borrowing=True), tmp_path)


@pytest.mark.prove
def test_the_wheel_brings_what_it_needs(distributions: Path, tmp_path: Path) -> None:
    """As a user installs it: pip chooses the CDK by the ranges, and the commands' extra is there."""
    (wheel,) = distributions.glob("*.whl")
    python = environment(tmp_path)
    install(python, f"{wheel}[commands]")
    assert "backfill" in run(python.with_name("persistent-chat"), "--help", cwd=tmp_path)
    synthesizes_twice_alike(python, tmp_path)


def synthesizes_twice_alike(python: Path, tmp_path: Path) -> None:
    """The example's app by the installed wheel."""
    app = (ROOT / "examples" / "own_stack.py").read_text(encoding="utf-8")
    where = run(python, "-c", "import connect_persistent_chat; print(connect_persistent_chat.__file__)", cwd=tmp_path)
    assert where.startswith(str(python.parents[1]))
    templates = []
    for turn in ("first", "second"):
        source = app.replace("App()", f"App(outdir={str(tmp_path / turn)!r})")
        run(python, "-W", "error::SyntaxWarning", "-c", source, cwd=tmp_path)
        templates.append((tmp_path / turn / "ContactCentre.template.json").read_text(encoding="utf-8"))
    assert templates[0] == templates[1]
    assert "Custom::PersistentChatProof" in templates[0]
