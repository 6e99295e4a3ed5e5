"""The page itself: who can use it and how, what it keeps, which hosts it asks, and how large it is."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Error, Route, expect

from local.chats import Chats
from local.cloud import Cloud
from local.page import FILES, FOLDER, ChatPage
from local.tokens import CLIENT, Tokens
from tests.browser.conftest import Open
from tests.browser.people import Agent, Customer
from tests.browser.test_chat import COMPLAINT, OLD, leave, talk

BUDGET = 400_000
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
# Records each element that is added to the conversation, and whether a screen reader reads it out.
HEAR = """
    globalThis.heard = [];
    addEventListener("DOMContentLoaded", () =>
        new MutationObserver((changes) => {
            for (const { addedNodes } of changes)
                for (const added of addedNodes) heard.push(`${log.ariaLive}: ${added.lastChild.textContent}`);
        }).observe(log, { childList: true }));
"""
# Ends when the page is painted. Playwright's wait_for_function evaluates strings, which the page's policy forbids.
PAINTED = """
    new Promise((done, fail) => {
        new PerformanceObserver((list) => {
            if (list.getEntriesByName("first-contentful-paint").length) done();
        }).observe({ type: "paint", buffered: true });
        setTimeout(fail, 60_000, new Error("The page was not painted in 60 s."));
    })
