"""The wheel, as a user gets it: outside the repository, in an environment of its own."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command; its output, or a failure that shows it."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel and sdist."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    return out


def test_the_wheel_carries_the_functions_and_nothing_stray(distributions: Path) -> None:
    """The code that runs in AWS is data of the package; compiled files would change an asset's hash."""
    (wheel,) = distributions.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("association/handler.py", "provisioning/router.py", "aws/signing.py"):
        assert f"connect_persistent_chat/lambda/{name}" in names
    assert "connect_persistent_chat/py.typed" in names
    assert [name for name in names if "__pycache__" in name or name.startswith(("tests", "local"))] == []


def test_the_sdist_builds_the_same_wheel(distributions: Path, tmp_path: Path) -> None:
    """Whoever builds from source must not lose the functions."""
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
    assert zipfile.ZipFile(theirs).namelist() == zipfile.ZipFile(ours).namelist()


def test_an_app_outside_the_repository_synthesizes_twice_alike(distributions: Path, tmp_path: Path) -> None:
    """The ten lines of the README work with the wheel alone, and the same app gives the same template.

    The CDK itself is taken from the environment that runs the tests: it is half a gigabyte.
    """
    (wheel,) = distributions.glob("*.whl")
    environment = tmp_path / "env"
    run(sys.executable, "-m", "venv", environment, cwd=tmp_path)
    python = environment / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    (site,) = environment.glob("lib/python*/site-packages")
    (here,) = Path(sys.prefix).glob("lib/python*/site-packages")
    # After its own packages, and without the .pth files in it: the checkout stays out of sight.
    (site / "borrowed.pth").write_text(f"{here}\n", encoding="utf-8")
    app = (ROOT / "examples" / "own_stack.py").read_text(encoding="utf-8")
    (tmp_path / "app.py").write_text(app, encoding="utf-8")
    where = run(python, "-c", "import connect_persistent_chat; print(connect_persistent_chat.__file__)", cwd=tmp_path)
    assert where.startswith(str(environment))
    templates = []
    for turn in ("first", "second"):
        source = app.replace("App()", f"App(outdir={str(tmp_path / turn)!r})")
        run(python, "-W", "error::SyntaxWarning", "-c", source, cwd=tmp_path)
        templates.append((tmp_path / turn / "ContactCentre.template.json").read_text(encoding="utf-8"))
    assert templates[0] == templates[1]
    assert "Custom::PersistentChatProof" in templates[0]
