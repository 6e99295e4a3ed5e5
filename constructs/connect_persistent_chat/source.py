"""The folder with the code of the functions. This module does not import the CDK."""

import atexit
import shutil
import stat
import tempfile
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _source() -> Path:
    """The folder lambda/. In the wheel it is inside the package, and in a checkout it is beside constructs/."""
    places = (_PACKAGE / "lambda", _PACKAGE.parents[1] / "lambda")
    if found := next((place for place in places if place.is_dir()), None):
        return found
    raise ImportError(
        f"connect_persistent_chat: the code of the functions was not found. Got the package at {_PACKAGE}, expected a "
        "folder on disk with lambda/ in it, not a zip file. Install the wheel with pip."
    )


SOURCE = _source()

_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


@cache
def readable(folder: Path) -> Path:
    """The folder, or a copy if other users cannot read the folder. The copy is deleted at the end of this process.

    Files keep their permissions in a function's package, and AWS Lambda runs functions as another user. That user could
    not read files that were installed with a umask such as 0077.
    """
    entries = [path for path in (folder, *folder.rglob("*")) if path.name != "__pycache__" and path.suffix != ".pyc"]
    modes = {path: _FOLDER_MODE if path.is_dir() else _FILE_MODE for path in entries}
    others = stat.S_IROTH | stat.S_IXOTH
    if all(path.stat().st_mode & mode & others == mode & others for path, mode in modes.items()):
        return folder
    scratch = Path(tempfile.mkdtemp(prefix="connect-persistent-chat-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    for path, mode in modes.items():
        copy = scratch / "lambda" / path.relative_to(folder)
        if path.is_dir():
            copy.mkdir()
        else:
            copy.write_bytes(path.read_bytes())
        copy.chmod(mode)
    return scratch / "lambda"
