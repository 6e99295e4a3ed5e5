"""Who imports whom: the functions stand on the same rooms, never on each other, and nothing goes round in a circle."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAMBDA, CONSTRUCTS = ROOT / "lambda", ROOT / "constructs"
# What each package of lambda/ may import of the others.
ALLOWED = {
    "shared": set(),
    "aws": {"shared"},
    "connect": {"aws", "shared"},
    "history": {"aws", "connect", "shared"},
    "authorizer": {"aws", "shared"},
    "association": {"aws", "connect", "history", "shared"},
    "start": {"association", "aws", "connect", "history", "shared"},
    "recorder": {"aws", "connect", "history", "shared"},
    "provisioning": {"shared"},
}
# Those that decide, and ask no service.
PURE = ("association.rule", "association.latest_chat", "association.earlier_answer")
SERVICES = {"association.lookup", "aws.client", "aws.retry", "connect.operations", "history.table"}


def modules(root: Path) -> dict[str, Path]:
    """By name, the modules below a root, without the commands' and the construct's view of lambda/shared."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """The known modules that a module imports, wherever in it, also for its types only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: an import that is relative"
            assert node.module is not None
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else node.module for name in whole]
        yield from (name for name in names if name in known)


def graph(root: Path) -> dict[str, set[str]]:
    """Each module with those that it imports."""
    known = modules(root)
    return {name: set(imported(path, known)) for name, path in known.items()}


def reached(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    """All that a module imports, and what that imports."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = edges[todo.pop()] - found
        found |= new
        todo += new
    return found


def test_a_package_imports_what_it_may() -> None:
    """A change to one function must not redeploy, and prove anew, the other."""
    edges = graph(LAMBDA)
    assert {name.partition(".")[0] for name in edges} == set(ALLOWED)
    for name, its in edges.items():
        package = name.partition(".")[0]
        others = {one.partition(".")[0] for one in its} - {package}
        assert others <= ALLOWED[package], name


@pytest.mark.parametrize("root", [LAMBDA, CONSTRUCTS], ids=["lambda", "constructs"])
def test_there_is_no_circle(root: Path) -> None:
    """A module in a circle can be neither read nor moved alone."""
    edges = graph(root)
    assert len(edges) > 20
    # Raises CycleError, which names the circle.
    tuple(TopologicalSorter(edges).static_order())


def test_the_functions_do_not_import_the_constructs() -> None:
    """In AWS there is no CDK."""
    for path in modules(LAMBDA).values():
        assert list(imported(path, modules(CONSTRUCTS))) == []


@pytest.mark.parametrize("module", PURE)
def test_what_decides_asks_no_service(module: str) -> None:
    """It is a function of what it is given, so its tests need no network and no fakes."""
    assert not reached(module, graph(LAMBDA)) & SERVICES


def test_an_import_is_seen_wherever_it_stands(tmp_path: Path) -> None:
    """A test that sees none would always pass."""
    text = "import a\nfrom b import c, x\ndef f():\n    from d import e\nif TYPE_CHECKING:\n    import g.h\n"
    (tmp_path / "m.py").write_text(text, encoding="utf-8")
    known = dict.fromkeys(("a", "b", "b.c", "d", "g.h"), tmp_path)
    assert sorted(imported(tmp_path / "m.py", known)) == ["a", "b", "b.c", "d", "g.h"]
