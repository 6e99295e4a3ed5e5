"""What `persistent-chat verify` reads and writes; that it shows what it says is in tests/local/test_verify.py."""

import base64
import io
import json
import re
import sys
from argparse import ArgumentTypeError, Namespace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from connect_persistent_chat.commands import arguments, assumptions, called_endpoint, verify
from connect_persistent_chat.commands.assumptions import ASSUMPTIONS, Seen
from connect_persistent_chat.commands.command_failed import CommandFailed, one_line
from connect_persistent_chat.commands.persistent_chat import parser
from connect_persistent_chat.commands.walk import PROMISES, Walk

DOCS = Path(__file__).resolve().parents[3] / "docs"
STAGE = "https://abc.execute-api.us-east-1.amazonaws.com/v1"
URL = f"{STAGE}/contact/persistent-contact-association/i-1/"


def test_every_assumption_stands_in_a_page() -> None:
    """Word by word: whoever changes one sees what a run says of it."""
    for where, text in ASSUMPTIONS.values():
        row = f"| `{where}` | {text} |" if where.startswith("local/") else f"| {text} |"
        page = "local-cloud.md" if where.startswith("local/") else "verify.md"
        assert row in (DOCS / page).read_text(encoding="utf-8").splitlines(), text


def test_every_promise_stands_in_the_page() -> None:
    """Whoever reads a report looks its steps up."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", (DOCS / "verify.md").read_text(encoding="utf-8"), re.M))
    assert {step: rows.get(step) for step in PROMISES} == PROMISES


def test_every_argument_stands_in_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    """No other either."""
    with pytest.raises(SystemExit):
        parser().parse_args(["verify", "--help"])
    arguments = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.M))
    assert set(re.findall(r"^\| `(--[a-z-]+)", (DOCS / "verify.md").read_text(encoding="utf-8"), re.M)) == arguments


def results(seen: Seen) -> dict[str, str]:
    """What was seen, by assumption."""
    return {key: one["result"] for key, one in zip(ASSUMPTIONS, seen.all(), strict=True)}


def test_what_nobody_saw_is_not_seen() -> None:
    """Nothing is claimed of it."""
    assert set(results(Seen()).values()) == {"not seen"}


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, set()),
        ({"SegmentAttributes": {}}, {"subtype"}),
        ({"InitialContactId": "c"}, {"initial"}),
        ({"Recordings": [{"MediaStreamType": "CHAT", "Location": "b/c_20260102T03:04_UTC.json"}]}, {"media"}),
        ({"Recordings": [{"Location": "b/c_20260102T03:05_UTC.json"}]}, {"key"}),
        ({"Recordings": [{"Location": "b/c.json"}]}, {"key"}),
    ],
)
def test_a_contact_shows_assumptions(changed: dict[str, Any], broken: set[str]) -> None:
    """Also those that do not hold."""
    contact = {
        "Id": "c",
        "InitiationTimestamp": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "SegmentAttributes": {"connect:Subtype": {"ValueString": "connect:Chat"}},
        "Recordings": [{"Location": "b/c_20260102T03:04_UTC.json"}],
    }
    seen = Seen()
    seen.contact({**contact, **changed})
    found = results(seen)
    for key in ("subtype", "initial", "media", "key"):
        assert found[key] == ("did not hold" if key in broken else "held"), key


def test_pages_show_an_assumption() -> None:
    """A page that mixes the past with the present."""
    seen = Seen()
    seen.pages([[{"ContactId": "a"}], [{"RelatedContactId": "b"}]])
    assert results(seen)["pages"] == "held"
    seen.pages([[{"ContactId": "a"}, {"RelatedContactId": "b"}]])
    assert results(seen)["pages"] == "did not hold"
    # What did not hold once does not hold.
    seen.pages([[{"ContactId": "a"}]])
    assert results(seen)["pages"] == "did not hold"


class Connect:
    """Answers each call with one type."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        def call(**_: Any) -> dict[str, str]:
            if self._kind:
                response: Any = {"Error": {"Code": self._kind}, "ResponseMetadata": {"HTTPStatusCode": 400}}
                raise ClientError(response, name)
            return {}

        return call


