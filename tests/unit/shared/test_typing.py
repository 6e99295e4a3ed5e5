"""The functions' own NamedTuple, beside the one of `typing`: mypy checks the code as if it were that one."""

import subprocess
import sys
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.typing import NamedTuple

LAMBDA = Path(__file__).parents[3] / "lambda"


class Ours(NamedTuple):
    """A class as the functions have them."""

    name: str
    more: Mapping[str, str] = {}

    @property
    def loud(self) -> str:
        """The name in capitals."""
        return self.name.upper()


class Theirs(typing.NamedTuple):
    """The same."""

    name: str
    more: Mapping[str, str] = {}

    @property
    def loud(self) -> str:
        """The name in capitals."""
        return self.name.upper()


@pytest.mark.parametrize(
    "use",
    [
        lambda kind: kind("a"),
        lambda kind: kind("a", {"b": "c"}),
        lambda kind: kind(more={}, name="a"),
        lambda kind: (kind("a").name, kind("a").more, kind("a").loud),
        lambda kind: kind("a")._replace(name="b"),
        lambda kind: tuple(kind("a")),
        lambda kind: kind("a") == kind("a", {}) == ("a", {}) != kind("b"),
        lambda kind: {kind("a", 1): 2}[kind("a", 1)],
        lambda kind: kind(),
        lambda kind: kind("a", {}, "b"),
        lambda kind: kind("a", name="b"),
        lambda kind: kind("a", other="b"),
        lambda kind: kind("a")._replace(other="b"),
        lambda kind: setattr(kind("a"), "name", "b"),
    ],
)
def test_a_class_is_used_as_one_of_typing(use: Callable[[Any], object]) -> None:
    """What mypy lets pass, and what it does not see, is the same when the code runs."""

    def outcome(kind: object) -> object:
        try:
            return use(kind)
        except (AttributeError, TypeError, ValueError):
            return "refused"

    assert outcome(Ours) == outcome(Theirs)


@pytest.mark.parametrize(
    "modules",
    ["aws.retry, authorizer.issuer, authorizer.decision", "aws.signing, start.chat, start.past, start.settings"],
)
def test_no_cold_start_imports_typing(modules: str) -> None:
    """It takes a twentieth of one."""
    code = f"import sys; import {modules}; print('typing' in sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=LAMBDA, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
