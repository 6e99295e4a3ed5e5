"""The local cloud's own wheel: in step with the other one, and enough for somebody who tests an app of their own."""

import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.distributions import ROOT, environment, install, run

PACKAGE = "connect_persistent_chat_local"
TESTED = ROOT / "examples" / "tested"
PAGE = (ROOT / "docs" / "local-tests.md").read_text(encoding="utf-8")


def project(folder: Path) -> dict[str, Any]:
    """What a pyproject.toml says of its project."""
    return dict(tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def test_both_distributions_have_one_version_and_one_licence() -> None:
    """The extra asks for the local cloud of the same release."""
    main, local = project(ROOT), project(ROOT / "local")
    assert local["version"] == main["version"]
    assert main["optional-dependencies"]["local"] == [f"{local['name']}=={main['version']}"]
    assert local["requires-python"] == main["requires-python"]
    assert (ROOT / "local/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_it_asks_for_what_the_tests_ran_with() -> None:
    """A pin elsewhere than here would be of a version that nobody tried; the ranges hold what was tried."""
    tried = dict(re.findall(r"^(\S+?)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M))
    needed = [re.fullmatch(r"([\w-]+)(==|>=)([\d.]+)", one) for one in project(ROOT / "local")["dependencies"]]
    pins = {one[1]: one[3] for one in needed if one and one[2] == "=="}
    assert pins == {name: tried[name] for name in ("ministack", "Hypercorn", "wsproto")}
    for one in needed:
        assert one is not None
        assert [int(part) for part in one[3].split(".")] <= [int(part) for part in tried[one[1]].split(".")]
    assert f"`botocore=={tried['botocore']}`" in PAGE, "MiniStack's pin is documented"


def test_its_wheel_has_the_cloud_and_nothing_of_this_repository_only(local_distributions: Path) -> None:
    """No module there imports what is not there, or looks for the checkout. No entry point registers the fixture."""
    (wheel,) = local_distributions.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {f"{PACKAGE}/{name}" for name in ("py.typed", "fixtures.py", "connect/agent.html")} <= names
    assert {name.partition("/")[0] for name in names} == {PACKAGE}
    assert not [name for name in archive.namelist() if "entry_points" in name or "__pycache__" in name]
    for name in (name for name in names if name.endswith(".py")):
        text = archive.read(name).decode()
        folder = Path(name).parent
        for dots, module in re.findall(r"^ *from (\.+)(\w*)", text, re.M):
            base = folder.parent if dots == ".." else folder
            found = {f"{base}/{module}.py", f"{base}/{module}/__init__.py"} & names
            assert found or not module, (name, module)
        assert not re.search(r"^ *(from|import) local\b", text, re.M), name
    left_out = {path.name for path in (ROOT / "local").glob("*.py")} - {Path(name).name for name in names}
    assert left_out == {
        *("chat.py", "chromium.py", "debian.py", "demo.py", "deploy.py"),
        *("page.py", "proxy.py", "samples.py", "steps.py", "tls.py"),
    }


def test_its_sdist_builds_the_same_wheel(local_distributions: Path, tmp_path: Path) -> None:
    """Whoever builds from source gets the published wheel, byte by byte."""
    (sdist,) = local_distributions.glob("*.tar.gz")
    run("tar", "xzf", sdist, cwd=tmp_path)
    (unpacked,) = tmp_path.iterdir()
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path, unpacked, cwd=tmp_path)
    (ours,), (theirs,) = local_distributions.glob("*.whl"), tmp_path.glob("*.whl")
    assert theirs.read_bytes() == ours.read_bytes()


@pytest.mark.parametrize("file", ["app.py", "conftest.py", "test_app.py"])
def test_the_page_shows_the_sample_that_runs(file: str) -> None:
    """Line by line: whoever copies it has what the test below runs."""
    assert f"```python\n{(TESTED / file).read_text(encoding='utf-8')}```" in PAGE


def test_the_sample_has_thirty_lines() -> None:
    """Beside the app, which its users have already."""
    text = "".join((TESTED / file).read_text(encoding="utf-8") for file in ("conftest.py", "test_app.py"))
    assert len([line for line in text.splitlines() if line.strip()]) <= 30


@pytest.mark.prove
def test_somebody_tests_their_own_app_with_the_wheels_alone(
    distributions: Path, local_distributions: Path, tmp_path: Path
) -> None:
    """As the page says: install, copy the sample, run pytest. Their profile and endpoint are taken out of the way."""
    (wheel,) = distributions.glob("*.whl")
    python = environment(tmp_path)
    install(python, "--no-compile", "--find-links", local_distributions, f"{wheel}[local]", "pytest")
    folder = shutil.copytree(TESTED, tmp_path / "app")
    variables = {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }

    def pytest_there() -> subprocess.CompletedProcess[str]:
        command = [str(python), "-m", "pytest", "-W", "error", "-p", "no:cacheprovider"]
        return subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, timeout=3600, check=False
        )

    without = pytest_there()
    assert f"Install it: npm install --prefix {folder} aws-cdk@2" in without.stdout
    run(python.with_name("npm"), "install", "--prefix", folder, "--ignore-scripts", *pinned_cdk(), cwd=folder)
    tested = pytest_there()
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " 2 passed in " in tested.stdout
    starts_and_ends(python.with_name("persistent-chat"), variables, folder)


def pinned_cdk() -> list[str]:
    """The version that make installs."""
    found = re.findall(r'"(aws-cdk)": "(.*)"', (ROOT / "package.json").read_text(encoding="utf-8"))
    return [f"{name}@{version}" for name, version in found]


def starts_and_ends(command: Path, variables: dict[str, str], folder: Path) -> None:
    """`persistent-chat local` says where it answers, and Ctrl-C ends it."""
    with subprocess.Popen(
        [str(command), "local", "--port", "0"], cwd=folder, env=variables, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The local cloud answers at http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
