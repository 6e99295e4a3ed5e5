"""Customers, who use a browser, and agents, who use the control path."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, WebSocket, expect

from local.cloud import Cloud
from local.page import ROOT

AXE = ROOT / "examples/web/node_modules/axe-core/axe.min.js"
# Milliseconds. Each text appears within this time, also on a busy machine.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)


@dataclass
class Seen:
    """What the browser asked for, and what it wrote to its console."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def hosts(self) -> set[str]:
        """The hosts of all addresses that were asked."""
        return {urlsplit(url).netloc for url in self.requests if not url.startswith(("data:", "about:"))}


class Customer:
    """A person with their own browser. As a context manager, the browser is closed at the end."""

    def __init__(
        self, browser: Browser, address: str, hosts: set[str], pictures: Path, *, dark: bool = False, wide: bool = True
    ) -> None:
        self._context = browser.new_context(
            color_scheme="dark" if dark else "light",
            viewport={"width": 820 if wide else 360, "height": 640},
            locale="en-GB",
            timezone_id="UTC",
        )
        self._context.set_default_timeout(PATIENCE)
        self._pictures = pictures
        self.address, self.hosts = address, hosts
        self.name = ""
        # How often a socket of the page has subscribed to messages.
        self._subscribed = 0
        # A pattern for the complaints that a test expects.
        self.tolerated: str | None = None
        self.seen = Seen()
        self.page = self._watched(self._context.new_page())

    def __enter__(self) -> "Customer":
        self.page.goto(self.address)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.close()

    def expect_quiet(self) -> None:
        """The console has no complaint except the tolerated ones. The page asked only its own hosts."""
        complaints = [one for one in self.seen.complaints if not self.tolerated or not re.search(self.tolerated, one)]
        assert complaints == [], self.seen.complaints
        assert self.seen.hosts() <= {*self.hosts, urlsplit(self.address).netloc}

    def sign_in(self, name: str) -> None:
        """Sign in with the issuer's own form."""
        self.name = name
        self.press("Sign in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.button("Start a chat")).to_be_visible()

    def start(self) -> str:
        """Start a chat. Returns its contact id."""
        with self.reconnecting():
            self.press("Start a chat")
            expect(self.text).to_be_visible()
            expect(self.status).not_to_have_text("Connecting …")
        return self.contact

    def reload(self) -> None:
        """Reload the page within a chat."""
        with self.reconnecting():
            self.page.reload()

    @contextmanager
    def reconnecting(self) -> Iterator[None]:
        """Afterwards wait until the page's new socket has subscribed: Amazon Connect sends it no message before."""
        before = self._subscribed
        yield
        self.wait_until(lambda: self._subscribed > before, "The page's socket gets no messages.")

    def wait_until(self, holds: Callable[[], object], otherwise: str) -> None:
        """Wait until this is so. Else the test fails with this sentence."""
        until = time.monotonic() + PATIENCE / 1000
        while not holds():
            assert time.monotonic() < until, otherwise
            self.page.wait_for_timeout(20)

    def say(self, words: str) -> None:
        """Send a message, and wait until it is sent."""
        self.text.fill(words)
        self.press("Send")
        expect(self.text).to_have_value("")

    def end(self) -> None:
        """End the chat, and wait until it has ended."""
        self.press("End the chat")
        expect(self.status).to_have_text("The chat has ended.")

    def press(self, name: str) -> None:
        """Press a button."""
        self.button(name).click()

    def button(self, name: str) -> Any:
        """The button with this name, as a screen reader says it."""
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def text(self) -> Any:
        """The field for the customer's message."""
        return self.page.get_by_label("Your message")

    @property
    def status(self) -> Any:
        """The page's status line."""
        return self.page.get_by_role("status")

    @property
    def contact(self) -> str:
        """The contact id of the chat that the page has kept."""
        return str(self.kept()["chat"]["contactId"])

    def kept(self) -> dict[str, Any]:
        """What the page has in its session storage."""
        return dict(json.loads(self.page.evaluate("sessionStorage.getItem('chat') ?? '{}'")))

    def lines(self) -> list[str]:
        """The lines of the conversation, from top to bottom, without times. Three dashes stand for the divider."""
        shown = self.page.evaluate(
            """() => Array.from(document.querySelectorAll("#log > p"), (line) =>
                line.className === "divider" ? "---" :
                line.className === "note" ? (line.querySelector("time") ? "" : `(${line.textContent})`) :
                `${line.querySelector(".who").firstChild.data.replace(", ", "")}: ${line.lastChild.textContent}`
            ).filter(Boolean)"""
        )
        return [str(line) for line in shown]

    def expect_lines(self, *lines: str) -> None:
        """The page shows exactly these lines, in this order, within PATIENCE."""
        until = time.monotonic() + PATIENCE / 1000
        while self.lines() != list(lines) and time.monotonic() < until:
            self.page.wait_for_timeout(50)
        got = self.lines()
        assert got == list(lines), f"got {got}, expected {list(lines)}"

    def findings(self) -> list[str]:
        """The mistakes that axe finds in the page as it is now."""
        # The page's own policy lets no other script run. The debugger may run one.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run()")
        return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]

    def picture(self, name: str) -> None:
        """Save a picture of the page as it looks now."""
        self.page.screenshot(path=self._pictures / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.png")

    def _watched(self, page: Page) -> Page:
        page.on("request", lambda request: self.seen.requests.append(request.url))
        page.on("websocket", self._connected)
        page.on("pageerror", lambda error: self.seen.complaints.append(str(error)))
        page.on("console", self._heard)
        return page

    def _connected(self, socket: WebSocket) -> None:
        self.seen.requests.append(socket.url)
        socket.on("framereceived", self._got)

    def _got(self, frame: str | bytes) -> None:
        self._subscribed += "aws/subscribe" in str(frame)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.complaints.append(message.text)


class Agent:
    """An agent of the company, in one chat."""

    def __init__(self, cloud: Cloud, contact: str, name: str = "Jane") -> None:
        self._cloud, self._contact = cloud, contact
        self._do("join", DisplayName=name)

    def say(self, content: str, **fields: str) -> None:
        """Send a message."""
        self._do("say", Content=content, **fields)

    def type(self) -> None:
        """The agent types."""
        self._do("type")

    def leave(self) -> None:
        """The agent leaves, and the chat goes on."""
        self._do("leave")

    def _do(self, what: str, **fields: str) -> None:
        self._cloud.control("POST", f"contacts/{self._contact}/{what}", fields)
