"""What the documentation says of the properties is what the code does."""

import inspect
import re
import runpy
import shlex
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs

import connect_persistent_chat
from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ChatStart,
    PersistentChatEndpoint,
    PersistentChatMonitoring,
)
from connect_persistent_chat.commands.persistent_chat import parser
from shared import reasons
from tests.synth.apps import FLOW_ID, HERE, Synthesized, endpoint, history, stack

ROOT = Path(__file__).resolve().parents[2]
# Each construct's properties stand under "Defaults" of one page, and those of ChatStart under "Starting chats".
PAGES: dict[type, str] = {
    PersistentChatEndpoint: "docs/configuration.md",
    ChatHistory: "docs/history.md",
    PersistentChatMonitoring: "docs/monitoring.md",
    ChatStart: "docs/configuration.md",
}
each_construct = pytest.mark.parametrize("construct", list(PAGES), ids=lambda construct: construct.__name__)
FACTORIES = [Authorization.iam, Authorization.cognito, Authorization.oidc, ChatHistory.from_table_arn]
UNITS: dict[str, Callable[[float], Duration]] = {
    "s": Duration.seconds,
    "second": Duration.seconds,
    "minute": Duration.minutes,
    "hour": Duration.hours,
    "day": Duration.days,
}
# What the docstrings say in words.
IN_WORDS: dict[str, Any] = {
    "none": None,
    "nobody": None,
    "no limit of its own": None,
    "true": True,
    "false": False,
    "three months": logs.RetentionDays.THREE_MONTHS,
    "they are deleted": RemovalPolicy.DESTROY,
    "it is deleted": RemovalPolicy.DESTROY,
    "it stays": RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    "TLS 1.2 or newer with forward secrecy": apigateway.SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09,
}


