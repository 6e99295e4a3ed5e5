"""The functions' code is found in a checkout and in a wheel, and loading from it leaves no trace there."""

import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from association import names as association_names
from connect_persistent_chat import source
from history import names as history_names
from provisioning import names as provisioning_names


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (["lambda"], "lambda"),
        (["constructs/connect_persistent_chat/lambda"], "constructs/connect_persistent_chat/lambda"),
        # A wheel in a folder beside some other project's code.
        (["lambda", "constructs/connect_persistent_chat/lambda"], "constructs/connect_persistent_chat/lambda"),
    ],
    ids=["checkout", "wheel", "both"],
)
def test_the_code_is_found_where_it_was_put(folders: list[str], found: str, tmp_path: Path) -> None:
    """A wheel carries it inside the package, a checkout has it beside: somebody else's `lambda` is never taken."""
    package = tmp_path / "constructs" / "connect_persistent_chat"
    for folder in (package, *(tmp_path / name for name in folders)):
        folder.mkdir(parents=True, exist_ok=True)
    copied = Path(shutil.copy(source.__file__, package))
    assert runpy.run_path(str(copied))["SOURCE"] == tmp_path / found


def test_a_package_in_a_zip_says_what_to_do(tmp_path: Path) -> None:
    """Deployment tools that pack an app into one file: the functions' code has to lie on the disk."""
    archive, package = tmp_path / "app.zip", Path(source.__file__).parent
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in package.rglob("*.py"):
            zipped.write(path, path.relative_to(package.parent))
    code = f"import sys; sys.path.insert(0, {str(archive)!r}); import connect_persistent_chat"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{code}.source"], capture_output=True, text=True, check=False, timeout=60
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: connect_persistent_chat: the code of the functions was not found. Got "), last
    assert f"{archive}/connect_persistent_chat, expected a folder" in last
    assert last.endswith("Install the wheel with pip.")


@pytest.mark.parametrize(
    ("package", "theirs"),
    [("association", association_names), ("history", history_names), ("provisioning", provisioning_names)],
)
def test_both_sides_have_the_same_names(package: str, theirs: ModuleType) -> None:
    """What the construct writes into an environment, the function reads there: no name stands twice."""
    ours = source.load(package, "names")
    assert ours is not theirs

    def said_by(module: ModuleType) -> dict[str, object]:
        return {name: value for name, value in vars(module).items() if name.isupper()}

    assert said_by(ours) == said_by(theirs) != {}


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("code", ["NAME = 1\n", "raise RuntimeError('broken')\n"])
def test_loading_leaves_no_trace(writes: bool, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiled file in the asset's folder would be in a deployment; and Python goes on as it was set."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "names.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(source, "SOURCE", tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", writes)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    if code.startswith("raise"):
        with pytest.raises(RuntimeError, match="broken"):
            source.load("package", "names")
    else:
        assert source.load("package", "names").NAME == 1
    assert sys.dont_write_bytecode is writes
    assert [path.name for path in tmp_path.rglob("*")] == ["package", "names.py"]


def test_a_loaded_module_is_nobodys_but_the_loaders() -> None:
    """An app may have packages `association` or `history` of its own."""
    before = set(sys.modules)
    source.load("association", "names")
    assert set(sys.modules) == before
