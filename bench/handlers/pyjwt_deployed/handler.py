"""The same as plain PyJWT, with its packages as Lambda has them."""

import os
import sys
from pathlib import Path

sys.path[:0] = [os.environ["DEPLOYED_PACKAGES"], str(Path(__file__).parents[1])]

from pyjwt.handler import handle  # type: ignore[import-not-found]  # noqa: E402

__all__ = ["handle"]
