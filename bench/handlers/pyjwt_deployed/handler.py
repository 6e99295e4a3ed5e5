"""The same as plain PyJWT, with its packages as Lambda has them."""

import os
import sys
from pathlib import Path

sys.path[:0] = [os.environ["DEPLOYED_PACKAGES"], str(Path(__file__).parents[1])]

# Only this path has both: mypy does not know it, and nothing can be imported before it is set.
from pyjwt.handler import handle  # type: ignore[import-not-found]  # noqa: E402

__all__ = ["handle"]