@pytest.mark.parametrize(
    ("kind", "held", "broken"),
    [
        # Amazon Connect may do everything that it is assumed not to do.
        (
            "",
            {"quick", "token_again", "instance_case"},
            {"excluded", "no_start", "impossible", "running", "token_fields", "once", "ended", "message_token"},
        ),
        ("AccessDeniedException", set(), set()),
        ("InvalidRequestException", {"excluded", "no_start", "impossible", "running", "rule_broken"}, {"ended"}),
        ("ResourceNotFoundException", {"no_start", "impossible", "running"}, {"excluded", "rule_broken"}),
    ],
)
def test_direct_calls_show_assumptions(kind: str, held: set[str], broken: set[str]) -> None:
    """A permission that is missing shows nothing."""
    client, started = Connect(kind), []

    def start(*_: str, **fields: Any) -> Any:
        started.append(fields)
        # The chat that the others are about has to start.
        return client.start_chat_contact() if fields else SimpleNamespace(id="chat")

    def call(*_: Any) -> Any:
        return client.any()

    chats = SimpleNamespace(client=client, instance_id="i", start=start, describe=call, say=lambda *_: None)
    if kind:
        chats.say = lambda _, text, __: call() if text == "another" else None
    seen = Seen()
    assumptions.look(cast(Any, chats), seen, "customer", "past", lambda: 1.0)
    found = results(seen)
    assert {key for key in found if found[key] == "held"} >= held
    assert {key for key in found if found[key] == "did not hold"} >= broken
    if kind == "AccessDeniedException":
        assert set(found.values()) == {"not seen"}


@pytest.mark.parametrize(
    ("url", "read"),
    [
        (URL, arguments.endpoint_url),
        (URL.rstrip("/"), arguments.endpoint_url),
        ("https://chat.example/contact/persistent-contact-association/i-1/", arguments.endpoint_url),
        (
            "http://127.0.0.1:4566/_aws/execute-api/a/v1/contact/persistent-contact-association/i/",
            arguments.endpoint_url,
        ),
        (f"{STAGE}/contact/chat", arguments.start_url),
    ],
)
def test_outputs_are_taken_as_they_are(url: str, read: Any) -> None:
    """Also of custom domains, and of a local cloud."""
    assert read(url) == url


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "x",
            STAGE,
            f"{URL}c/d",
            f"{URL}?x",
            f"{URL}#x",
            URL.replace("https", "http"),
            URL.replace("https", "ftp"),
        ),
        *(URL.replace("//abc", "//me:secret@abc"), "https://[::1/contact/chat", f"{STAGE}/contact/chat "),
        "https:///contact/persistent-contact-association/i/",
    ],
)
def test_what_is_no_output_is_explained(url: str) -> None:
    """Nobody gets a token by a mistyped address."""
    for read, output in ((arguments.endpoint_url, "EndpointUrl"), (arguments.start_url, "StartUrl")):
        with pytest.raises(ArgumentTypeError, match=f"expected the output {output} of the stack"):
            read(url)


@pytest.mark.parametrize(
    ("cloud", "address"),
    [
        ("", URL),
        ("http://127.0.0.1:4566", URL.replace(STAGE, "http://127.0.0.1:4566/_aws/execute-api/abc/v1")),
        ("http://localhost:4566/", URL.replace(STAGE, "http://localhost:4566/_aws/execute-api/abc/v1")),
        # A proxy or a VPC's endpoint is no local cloud.
        ("https://vpce.example", URL),
    ],
)
def test_a_local_cloud_answers_for_the_addresses_of_aws(
    monkeypatch: pytest.MonkeyPatch, cloud: str, address: str
) -> None:
    """A custom domain stays one."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    assert called_endpoint.address(URL) == address
    assert called_endpoint.address("https://chat.example/contact/chat") == "https://chat.example/contact/chat"
    assert called_endpoint.region_of(URL) == "us-east-1"
    assert called_endpoint.region_of("https://chat.example/contact/chat") is None


def jwt(payload: object) -> str:
    """A token with this payload."""
    return f"h.{base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip('=')}.s"


@pytest.mark.parametrize("bearer", ["", "Bearer "])
def test_a_token_names_its_subject(bearer: str) -> None:
    """Whoever issued it."""
    assert verify._subject(f"{bearer}{jwt({'sub': 'ada'})}") == "ada"


@pytest.mark.parametrize("token", ["x", "a.b.c", jwt([]), jwt({}), jwt({"sub": ""}), jwt({"sub": 1}), "a.\u00fc.c"])
def test_a_token_that_names_nobody_is_told(token: str) -> None:
    """It is not shown."""
    with pytest.raises(CommandFailed, match=r"^--customer: the token has no readable sub"):
        verify._subject(token)


@pytest.mark.parametrize("typed", ["", "\n", "a b c\n", "\u00fc\n", "a\x00b\n", "x" * 20_000 + "\u00fc"])
def test_what_is_no_token_is_told(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    """Before anything is called."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    with pytest.raises(CommandFailed, match=r"^--token: expected one line"):
        verify._token()