"""


@pytest.mark.parametrize("look", ["light wide", "dark narrow"])
def test_axe_finds_nothing_at_any_step(cloud: Cloud, chats: Chats, open_page: Open, customer: str, look: str) -> None:
    """In each look, axe checks contrast, names, roles and order."""
    ann = open_page(dark="dark" in look, wide="wide" in look)
    assert ann.findings() == []
    ann.sign_in(customer)
    assert ann.findings() == []
    talk(cloud, ann)
    leave(chats, ann)
    assert ann.findings() == []
    ann.start()
    ann.say("Hello again, and here is a line that is long enough to be broken on a narrow screen.")
    ann.expect_lines(
        *OLD, "---", "You: Hello again, and here is a line that is long enough to be broken on a narrow screen."
    )
    assert ann.findings() == []
    ann.picture(look)
    # Nothing is wider than the screen.
    assert ann.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_keyboard_is_enough(cloud: Cloud, open_page: Open, customer: str) -> None:
    """A customer can do each step, from the sign-in to the end, and never loses the focus."""
    ann = open_page()
    press = ann.page.keyboard.press
    expect(ann.button("Sign in")).to_be_visible()
    press("Tab")
    press("Enter")
    expect(ann.page.get_by_label("Name")).to_be_focused()
    ann.page.keyboard.type(customer)
    press("Enter")
    expect(ann.button("Start a chat")).to_be_visible()
    press("Tab")
    expect(ann.button("Sign out")).to_be_focused()
    press("Tab")
    expect(ann.button("Start a chat")).to_be_focused()
    press("Enter")
    expect(ann.text).to_be_focused()
    ann.page.keyboard.type("One line")
    press("Shift+Enter")
    ann.page.keyboard.type("and another")
    press("Enter")
    ann.expect_lines("You: One line\nand another")
    expect(ann.text).to_be_focused()
    expect(ann.text).to_have_value("")
    press("Shift+Tab")
    expect(ann.page.get_by_role("log")).to_be_focused()
    for name in (None, "Send", "End the chat"):
        press("Tab")
        expect(ann.button(name) if name else ann.text).to_be_focused()
    press("Enter")
    expect(ann.button("Start a chat")).to_be_focused()


def test_new_lines_are_read_out_and_old_ones_are_not(cloud: Cloud, chats: Chats, ann: Customer) -> None:
    """If a screen reader read a whole past chat, its user would wait for the present one. A reload is the same."""
    talk(cloud, ann)
    leave(chats, ann)
    contact = ann.start()
    ann.page.add_init_script(HEAR)
    ann.page.reload()
    ann.expect_lines(*OLD, "---")
    Agent(cloud, contact).say("Hello")
    ann.expect_lines(*OLD, "---", "(Jane joined)", "Jane: Hello")
    assert [line for line in ann.page.evaluate("heard") if "Hello" in line or "joined" in line] == [
        "off: Jane joined",
        "polite: Jane joined",
        "polite: Hello",
    ]


def test_a_token_that_has_expired_asks_for_another_sign_in(tokens: Tokens, ann: Customer) -> None:
    """The page asks for another sign-in, and then the customer can start a chat."""
    ann.tolerated = "403"
    old = tokens.sign(ann.name, CLIENT, exp=1)
    ann.page.evaluate("token => sessionStorage.setItem('chat', JSON.stringify({ idToken: token }))", old)
    ann.page.reload()
    ann.press("Start a chat")
    expect(ann.status).to_have_text("You are not signed in any more. Sign in again.")
    ann.picture("expired")
    ann.sign_in(ann.name)
    ann.start()


def test_a_token_that_expires_while_a_past_chat_is_awaited(
    cloud: Cloud, chats: Chats, tokens: Tokens, ann: Customer
) -> None:
    """The customer signs in again within the chat, and then sees the past."""
    ann.tolerated = "403"
    talk(cloud, ann)
    with chats.held_clock():
        leave(chats, ann, seconds=50)
        contact = ann.start()
        kept = {**ann.kept(), "idToken": tokens.sign(ann.name, CLIENT, exp=1)}
        assert "later" in kept
        ann.page.evaluate("kept => sessionStorage.setItem('chat', kept)", json.dumps(kept))
        ann.reload()
    expect(ann.status).to_have_text("You are not signed in any more. Sign in again to see your earlier chat.")
    # The sentence stays while the customer does something else.
    ann.say("I am still here.")
    ann.say("Hello?")
    expect(ann.status).to_have_text("You are not signed in any more. Sign in again to see your earlier chat.")
    ann.press("Sign in")
    ann.page.get_by_label("Name").fill(ann.name)
    ann.page.get_by_role("button", name="Sign in").click()
    ann.expect_lines(*OLD, "---", "You: I am still here.", "You: Hello?")
    assert ann.contact == contact


def test_somebody_else_who_signs_in_after_a_token_has_expired_gets_nothing(
    cloud: Cloud, tokens: Tokens, ann: Customer
) -> None:
    """Nobody signed out: the chat of the person before is still in the tab."""
    talk(cloud, ann)
    kept = {name: value for name, value in ann.kept().items() if name != "idToken"}
    ann.page.evaluate("kept => sessionStorage.setItem('chat', kept)", json.dumps(kept))
    ann.page.reload()
    ann.sign_in(f"ben-{ann.name}")
    assert "chat" not in ann.kept()
    ann.start()
    ann.say("Hello?")
    ann.expect_lines("You: Hello?")


def test_a_page_of_another_origin_starts_nothing(
    cloud: Cloud, foreign: ChatPage, open_page: Open, customer: str
) -> None:
    """The endpoint names the origins that may call it. The browser stops the calls of all other origins."""
    ann = open_page(foreign.address)
    # Chromium writes two errors for one refusal.
    ann.tolerated = "CORS|ERR_FAILED"
    ann.sign_in(customer)
    before = cloud.control("GET", "calls")["StartChatContact"]
    ann.press("Start a chat")
    expect(ann.status).to_have_text("The chat cannot be reached. Check your connection, and try again.")
    assert cloud.control("GET", "calls")["StartChatContact"] == before


def test_after_signing_out_nothing_is_left(cloud: Cloud, ann: Customer) -> None:
    """The chat has ended, and the browser's back button does not show the conversation."""
    contact = talk(cloud, ann)
    # On a busy machine the end may take longer than the page waits for it.
    ann.page.evaluate("() => { const real = setTimeout; setTimeout = (does, ms) => ms === 2000 || real(does, ms); }")
    ann.press("Sign out")
    expect(ann.button("Sign in")).to_be_visible()
    assert ann.kept() == {}
    assert ann.page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]
    assert contact not in [chat["InitialContactId"] for chat in cloud.control("GET", "chats")]
    ann.page.go_back()
    assert COMPLAINT not in ann.page.content()
    assert "code=" not in ann.page.url


