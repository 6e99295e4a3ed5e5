"""Values that only the deployment knows: how the CDK writes them, and what synthesis can still read in them."""

import re
import struct

from aws_cdk import Duration

# Tokens in a text, and the elements of a list that is a token.
_TOKEN = re.compile(r"[$#]\{Token\[[^\]]*\]\}")
_ELEMENT = "#{Token["
_NUMBER = b"\xfb\xff"
# All number tokens are in this range, and numbers that are computed from them. No other number of an app is near it.
_NUMBERS = (1e280, 1e300)
# In the first pass of synthesis, look-ups give these texts: the first for a parameter, the second for a role.
_PLACEHOLDER = re.compile("dummy-value-for-|DUMMY_ARN")


def is_token(value: object) -> bool:
    """Whether only the deployment knows this number, or this text or a part of it."""
    if isinstance(value, float):
        return struct.pack(">d", value).startswith(_NUMBER)
    return isinstance(value, str) and _TOKEN.search(value) is not None


def is_element(value: object) -> bool:
    """Whether this text holds an element of a list token. The CDK cannot resolve it."""
    return isinstance(value, str) and _ELEMENT in value


def is_computed(number: float) -> bool:
    """Whether this number is a token, or was computed from one."""
    return _NUMBERS[0] < abs(number) < _NUMBERS[1]


def is_known(text: str) -> bool:
    """Whether synthesis knows this text: it holds no token, and no placeholder of a look-up."""
    return not is_token(text) and not is_placeholder(text)


def is_placeholder(text: str) -> bool:
    """Whether the CDK will look this text up before the next pass of synthesis."""
    return _PLACEHOLDER.search(text) is not None


def with_tokens_as(stand_in: str, text: str, count: int = 0) -> str:
    """The text with `stand_in` in place of its tokens, or of the first `count` tokens."""
    return _TOKEN.sub(stand_in, text, count)


def measured(duration: Duration, unit: str) -> float | None:
    """The length in "seconds" or "millis", which may be a token. None if it is a token in another unit."""
    if duration.is_unresolved():
        try:
            return duration.to_milliseconds() if unit == "millis" else duration.to_seconds()
        except RuntimeError:
            return None
    # In binary, 16.1 seconds are not a whole number of milliseconds.
    exact = round(duration.to_milliseconds(integral=False), 6)
    return exact if unit == "millis" else exact / 1000