def parameters_of(called: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """What may be said of it."""
    parameters = inspect.signature(called.__init__ if inspect.isclass(called) else called).parameters
    return {name: one for name, one in parameters.items() if name not in ("self", "scope", "id")}


def documented(called: Callable[..., Any]) -> dict[str, str]:
    """What its docstring says of each."""
    said = re.findall(r":param (\w+): (.*?)(?=\n\s+:param|\n\n|\Z)", called.__doc__ or "", re.S)
    return {name: " ".join(text.split()) for name, text in said}


def optional(called: Callable[..., Any]) -> set[str]:
    """Those that have a default."""
    return {name for name, one in parameters_of(called).items() if one.default is not inspect.Parameter.empty}


def default_of(text: str) -> Any:
    """What the docstring names as the default, as a value to be given."""
    said = text.partition("Default: ")[2]
    for words, value in IN_WORDS.items():
        if re.match(rf"{re.escape(words)}\b", said):
            return value
    if code := re.match(r"`(.+?)`", said):
        return eval(code[1], vars(connect_persistent_chat) | public(), {})
    number = re.match(r"([\d.]+\d|\d+)(?: (second|minute|hour|day)s?\b)?", said)
    assert number is not None, f"{said!r} names no value"
    return UNITS[number[2]](float(number[1])) if number[2] else float(number[1])


def public() -> dict[str, Any]:
    """The package's names, which it imports when they are asked for."""
    return {name: getattr(connect_persistent_chat, name) for name in connect_persistent_chat.__all__}


def made(construct: type, **properties: Any) -> str:
    """The template of a stack with one of these."""
    here = stack(env=HERE)
    if construct is ChatHistory:
        # An endpoint is told of it, too.
        endpoint(here, history=history(here, **properties))
    elif construct is ChatStart:
        endpoint(here, start=ChatStart({"web": FLOW_ID}, **properties))
    elif construct is PersistentChatEndpoint:
        endpoint(here, **properties)
    else:
        PersistentChatMonitoring(here, "Monitoring", endpoint=endpoint(here), **properties)
    return Synthesized(here).text()


@each_construct
def test_what_is_documented_as_the_default_is_what_happens_without_it(construct: type) -> None:
    """Every documented default, Durations too, is given by hand: the template stays the same."""
    given = {name: default_of(documented(construct)[name]) for name in optional(construct)}
    # What is no value but an absence is left out.
    assert made(construct, **{name: value for name, value in given.items() if value is not None}) == made(construct)
    for name, value in given.items():
        signature = parameters_of(construct)[name].default
        # None and () stand for what only the constructor makes.
        assert signature in (None, (), value), name


@pytest.mark.parametrize("factory", FACTORIES, ids=lambda factory: factory.__qualname__)
def test_what_a_factory_documents_is_in_its_signature(factory: Callable[..., Any]) -> None:
    """Texts and flags; what is None there is made by the constructor."""
    for name in optional(factory):
        signature, said = parameters_of(factory)[name].default, documented(factory)[name].partition("Default: ")[2]
        if signature is not None:
            assert re.match(rf"`?{str(signature).lower()}`?\b", said), (name, said)


@each_construct
def test_a_wrong_default_in_a_docstring_is_noticed(construct: type) -> None:
    """Another number for each: the template is another one, so the test above can fail."""
    for name in sorted(optional(construct)):
        value = default_of(documented(construct)[name])
        if isinstance(value, Duration):
            other: Any = Duration.millis(value.to_milliseconds() // 2)
        elif isinstance(value, float):
            other = value + 1
        else:
            continue
        assert made(construct, **{name: other}) != made(construct), name


@each_construct
def test_its_page_lists_the_same_properties_with_the_same_defaults(construct: type) -> None:
    """The table leaves nothing out, invents nothing, and has the docstring's numbers and units."""
    page = (ROOT / PAGES[construct]).read_text(encoding="utf-8")
    heading = "## Starting chats" if construct is ChatStart else "## Defaults"
    table = page.partition(f"{heading}\n")[2].partition("##")[0]
    listed: dict[str, str] = {}
    for names, text in re.findall(r"^\| (`.*?) \| (.*) \|$", table, re.M):
        named = re.findall(r"`(\w+)`", names)
        # Of two in one row, the numbers stand in the same order.
        listed |= dict(zip(named, text.split(", ", len(named) - 1), strict=True))
    assert set(listed) == optional(construct)
    for name, text in listed.items():
        value = default_of(documented(construct)[name])
        number = re.match(r"([\d.]+\d|\d+)(?: (s|second|minute|hour|day)s?\b)?", text)
        if isinstance(value, Duration):
            assert number is not None, name
            assert UNITS[number[2]](float(number[1])).to_seconds() == value.to_seconds(), name
        elif isinstance(value, float):
            assert number is not None, name
            assert float(number[1]) == value, name


@pytest.mark.parametrize(
    ("page", "begins", "example"),
    [
        ("README.md", "from aws_cdk", "own_stack.py"),
        ("docs/configuration.md", "endpoint =", "users.py"),
        ("docs/configuration.md", "people =", "issuer.py"),
        ("docs/configuration.md", "start =", "start.py"),
        ("docs/history.md", "history =", "latest_chat.py"),
        ("docs/monitoring.md", "PersistentChatMonitoring(", "own_stack.py"),
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


def test_the_readmes_call_is_the_one_that_is_run() -> None:
    """The tests with the local cloud run the sample of docs/calling.md."""
    page = (ROOT / "docs/calling.md").read_text(encoding="utf-8")
    sample = page.partition("<!-- sample: curl -->\n```sh\n")[2].partition("```")[0]
    assert sample
    assert sample in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_commands_that_are_shown_are_taken() -> None:
    """A command that was renamed must not live on in a page; that they do what they say is shown with the cloud."""
    pages = "".join((ROOT / page).read_text(encoding="utf-8") for page in ("docs/history.md", "docs/verify.md"))
    shown = [line.partition(" < ")[0] for line in re.findall(r"^persistent-chat .*", pages, re.M)]
    url = "https://a.example/contact/persistent-contact-association/i/"
    given = [line.replace("<output EndpointUrl>", url) for line in shown]
    commands = [parser().parse_args(shlex.split(re.sub("<.*?>", "x", line))[1:]).command for line in given]
    assert commands == ["backfill", "erase", "verify", "verify"]


def words_of(table: str) -> dict[str, set[str]]:
    """The words of a table of reasons in docs/security.md, by the caller's answer."""
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8").partition(table)[2]
    rows = [row.split("|")[1:3] for row in page.partition("\n\n")[0].splitlines()[2:]]
    return {verdict.strip(): set(re.findall(r"`(\w+)`", words)) for verdict, words in rows}


def test_every_reason_is_documented() -> None:
    """Whoever reads the log looks its words up, by what the caller got."""
    groups = (reasons.Invalid, reasons.Denied, reasons.NotFound, reasons.Throttled)
    refused = dict(zip(("400", "403", "404", "429"), groups, strict=True))
    expected = {f"`refused`, {status}": set(get_args(group)) for status, group in refused.items()}
    expected["`failed`, 500 and 503"] = {*get_args(reasons.Failed), *get_args(reasons.OutOfReach)}
    expected["`nothing`"] = {"no_past_chat"}
    expected["`granted`"] = {*get_args(reasons.Granted)} - {"no_past_chat"}
    # Also what an association is granted by.
    expected["`started`"] = {"one_customer", "no_past_chat", *get_args(reasons.Started)}
    assert words_of("| `verdict` | `rule` |") == expected
    assert words_of("| authorizer's `verdict` | `rule` |") == {
        "`granted`": set(),
        "`refused`, 403": {*get_args(reasons.Unauthorized)},
        "`failed`, 503": {*get_args(reasons.Issuer), "bug"},
    }


def test_every_assumption_of_the_local_cloud_is_listed() -> None:
    """Where AWS documents nothing we chose; whoever relies on the local cloud has to be able to see what."""
    listed = Counter(re.findall(r"^\| `(local/[\w/]+\.py)` \|", (ROOT / "docs/local-cloud.md").read_text(), re.M))
    made = Counter(
        str(path.relative_to(ROOT))
        for path in (ROOT / "local").rglob("*.py")
        for _ in re.finditer(r"(?<!`)Assumption:", path.read_text())
    )
    assert listed == made