def test_a_sign_in_that_did_not_begin_here_is_refused(page: ChatPage, open_page: Open) -> None:
    """Otherwise, a link with the code of another person would sign the customer in as that person."""
    ann = open_page(f"{page.address}?code=theirs&state=theirs")
    expect(ann.status).to_have_text("This sign-in was not started here. Sign in again.")
    assert ann.kept().get("idToken") is None
    assert ann.page.url == page.address


def test_a_refused_sign_in_says_the_issuers_reason(open_page: Open) -> None:
    """Else whoever sets the page up would not know what the issuer does not like; the address is emptied at once."""
    ann = open_page()
    ann.press("Sign in")
    expect(ann.page.get_by_label("Name")).to_be_visible()
    state = parse_qs(urlsplit(ann.page.url).query)["state"][0]
    ann.page.goto(f"{ann.address}?error=invalid_scope&state={state}")
    expect(ann.status).to_have_text("You are not signed in (invalid_scope). Sign in again.")
    assert ann.page.url == ann.address


def test_a_picture_beside_the_page_is_shown(open_page: Open) -> None:
    """A company's logo: the page's own policy must not stand in the way of other looks."""
    ann = open_page()
    ann.page.route("**/logo.svg", lambda route: route.fulfill(content_type="image/svg+xml", body=LOGO))
    ann.page.evaluate("Object.assign(new Image(), { src: 'logo.svg' }).decode()")


def test_the_policy_allows_the_configured_hosts_only(open_page: Open) -> None:
    """Even if an attacker's script ran on the page, it could not send to other hosts what it sees."""
    ann = open_page()
    ann.tolerated = "Content Security Policy|TrustedHTML"
    expect(ann.button("Sign in")).to_be_visible()
    for address in ("http://127.0.0.1:1/", "https://elsewhere.example/"):
        with pytest.raises(Error, match="Failed to fetch"):
            ann.page.evaluate("address => fetch(address)", address)
    ann.wait_until(lambda: len(ann.seen.complaints) >= 2, "The browser did not complain of both addresses.")
    with pytest.raises(Error, match="TrustedHTML"):
        ann.page.evaluate("document.body.innerHTML = '<b>x</b>'")
    # The browser blocked the other requests, so they do not count.
    ann.seen.requests = [url for url in ann.seen.requests if url.startswith(ann.address)]


def test_it_is_painted_without_waiting_for_the_chat(open_page: Open, page: ChatPage) -> None:
    """Amazon's script is 300 KB. With a slow connection it arrives late."""
    ann = open_page()
    held: list[Route] = []
    ann.page.route("**/amazon-connect-chat.js", lambda route: held.append(route))
    ann.page.goto(page.address, wait_until="commit")
    expect(ann.page.get_by_role("heading", name="Chat with us")).to_be_visible()
    ann.page.evaluate(PAINTED)
    ann.wait_until(lambda: held, "The page did not ask for Amazon's script.")
    held[0].continue_()
    expect(ann.button("Sign in")).to_be_visible()


def test_it_weighs_less_than_its_budget() -> None:
    """The budget counts all files that a browser loads, before compression."""
    assert sum((FOLDER / name).stat().st_size for name, _ in FILES.values()) < BUDGET


def test_it_runs_against_aws_by_its_configuration_only(page: ChatPage) -> None:
    """`make chat` sets the same keys as config.js, and two more for addresses that differ on this machine."""
    keys = re.findall(r"^  (\w+):", (FOLDER / "config.js").read_text(encoding="utf-8"), re.M)
    assert {*keys, "discoveryUrl", "participantUrl"} == set(page.configuration)


def test_it_says_when_the_issuer_fails_or_is_another(tokens: Tokens, open_page: Open) -> None:
    """After each message, the customer can try again."""
    ann = open_page()
    ann.tolerated = "503"
    tokens.fail("error", times=1)
    ann.press("Sign in")
    expect(ann.status).to_have_text("The chat cannot be reached. Check your connection, and try again.")
    tokens.fail("other_issuer", times=1)
    ann.press("Sign in")
    expect(ann.status).to_have_text("The issuer's name is not the name in config.js.")
