"""What the documentation says of the properties is what the code does."""

import inspect
import re
import runpy
import shlex
from collections import Counter
from pathlib import Path

import pytest

from connect_persistent_chat import ChatHistory, PersistentChatEndpoint
from connect_persistent_chat.commands.persistent_chat import parser
from tests.synth.apps import Synthesized

ROOT = Path(__file__).resolve().parents[2]
# Each construct's properties stand under "Defaults" of one page.
PAGES: dict[type, str] = {PersistentChatEndpoint: "README.md", ChatHistory: "docs/history.md"}
each_construct = pytest.mark.parametrize("construct", list(PAGES), ids=lambda construct: construct.__name__)


def properties_of(construct: type) -> dict[str, inspect.Parameter]:
    """What may be said of it."""
    parameters = inspect.signature(construct.__init__).parameters  # type: ignore[misc]
    return {name: one for name, one in parameters.items() if one.kind is inspect.Parameter.KEYWORD_ONLY}


def documented(construct: type) -> dict[str, str]:
    """What its docstring says of each."""
    return dict(re.findall(r":param (\w+): (.*?)(?=\n\s+:param|\n\n)", construct.__doc__ or "", re.S))


def optional(construct: type) -> set[str]:
    """Those that have a default."""
    return {name for name, one in properties_of(construct).items() if one.default is not inspect.Parameter.empty}


@each_construct
def test_every_property_is_documented_and_every_optional_one_with_its_default(construct: type) -> None:
    """A default that stands nowhere is one that nobody chose."""
    said = documented(construct)
    assert set(said) == set(properties_of(construct))
    assert {name for name, text in said.items() if "Default:" in text} == optional(construct)


@each_construct
def test_simple_defaults_are_the_documented_ones(construct: type) -> None:
    """Numbers and flags, read off the signature."""
    for name in optional(construct):
        default = properties_of(construct)[name].default
        if isinstance(default, bool | int):
            assert f"Default: {str(default).lower()}" in documented(construct)[name], name


@each_construct
def test_its_page_lists_the_same_properties(construct: type) -> None:
    """The table of defaults leaves nothing out and invents nothing."""
    page = (ROOT / PAGES[construct]).read_text(encoding="utf-8")
    table = page.partition("## Defaults")[2].partition("##")[0]
    listed = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert listed == optional(construct)


@pytest.mark.parametrize(
    ("page", "begins", "example"),
    [
        ("README.md", "from aws_cdk", "own_stack.py"),
        ("README.md", "endpoint =", "users.py"),
        ("README.md", "history =", "latest_chat.py"),
        ("docs/history.md", "history =", "latest_chat.py"),
        ("README.md", "PersistentChatMonitoring(", "own_stack.py"),
    ],
)
def test_the_pages_examples_are_run(page: str, begins: str, example: str) -> None:
    """What is shown stands in an example, line by line, and the example synthesizes."""
    block = (ROOT / page).read_text(encoding="utf-8").partition(f"```python\n{begins}")[2].partition("```")[0]
    assert block
    file = ROOT / "examples" / example
    for line in (begins + block).splitlines():
        assert line in file.read_text(encoding="utf-8"), line
    assert Synthesized(runpy.run_path(str(file))["stack"]).all("Custom::PersistentChatProof")


@pytest.mark.parametrize("page", ["README.md", "docs/history.md"])
def test_the_commands_that_are_shown_are_taken(page: str) -> None:
    """A command that was renamed must not live on in a page; that they do what they say is shown with the cloud."""
    shown = re.findall(r"^persistent-chat .*", (ROOT / page).read_text(encoding="utf-8"), re.M)
    commands = [parser().parse_args(shlex.split(re.sub("<.*?>", "x", line))[1:]).command for line in shown]
    assert commands == ["backfill", "erase"]


def test_every_rule_of_the_log_is_documented() -> None:
    """Whoever reads the log looks its words up; one that nobody writes any more must not stay."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "lambda/association").glob("*.py"))
    made = re.findall(r'\b(?:not_found|denied|cannot|throttled|failed|out_of_reach)\(\s*"(\w+)"', code)
    made += re.findall(r'\b(?:reason|rule)="(\w+)"', code) + re.findall(r'Decision\(\w+, "(\w+)"', code)
    made += re.findall(r'"(\w+)" if current.customer and source.customer else "(\w+)"', code)[0]
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8").partition("| `verdict` | `rule` |")[2]
    rows = [row.split("|")[2] for row in page.partition("\n\n")[0].splitlines()[2:]]
    assert {rule for row in rows for rule in re.findall(r"`(\w+)`", row)} == set(made)


def test_every_assumption_of_the_local_cloud_is_listed() -> None:
    """Where AWS documents nothing we chose; whoever relies on the local cloud has to be able to see what."""
    listed = Counter(re.findall(r"^\| `(local/[\w/]+\.py)` \|", (ROOT / "docs/local-cloud.md").read_text(), re.M))
    made = Counter(
        str(path.relative_to(ROOT))
        for path in (ROOT / "local").rglob("*.py")
        for _ in re.finditer(r"(?<!`)Assumption:", path.read_text())
    )
    assert listed == made
