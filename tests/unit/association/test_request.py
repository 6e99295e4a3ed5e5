"""A bad request gets 400 with the field and its rule. Generated cases: tests/synth/test_request_model.py."""

import base64
import json
from typing import Any

import pytest

from association.refusal import Refusal
from association.request import derived_client_token, parse
from tests.unit.association.events import CONTACT_ID, INSTANCE_ID, SOURCE_ID, event, fields


def refusal_of(request: dict[str, Any]) -> str:
    """What the caller reads."""
    with pytest.raises(Refusal) as refused:
        parse(request)
    assert (refused.value.status, refused.value.error_type) == (400, "InvalidParameterException")
    return refused.value.message


def test_a_sound_request_is_read() -> None:
    """Every field arrives where it belongs; the token is optional."""
    request = parse(event(fields(ClientToken="t")))
    assert request == (INSTANCE_ID, CONTACT_ID, "FROM_SEGMENT", SOURCE_ID, "t")
    assert parse(event()).client_token is None


@pytest.mark.parametrize(
    ("request_event", "said"),
    [
        (
            event(fields(RehydrationType=None)),
            "RehydrationType: got nothing, expected ENTIRE_PAST_SESSION or",
        ),
        (event(fields(RehydrationType="all")), 'RehydrationType: got "all", expected'),
        (event(fields(SourceContactId=None)), "SourceContactId: got nothing, expected 1 to 256 letters"),
        (event(fields(SourceContactId="")), "SourceContactId: got a string of 0 characters"),
        (event(fields(SourceContactId="a" * 257)), "SourceContactId: got a string of 257 characters"),
        (event(fields(SourceContactId="a/b")), "with other characters"),
        (event(fields(SourceContactId=7)), "SourceContactId: got a number"),
        (
            event(fields(ClientToken="x" * 501)),
            "ClientToken: got a string of 501 characters, expected at most",
        ),
        (event(fields(ClientToken=[])), "ClientToken: got an array"),
        (event(fields(InstanceId="x")), 'body: got the unknown fields "InstanceId", expected none but'),
        (event({**fields(), **{f"f{n}": n for n in range(9)}}), "and 4 more"),
        (event(InstanceId="%31"), "InstanceId: got a string of 3 characters with other characters"),
        (event(InstanceId="1" * 101), "InstanceId: got a string of 101 characters"),
        (event(InitialContactId=" "), "InitialContactId: got"),
        ({**event(), "pathParameters": None}, "InstanceId: got nothing"),
        (event(""), "body: got nothing, expected a JSON object"),
        (event("[]"), "body: got an array"),
        (event("{"), "body: got 1 characters that are not JSON"),
        (event("[" * 9000), "body: got 9000 bytes"),
        (event("[" * 8000), "body: got 8000 characters that are not JSON"),
        (event('{"a":NaN}'), "body: got NaN, which JSON does not have"),
        (event('{"a":1,"a":2}'), 'body: got the field "a" twice'),
        (event('"\ud800"'), "body: got half a surrogate pair"),
        ({**event("??"), "isBase64Encoded": True}, "body: got invalid base64"),
        ({**event(base64.b64encode(b"\xff").decode()), "isBase64Encoded": True}, "bytes that are not UTF-8"),
    ],
)
def test_what_is_wrong_is_named(request_event: dict[str, Any], said: str) -> None:
    """What, got and expected, in one message."""
    assert said in refusal_of(request_event)


def test_all_mistakes_are_told_at_once() -> None:
    """A developer mends a request once, not field by field."""
    message = refusal_of(event(fields(RehydrationType=1, SourceContactId=None), InstanceId=""))
    assert [name in message for name in ("RehydrationType", "SourceContactId", "InstanceId")] == [True] * 3


def test_a_long_value_is_never_echoed() -> None:
    """What a stranger sends may be anything; an answer stays short."""
    secret = "s" * 100
    message = refusal_of(event(fields(RehydrationType=secret, ClientToken=secret * 6)))
    assert secret not in message
    assert len(message) < 500


def test_base64_bodies_are_read() -> None:
    """API Gateway encodes what a binary media type covers."""
    encoded = base64.b64encode(json.dumps(fields()).encode()).decode()
    assert parse({**event(encoded), "isBase64Encoded": True}).source_contact_id == SOURCE_ID


def test_the_derived_token_differs_with_each_part_and_with_nothing_else() -> None:
    """A retry sends the same; another request, or a caller's own token, another. It never goes out raw."""
    request = parse(event())
    token = derived_client_token(request)
    assert token == derived_client_token(parse(event()))
    changed = [
        request._replace(instance_id="x"),
        request._replace(initial_contact_id="x"),
        request._replace(rehydration_type="ENTIRE_PAST_SESSION"),
        request._replace(source_contact_id="x"),
        request._replace(client_token="x"),
        # Parts must not run into each other.
        request._replace(initial_contact_id=SOURCE_ID, source_contact_id=CONTACT_ID),
    ]
    assert len({token, *map(derived_client_token, changed)}) == len(changed) + 1
    assert len(token) == 64


def test_with_a_history_the_source_may_be_left_out() -> None:
    """Then it is the customer's latest session, all of it; what is sent is held to the same rules."""
    assert parse(event({}), has_history=True) == (INSTANCE_ID, CONTACT_ID, "ENTIRE_PAST_SESSION", "", None)
    entire = event({"RehydrationType": "ENTIRE_PAST_SESSION", "ClientToken": "t"})
    assert parse(entire, has_history=True) == (INSTANCE_ID, CONTACT_ID, "ENTIRE_PAST_SESSION", "", "t")
    assert parse(event({"SourceContactId": SOURCE_ID}), has_history=True).source_contact_id == SOURCE_ID
    assert parse(event(), has_history=True) == parse(event())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"RehydrationType": "FROM_SEGMENT"}, "SourceContactId: got nothing"),
        ({"SourceContactId": ""}, "SourceContactId: got a string of 0 characters"),
        ({"SourceContactId": None}, "SourceContactId: got null"),
        ({"RehydrationType": None}, "RehydrationType: got null"),
        ("", "body: got nothing"),
    ],
)
def test_with_a_history_a_mistake_is_still_one(body: Any, said: str) -> None:
    """A field that is there and wrong is not one that was left out."""
    with pytest.raises(Refusal, match="got") as refused:
        parse(event(body), has_history=True)
    assert said in refused.value.message