def test_a_file_in_utf_16_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows' own shell writes such files."""
    typed = io.BytesIO("a.b.c\n".encode("utf-16"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(typed, encoding="utf-8"))
    with pytest.raises(CommandFailed, match=r"^--token: expected one line"):
        verify._token()


class Ended(Walk):
    """A walk that ends so, and leaves a chat that runs on."""

    def __init__(self, how: BaseException | None, *, unread: bool) -> None:
        nobody: Any = SimpleNamespace(instance_id="i", unclear=0, hidden=str)
        self._how, self._unread = how, unread
        told: Any = {"say": self._told, "progress": self._told}
        super().__init__(nobody, nobody, flow="f", customer="c  d", other="o", expects_history=False, **told)

    def _told(self, _: str) -> None:
        if self._unread:
            raise BrokenPipeError(32, "Broken pipe")

    def run(self) -> None:
        """It has shown nothing yet."""
        if self._how:
            raise self._how


def walked(walk: Walk, left: dict[str, str], report: Any) -> int:
    """What comes of it, if these chats run on."""
    stopping = SimpleNamespace(listen=lambda: None, ignore=lambda: None)
    chats = SimpleNamespace(stopping=stopping, end_all=lambda: left)
    options = Namespace(token=None, attribute=None, start_url=None, url="https://chat.b.test/v1/")
    return verify._walked(walk, cast(Any, chats), options, report)


def test_what_runs_on_is_told_and_reported_if_a_reader_left(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Of standard output: there is the other one, and the report."""
    path = tmp_path / "report.json"
    with pytest.raises(BrokenPipeError):
        walked(Ended(BrokenPipeError(32, "Broken pipe"), unread=True), {"chat-1": "why"}, path.open("w"))
    told = capsys.readouterr()
    assert told.err.startswith("These chats may still run: chat-1.")
    report = json.loads(path.read_text())
    assert report["result"] == "stopped"
    assert report["promises"][-1]["result"] == "did not hold"


@pytest.mark.parametrize(("how", "status"), [(None, 1), (KeyboardInterrupt(), 130)])
def test_a_report_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], how: BaseException | None, status: int
) -> None:
    """A full disk: the results are printed nevertheless."""
    with Path("/dev/full").open("w") as full:
        assert walked(Ended(how, unread=False), {}, full) == status
    told = capsys.readouterr()
    assert "Error: --report: the report was not written: [Errno 28] No space left on device." in told.err
    assert "What Amazon Connect answered" in told.out
    assert f"not tried: {PROMISES['latest']}" in told.out


def test_a_customer_whom_the_lines_spell_otherwise_is_private_too() -> None:
    """A line has no control characters."""
    walk = Ended(None, unread=False)
    walk.customer = "ada\x1b  lovelace"
    walk.results["start"] = one_line(f"It is {walk.customer}.")
    report = verify._report(
        walk, Namespace(token=None, attribute=None, start_url=None, url="https://chat.b.test/v1/"), 1
    )
    (said,) = (one["said"] for one in report["promises"] if one["said"])
    assert said == "It is <private>."


class Terminal(io.StringIO):
    """Somebody types."""

    def isatty(self) -> bool:
        """Who it is."""
        return True


@pytest.mark.parametrize("typed", ["y\n", "YES\n"])
def test_who_agrees_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str) -> None:
    """After they read what happens."""
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    verify._ask("i-1", yes=False)
    assert "Agents may get these chats" in capsys.readouterr().out


@pytest.mark.parametrize("stdin", [Terminal("\n"), Terminal("n\n"), Terminal(""), io.StringIO("y\n"), None])
def test_nothing_begins_without_a_yes(monkeypatch: pytest.MonkeyPatch, stdin: Any) -> None:
    """A script has to give --yes."""
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(CommandFailed, match=r"No chat was started|Give --yes"):
        verify._ask("i-1", yes=False)
    verify._ask("i-1", yes=True)


def test_a_report_has_nothing_private() -> None:
    """Amazon Connect's words name accounts, users and ids."""
    private = (
        "User: arn:aws:iam::123456789012:user/ada is not authorized, 11111111-1111-4111-8111-111111111111, "
        "ada@b.example, https://a.example/x, abc.execute-api.us-east-1.amazonaws.com/v1, 123456789012, "
        "persistent-chat-verify-1, ada-1, chat.b.test. SSL validation failed for x, not for other.b.test"
    )
    promise = {"step": "start", "promise": "p", "result": "did not hold", "said": private}
    walk = SimpleNamespace(customer="ada-1", history=None, seen=Seen(), all=lambda: [promise])
    options = Namespace(token=None, attribute=None, start_url=None, url="https://chat.b.test/v1/")
    report = verify._report(cast(Walk, walk), options, 1)
    text = json.dumps(report)
    for word in ("ada", "1234", "1111", "example", "amazonaws", "verify-1", "b.test"):
        assert word not in text
    assert (report["result"], report["history"]) == ("did not hold", None)
    # The page explains each field.
    table = (DOCS / "verify.md").read_text(encoding="utf-8").partition("| field | meaning |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:]))) == set(report)
