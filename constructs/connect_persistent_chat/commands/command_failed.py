"""What ends a command, as a sentence."""

from connect_persistent_chat.shared.redaction import without_secrets


class CommandFailed(Exception):
    """The command cannot go on; the text is for people."""


def one_line(text: object) -> str:
    """As one line that a terminal can show, whatever it was, without secrets."""
    line = " ".join(without_secrets(str(text)).split())
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in line)
