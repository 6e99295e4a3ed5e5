"""One local cloud, one page and one browser for the whole run. Each customer has their own browser context."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.chat import deploy
from local.chats import Chats
from local.chromium import find
from local.cloud import Cloud
from local.page import ROOT, ChatPage
from local.tokens import CLIENT, Tokens
from tests.browser.people import Customer
from tests.local.callers import new_customer

# Chromium's sandbox does not work as root, and all pages here are ours. No name leads to another machine.
_FLAGS = ["--no-sandbox", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
Open = Callable[..., Customer]


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The local cloud."""
    with Cloud() as running:
        yield running


@pytest.fixture(scope="session")
def page(cloud: Cloud) -> Iterator[ChatPage]:
    """The chat page, and all that `make chat` deploys."""
    with ChatPage() as served:
        deploy(cloud, served)
        yield served


@pytest.fixture(scope="session")
def foreign(cloud: Cloud, page: ChatPage) -> Iterator[ChatPage]:
    """The same page at another origin. The endpoint does not accept calls from this origin."""
    with ChatPage() as served:
        served.configuration = page.configuration
        Tokens(cloud).client(CLIENT, page.address, served.address)
        yield served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    executable = find()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=_FLAGS, timeout=120_000)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pictures(pytestconfig: pytest.Config) -> Iterator[Path]:
    """The folder for pictures. With --update-snapshots, the pictures of the documents are copied from it."""
    folder = ROOT / ".pytest_cache/pictures"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    if pytestconfig.getoption("--update-snapshots"):
        for shown in (ROOT / "docs/chat-page").glob("*.png"):
            shutil.copy(folder / shown.name, shown)


@pytest.fixture
def open_page(browser: Browser, cloud: Cloud, page: ChatPage, pictures: Path) -> Iterator[Open]:
    """Opens the page, or the page at another address. After each test, no page may have written an error."""
    with ExitStack() as stack:
        everybody: list[Customer] = []

        def opened(address: str | None = None, **looks: Any) -> Customer:
            customer = Customer(browser, address or page.address, {urlsplit(cloud.url).netloc}, pictures, **looks)
            everybody.append(customer)
            return stack.enter_context(customer)

        yield opened
        for customer in everybody:
            customer.expect_quiet()


@pytest.fixture
def ann(open_page: Open, customer: str) -> Customer:
    """A customer who has signed in."""
    opened = open_page()
    opened.sign_in(customer)
    return opened


@pytest.fixture
def customer() -> str:
    """The name of a customer who never chatted before."""
    return new_customer()


@pytest.fixture
def chats(cloud: Cloud) -> Chats:
    """Amazon Connect's clock and events."""
    return Chats(cloud)


@pytest.fixture
def tokens(cloud: Cloud) -> Iterator[Tokens]:
    """The local cloud's issuer. Its faults end with the test."""
    made = Tokens(cloud)
    yield made
    made.mend()
