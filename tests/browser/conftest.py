"""One local cloud, one page and one browser a run. Each customer has a context of their own."""

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

# The sandbox is not for root, and nothing here comes from elsewhere. No name leads to another machine, whoever asks.
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
    """The same page at another origin, to which the endpoint is not open."""
    with ChatPage() as served:
        served.configuration = page.configuration
        Tokens(cloud).client(CLIENT, page.address, served.address)
        yield served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    executable = find()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pictures(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Where pictures go. With --update-snapshots those that the documents show are taken from there."""
    folder = ROOT / ".pytest_cache/pictures"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    if pytestconfig.getoption("--update-snapshots"):
        for shown in (ROOT / "docs/chat-page").glob("*.png"):
            shutil.copy(folder / shown.name, shown)


@pytest.fixture
def open_page(browser: Browser, cloud: Cloud, page: ChatPage, pictures: Path) -> Iterator[Open]:
    """Somebody opens the page, or the one at another address. Whatever a test is about, no page may complain."""
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
    """The name of one who never chatted before."""
    return new_customer()


@pytest.fixture
def chats(cloud: Cloud) -> Chats:
    """Amazon Connect's clock and events."""
    return Chats(cloud)


@pytest.fixture
def tokens(cloud: Cloud) -> Iterator[Tokens]:
    """The local cloud's issuer, whose faults end with the test."""
    made = Tokens(cloud)
    yield made
    made.mend()
