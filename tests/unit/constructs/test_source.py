"""The functions' code is found in a checkout and in a wheel, and what both sides share is an ordinary package."""

import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from connect_persistent_chat import source


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


def test_what_both_sides_share_is_one_folder() -> None:
    """What the construct writes into an environment, the function reads there: no name stands twice."""
    folder = Path(source.__file__).parent / "shared"
    assert folder.is_symlink()
    assert not folder.readlink().is_absolute()
    assert folder.resolve() == source.SOURCE / "shared"
    assert {path.name for path in folder.iterdir()} >= {"__init__.py", "variables.py", "wire.py"}


def test_it_takes_no_name_of_an_app() -> None:
    """An app may have packages `shared` or `history` of its own."""
    code = (
        "import sys; before = set(sys.modules); import connect_persistent_chat.shared.key; "
        "print(sorted({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['connect_persistent_chat']\n"
