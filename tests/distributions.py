"""The wheel and the sdist, and environments that hold them: outside the repository, as users have them."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path, umask: int = -1) -> str:
    """Run a command; its output, or a failure that shows it."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
        umask=umask,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(project: Path, out: Path) -> Path:
    """Build the wheel and the sdist of a project into this folder."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, project, cwd=out)
    return out


def environment(folder: Path, *, borrowing: bool = False) -> Path:
    """The Python of a new environment. It may borrow what the tests' own has: the CDK is half a gigabyte."""
    run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    if borrowing:
        (site,) = (folder / "env").glob("lib/python*/site-packages")
        (here,) = Path(sys.prefix).glob("lib/python*/site-packages")
        # After its own packages, and without the .pth files in it: the checkout stays out of sight.
        (site / "borrowed.pth").write_text(f"{here}\n", encoding="utf-8")
    return folder / "env" / "bin" / "python"


def install(python: Path, *packages: str | Path, umask: int = -1) -> None:
    """With pip."""
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, *packages, cwd=python.parent, umask=umask)


def oldest(extra: str | None = None) -> list[str]:
    """The lower bounds of the package, or of one extra, as exact versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = project["optional-dependencies"][extra] if extra else project["dependencies"]
    found = [re.match(r"([a-z0-9-]+)>=([0-9.]+)", bound) for bound in bounds]
    assert all(found), f"got {bounds}, expected a lower bound first in each"
    return [f"{one[1]}=={one[2]}" for one in found if one]
