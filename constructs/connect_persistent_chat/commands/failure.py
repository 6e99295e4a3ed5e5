"""What ends a command, as a sentence."""


class CommandFailed(Exception):
    """The command cannot go on; the text is for people."""


def one_line(text: object) -> str:
    """As one line, whatever it was."""
    return " ".join(str(text).split())
