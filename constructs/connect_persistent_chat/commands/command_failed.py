"""What ends a command, as a sentence."""


class CommandFailed(Exception):
    """The command cannot go on; the text is for people."""


def one_line(text: object) -> str:
    """As one line that a terminal can show, whatever it was."""
    line = " ".join(str(text).split())
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in line)
