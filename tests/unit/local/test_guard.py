"""The local cloud's guard, on any request."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.connect.participant_service import SOCKET
from local.guard import host_of, is_own, refusal, takes_pages, without_cors

OWN = [(b"host", b"127.0.0.1:4566")]
DEPLOYED = "/_aws/execute-api/a1b2c3d4/v1/contact"
TEXT = st.text(st.characters(max_codepoint=255), max_size=40)


def asked(path: str = "/_connect/clock", headers: list[tuple[bytes, bytes]] = OWN, target: bytes | None = None) -> str:
    """The sentence of a refusal; empty if the request is taken."""
    return refusal(path.encode("latin-1") if target is None else target, path, headers) or ""


@given(TEXT)
def test_only_three_names_are_this_machine(host: str) -> None:
    """Whatever else is written, also with one of the three inside of it."""
    for name in (host, f"127.0.0.1{host}", f"{host}localhost", f"localhost:{host}", f"{host}@[::1]"):
        own = re.fullmatch(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", name.lower()) is not None
        # Other digits than ASCII's are none in a port.
        assert is_own(name) == (own and name.isascii())


@given(st.sampled_from(["127.0.0.1", "localhost", "LocalHost", "[::1]"]), st.integers(0, 65535))
def test_any_port_of_this_machine_is_taken(name: str, port: int) -> None:
    """Forwarded ones, and one with TLS in front."""
    assert not asked(headers=[(b"Host", f"{name}:{port}".encode())])


@given(st.lists(st.sampled_from([b"127.0.0.1", b"localhost", b"evil.example"]), max_size=4))
def test_one_host_counts_and_no_other_number(hosts: list[bytes]) -> None:
    """Which of several counts is nobody's guess."""
    headers = [(b"host", host) for host in hosts]
    assert host_of(headers) == (hosts[0].decode() if len(hosts) == 1 else "")
    assert bool(asked(headers=headers)) == (hosts not in ([b"127.0.0.1"], [b"localhost"]))


@given(TEXT)
def test_any_origin_but_ones_own_is_a_foreign_page(origin: str) -> None:
    """Only pages of exactly this host and port are the cloud's own."""
    headers = [*OWN, (b"oRiGiN", origin.encode("latin-1"))]
    assert bool(asked(headers=headers)) == (origin.strip().lower() != "http://127.0.0.1:4566")
    assert not asked(DEPLOYED, headers)


@given(TEXT)
def test_any_site_but_two_is_a_foreign_page(site: str) -> None:
    """Also what browsers may say one day."""
    headers = [*OWN, (b"Sec-Fetch-Site", site.encode("latin-1"))]
    assert bool(asked(headers=headers)) == (site.strip().lower() not in ("none", "same-origin"))
    assert not asked(DEPLOYED, headers)


@given(TEXT.filter(lambda text: not text.startswith("/")))
def test_a_target_is_a_path(target: str) -> None:
    """A proxy's request is none for this server, whatever its path would be."""
    assert "not a proxy" in asked(DEPLOYED, target=target.encode("latin-1"))


@given(st.text(string.ascii_letters + "/._@%-", max_size=30))
def test_pages_reach_deployed_apis_only(rest: str) -> None:
    """An id and a slash, and no management of connections."""
    assert not takes_pages(f"/{rest}")
    under = f"/_aws/execute-api/{rest}"
    api, slash, path = rest.partition("/")
    stage, _, execute = path.partition("/")
    managed = re.match(r"@connections(/|$)", path) or re.match(r"@connections(/|$)", execute)
    assert takes_pages(under) == bool(api and slash and not managed), (under, stage)


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        *((f"/_issuer/{path}", True) for path in (".well-known/openid-configuration", "keys", "authorize", "token")),
        *((f"/_issuer/{path}", False) for path in ("", "control/tokens", "keys/", "keys/../control/keys", "keys\n")),
        ("/_issuer/x.well-known/openid-configuration", False),
    ],
)
def test_pages_sign_people_in_and_do_nothing_to_the_issuer(path: str, taken: bool) -> None:
    """Its control path makes a token for anybody."""
    assert takes_pages(path) is taken


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ([], True),
        ([(b"user-agent", b"aws-cli/2 Python/3"), (b"authorization", b"AWS4-HMAC-SHA256 any")], True),
        ([(b"sec-fetch-mode", b"cors"), (b"user-agent", b"node")], True),
        ([(b"sec-fetch-site", b"none"), (b"user-agent", b"Mozilla/5.0")], True),
        ([(b"origin", b"http://127.0.0.1:4566"), (b"referer", b"http://127.0.0.1:4566/a?b#c")], True),
        ([(b"user-agent", b"Mozilla/5.0")], False),
        ([(b"referer", b"http://127.0.0.1:4566.evil.example/")], False),
        ([(b"referer", b"http://127.0.0.1/")], False),
        ([(b"referer", b"http://[")], False),
        ([(b"referer", b"about:blank")], False),
        ([(b"access-control-request-method", b"PUT")], False),
        ([(b"access-control-request-private-network", b"true")], False),
        ([(b"sec-fetch-mode", b"no-cors"), (b"sec-fetch-dest", b"image")], False),
        ([(b"sec-fetch-site", b"none"), (b"sec-fetch-user", b"?1"), (b"sec-fetch-dest", b"document")], True),
    ],
)
def test_programs_are_taken_and_pages_are_not(headers: list[tuple[bytes, bytes]], taken: bool) -> None:
    """Node's own fetch says how it fetches, but no site: it is no browser."""
    assert (asked(headers=[*OWN, *headers]) == "") is taken


def test_a_handshake_is_none_of_a_foreign_page() -> None:
    """CORS keeps no page from what a WebSocket says, whatever it leads to."""
    foreign = [*OWN, (b"origin", b"https://evil.example")]
    for path in ("/", DEPLOYED):
        assert refusal(path.encode(), path, foreign, handshake=True)
        assert not refusal(path.encode(), path, [*OWN, (b"origin", b"http://127.0.0.1:4566")], handshake=True)


def test_pages_of_any_origin_chat_and_do_nothing_else() -> None:
    """The participant service's own paths, and its socket's exactly."""
    foreign = [*OWN, (b"origin", b"https://evil.example")]
    for path, taken in (
        ("/participant/connection", True),
        ("/participant/transcript", True),
        ("/participant/", False),
        ("/participant/connection/..", False),
        ("/participant/views/x", False),
        ("/participants", False),
        ("/_connect/agent", False),
    ):
        assert (asked(path, foreign) == "") is taken, path
    assert not refusal(SOCKET.encode(), SOCKET, foreign, handshake=True)
    for path in (f"{SOCKET}/", f"{SOCKET}s", "/participant/connection", f"/x{SOCKET}"):
        assert refusal(path.encode(), path, foreign, handshake=True), path
    elsewhere = [(b"host", b"evil.example"), (b"origin", b"https://evil.example")]
    assert refusal(SOCKET.encode(), SOCKET, elsewhere, handshake=True)


def test_a_refusal_is_one_sentence() -> None:
    """What is taken instead, and nothing of what was sent."""
    for said in (asked(headers=[]), asked(headers=[*OWN, (b"origin", b"null")]), asked(target=b"*")):
        assert said.startswith("The local cloud ")
        assert said.endswith(".")
        assert ". " not in said


def test_no_answer_lets_a_page_read_it() -> None:
    """Whatever its name is written like."""
    kept = [(b"content-type", b"text/plain"), (b"vary", b"Origin")]
    open_to_all = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-expose-headers", b"*")]
    assert without_cors([*open_to_all, *kept]) == kept
