"""What ends a command, as its user reads it."""

from hypothesis import example, given
from hypothesis import strategies as st

from connect_persistent_chat.commands.command_failed import one_line


@given(st.text())
@example("two\nlines and \x1b[2J")
def test_whatever_somebody_sent_is_one_line_that_changes_no_terminal(text: str) -> None:
    """A service's or a proxy's words are in many of the sentences."""
    line = one_line(text)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1


def test_words_that_can_be_shown_stay_as_they_are() -> None:
    """Also those of other languages, and a path with a space."""
    assert one_line("Zürich:  é €\t/a b\n") == "Zürich: é € /a b"
