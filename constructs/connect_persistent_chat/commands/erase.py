"""`persistent-chat erase`: deletes every entry of one customer from the history."""

import os
import sys
from typing import TYPE_CHECKING, BinaryIO

from connect_persistent_chat.commands import arguments
from connect_persistent_chat.commands.command_failed import CommandFailed, one_line
from connect_persistent_chat.shared.key import key_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from connect_persistent_chat.commands.deployed_history import DeployedHistory

# StartChatContact: a CustomerId's characters, and the bytes of all attributes together.
_MOST_CUSTOMER_CHARACTERS = 128
_MOST_ATTRIBUTE_BYTES = 32_768
_EXPECTED = "expected the customer that the contacts carry"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """The command and its arguments."""
    does = "erase every entry of one customer from the history"
    command = commands.add_parser(
        "erase", help=does, description=f"E{does[1:]}. The first word that it prints is how many there were."
    )
    command.set_defaults(run=run)
    arguments.add_recorder(command)
    command.add_argument(
        "--customer",
        required=True,
        help="the customer that the contacts carry; - reads it from standard input, one line in UTF-8",
    )


def run(options: "Namespace") -> int:
    """Erase the entries, and say what is left to do. Raises CommandFailed, and botocore's errors."""
    customer = _of_standard_input() if options.customer == "-" else _of_argument(options.customer)
    from connect_persistent_chat.commands.deployed_history import DeployedHistory

    history = DeployedHistory(options.recorder, say=lambda text: print(text, file=sys.stderr))
    if history.by_customer_id and len(customer) > _MOST_CUSTOMER_CHARACTERS:
        expected = f"expected a CustomerId of at most {_MOST_CUSTOMER_CHARACTERS}"
        raise CommandFailed(f"--customer: got {len(customer)} characters, {expected}.")
    # The count comes first: other programs read it.
    print(f"{erase(history, customer)} entries were erased.")
    print("Point-in-time backups of the table keep the entries for up to 35 days.")
    if history.dead_letters:
        print(f"Events that could not be recorded may name the customer: purge the queue {history.dead_letters}.")
    print("Events of the customer's last chats may still come. Run this command again a day after the last chat.")
    return 0


def _of_argument(text: str) -> str:
    try:
        # The bytes that were typed, whatever the locale makes of them.
        return _decoded(os.fsencode(text))
    except UnicodeEncodeError:
        raise CommandFailed(f"--customer: got a text that is not Unicode, {_EXPECTED}.") from None


def _of_standard_input() -> str:
    """One line, with or without its end and a byte order mark."""
    if sys.stdin is None:
        raise CommandFailed("--customer: standard input is closed, expected one line with the customer.")
    stream: BinaryIO = sys.stdin.buffer
    # On a terminal the end of the line ends the input.
    data = stream.readline() if sys.stdin.isatty() else stream.read(2 * _MOST_ATTRIBUTE_BYTES)
    data = data.removeprefix(_BYTE_ORDER_MARK)
    # UTF-16 without a byte order mark is valid UTF-8: it has a NUL beside each letter.
    if data and len(data) % 2 == 0 and not (any(data[::2]) and any(data[1::2])):
        raise CommandFailed(f"--customer: got UTF-16 on standard input, {_EXPECTED}, in UTF-8.")
    customer = _decoded(data.removesuffix(b"\n").removesuffix(b"\r") if data.endswith(b"\n") else data)
    if "\n" in customer or "\r" in customer:
        raise CommandFailed("--customer: got more than one line on standard input, expected one customer.")
    return customer


def _decoded(data: bytes) -> str:
    if len(data) > _MOST_ATTRIBUTE_BYTES:
        raise CommandFailed(f"--customer: got more than {_MOST_ATTRIBUTE_BYTES} bytes, {_EXPECTED}.")
    try:
        customer = data.decode("utf-8")
    except UnicodeDecodeError as error:
        got = f"{len(data)} bytes that are not UTF-8, from byte {error.start + 1} on"
        raise CommandFailed(f"--customer: got {got}; {_EXPECTED}, in UTF-8.") from None
    if not customer:
        raise CommandFailed(f"--customer: got nothing, {_EXPECTED}.")
    return customer


def erase(history: "DeployedHistory", customer: str) -> int:
    """Delete the customer's entries until none is found. Returns how many there were. Raises CommandFailed."""
    from botocore.exceptions import BotoCoreError, ClientError

    # Nothing that is sent names the customer: the table's keys are hashes.
    key, erased = key_of(history.instance_id, customer), 0
    try:
        # Entries that are written meanwhile are found by the next look.
        while entries := history.entries(key):
            for entry in entries:
                history.delete(entry)
                erased += 1
    except (BotoCoreError, ClientError, CommandFailed) as error:
        raise CommandFailed(f"{erased} entries were erased. Then the command failed: {one_line(error)}") from error
    return erased
