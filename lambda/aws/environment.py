"""A function's environment variables: read, or refused with a sentence that names the variable."""

import math
from collections.abc import Callable, Mapping

from aws.endpoint import Endpoint


class SettingsError(Exception):
    """An environment variable is missing or malformed. The text begins with "environment variable"."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        problem = f"malformed: got {value[:100]!r}" if value else "missing: got nothing"
        super().__init__(
            f"environment variable {name} is {problem}, expected {expected}. "
            "The construct sets it; deploy the stack again."
        )


def text(environ: Mapping[str, str], name: str, is_right: Callable[[str], bool], expected: str) -> str:
    """A variable that is right. Raises SettingsError."""
    value = environ.get(name, "")
    if not is_right(value):
        raise SettingsError(name, value, expected)
    return value


def words(environ: Mapping[str, str], name: str, *, required: bool) -> tuple[str, ...]:
    """A variable that is words with spaces between them; none if it is missing. Raises SettingsError."""
    value = environ.get(name, "")
    if required and not value.split():
        raise SettingsError(name, value, "words with spaces between them")
    return tuple(value.split())


def seconds(environ: Mapping[str, str], name: str, *, more_than_zero: bool) -> float:
    """A variable that is a number of seconds. Raises SettingsError."""
    value = environ.get(name, "")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0 or (more_than_zero and number == 0):
        raise SettingsError(name, value, f"a number of seconds {'greater than' if more_than_zero else 'of at least'} 0")
    return number


def url(environ: Mapping[str, str], name: str, service: str) -> str:
    """A variable that is an endpoint's URL. Raises SettingsError."""
    value = environ.get(name, "")
    try:
        Endpoint.parse(value)
    except ValueError:
        raise SettingsError(name, value, f"the URL of {service} in this region") from None
    return value
