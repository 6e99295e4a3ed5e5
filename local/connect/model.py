"""botocore's service models of Amazon Connect and of its participant service: a request's operation and fields, an
answer's shape."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

from .errors import invalid_parameter

Fields = dict[str, Any]
CONNECT = "connect"
PARTICIPANT = "connectparticipant"
# Errors that every AWS service may answer, though not every operation's model lists them.
_COMMON_STATUS = {
    "AccessDeniedException": 403,
    "InternalServerException": 500,
    "InternalServiceException": 500,
    "InvalidParameterException": 400,
    "InvalidRequestException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "TooManyRequestsException": 429,
    "UnknownOperationException": 404,
    "ValidationException": 400,
}
_TYPES: Mapping[str, type] = {
    "boolean": bool,
    "integer": int,
    "list": list,
    "long": int,
    "map": dict,
    "string": str,
    "structure": dict,
}


class Call(NamedTuple):
    """A request, read by the model but not yet validated."""

    operation: str
    fields: Fields
    service: str = CONNECT


@cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@cache
def _operation(service: str, name: str) -> OperationModel:
    return _service(service).operation_model(name)


@cache
def _routes(service: str) -> list[tuple[str, "re.Pattern[str]", str]]:
    """Method, path and name of every operation; those with the fewest variables first."""
    routes = []
    for name in _service(service).operation_names:
        http = _operation(service, name).http
        path = re.escape(http["requestUri"].partition("?")[0])
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", path)
        routes.append((http["method"], re.compile(pattern), name))
    return sorted(routes, key=lambda route: route[1].groups)


def read(
    method: str,
    path: str,
    query: Mapping[str, list[str]] | str,
    body: bytes,
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    service: str = CONNECT,
) -> Call | None:
    """Which operation it is, and its fields; None if the model knows no such method and path.

    The headers' names are in lower case. Raises ConnectError if the body is not a JSON object.
    """
    for route_method, pattern, name in _routes(service):
        found = pattern.fullmatch(path.rstrip("/")) if route_method == method else None
        if found:
            values = parse_qs(query) if isinstance(query, str) else query
            places = {"uri": found.groupdict(), "header": headers}
            return Call(name, _fields(_operation(service, name), places, values, body), service)
    return None


def _fields(
    operation: OperationModel, places: Mapping[str, Mapping[str, str]], query: Mapping[str, list[str]], body: bytes
) -> Fields:
    shape = operation.input_shape
    if shape is None:
        return {}
    fields: Fields = {}
    document = _document(body)
    for name, member in shape.members.items():
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        written = wire.lower() if location == "header" else wire
        if location in places and written in places[location]:
            fields[name] = places[location][written]
        elif location == "querystring" and wire in query:
            first = query[wire][0]
            fields[name] = {"integer": _number_of(first), "list": query[wire]}.get(member.type_name, first)
        elif location is None and document.get(wire) is not None:
            fields[name] = document[wire]
    return fields


def _document(body: bytes) -> Fields:
    if not body:
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise invalid_parameter("The body is not a JSON object.")
    return document


def _number_of(text: str) -> object:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else text


def values_of(shape: str) -> tuple[str, ...]:
    """The values that an enumeration of Amazon Connect has."""
    return tuple(_service(CONNECT).shape_for(shape).metadata["enum"])


def validate(call: Call) -> None:
    """Hold the fields against the model. Raises ConnectError, which names every field and its rule."""
    shape = _operation(call.service, call.operation).input_shape
    mistakes = list(_mistakes(shape, call.fields, "")) if shape is not None else []
    if mistakes:
        raise invalid_parameter(f"{len(mistakes)} validation error(s): {'; '.join(mistakes)}")


def _mistakes(shape: Shape, value: Any, path: str) -> Iterator[str]:
    expected = _TYPES.get(shape.type_name)
    if expected is not None and (not isinstance(value, expected) or (expected is int and value is True)):
        yield f"{path}: expected {shape.type_name}, got {type(value).__name__}"
        return
    yield from _broken_limits(shape, value, path)
    if shape.type_name == "structure":
        for name in shape.required_members:
            if name not in value:
                yield f"{path}.{name}: required" if path else f"{name}: required"
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _mistakes(member, value[name], f"{path}.{name}" if path else name)
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from _mistakes(shape.member, item, f"{path}[{index}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _mistakes(shape.key, key, f"{path} key")
            yield from _mistakes(shape.value, item, f"{path}.{key}")


def _broken_limits(shape: Shape, value: Any, path: str) -> Iterator[str]:
    rules = shape.metadata
    measure = value if shape.type_name in ("integer", "long") else len(value) if hasattr(value, "__len__") else 0
    if "min" in rules and measure < rules["min"]:
        yield f"{path}: expected at least {rules['min']}, got {measure}"
    if "max" in rules and measure > rules["max"]:
        yield f"{path}: expected at most {rules['max']}, got {measure}"
    if "enum" in rules and value not in rules["enum"]:
        yield f"{path}: expected one of {', '.join(rules['enum'])}"
    if "pattern" in rules and not re.search(rules["pattern"], value):
        yield f"{path}: expected the pattern {rules['pattern']}"


def shaped(operation: str, result: Fields, service: str = CONNECT) -> bytes:
    """The answer's body, members without a value left out.

    Raises AssertionError if the result holds what the model does not know: that is a mistake of ours.
    """
    shape = _operation(service, operation).output_shape
    if shape is None:
        assert not result, f"{operation} answers nothing, got {result}"
        return b"{}"
    return json.dumps(_shaped(shape, result, operation)).encode()


def _shaped(shape: Shape, value: Any, path: str) -> Any:
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{path}: the model does not know {unknown}"
        return {
            shape.members[name].serialization.get("name", name): _shaped(shape.members[name], item, f"{path}.{name}")
            for name, item in value.items()
            if item is not None
        }
    if shape.type_name == "list":
        return [_shaped(shape.member, item, path) for item in value]
    if shape.type_name == "timestamp":
        assert isinstance(value, datetime), f"{path}: expected a datetime"
        return round(value.timestamp(), 3)
    mistakes = list(_mistakes(shape, value, path))
    assert not mistakes, "; ".join(mistakes)
    return value


def status_of(operation: str, error_type: str, service: str = CONNECT) -> int:
    """The HTTP status of an error: by the operation's model, or by what all services share."""
    for shape in _operation(service, operation).error_shapes if operation else ():
        if shape.name == error_type:
            return int(shape.metadata["error"]["httpStatusCode"])
    return _COMMON_STATUS[error_type]
