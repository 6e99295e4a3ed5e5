"""Random histories of two customers in a browser, against a model: a page shows all messages, in order."""

import random
import time
from dataclasses import dataclass, field

from local.chats import Chats
from local.cloud import Cloud
from local.tokens import CLIENT, Tokens
from tests.browser.conftest import Open
from tests.browser.people import PATIENCE, Agent, Customer
from tests.local.callers import new_customer

# Each history has two customers.
HISTORIES = 12
STEPS = 8


@dataclass
class Life:
    """What a customer's page has to show: all past chats, and the running chat."""

    page: Customer
    name: str
    past: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    # The running segment.
    contact: str = ""
    # Whether the past (first) and the present (second) have a note about a transfer. The page shows it as a line.
    noted: list[bool] = field(default_factory=lambda: [False, False])

    def shown(self) -> list[str]:
        """The lines, from top to bottom."""
        return [*self.past, "---", *self.present] if self.past or self.noted[0] else self.present


class History:
    """What happens to two customers."""

    def __init__(self, cloud: Cloud, open_page: Open, seed: int) -> None:
        self._cloud, self._chats, self._chance = cloud, Chats(cloud), random.Random(seed)
        self._said = 0
        self.lives = [Life(open_page(), new_customer()) for _ in range(2)]
        for life in self.lives:
            token = Tokens(cloud).sign(life.name, CLIENT)
            life.page.page.evaluate(
                "token => sessionStorage.setItem('chat', JSON.stringify({ idToken: token }))", token
            )
            life.page.page.reload()
            life.contact = life.page.start()

    def live(self) -> None:
        """Take some steps. Then each page shows what it has to show."""
        steps = [self.say, self.answer, self.answer, self.transfer, self.come_back, self.reload, self.cut]
        for _ in range(STEPS):
            self._chance.choice(steps)(self._chance.choice(self.lives))
        for life in self.lives:
            expect_said(life)

    def say(self, life: Life) -> None:
        """The customer says something."""
        line = self._line(life)
        life.page.say(line)
        life.present.append(f"You: {line}")

    def answer(self, life: Life) -> None:
        """An agent says something."""
        line = self._line(life)
        Agent(self._cloud, life.contact).say(line)
        life.present.append(f"Jane: {line}")
        expect_said(life)

    def transfer(self, life: Life) -> None:
        """The next segment begins."""
        life.contact = self._chats.transferred(life.contact)
        life.noted[1] = True

    def come_back(self, life: Life) -> None:
        """The chat ends, and the next one continues it."""
        life.page.end()
        self._chats.told()
        self._chats.wait(120)
        life.contact = life.page.start()
        life.past, life.present = [*life.past, *life.present], []
        life.noted = [any(life.noted), False]
        expect_said(life)

    def reload(self, life: Life) -> None:
        """The customer reloads the page."""
        life.page.reload()
        expect_said(life)

    def cut(self, life: Life) -> None:
        """The connection is lost. ChatJS connects again by itself."""
        with life.page.reconnecting():
            self._cloud.control("POST", f"contacts/{life.contact}/cut", {})

    def _line(self, life: Life) -> str:
        self._said += 1
        return f"{life.name} {self._said}"


def expect_said(life: Life) -> None:
    """The page shows exactly these lines, in this order. Notes about people who joined or left do not count."""
    until = time.monotonic() + PATIENCE / 1000
    while (got := said(life.page)) != life.shown() and time.monotonic() < until:
        life.page.page.wait_for_timeout(50)
    assert got == life.shown()


def said(page: Customer) -> list[str]:
    """The page's messages and its divider."""
    return [line for line in page.lines() if not line.startswith("(")]


def test_random_histories_look_as_they_were(cloud: Cloud, open_page: Open) -> None:
    """With two dozen customers: no line is lost, none is there twice, and none is of another customer."""
    cloud.control("POST", "quotas", {"enabled": False})
    lives: list[Life] = []
    for seed in range(HISTORIES):
        history = History(cloud, open_page, seed)
        history.live()
        lives += history.lives
    assert sum(bool(life.past) for life in lives) >= HISTORIES / 2
    cloud.control("POST", "quotas", {"enabled": True})
