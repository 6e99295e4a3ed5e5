"""The reference: `make docs` runs this first, because Sphinx itself leaves out what nobody documented."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import griffe
import pytest

ROOT = Path(__file__).resolve().parents[2]
# What every construct has, and its methods.
KNOWN = {"self", "cls", "scope", "id"}


def classes(folder: Path, package: str) -> Iterator[griffe.Class]:
    """Those that the package exports. They are read from the source: the CDK is not needed for it."""
    loaded = griffe.load(package, search_paths=[folder], allow_inspection=False)
    for name in loaded.exports or ():
        one = loaded[str(name)]
        yield one.final_target if one.is_alias else one


def said_of(docstring: str) -> dict[str, str]:
    """What a docstring says of each parameter."""
    said = re.findall(r":param (\w+): (.*?)(?=\n:param|\n\n|\Z)", docstring, re.S)
    return {name: " ".join(text.split()) for name, text in said}


def gaps_of(name: str, docstring: str, parameters: griffe.Parameters) -> Iterator[str]:
    """What is missing of a method's parameters, and what is said of none."""
    said = said_of(docstring)
    expected = [one for one in parameters if one.name not in KNOWN]
    for one in expected:
        if one.name not in said:
            yield f"{name}: no ':param {one.name}:'"
        elif one.required == ("Default: " in said[one.name]):
            yield f"{name}: {'a' if one.required else 'no'} 'Default: ' of {one.name}"
    for extra in said.keys() - {one.name for one in expected}:
        yield f"{name}: ':param {extra}:', but it has no such parameter"


def gaps(folder: Path = ROOT / "constructs", package: str = "connect_persistent_chat") -> list[str]:
    """Everything public that is not documented."""
    found = []
    for one in classes(folder, package):
        members = {}
        for name, member in one.all_members.items():
            # What it inherits from a class of ours counts, too. A constructor's docstring may be that of its class.
            if member.is_public and name != "__init__":
                members[f"{one.name}.{name}"] = member.final_target if isinstance(member, griffe.Alias) else member
        found += [
            f"{name}: no docstring" for name, member in {one.name: one, **members}.items() if not member.docstring
        ]
        for name, member in members.items():
            if isinstance(member, griffe.Function) and member.docstring:
                found += gaps_of(name, member.docstring.value, member.parameters)
        if "__init__" in one.members:
            texts = [of.docstring.value for of in (one, one.members["__init__"]) if of.docstring]
            found += gaps_of(one.name, "\n\n".join(texts), one.parameters)
    return found


def test_everything_public_is_documented() -> None:
    """A user who looks a parameter up finds what it means, its default, and its units."""
    assert gaps() == []


def test_the_reference_has_every_public_class() -> None:
    """And no other."""
    page = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    shown = re.findall(r"autoclass:: connect_persistent_chat\.(\w+)\n   :members:\n", page)
    assert sorted(shown) == sorted(one.name for one in classes(ROOT / "constructs", "connect_persistent_chat"))


SOURCE = '''
    """A package."""
    __all__ = ["Made"]
    class Made:
        """A class.

        :param size: in bytes.
        :param names: what it is called. Default: nothing.
        """
        def __init__(self, scope: str, id: str, *, size: int, names: tuple[str, ...] = ()) -> None: ...
        def called(self, name: str) -> bool:
            """Whether it is.

            :param name: any.
            """
        @property
        def url(self) -> str:
            """Its address."""
'''


def gaps_in(source: str, folder: Path) -> list[str]:
    """Of a small package."""
    (folder / "small.py").write_text(dedent(source), encoding="utf-8")
    return gaps(folder, "small")


def test_a_package_that_says_everything_has_no_gaps(tmp_path: Path) -> None:
    """Else the cases below would prove nothing."""
    assert gaps_in(SOURCE, tmp_path) == []


@pytest.mark.parametrize(
    ("before", "after", "gap"),
    [
        ("        :param size: in bytes.\n", "", "Made: no ':param size:'"),
        (" Default: nothing.", "", "Made: no 'Default: ' of names"),
        ("in bytes.", "in bytes. Default: 1.", "Made: a 'Default: ' of size"),
        ("            :param name: any.\n", "", "Made.called: no ':param name:'"),
        (":param name:", ":param word:", "Made.called: ':param word:', but it has no such parameter"),
        ('"""Its address."""', "...", "Made.url: no docstring"),
        ("name: str)", "name: str, other: int)", "Made.called: no ':param other:'"),
    ],
)
def test_a_gap_is_noticed(before: str, after: str, gap: str, tmp_path: Path) -> None:
    """A check that accepts everything is none."""
    assert before in SOURCE
    assert gap in gaps_in(SOURCE.replace(before, after), tmp_path)
