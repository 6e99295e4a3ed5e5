"""The guide and the reference, for Sphinx: `make docs`. Neither the build nor a page asks the network for anything."""

import posixpath
import re
import tomllib
from pathlib import Path
from typing import Any

from jsii._runtime import JSIIMeta

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project, version = PROJECT["name"], PROJECT["version"]
html_title = f"{project} {version}"
html_theme = "furo"
html_copy_source = False
extensions = ["myst_parser", "sphinx.ext.autodoc"]
# The anchors that the repository's host makes of headings.
myst_heading_anchors = 4

# It hides the parameters of each construct behind *args and **kwargs.
del JSIIMeta.__call__

default_role = "code"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_member_order = "groupwise"
autoclass_content = "both"
python_use_unqualified_type_names = True
# Every name of ours that a page or a type names has to be in the reference. Those of others have pages elsewhere.
nitpicky = True
nitpick_ignore_regex = [("py:class", r"(aws_cdk|collections|\w+)\.[\w.]+")]


def source_read(_: Any, page: str, content: list[str]) -> None:
    """Links out of docs/ lead to the repository."""
    folder = posixpath.join("docs", posixpath.dirname(page))

    def link(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, found[1]))
        return found[0] if path.startswith("docs/") else f"]({PROJECT['urls']['Source']}/blob/main/{path}"

    content[0] = re.sub(r"\]\((\.\./[^)#]+)", link, content[0])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", source_read)
