"""The arguments of the commands, and how their texts are read."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from urllib.parse import urlsplit

from connect_persistent_chat.shared import wire

MOST_RATE = 25
THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
# The name or the ARN of a function, with a version or an alias.
_FUNCTION = re.compile(r"[0-9A-Za-z_:$.-]{1,256}", re.ASCII)


def add_recorder(command: ArgumentParser) -> None:
    """Add --recorder, which names the history."""
    command.add_argument(
        "--recorder", required=True, type=_function, help="name or ARN of the history's recorder, a Lambda function"
    )


def _function(text: str) -> str:
    if not _FUNCTION.fullmatch(text):
        raise ArgumentTypeError(f"got {shown(text)}, expected the name or the ARN of a Lambda function")
    return text


def instant(text: str) -> datetime:
    """A time, in UTC if the text names no zone. Raises ArgumentTypeError."""
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"got {shown(text)}, expected a date such as 2026-01-31") from None


def rate(text: str) -> int:
    """Calls a second. Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or len(text) > 2 or not 1 <= int(text) <= MOST_RATE:
        raise ArgumentTypeError(f"got {shown(text)}, expected a whole number from 1 to {MOST_RATE}")
    return int(text)


def endpoint_url(text: str) -> str:
    """The address of an endpoint. Raises ArgumentTypeError."""
    return _url(text, f"/{'/'.join(wire.PATH)}/{wire.ID_PATTERN}/?", "EndpointUrl", "/contact/…/<instance id>/")


def start_url(text: str) -> str:
    """The address at which chats start. Raises ArgumentTypeError."""
    return _url(text, f"/{'/'.join(wire.START_PATH)}", "StartUrl", "/contact/chat")


def _url(text: str, end: str, output: str, shown_end: str) -> str:
    try:
        parts = urlsplit(text)
        # Elsewhere everybody on the way could read the token.
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)
        fits = bool(safe and parts.hostname and parts.username is None and re.fullmatch(rf"[!-~]*{end}", text))
    except ValueError:
        fits = False
    if not fits:
        expected = f"expected the output {output} of the stack: https://…{shown_end}"
        raise ArgumentTypeError(f"got {shown(text)}, {expected}")
    return text


def shown(text: str) -> str:
    """A given text, as a message shows it; of a long one the beginning."""
    return ascii(text if len(text) <= 100 else f"{text[:100]}…")
