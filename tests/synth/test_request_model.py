"""The request model and the function keep the same rules.

API Gateway holds a body against the model, the function against its own code. Where the two differ, a caller
would be told different things by different doors, or a rule would hold at one of them only.
"""

import importlib
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from association.settings import read
from tests.synth.apps import HERE, INSTANCE_ID, Synthesized, endpoint, history, stack
from tests.unit.association.events import ENVIRONMENT, HISTORY, ConnectClient
from tests.unit.history.dynamodb import DynamoDB

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck))
CONTACT = "22222222-2222-4222-8222-222222222222"

ID_CHARACTERS = st.sampled_from("0aZ-_.~%é٣\u212a\n \x00/\ud800")
IDS = st.one_of(
    st.just(CONTACT),
    st.text(ID_CHARACTERS, max_size=6),
    st.text(st.sampled_from("0aZ-"), min_size=254, max_size=258),
    st.builds(lambda id, end: id + end, st.just(CONTACT), st.sampled_from(["\n", "\r\n", "\x85", "\u2028", " "])),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TOKENS = st.one_of(
    st.text(max_size=8),
    st.text(st.sampled_from("a\ud800\udc80"), max_size=3),
    st.text(st.sampled_from("aé😀\ud800\udc80"), min_size=498, max_size=502),
    JSON,
)
BODIES = st.one_of(
    st.fixed_dictionaries(
        {
            "RehydrationType": st.one_of(
                st.sampled_from(["ENTIRE_PAST_SESSION", "FROM_SEGMENT", "from_segment", "FROM_SEGMENT\n"]),
                JSON,
            ),
            "SourceContactId": st.one_of(IDS, JSON),
        },
        optional={"ClientToken": TOKENS, "InstanceId": JSON, "clientToken": TOKENS},
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "RehydrationType": st.sampled_from(["ENTIRE_PAST_SESSION", "FROM_SEGMENT"]),
            "SourceContactId": IDS,
            "ClientToken": TOKENS,
        },
    ),
    JSON,
)


def validator_of(made: Synthesized) -> Draft4Validator:
    """The model of the template, as API Gateway reads it: JSON Schema draft 4."""
    schema = made.only("AWS::ApiGateway::Model")["Schema"]
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)


class Models:
    """Of an endpoint whose requests name their source, and of one that finds the latest chat."""

    def __init__(self, default: Synthesized) -> None:
        here = stack(env=HERE)
        endpoint(here, history=history(here))
        self.of = {False: validator_of(default), True: validator_of(Synthesized(here))}


@pytest.fixture(scope="session")
def models(default: Synthesized) -> Models:
    """Both, made once."""
    return Models(default)


class Function:
    """The function itself, from an event to the answer; Connect and DynamoDB know of nothing."""

    def __init__(self, handler: ModuleType, patch: pytest.MonkeyPatch) -> None:
        self._handler = handler
        self._patch = patch
        client = ConnectClient({})
        patch.setattr(handler, "CLIENTS", (client, client))

    def refuses(
        self, body: str | None, instance: object = INSTANCE_ID, contact: object = CONTACT, *, has_history: bool = False
    ) -> bool:
        """Whether it calls the request malformed. It never fails, whatever it gets."""
        self._patch.setattr(self._handler, "SETTINGS", read({**ENVIRONMENT, **(HISTORY if has_history else {})}))
        self._patch.setattr(self._handler, "DYNAMODB", DynamoDB() if has_history else None)
        event = {
            "requestContext": {"requestId": "request"},
            "pathParameters": {"InstanceId": instance, "InitialContactId": contact},
            "body": body,
        }
        with redirect_stdout(StringIO()):
            answer = self._handler.handle(event, None)
        kind = json.loads(answer["body"])["__type"]
        assert (answer["statusCode"], kind) in (
            (400, "InvalidParameterException"),
            (404, "ResourceNotFoundException"),
        ), "it fails, or knows a contact that is none"
        return bool(kind == "InvalidParameterException")


