"""One customer is erased: whoever was meant, whatever the locale, and nobody else."""

import io
import os
import subprocess
import sys
from argparse import Namespace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from connect_persistent_chat.commands import erase
from connect_persistent_chat.commands.command_failed import CommandFailed
from connect_persistent_chat.commands.deployed_history import DeployedHistory
from shared.key import key_of


def typed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> str:
    """The customer that standard input holds."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii"))
    return erase._of_standard_input()


@pytest.mark.parametrize(
    ("data", "customer"),
    [
        (b"ada", "ada"),
        (b"ada\n", "ada"),
        (b"ada\r\n", "ada"),
        (b"\xef\xbb\xbfada\r\n", "ada"),
        ("J\u00fcrgen \u2028 \U0001f600\n".encode(), "J\u00fcrgen \u2028 \U0001f600"),
        # A customer is exactly what the contacts carry.
        (b" ada \n", " ada "),
        (b"a\x00b", "a\x00b"),
        ("a\ufeff".encode(), "a\ufeff"),
    ],
)
def test_standard_input_is_utf_8_whatever_the_locale(
    monkeypatch: pytest.MonkeyPatch, data: bytes, customer: str
) -> None:
    """With or without a byte order mark, and the end of its one line."""
    assert typed(monkeypatch, data) == customer


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "got nothing"),
        (b"\n", "got nothing"),
        (b"\r\n", "got nothing"),
        (b"\xef\xbb\xbf", "got nothing"),
        (b"ada\nbob\n", "more than one line"),
        (b"ada\n\n", "more than one line"),
        (b"ada\rbob", "more than one line"),
        (b"ada\r", "more than one line"),
        (b"\nada", "more than one line"),
        (b"J\xfcrgen\n", "6 bytes that are not UTF-8, from byte 2 on"),
        (b"\xff\xfea\x00\n\x00", "that are not UTF-8, from byte 1 on"),
        # Without a mark it is UTF-8 as well, of somebody with a NUL after each letter.
        (b"a\x00d\x00a\x00", "got UTF-16"),
        (b"\x00a\x00d\x00\n", "got UTF-16"),
        (b"x" * 32_769, "got more than 32768 bytes"),
        (b"x" * 10_000_000, "got more than 32768 bytes"),
        ("\u00fc".encode() * 5_000_000, "got more than 32768 bytes"),
        (b"\xed\xa0\x80", "that are not UTF-8"),
    ],
)
def test_what_is_no_one_customer_is_refused(monkeypatch: pytest.MonkeyPatch, data: bytes, said: str) -> None:
    """Somebody else's entries would be looked for, none found, and the customer's would stay. It is not shown."""
    with pytest.raises(CommandFailed, match=said) as refused:
        typed(monkeypatch, data)
    assert "rgen" not in str(refused.value)


def test_a_closed_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can be read from it."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(CommandFailed, match="standard input is closed"):
        erase._of_standard_input()


def test_an_argument_is_what_was_typed() -> None:
    """Its bytes are read as UTF-8: in another locale Python would have made other characters of them."""
    assert erase._of_argument("J\u00fcrgen") == "J\u00fcrgen"
    for text in (os.fsdecode(b"J\xfcrgen"), "\ud800"):
        with pytest.raises(CommandFailed, match="--customer: got"):
            erase._of_argument(text)
    with pytest.raises(CommandFailed, match="got nothing"):
        erase._of_argument("")
    code = (
        "import sys; from connect_persistent_chat.commands import erase; print(ascii(erase._of_argument(sys.argv[1])))"
    )
    for locale in ("C", "POSIX", "C.UTF-8"):
        environment = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        command = [sys.executable.encode(), b"-c", code.encode(), "J\u00fcrgen".encode()]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        assert done.stdout == b"'J\\xfcrgen'\n", locale


@pytest.mark.parametrize("by_customer_id", [True, False])
def test_a_customer_that_no_contact_can_carry_is_refused(by_customer_id: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect's limits: 128 characters of a CustomerId, 32,768 bytes of attributes."""
    made = SimpleNamespace(by_customer_id=by_customer_id, dead_letters="", instance_id="instance", entries=lambda _: [])
    monkeypatch.setattr("connect_persistent_chat.commands.deployed_history.DeployedHistory", lambda *_, **__: made)
    most = "\u00fc" * (128 if by_customer_id else 16_384)
    assert erase.run(Namespace(recorder="r", customer=most)) == 0
    with pytest.raises(CommandFailed, match=r"^--customer: got .*, expected"):
        erase.run(Namespace(recorder="r", customer=most + "x"))


class Table:
    """As the recorder's, with so many entries."""

    def __init__(self, entries: int) -> None:
        self.instance_id = "instance"
        self.left = [{"session": {"S": str(number)}} for number in range(entries)]
        # Entries that are written while others are erased.
        self.late: list[dict[str, Any]] = []
        self.broken_at = -1

    def entries(self, customer: str) -> list[Any]:
        """All that there are."""
        assert customer == key_of("instance", "ada")
        return list(self.left)

    def delete(self, key: Any) -> None:
        """One entry; the last brings the late ones."""
        if len(self.left) == self.broken_at:
            raise EndpointConnectionError(endpoint_url="http://x")
        self.left.remove(key)
        if not self.left:
            self.left, self.late = self.late, []


def test_all_entries_are_erased_and_looked_for_again() -> None:
    """An event of the customer may be recorded meanwhile."""
    table = Table(60)
    table.late = [{"session": {"S": "late"}}]
    assert erase.erase(cast(DeployedHistory, table), "ada") == 61
    assert table.left == []
    assert erase.erase(cast(DeployedHistory, table), "ada") == 0


def test_what_was_erased_before_it_failed_is_told() -> None:
    """The same command goes on."""
    table = Table(60)
    table.broken_at = 35
    with pytest.raises(CommandFailed, match=r"25 entries were erased\. Then the command failed: Could not connect"):
        erase.erase(cast(DeployedHistory, table), "ada")
