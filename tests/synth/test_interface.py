"""The public interface, so that a change that nobody meant is seen.

`make test ARGS="tests/synth/test_interface.py --update-snapshots"` writes it anew: read the difference.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import griffe
import pytest

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).parent / "snapshots" / "interface.txt"


def kind_of(annotation: object) -> str:
    """A type without its modules: another import, or another file of ours, changes nothing for a user."""
    return re.sub(r"(\w+\.)+", "", str(annotation))


def value_of(expression: object, module: griffe.Module) -> str:
    """What a default or a member stands for: behind a constant's name, another number may stand tomorrow."""
    value = eval(str(expression), vars(import_module(module.path)))
    return str(value) if isinstance(value, Enum) else repr(value)


def parameter(one: griffe.Parameter, module: griffe.Module) -> str:
    """Name, type, default and kind."""
    assert one.kind is not None
    variadic = one.kind in (griffe.ParameterKind.var_positional, griffe.ParameterKind.var_keyword)
    default = "" if one.required or variadic else f" = {value_of(one.default, module)}"
    return f"{one.name}: {kind_of(one.annotation)}{default}, {one.kind.value}"


def member_lines(name: str, member: griffe.Object) -> Iterator[str]:
    """A member of a class, and its parameters in their order."""
    if isinstance(member, griffe.Function):
        kind = next(iter(member.labels & {"classmethod", "staticmethod"}), "method")
        yield f"{name}() -> {kind_of(member.returns)}, {kind}"
        for one in list(member.parameters)[0 if kind == "staticmethod" else 1 :]:
            yield f"{name}({parameter(one, member.module)})"
    elif isinstance(member, griffe.Attribute):
        typed = f": {kind_of(member.annotation)}" if member.annotation else ""
        if "class-attribute" in member.labels and member.value:
            yield f"{name}{typed} = {value_of(member.value, member.module)}"
        else:
            yield f"{name}{typed}, {'property' if 'property' in member.labels else 'attribute'}"


def interface(folder: Path, package: str = "connect_persistent_chat") -> str:
    """What a user can name. It is read from the source, where also the attributes are that a constructor sets."""
    loaded = griffe.load(package, search_paths=[folder], allow_inspection=False)
    lines = []
    for name in sorted(str(one) for one in loaded.exports or ()):
        one = loaded[name].final_target if loaded[name].is_alias else loaded[name]
        lines.append(f"{name}({', '.join(kind_of(base) for base in one.bases)})")
        # Those that it inherits from a class of ours count, too.
        for member_name, found in sorted(one.all_members.items()):
            if found.is_public or member_name == "__init__":
                member = found.final_target if isinstance(found, griffe.Alias) else found
                lines += member_lines(f"{name}.{member_name}", member)
    return "".join(f"{line}\n" for line in lines)


def test_the_public_interface_is_the_one_that_was_agreed(request: pytest.FixtureRequest) -> None:
    """An app that imports the package must not break by a change that nobody named."""
    got = interface(ROOT / "constructs")
    if request.config.getoption("--update-snapshots"):
        SNAPSHOT.write_text(got, encoding="utf-8")
    agreed = SNAPSHOT.read_text(encoding="utf-8")
    changed = "\n".join(difflib.unified_diff(agreed.splitlines(), got.splitlines(), "agreed", "now", n=0, lineterm=""))
    assert not changed, (
        f"The public interface changed:\n{changed}\nIf you meant it, name the change in CHANGELOG.md. Then run: "
        'make test ARGS="tests/synth/test_interface.py --update-snapshots"'
    )


SOURCE = '''
    """A package."""
    __all__ = ["Made"]
    LIMIT = 5
    class Base:
        def inherited(self) -> int: ...
    class Made(Base):
        MEMBER = "member"
        def __init__(self, scope: str, key: bytes, *, limit: int = LIMIT, names: tuple[str, ...] = ()) -> None:
            self.attribute = scope
        @classmethod
        def of(cls, name: str) -> "Made": ...
        @property
        def url(self) -> str: ...
        def _private(self) -> None: ...
'''
Compared = Callable[[str, str], tuple[str, str]]


@pytest.fixture
def compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compared:
    """The interface of a small package before a change and after it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def of(source: str, turn: str) -> str:
        package = f"{tmp_path.name}_{turn}"
        (tmp_path / f"{package}.py").write_text(dedent(source), encoding="utf-8")
        return interface(tmp_path, package)

    def compare(before: str, after: str) -> tuple[str, str]:
        assert before in SOURCE
        return of(SOURCE, "before"), of(SOURCE.replace(before, after), "after")

    return compare


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LIMIT = 5", "LIMIT = 6"),
        ("limit: int = LIMIT", "limit: int"),
        ("limit: int", "limit: float"),
        ("limit: int", "bound: int"),
        ("*, limit", "limit"),
        ("scope: str, key: bytes", "key: bytes, scope: str"),
        ('"member"', '"another"'),
        ("self.attribute", "self.renamed"),
        ("-> str", "-> bytes"),
        ("@property", ""),
        ("@classmethod", "@staticmethod"),
        ("Made(Base)", "Made"),
        ("def inherited", "def renamed"),
        ("def of", "def _of"),
        ('["Made"]', '["Made", "Base"]'),
    ],
)
def test_each_kind_of_change_is_seen(before: str, after: str, compared: Compared) -> None:
    """A change that the text does not show would break users unseen."""
    was, now = compared(before, after)
    assert was != now


@pytest.mark.parametrize(
    ("before", "after"), [("_private", "_other"), ("LIMIT", "BOUND"), ("attribute = scope", "attribute = key")]
)
def test_what_a_user_cannot_see_is_no_part_of_it(before: str, after: str, compared: Compared) -> None:
    """If each change inside had to be named, nobody would read the list."""
    was, now = compared(before, after)
    assert was == now != ""