@pytest.fixture(scope="session")
def function() -> Iterator[Function]:
    """The handler's module, in an environment as Lambda makes it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield Function(importlib.import_module("association.handler"), patch)


class Beyond(Exception):
    """JSON Schema cannot say it."""


def beyond_json_schema(text: str) -> bool:
    """The listed set that JSON Schema cannot say; the function refuses it, the model may not.

    Duplicate keys, NaN and Infinity, lone surrogates, the body's size, and a line end behind an id: in some dialects
    `$` matches before it.
    """

    def object_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise Beyond
        return dict(pairs)

    def constant(name: str) -> object:
        raise Beyond

    try:
        parsed = json.loads(text, object_pairs_hook=object_of, parse_constant=constant)
        source = parsed.get("SourceContactId") if isinstance(parsed, dict) else None
        if isinstance(source, str) and source.endswith("\n"):
            return True
        # Surrogates may stand in the text, or be spelled in it.
        return len(text.encode()) > 8192 or not json.dumps(parsed, ensure_ascii=False).encode()
    except (Beyond, UnicodeEncodeError):
        return True


def check_body(models: Models, function: Function, document: Any, ascii_only: bool, has_history: bool) -> None:
    """The function's answer is 400 or acceptance, as the model's."""
    text, model = json.dumps(document, ensure_ascii=ascii_only), models.of[has_history]
    listed = beyond_json_schema(text) or (has_history and beyond_the_model(document))
    assert function.refuses(text, has_history=has_history) == (listed or not model.is_valid(document))


a_body = given(document=BODIES, ascii_only=st.booleans(), has_history=st.booleans())


@settings(SETTINGS, max_examples=1_000)
@a_body
def test_function_and_model_accept_the_same_bodies(
    models: Models, function: Function, document: Any, ascii_only: bool, has_history: bool
) -> None:
    """At the edges of every rule."""
    check_body(models, function, document, ascii_only, has_history)


@pytest.mark.prove
@settings(SETTINGS, max_examples=10_000)
@a_body
def test_ten_thousand_bodies(
    models: Models, function: Function, document: Any, ascii_only: bool, has_history: bool
) -> None:
    """The same, for long."""
    check_body(models, function, document, ascii_only, has_history)


def beyond_the_model(document: Any) -> bool:
    """With a history a segment is still to be named; the model is for the fields, each by itself."""
    return (
        isinstance(document, dict)
        and document.get("RehydrationType") == "FROM_SEGMENT"
        and "SourceContactId" not in document
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"RehydrationType":"FROM_SEGMENT","SourceContactId":"a","SourceContactId":"b"}',
        '{"RehydrationType":"FROM_SEGMENT","SourceContactId":"a","ClientToken":"\\ud800"}',
        '{"RehydrationType":"FROM_SEGMENT","SourceContactId":"a"' + " " * 8192 + "}",
        '{"RehydrationType":"FROM_SEGMENT","SourceContactId":"a\\n"}',
    ],
    ids=["duplicate key", "lone surrogate", "size", "line end"],
)
def test_the_listed_set_is_what_json_schema_cannot_say(models: Models, function: Function, text: str) -> None:
    """The model accepts these, the function does not: the list stays honest."""
    assert models.of[False].is_valid(json.loads(text))
    assert function.refuses(text)
    assert beyond_json_schema(text)


def test_a_pattern_is_what_every_dialect_knows(models: Models) -> None:
    """API Gateway's is documented nowhere: no look-around, and no class that means something else elsewhere."""
    for model in models.of.values():
        schema: Any = model.schema
        assert schema["properties"]["SourceContactId"]["pattern"] == "^[0-9A-Za-z-]+$"


def check_path(function: Function, instance: Any, contact: Any) -> None:
    """400, unless both are plain."""
    refused = function.refuses('{"RehydrationType":"FROM_SEGMENT","SourceContactId":"a"}', instance, contact)

    def plain(value: Any, longest: int) -> bool:
        letters = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-")
        return isinstance(value, str) and 1 <= len(value) <= longest and set(value) <= letters

    assert refused != (plain(instance, 100) and plain(contact, 256))


PARAMETERS = st.one_of(IDS, st.text(max_size=3), JSON)


@settings(SETTINGS, max_examples=1_000)
@given(PARAMETERS, PARAMETERS)
def test_paths_are_accepted_only_as_plain_ids(function: Function, instance: Any, contact: Any) -> None:
    """Pairs of path parameters, percent-encoded and decoded ones among them."""
    check_path(function, instance, contact)


@pytest.mark.prove
@settings(SETTINGS, max_examples=10_000)
@given(PARAMETERS, PARAMETERS)
def test_ten_thousand_paths(function: Function, instance: Any, contact: Any) -> None:
    """The same, for long."""
    check_path(function, instance, contact)
