"""What the project's pages say of its files, its targets and its dependencies."""

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PLACEHOLDER = "OWNER"
# They talk about the placeholder.
ABOUT_IT = {"CONTRIBUTING.md", "docs/releasing.md", "tests/synth/test_contributing.py"}


def files() -> Iterator[Path]:
    """The project's files, without what .gitignore leaves out."""
    ignored = re.findall(r"^(.+)/$", (ROOT / ".gitignore").read_text(encoding="utf-8"), re.M)

    def below(folder: Path) -> Iterator[Path]:
        for path in folder.iterdir():
            if path.name != ".git" and not any(path.match(pattern) for pattern in ignored):
                yield from below(path) if path.is_dir() else [path]

    return below(ROOT)


PAGES = sorted(path.relative_to(ROOT).as_posix() for path in files() if path.suffix == ".md")


def test_the_list_of_placeholders_is_complete() -> None:
    """An owner who works through the list has filled in everything; nothing there is made up instead."""
    listed = set(re.findall(r"^- `(.+?)`:", CONTRIBUTING.partition("## What an owner fills in")[2], re.M))
    found = {path.relative_to(ROOT).as_posix() for path in files() if PLACEHOLDER.encode() in path.read_bytes()}
    assert found - ABOUT_IT == listed


def test_every_target_of_make_is_listed() -> None:
    """A target that nobody knows is not used."""
    targets = re.findall(r"^([\w-]+):.* ## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert [target for target in targets if not re.search(rf"^\|.*`make {target}\b", CONTRIBUTING, re.M)] == []


def test_every_folder_is_listed() -> None:
    """Whoever joins looks for the place of a thing here first."""
    folders = {path.relative_to(ROOT).parts[0] for path in files() if path.parent != ROOT}
    assert set(re.findall(r"^\| `(.+?)/` \|", CONTRIBUTING, re.M)) == folders


def test_the_licences_of_others_are_listed() -> None:
    """Who installs the wheel installs these; another licence may be a reason not to."""
    files = (ROOT / "pyproject.toml", ROOT / "local" / "pyproject.toml")
    projects = [tomllib.loads(file.read_text(encoding="utf-8"))["project"] for file in files]
    needed = [one for project in projects for one in project["dependencies"]]
    needed += [one for extra in projects[0]["optional-dependencies"].values() for one in extra]
    licences = {}
    for requirement in needed:
        name = re.split(r"[<>=\[]", requirement)[0]
        if name == projects[1]["name"]:
            continue
        of_it = importlib.metadata.metadata(name)
        text = of_it["License-Expression" if "License-Expression" in of_it else "License"]
        licences[name] = "MIT" if "\nPermission is hereby granted, free of charge, to any person" in text else text
    page = (ROOT / "docs/releasing.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `(.+?)` \| (.+?) \|", page, re.M)) == licences


# `make bench` writes docs/benchmarks.md, each paragraph as one line.
@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/benchmarks.md"])
def test_lines_can_be_read_without_scrolling(page: str) -> None:
    """At most 120 characters, except tables and links: a longer line is cut in a terminal and in a comparison."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    longest = [line for line in lines if len(line) > 120 and not line.startswith("|") and "](" not in line]
    assert longest == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """A link to a page or a heading that was renamed helps nobody."""
    for target in re.findall(r"\]\((?!https?:|mailto:)(.+?)\)", (ROOT / page).read_text(encoding="utf-8")):
        path, _, heading = target.partition("#")
        linked = (ROOT / page).parent / path if path else ROOT / page
        assert linked.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.M)
            anchors = [re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings]
            assert heading in anchors, target


# The changelog names what was there at the time.
@pytest.mark.parametrize("page", [page for page in PAGES if page != "CHANGELOG.md"])
def test_the_files_that_a_page_names_exist(page: str) -> None:
    """Whoever looks for a file that was moved gives up."""
    text = (ROOT / page).read_text(encoding="utf-8")
    folders = "bench|constructs|docs|examples|lambda|local|tests"
    named = re.findall(rf"`((?:{folders})/[\w./*-]*)`", text)
    assert [one for one in named if not list(ROOT.glob(one.rstrip("/")))] == []
