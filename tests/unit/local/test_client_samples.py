"""The samples of examples/clients: `make clients` runs each and sees what is wrong, and the pages show them."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from local.clients import Answer
from local.page import ROOT
from local.proxy import Exchange, RecordingProxy
from local.samples import FOLDER, SAMPLES, STARTS, associate, refuse, start, start_early, wait
from local.steps import StepFailed
from tests.unit.local.web import web

# What a sample needs beside its text.
SURROUNDINGS = {".npmrc", "package.json", "package-lock.json"}
# A section of a page: a link to its sample, and then some of the sample's lines.
SECTION = re.compile(r"\]\(\.\./(examples/clients/\S+?)\).*?```\w+\n(.*?)```", re.DOTALL)
SECTIONS, OF_STARTS = (
    SECTION.findall((ROOT / page).read_text(encoding="utf-8")) for page in ("docs/clients.md", "docs/calling.md")
)
SHOWN = [*SECTIONS, *OF_STARTS]


def files() -> set[str]:
    """The samples' files, but what npm made of them."""
    found = (path for path in (ROOT / FOLDER).rglob("*") if path.is_file())
    paths = (path for path in found if not {"node_modules", "__pycache__"} & set(path.parts))
    return {str(path.relative_to(ROOT)) for path in paths if path.name not in SURROUNDINGS}


def test_every_sample_is_run() -> None:
    """A sample that nobody runs is soon wrong."""
    assert {command[-1] for samples in (SAMPLES, STARTS) for command in samples.values()} == files()


def test_the_pages_have_a_section_of_every_sample() -> None:
    """And of nothing else."""
    for sections, samples in ((SECTIONS, SAMPLES), (OF_STARTS, STARTS)):
        assert sorted(sample for sample, _ in sections) == sorted(command[-1] for command in samples.values())


@pytest.mark.parametrize(("sample", "shown"), SHOWN, ids=[Path(sample).name for sample, _ in SHOWN])
def test_what_the_page_shows_stands_in_the_sample(sample: str, shown: str) -> None:
    """Whoever copies from the page gets what was run."""
    assert shown.strip()
    assert shown in (ROOT / sample).read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", [f"{FOLDER}/javascript", "examples/web"])
def test_the_lock_of_an_example_names_no_address(folder: str) -> None:
    """Everybody's own registry is asked."""
    lock = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    assert "://" not in lock


def exchange(status: int, error: str = "", message: str = "", *, asked: float = 0, told: str = "") -> Exchange:
    """One that ends half a second after it began."""
    headers = {"x-amzn-errortype": error, "retry-after": told}
    document = {"message": message, "ContactId": "last"}
    return Exchange("/", asked, Answer(status, headers, json.dumps(document).encode()), asked + 0.5)


class Played:
    """A backend, a sample and Amazon Connect in one: the sample does this, and Connect then holds that."""

    def __init__(self, status: int, printed: str, exchanges: list[Exchange], held: int) -> None:
        self._done, self._held = (status, printed, exchanges), held
        self.waited: list[float] = []

    def call(self, _sample: object, *arguments: Any) -> tuple[int, str, list[Exchange]]:
        """What the sample does. Who listens hears each answer."""
        for heard in arguments[2:]:
            for exchange in self._done[2]:
                heard(exchange.answer)
        return self._done

    def wait(self, seconds: float) -> None:
        """Connect's clock goes forward."""
        self.waited.append(seconds)

    def past(self, *_: object) -> list[str]:
        """A session."""
        return ["first", "second", "last"]

    def start(self, *_: object) -> str:
        """A chat, which later is the past one."""
        return "last"

    def end(self, *_: object, **__: object) -> None:
        """Nothing has to end here."""

    def held_clock(self) -> AbstractContextManager[None]:
        """Nor does Connect's clock stand still."""
        return nullcontext()

    def told(self) -> None:
        """Nor is anything told."""

    def associations_of(self, contact: str) -> list[object]:
        """What Connect holds."""
        return [contact] * self._held

    def describe(self, contact: str) -> dict[str, str]:
        """What a chat continues."""
        return {"RelatedContactId": contact} if self._held else {}


TOO_EARLY = exchange(400, "InvalidRequestException", "Ended a moment ago. Try again in 5 s.", told="5")
NOT_FOUND = exchange(404, "ResourceNotFoundException", "Not found.")
REFUSED = "ResourceNotFoundException: Not found."
WAITED = "wait 5 s, last"
EARLY = "new transcript_not_ready; retry-after=60"


