"""The samples of examples/clients: each is run by `make clients`, and docs/clients.md shows what stands in them."""

import re
from pathlib import Path

import pytest

from local.command import ROOT
from local.samples import FOLDER, SAMPLES

# What a sample needs beside its text.
SURROUNDINGS = {".npmrc", "package.json", "package-lock.json"}
PAGE = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
# A section of the page: a link to its sample, and then some of the sample's lines.
SECTIONS = re.findall(r"\]\(\.\./(examples/clients/\S+?)\).*?```\w+\n(.*?)```", PAGE, re.DOTALL)


def files() -> set[str]:
    """The samples' files, but what npm made of them."""
    found = (path for path in (ROOT / FOLDER).rglob("*") if path.is_file())
    paths = (path for path in found if not {"node_modules", "__pycache__"} & set(path.parts))
    return {str(path.relative_to(ROOT)) for path in paths if path.name not in SURROUNDINGS}


def test_every_sample_is_run() -> None:
    """A sample that nobody runs is soon wrong."""
    assert {command[-1] for command in SAMPLES.values()} == files()


def test_the_page_has_a_section_of_every_sample() -> None:
    """And of nothing else."""
    assert sorted(sample for sample, _ in SECTIONS) == sorted(files())


@pytest.mark.parametrize(("sample", "shown"), SECTIONS, ids=[Path(sample).name for sample, _ in SECTIONS])
def test_what_the_page_shows_stands_in_the_sample(sample: str, shown: str) -> None:
    """Whoever copies from the page gets what was run."""
    assert shown.strip()
    assert shown in (ROOT / sample).read_text(encoding="utf-8")


def test_the_lock_of_the_javascript_sample_names_no_address() -> None:
    """Everybody's own registry is asked."""
    lock = (ROOT / FOLDER / "javascript/package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    assert "://" not in lock
