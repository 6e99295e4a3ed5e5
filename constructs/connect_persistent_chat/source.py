"""Where the code of the functions is. Nothing here imports the CDK."""

import atexit
import shutil
import stat
import tempfile
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _source() -> Path:
    """The wheel carries lambda/ inside the package; a checkout has it beside constructs/."""
    places = (_PACKAGE / "lambda", _PACKAGE.parents[1] / "lambda")
    if found := next((place for place in places if place.is_dir()), None):
        return found
    raise ImportError(
        f"connect_persistent_chat: the code of the functions was not found. Got the package at {_PACKAGE}, expected a "
        "folder on disk with lambda/ in it. A zip file does not do. Install the wheel with pip."
    )


SOURCE = _source()

_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


@cache
def readable(folder: Path) -> Path:
    """The folder; or, if others may not read all of it, a copy that they may, which ends with this process.

    A file keeps its permissions in a function's package. Installed under a umask such as 0077, it could not be read in
    AWS Lambda, which runs functions as another user.
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
