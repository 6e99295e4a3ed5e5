"""Where the code of the functions is, and its modules that know nothing of AWS. Nothing here imports the CDK."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

# The wheel carries lambda/ inside the package; a checkout has it beside constructs/.
_PACKAGE = Path(__file__).resolve().parent
SOURCE = next(path for path in (_PACKAGE / "lambda", _PACKAGE.parents[1] / "lambda") if path.is_dir())


def load(package: str, module: str) -> ModuleType:
    """A module that imports nothing of ours, loaded from its file: `lambda` is no name that can be imported."""
    spec = importlib.util.spec_from_file_location(
        f"connect_persistent_chat._{package}_{module}", SOURCE / package / f"{module}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    # A checkout must stay clean: a stray __pycache__ is nobody's to find in an asset's folder.
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(loaded)
    finally:
        sys.dont_write_bytecode = writes
    return loaded
