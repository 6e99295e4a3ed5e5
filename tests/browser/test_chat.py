"""A customer chats, and comes back."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Route, WebSocketRoute, expect

from local.chats import Chats
from local.clients import send
from local.cloud import Cloud
from local.page import ChatPage
from tests.browser.conftest import Open
from tests.browser.people import Agent, Customer

COMPLAINT = "My parcel has not come."
PROMISE = "I will look for it. Please come back tomorrow."
OLD = ["(Jane joined)", f"You: {COMPLAINT}", f"Jane: {PROMISE}"]
DAY = 24 * 3600


def talk(cloud: Cloud, customer: Customer) -> str:
    """A first chat. Returns its contact id."""
    contact = customer.start()
    agent = Agent(cloud, contact)
    customer.say(COMPLAINT)
    agent.say(PROMISE)
    customer.expect_lines(*OLD)
    return contact


def leave(chats: Chats, customer: Customer, *, seconds: float = DAY) -> None:
    """The chat ends, and the customer does something else for a while."""
    customer.end()
    chats.told()
    chats.wait(seconds)


def test_a_customer_comes_back_and_sees_the_old_lines_above_the_new(cloud: Cloud, chats: Chats, ann: Customer) -> None:
    """This is the purpose of the whole page."""
    ann.picture("start")
    talk(cloud, ann)
    ann.picture("talk")
    leave(chats, ann)
    ann.picture("ended")
    second = ann.start()
    ann.expect_lines(*OLD, "---")
    ann.say("Has it come?")
    Agent(cloud, second, "Omar").say("It is at your door.")
    ann.expect_lines(*OLD, "---", "You: Has it come?", "(Omar joined)", "Omar: It is at your door.")
    ann.picture("came back")
    expect(ann.page.locator(".divider")).to_contain_text(
        re.compile(r"Your earlier chat ended \w+ \d+, 20\d\d, \d+:\d\d")
    )


def test_another_customer_sees_nothing_of_it(cloud: Cloud, chats: Chats, ann: Customer, open_page: Open) -> None:
    """Nobody sees it in the same browser at the same time, nor in the same tab after the first customer signed out."""
    talk(cloud, ann)
    leave(chats, ann)
    ben = open_page()
    ben.sign_in(f"ben-{ann.name}")
    ben.start()
    ben.say("Hello?")
    ben.expect_lines("You: Hello?")
    ann.press("Sign out")
    ann.sign_in(f"carl-{ann.name}")
    ann.start()
    ann.say("Good morning.")
    ann.expect_lines("You: Good morning.")


def test_who_comes_back_too_early_gets_the_past_later(cloud: Cloud, chats: Chats, ann: Customer) -> None:
    """The transcript is not written yet. The chat starts, and the page continues it at the time of the answer."""
    talk(cloud, ann)
    with chats.held_clock():
        leave(chats, ann, seconds=45)
        ann.start()
        expect(ann.status).to_contain_text("Your earlier chat will appear in less than 1 min.")
        ann.say("Are you there?")
        ann.expect_lines("You: Are you there?")
        ann.picture("too early")
    ann.expect_lines(*OLD, "---", "You: Are you there?")
    expect(ann.status).to_have_text("Your earlier chat is above.")
    ann.picture("continued")


@pytest.mark.parametrize("kind", ["ENTIRE_PAST_SESSION", "FROM_SEGMENT"])
def test_both_rehydration_types_show_what_they_should(
    cloud: Cloud, page: ChatPage, chats: Chats, ann: Customer, kind: str
) -> None:
    """After a transfer: the whole past chat, or only the part before the transfer. A backend asks for either."""
    first = talk(cloud, ann)
    second = chats.transferred(first)
    Agent(cloud, second, "Omar").say("I am somebody else.")
    ann.expect_lines(*OLD, "(You were transferred)", "(Jane left)", "(Omar joined)", "Omar: I am somebody else.")
    with chats.held_clock():
        leave(chats, ann, seconds=0)
        current = ann.start()
        chats.wait(120)
    body = json.dumps({"RehydrationType": kind, "SourceContactId": first})
    token = f"Bearer {ann.kept()['idToken']}"
    answer = send(cloud, page.configuration["endpointUrl"] + current, body.encode(), token=token)
    assert answer.document == {"ContinuedFromContactId": first if kind == "FROM_SEGMENT" else second}
    part = [*OLD, "(You were transferred)", "(Jane left)"]
    more = [] if kind == "FROM_SEGMENT" else ["(Omar joined)", "Omar: I am somebody else."]
    ann.expect_lines(*part, *more, "---")


def test_a_long_past_is_shown_page_by_page(cloud: Cloud, chats: Chats, ann: Customer) -> None:
    """The past has more than a page. The newest page is shown first, and the rest when the customer asks for it."""
    cloud.control("POST", "quotas", {"enabled": False})
    agent = Agent(cloud, ann.start())
    said = [f"Line {number}" for number in range(250)]
    for line in said:
        agent.say(line)
    whole = ["(Jane joined)", *(f"Jane: {line}" for line in said)]
    ann.expect_lines(*whole)
    leave(chats, ann)
    ann.start()
    assert len(ann.lines()) < len(whole)
    for _ in range(2):
        ann.press("Show earlier messages")
    ann.expect_lines(*whole, "---")
    expect(ann.button("Show earlier messages")).to_have_count(0)
    cloud.control("POST", "quotas", {"enabled": True})


def test_a_reload_loses_nothing(cloud: Cloud, chats: Chats, ann: Customer) -> None:
    """The same chat goes on, with its past, and no line is there twice."""
    talk(cloud, ann)
    leave(chats, ann)
    contact = ann.start()
    ann.say("One")
    ann.page.reload()
    ann.expect_lines(*OLD, "---", "You: One")
    assert ann.contact == contact
    ann.say("Two")
    ann.expect_lines(*OLD, "---", "You: One", "You: Two")


def test_a_reload_does_not_forget_what_is_to_be_continued(cloud: Cloud, chats: Chats, ann: Customer) -> None:
    """The page continues the past chat at the same time as without the reload."""
    talk(cloud, ann)
    with chats.held_clock():
        leave(chats, ann, seconds=50)
        ann.start()
        assert "later" in ann.kept()
        ann.reload()
    ann.expect_lines(*OLD, "---")


def test_a_chat_that_ended_behind_a_closed_page_is_over(cloud: Cloud, chats: Chats, ann: Customer) -> None:
    """The agent ended it while the page was closed. ChatJS cannot see the difference to a network that fails."""
    ann.tolerated = "403"
    contact = ann.start()
    ann.page.goto("about:blank")
    chats.end(contact)
    ann.page.goto(ann.address)
    expect(ann.status).to_have_text("The chat has ended, or cannot be reached.")
    expect(ann.button("Connect again")).to_be_visible()
    assert ann.start() != contact


def test_a_chat_that_the_agent_ends_is_over(chats: Chats, ann: Customer) -> None:
    """The page says so, and another chat can start."""
    chats.end(ann.start())
    expect(ann.status).to_have_text("The chat has ended.")
    ann.start()


def test_what_is_said_while_the_connection_is_lost_is_not_lost(cloud: Cloud, ann: Customer) -> None:
    """After the connection is back, each line is there once and in order."""
    contact = ann.start()
    agent = Agent(cloud, contact)
    agent.say("One")
    held: list[Route] = []
    ann.page.route("**/participant/connection", lambda route: held.append(route), times=1)
    assert cloud.control("POST", f"contacts/{contact}/cut", {})["sockets"] == 1
    expect(ann.status).to_have_text("The connection is lost. Trying again …")
    agent.say("Two")
    ann.picture("lost")
    ann.expect_lines("(Jane joined)", "Jane: One")
    ann.wait_until(lambda: held, "The page does not connect again.")
    held[0].continue_()
    ann.expect_lines("(Jane joined)", "Jane: One", "Jane: Two")
    expect(ann.status).to_have_text("")
    agent.say("Three")
    ann.say("Four")
    ann.expect_lines("(Jane joined)", "Jane: One", "Jane: Two", "Jane: Three", "You: Four")


class Deaf:
    """A customer's page whose sockets get no messages until they may."""

    def __init__(self, customer: Customer) -> None:
        self._customer = customer
        self.sockets: list[WebSocketRoute] = []
        self._held: list[Callable[[], None]] = []
        # The page looks again after 2 s. On a busy machine the test may need longer for what comes before.
        later = "const real = setTimeout; setTimeout = (does, ms) => real(does, ms === 2000 ? 10000 : ms);"
        customer.page.add_init_script(later)
        customer.page.route_web_socket(re.compile(".*"), self._connected)
        customer.page.reload()

    def _connected(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        server = socket.connect_to_server()

        def sent(message: str | bytes) -> None:
            if "aws/subscribe" in str(message):
                self._held.append(lambda: server.send(message))
            else:
                server.send(message)

        socket.on_message(sent)

    def start(self) -> str:
        """Start a chat. Its contact id."""
        self._customer.press("Start a chat")
        self._customer.wait_until(lambda: self._held, "The page's socket does not ask for messages.")
        expect(self._customer.status).to_have_text("")
        return self._customer.contact

    def hear(self) -> None:
        """From now on the newest socket gets messages."""
        self._held.pop()()


def test_what_is_said_before_the_socket_gets_messages_is_not_lost(cloud: Cloud, ann: Customer) -> None:
    """A flow's greeting comes as early. Amazon Connect sends it to nobody, but it is in the transcript."""
    deaf = Deaf(ann)
    Agent(cloud, deaf.start()).say("Welcome")
    deaf.hear()
    ann.expect_lines("(Jane joined)", "Jane: Welcome")


def test_a_chat_that_ends_before_the_socket_gets_messages_is_over(cloud: Cloud, chats: Chats, ann: Customer) -> None:
    """Nobody tells the page, but its transcript cannot be read any more. Its old connection harms no later chat."""
    ann.tolerated = "403"
    deaf = Deaf(ann)
    chats.end(deaf.start())
    deaf.hear()
    expect(ann.status).to_have_text("The chat has ended, or cannot be reached.")
    second = deaf.start()
    deaf.hear()
    with ann.page.expect_response(lambda answer: answer.url.endswith("/connection") and answer.status == 403):
        deaf.sockets[0].close(code=4000)
    Agent(cloud, second).say("Hello again")
    ann.expect_lines("(Jane joined)", "Jane: Hello again")
    ann.say("Hello")
    assert ann.contact == second


def test_a_late_answer_to_an_earlier_chat_is_not_shown_in_the_next(cloud: Cloud, chats: Chats, ann: Customer) -> None:
    """The transcript was asked for before the chat ended, and comes when the next one has begun."""
    first, held = ann.start(), list[tuple[Route, APIResponse]]()
    Agent(cloud, first).say("One")
    ann.expect_lines("(Jane joined)", "Jane: One")
    with ann.reconnecting():
        ann.page.route("**/participant/transcript", lambda route: held.append((route, route.fetch())), times=1)
        cloud.control("POST", f"contacts/{first}/cut", {})
    ann.wait_until(lambda: held, "The page does not read the transcript again.")
    chats.end(first, wait=0)
    expect(ann.status).to_have_text("The chat has ended.")
    with ann.reconnecting():
        ann.press("Start a chat")
    ((route, answer),) = held
    route.fulfill(response=answer)
    Agent(cloud, ann.contact).say("Two")
    ann.expect_lines("(Jane joined)", "Jane: Two")


def test_a_message_whose_answer_is_lost_is_said_once(cloud: Cloud, ann: Customer) -> None:
    """The customer sends it again, and it is the same message."""
    ann.start()
    cloud.control("POST", "faults", {"operation": "SendMessage", "kind": "cut_after", "times": 20})
    ann.tolerated = "ERR_EMPTY_RESPONSE"
    ann.text.fill("Hello")
    ann.press("Send")
    expect(ann.status).to_have_text("Your message was not sent. Send it again.")
    cloud.control("DELETE", "faults")
    ann.say("Hello")
    ann.expect_lines("You: Hello")


def test_markup_is_text(cloud: Cloud, ann: Customer) -> None:
    """A person who writes to the customer must not be able to run a script on the page."""
    markup = '<img src=x onerror="document.title=1"><b>bold</b>'
    Agent(cloud, ann.start(), "<i>Jane</i>").say(markup)
    ann.expect_lines("(<i>Jane</i> joined)", f"<i>Jane</i>: {markup}")
    assert ann.page.locator("#log img, #log b, #log i").count() == 0