def check(step: Callable[..., None], status: int, printed: str, exchanges: list[Exchange], held: int) -> list[float]:
    """One of the runner's steps, with all played. Returns how far Connect's clock was set forward."""
    played: Any = Played(status, printed, exchanges, held)
    step(played, played, [])
    return list(played.waited)


def test_a_sample_that_does_all_it_should_passes() -> None:
    """Else the failures below would say nothing."""
    check(associate, 0, "last", [exchange(200)], 1)
    check(refuse, 1, REFUSED, [NOT_FOUND], 0)
    assert check(wait, 0, WAITED, [TOO_EARLY, exchange(200, asked=5.5)], 1) == [60]
    check(start, 0, "last", [exchange(200)], 1)
    check(start_early, 0, EARLY, [exchange(200)], 0)


@pytest.mark.parametrize(
    ("step", "status", "printed", "exchanges", "held", "said"),
    [
        (associate, 0, "last", [exchange(200)], 0, "associations: got 0, expected 1"),
        (associate, 0, "first", [exchange(200)], 1, "expected 'last' in it"),
        (associate, 0, "last", [], 1, r"answers: got \[\], expected \[200\]"),
        (associate, 1, "last", [exchange(200)], 1, "exit status: got 1, expected 0"),
        (refuse, 0, REFUSED, [NOT_FOUND], 0, "exit status: got 0, expected 1"),
        (refuse, 1, "Not found.", [NOT_FOUND], 0, "expected 'ResourceNotFoundException: ' in it"),
        (refuse, 1, "ResourceNotFoundException: ", [NOT_FOUND], 0, "expected 'Not found.' in it"),
        (refuse, 1, REFUSED, [exchange(404, "Other", "Not found.")], 0, "x-amzn-ErrorType: got Other"),
        (refuse, 1, REFUSED, [NOT_FOUND], 1, "associations: got"),
        (wait, 0, WAITED, [TOO_EARLY, exchange(200, asked=5.4)], 1, "got 4.90, expected 5 and at most 60 more"),
        (wait, 0, WAITED, [TOO_EARLY, exchange(200, asked=66)], 1, "got 65.50, expected 5"),
        (wait, 0, WAITED, [exchange(200)], 1, r"got \[200\], expected \[400, 200\]"),
        (wait, 1, WAITED, [TOO_EARLY, TOO_EARLY, exchange(200, asked=5.5)], 1, r"got \[400, 400, 200\]"),
        (wait, 0, "last", [TOO_EARLY, exchange(200, asked=5.5)], 1, "expected 'wait 5 s' in it"),
        (wait, 0, WAITED, [TOO_EARLY, exchange(200, asked=5.5)], 0, "associations: got 0"),
        (start, 0, "last", [exchange(200)], 0, "associations: got 0, expected 1"),
        (start, 0, "first", [exchange(200)], 1, "expected 'last' in it"),
        (start, 1, "last", [exchange(403)], 0, r"answers: got \[403\], expected \[200\]"),
        (start_early, 1, EARLY, [exchange(200)], 0, "exit status: got 1, expected 0"),
        (start_early, 0, EARLY, [exchange(200)], 1, "associations: got"),
        (start_early, 0, "new", [exchange(200)], 0, "expected 'transcript_not_ready; retry-after=' in it"),
        (start_early, 0, EARLY, [exchange(403)], 0, r"answers: got \[403\], expected \[200\]"),
    ],
)
def test_a_sample_that_does_not_fails_the_target(
    step: Callable[..., None], status: int, printed: str, exchanges: list[Exchange], held: int, said: str
) -> None:
    """The target never passes by what a sample says of itself."""
    with pytest.raises(StepFailed, match=said):
        check(step, status, printed, exchanges, held)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_proxy_changes_nothing_that_is_signed_and_keeps_the_answer(method: str) -> None:
    """Method, path, host, other headers and body are in a signature."""
    with web() as server, RecordingProxy(server.url) as proxy:
        server.status, server.body = 404, b'{"message": "no"}'
        target = "/v1/contact/a%2Fb"
        client = HTTPConnection(proxy.url.partition("//")[2], timeout=10)
        client.request(method, target, b"{}", {"X-Amz-Date": "now"})
        got = client.getresponse()
        assert (got.status, got.read()) == (404, server.body)
        client.close()
        (asked,), (kept,) = server.asked, proxy.take()
        assert (asked.method, asked.target, asked.body) == (method, target, b"{}")
        assert (asked.headers["Host"], asked.headers["X-Amz-Date"]) == (proxy.url.partition("//")[2], "now")
        assert (kept.path, kept.answer.status, kept.answer.body) == (target, 404, server.body)
        assert kept.asked < kept.answered
        assert proxy.take() == []
