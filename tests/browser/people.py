"""Customers in a browser, and agents by the control path."""

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from local.cloud import Cloud
from local.page import ROOT

AXE = ROOT / "examples/web/node_modules/axe-core/axe.min.js"
# Ours are said within this, also on a busy machine.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)


@dataclass
class Seen:
    """What the browser did and said beside the page."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def hosts(self) -> set[str]:
        """Of all addresses that were asked."""
        return {urlsplit(url).netloc for url in self.requests if not url.startswith(("data:", "about:"))}


class Customer:
    """A person with a browser of their own; as a context manager it is closed at the end."""

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
        # A pattern of the complaints that a test provokes.
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
        """The console has no complaint but of what is tolerated, and only the page's own hosts were asked."""
        complaints = [one for one in self.seen.complaints if not self.tolerated or not re.search(self.tolerated, one)]
        assert complaints == [], self.seen.complaints
        assert self.seen.hosts() <= {*self.hosts, urlsplit(self.address).netloc}

    def sign_in(self, name: str) -> None:
        """By the issuer's own form."""
        self.name = name
        self.press("Sign in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.button("Start a chat")).to_be_visible()

    def start(self) -> str:
        """A chat; its contact id."""
        self.press("Start a chat")
        expect(self.text).to_be_visible()
        expect(self.status).not_to_have_text("Connecting …")
        return self.contact

    def say(self, words: str) -> None:
        """A message, and it is sent."""
        self.text.fill(words)
        self.press("Send")
        expect(self.text).to_have_value("")

    def end(self) -> None:
        """The chat, and it has ended."""
        self.press("End the chat")
        expect(self.status).to_have_text("The chat has ended.")

    def press(self, name: str) -> None:
        """A button."""
        self.button(name).click()

    def button(self, name: str) -> Any:
        """By its name, as a screen reader says it."""
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def text(self) -> Any:
        """Where a message is written."""
        return self.page.get_by_label("Your message")

    @property
    def status(self) -> Any:
        """What the page says of itself."""
        return self.page.get_by_role("status")

    @property
    def contact(self) -> str:
        """The chat that the page has kept."""
        return str(self.kept()["chat"]["contactId"])

    def kept(self) -> dict[str, Any]:
        """What the page has in its session storage."""
        return dict(json.loads(self.page.evaluate("sessionStorage.getItem('chat') ?? '{}'")))

    def lines(self) -> list[str]:
        """The conversation from above to below, without times; a line of dashes stands for the divider."""
        shown = self.page.evaluate(
            """() => Array.from(document.querySelectorAll("#log > p"), (line) =>
                line.className === "divider" ? "---" :
                line.className === "note" ? (line.querySelector("time") ? "" : `(${line.textContent})`) :
                `${line.querySelector(".who").firstChild.data.replace(", ", "")}: ${line.lastChild.textContent}`
            ).filter(Boolean)"""
        )
        return [str(line) for line in shown]

    def expect_lines(self, *lines: str) -> None:
        """Each once and in this order, within the patience."""
        until = time.monotonic() + PATIENCE / 1000
        while self.lines() != list(lines) and time.monotonic() < until:
            self.page.wait_for_timeout(50)
        got = self.lines()
        assert got == list(lines), f"got {got}, expected {list(lines)}"

    def findings(self) -> list[str]:
        """What axe says against the page as it is now."""
        # The page's own policy runs no other scripts; the debugger may.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run()")
        return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]

    def picture(self, name: str) -> None:
        """As the page looks now."""
        self.page.screenshot(path=self._pictures / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.png")

    def _watched(self, page: Page) -> Page:
        page.on("request", lambda request: self.seen.requests.append(request.url))
        page.on("websocket", lambda socket: self.seen.requests.append(socket.url))
        page.on("pageerror", lambda error: self.seen.complaints.append(str(error)))
        page.on("console", self._heard)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.complaints.append(message.text)


class Agent:
    """Somebody of the company, in one chat."""

    def __init__(self, cloud: Cloud, contact: str, name: str = "Jane") -> None:
        self._cloud, self._contact = cloud, contact
        self._do("join", DisplayName=name)

    def say(self, content: str, **fields: str) -> None:
        """A message."""
        self._do("say", Content=content, **fields)

    def type(self) -> None:
        """Something is being written."""
        self._do("type")

    def leave(self) -> None:
        """The chat goes on without them."""
        self._do("leave")

    def _do(self, what: str, **fields: str) -> None:
        self._cloud.control("POST", f"contacts/{self._contact}/{what}", fields)
