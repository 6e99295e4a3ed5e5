"""Control paths: unsigned JSON calls that no API of AWS has. The guard refuses them to web pages."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from .connect.service import Response

# The method, a pattern of the path, and a function that reads the fields and returns the action.
Call = tuple[str, str, Callable[..., Callable[[], Any]]]


class BadCall(Exception):
    """The call cannot be followed; the text says why."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Fields:
    """The JSON object of a call. Each known field is taken once. Fields that are left at the end are unknown."""

    def __init__(self, body: bytes) -> None:
        try:
            document = json.loads(body) if body else {}
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise BadCall("The body: expected a JSON object.")
        self._left: dict[str, Any] = document

    def take(self, name: str, expected: str, holds: Callable[[Any], bool], default: Any = None) -> Any:
        """A field for which `holds` is true, or the default. Raises BadCall."""
        value = self._left.pop(name, default)
        if value is not default and not holds(value):
            raise BadCall(f"{name}: got {json.dumps(value)[:80]}, expected {expected}.")
        return value

    def required(self, name: str, expected: str, holds: Callable[[Any], bool]) -> Any:
        """Like `take`, but the field must be there."""
        if self._left.get(name) is None:
            raise BadCall(f"{name}: missing, expected {expected}.")
        return self.take(name, expected, holds)

    def end(self) -> None:
        """Raise BadCall if anything is left."""
        if self._left:
            raise BadCall(f"Unknown: {', '.join(self._left)}.")


def follow(calls: Sequence[Call], prefix: str, method: str, path: str, body: bytes) -> Response:
    """Make one of these calls. The path is the part after the prefix."""
    try:
        for call_method, pattern, call in calls:
            found = re.fullmatch(pattern, path)
            if found and method == call_method:
                fields = Fields(body)
                # Everything is read before anything is done.
                act = call(fields, *found.groups())
                fields.end()
                return json_response(200, act())
        known = ", ".join(f"{method} {prefix}{pattern}" for method, pattern, _ in calls)
        raise BadCall(f"No such call. There are {known.replace('([^/]+)', '<id>')}.", 404)
    except BadCall as bad:
        return json_response(bad.status, {"message": str(bad)})


def json_response(status: int, document: Any) -> Response:
    """A response with a JSON body."""
    return Response(status, {"Content-Type": "application/json"}, json.dumps(document).encode())


def is_one_of(values: Sequence[str]) -> Callable[[Any], bool]:
    """A check that is true for these values only."""
    return lambda value: value in values


def is_number_up_to(most: float) -> Callable[[Any], bool]:
    """A check that is true for numbers from 0 to `most`."""
    return lambda value: type(value) in (int, float) and 0 <= value <= most
