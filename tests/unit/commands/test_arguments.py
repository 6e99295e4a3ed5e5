"""Arguments as they are typed: read as they are meant, or refused; the command itself is in test_persistent_chat.py."""

import ast
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connect_persistent_chat.commands import arguments

OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS)
# What looks like an instant, or a number, nearly.
TEXTS = st.text() | st.text("0123456789-:T+Z.W ", max_size=30)


@given(INSTANTS)
def test_an_instant_is_the_one_that_was_typed(typed: datetime) -> None:
    """In UTC, as messages and the state's file have it; without an offset it is UTC, wherever the machine stands."""
    read = arguments.instant(typed.isoformat())
    assert (read, read.tzinfo) == (typed, UTC)
    assert arguments.instant(typed.replace(tzinfo=None).isoformat()) == typed.replace(tzinfo=UTC)


@given(TEXTS)
@example("2026-01-31")
@example("0001-01-01T00:00:00+23:59")
def test_whatever_is_typed_is_an_instant_in_utc_or_refused(text: str) -> None:
    """Argparse shows any other error as a stack trace."""
    try:
        assert arguments.instant(text).tzinfo is UTC
    except ArgumentTypeError:
        return


@given(TEXTS | st.integers(-1, 1000).map(str))
@example("25")
@example("+5")
@example("05")
@example("\u0665")
@example("1_0")
def test_a_rate_is_a_whole_number_within_its_bounds(text: str) -> None:
    """In the digits of a keyboard: Python takes more for a number, and more than 25 would be a quota's end."""
    meant = next((rate for rate in range(1, 26) if text in (str(rate), f"0{rate}"[-2:])), None)
    if meant is not None:
        assert arguments.rate(text) == meant
        return
    with pytest.raises(ArgumentTypeError, match="expected a whole number from 1 to 25"):
        arguments.rate(text)


@given(st.text())
@example("\x1b[2J\n")
@example("x" * 10_000)
def test_what_is_shown_of_a_text_is_one_short_line_of_ascii(text: str) -> None:
    """What somebody typed or pasted must not clear a terminal, nor fill it."""
    shown = arguments.shown(text)
    assert shown.isascii()
    assert shown.isprintable()
    assert ast.literal_eval(shown) == (text if len(text) <= 100 else f"{text[:100]}\N{HORIZONTAL ELLIPSIS}")


@pytest.mark.parametrize(
    ("recorder", "taken"),
    [
        ("Recorder-1_a", True),
        ("Recorder:$LATEST", True),
        ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:Recorder:live", True),
        ("x" * 256, True),
        ("x" * 257, False),
        ("Recorder\n", False),
        ("Récorder", False),
        ("a/b", False),
    ],
)
def test_a_recorder_is_a_name_or_an_arn_with_or_without_a_version(
    recorder: str, taken: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """It becomes a part of an address and of a file's name."""
    command = ArgumentParser()
    arguments.add_recorder(command)
    if taken:
        assert command.parse_args(["--recorder", recorder]).recorder == recorder
        return
    with pytest.raises(SystemExit):
        command.parse_args(["--recorder", recorder])
    assert "expected the name or the ARN of a Lambda function" in capsys.readouterr().err
