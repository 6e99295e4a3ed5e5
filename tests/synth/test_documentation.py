"""What the documentation says of the properties is what the code does."""

import inspect
import re
import runpy
from collections import Counter
from pathlib import Path

import pytest

from connect_persistent_chat import PersistentChatEndpoint
from tests.synth.apps import Synthesized

ROOT = Path(__file__).resolve().parents[2]
PROPERTIES = {
    name: parameter
    for name, parameter in inspect.signature(PersistentChatEndpoint.__init__).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
}
DOCUMENTED = dict(re.findall(r":param (\w+): (.*?)(?=\n\s+:param|\n\n)", PersistentChatEndpoint.__doc__ or "", re.S))
OPTIONAL = {name for name, parameter in PROPERTIES.items() if parameter.default is not inspect.Parameter.empty}


def test_every_property_is_documented_and_every_optional_one_with_its_default() -> None:
    """A default that stands nowhere is one that nobody chose."""
    assert set(DOCUMENTED) == set(PROPERTIES)
    assert {name for name, text in DOCUMENTED.items() if "Default:" in text} == OPTIONAL


def test_simple_defaults_are_the_documented_ones() -> None:
    """Numbers and flags, read off the signature."""
    for name in OPTIONAL:
        default = PROPERTIES[name].default
        if isinstance(default, bool | int):
            assert f"Default: {str(default).lower()}" in DOCUMENTED[name], name


def test_the_readme_lists_the_same_properties() -> None:
    """The table of defaults leaves nothing out and invents nothing."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Defaults")[2].partition("##")[0]
    listed = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert listed == OPTIONAL


@pytest.mark.parametrize(
    ("begins", "example"),
    [("from aws_cdk", "own_stack.py"), ("endpoint =", "users.py"), ("PersistentChatMonitoring(", "own_stack.py")],
)
def test_the_readmes_examples_are_run(begins: str, example: str) -> None:
    """What is shown stands in an example, line by line, and the example synthesizes."""
    block = (ROOT / "README.md").read_text(encoding="utf-8").partition(f"```python\n{begins}")[2].partition("```")[0]
    file = ROOT / "examples" / example
    for line in (begins + block).splitlines():
        assert line in file.read_text(encoding="utf-8"), line
    assert Synthesized(runpy.run_path(str(file))["stack"]).all("Custom::PersistentChatProof")


def test_every_assumption_of_the_local_cloud_is_listed() -> None:
    """Where AWS documents nothing we chose; whoever relies on the local cloud has to be able to see what."""
    listed = Counter(re.findall(r"^\| `(local/[\w/]+\.py)` \|", (ROOT / "docs/local-cloud.md").read_text(), re.M))
    made = Counter(
        str(path.relative_to(ROOT))
        for path in (ROOT / "local").rglob("*.py")
        for _ in re.finditer(r"(?<!`)Assumption:", path.read_text())
    )
    assert listed == made
