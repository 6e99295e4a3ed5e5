"""A function's environment variables: read, or refused with a sentence that names the variable."""

import math
from collections.abc import Callable, Mapping

from aws.endpoint import Endpoint, endpoint_of


class SettingsError(Exception):
    """An environment variable is missing or malformed. The text begins with "environment variable"."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        problem = f"malformed: got {value[:100]!r}" if value else "missing: got nothing"
        super().__init__(
            f"environment variable {name} is {problem}, expected {expected}. "
            "The construct sets it; deploy the stack again."
        )


class Environment:
    """Reads variables. Raises SettingsError for one that is missing or malformed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        # What was read: a deployment's proof compares it with the template.
        self.seen: dict[str, str] = {}

    def get(self, name: str) -> str:
        """A variable; "" if it is missing."""
        value = self._environ.get(name, "")
        if value:
            self.seen[name] = value
        return value

    def text(self, name: str, is_right: Callable[[str], object], expected: str) -> str:
        """A variable for which `is_right` is true."""
        value = self.get(name)
        if not is_right(value):
            raise SettingsError(name, value, expected)
        return value

    def words(self, name: str, *, required: bool) -> tuple[str, ...]:
        """The words of a variable, which spaces separate."""
        words = tuple(self.get(name).split())
        if required and not words:
            raise SettingsError(name, self.get(name), "words with spaces between them")
        return words

    def seconds(self, name: str, *, more_than_zero: bool) -> float:
        """A number of seconds."""
        value = self.get(name)
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < 0 or (more_than_zero and number == 0):
            least = "greater than" if more_than_zero else "of at least"
            raise SettingsError(name, value, f"a number of seconds {least} 0")
        return number

    def endpoint(self, service: str, name: str) -> Endpoint:
        """Where a service answers: at this variable's URL, unless the variables of the AWS SDKs say otherwise."""
        url = self.get(name)
        try:
            default = Endpoint.parse(url)
        except ValueError:
            raise SettingsError(name, url, f"the URL of {service} in this region") from None
        return endpoint_of(service, self._environ, default)
