"""The body of a start: what is taken, and that everything else is refused, with all mistakes at once."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from association.refusal import Refusal
from start.request import StartRequest, derived_client_token, parse
from start.settings import StartSettings, read
from tests.unit.start.world import ENVIRONMENT, SEVERAL, event, fields

SETTINGS = read(ENVIRONMENT)
TAKEN = {
    "InstanceId",
    "ContactFlowId",
    "ParticipantDetails",
    "InitialMessage",
    "SupportedMessagingContentTypes",
    "Attributes",
    "PersistentChat",
    "CustomerId",
    "ClientToken",
}
MESSAGE = {"ContentType": "text/plain", "Content": "hello"}


def parsed(body: Any, settings: StartSettings = SETTINGS) -> StartRequest:
    """The request. Raises a Refusal."""
    return parse(event(body), settings, names_customer=True)


def said_of(body: Any, settings: StartSettings = SETTINGS) -> str:
    """What the caller reads."""
    with pytest.raises(Refusal) as refused:
        parsed(body, settings)
    assert (refused.value.status, refused.value.error_type) == (400, "InvalidParameterException")
    assert refused.value.reason == "invalid_request"
    return refused.value.message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (fields(ParticipantDetails=None), "DisplayName: got nothing, expected a string of 1 to 256 characters."),
        (fields(ParticipantDetails={"DisplayName": ""}), "DisplayName: got a string of 0 characters"),
        (fields(ParticipantDetails={"DisplayName": "x" * 257}), "DisplayName: got a string of 257 characters"),
        (fields(ParticipantDetails="Ann"), "ParticipantDetails: got a string of 3 characters, expected an object."),
        (
            fields(ParticipantDetails={"DisplayName": "A", "Role": "AGENT"}),
            'ParticipantDetails: got the unknown fields "Role"',
        ),
        (fields(CustomerId=None), "CustomerId: got nothing"),
        (fields(CustomerId="x" * 129), "CustomerId: got a string of 129 characters, expected a string of 1 to 128"),
        (fields(CustomerId=["ann"]), "CustomerId: got an array"),
        (fields(CustomerId="\ud800"), "CustomerId: got a string of 1 characters with half a surrogate pair"),
        (fields(CustomerId="Ren\ufffd"), "CustomerId: got U+FFFD, which stands for bytes that are not UTF-8"),
        (fields(InstanceId="a/b"), "InstanceId: got a string of 3 characters with other characters"),
        (fields(ContactFlowId=7), "ContactFlowId: got a number, expected a string of 1 to 500 characters."),
        (fields(ClientToken="x" * 501), "ClientToken: got a string of 501 characters"),
        (fields(InitialMessage={"Content": "x"}), "ContentType: got nothing"),
        (fields(InitialMessage={**MESSAGE, "Content": "x" * 16385}), "Content: got a string of 16385 characters"),
        (fields(InitialMessage={**MESSAGE, "x": 1}), 'InitialMessage: got the unknown fields "x"'),
        (
            fields(SupportedMessagingContentTypes=[]),
            "SupportedMessagingContentTypes: got an array, expected an array of",
        ),
        (fields(SupportedMessagingContentTypes=["text/plain", 7]), "with text/plain among them"),
        (fields(SupportedMessagingContentTypes="text/plain"), "SupportedMessagingContentTypes: got a string"),
        (fields(PersistentChat={}), "SourceContactId: got nothing"),
        (fields(PersistentChat={}), "RehydrationType: got nothing"),
        (fields(PersistentChat={"SourceContactId": "a"}), "RehydrationType: got nothing"),
        (fields(PersistentChat={"RehydrationType": "FROM_SEGMENT", "SourceContactId": "%31"}), "SourceContactId: got"),
        (fields(PersistentChat=[]), "PersistentChat: got an array, expected an object."),
        (
            fields(Attributes={"other": "x"}),
            'Attributes: got the unknown fields "other", expected none but topic, order-1.',
        ),
        (fields(Attributes={"topic": None}), "topic: got null"),
        (fields(Attributes={"topic": "x" * 32768}), "topic: got a string of 32768 characters"),
        (
            fields(Attributes={"topic": "é" * 16000, "order-1": "x" * 800}),
            "Attributes: got 32812 bytes, expected at most",
        ),
        (fields(RelatedContactId="x"), "Leave RelatedContactId out: to continue a past chat, send PersistentChat."),
        (fields(SegmentAttributes={}), "Leave SegmentAttributes out"),
        ('{"CustomerId":"ann","CustomerId":"bob"}', 'body: got the field "CustomerId" twice'),
        ('{"Attributes":{"topic":"a","topic":"b"}}', 'body: got the field "topic" twice'),
        ("[]", "body: got an array, expected a JSON object of fields of StartChatContact, in UTF-8, of at most 131072"),
        ("[" * 131073, "body: got 131073 bytes"),
    ],
)
def test_what_is_wrong_is_named(body: Any, said: str) -> None:
    """What, got and expected; nothing that was sent is repeated."""
    assert said in said_of(body)


def test_all_mistakes_are_told_at_once() -> None:
    """Of each field, nested or not."""
    told = said_of({"InstanceId": "", "x": 1, "PersistentChat": {"y": 1}, "InitialMessage": {}, "Attributes": []})
    named = ("InstanceId", '"x"', '"y"', "RehydrationType", "SourceContactId", "Content:", "ContentType:", "Attributes")
    assert [name for name in (*named, "DisplayName", "CustomerId") if name not in told] == []


# Every other member of StartChatContact, and spellings of those that are taken.
@given(
    st.sampled_from(
        sorted({"ChatDurationInMinutes", "DisconnectOnCustomerExit", "ConnectionTypes", "RelatedContactId"})
    )
    | st.sampled_from(sorted(TAKEN)).map(str.lower)
    | st.sampled_from(sorted(TAKEN)).map(lambda name: f"{name}\u200b")
    | st.text(min_size=1, max_size=9),
    st.none() | st.text(max_size=3) | st.integers(),
)
def test_a_field_that_is_not_taken_is_refused(name: str, value: Any) -> None:
    """Connect would take some of them, and with one of them a stranger's chat."""
    if name not in TAKEN:
        assert "body: got the unknown fields" in said_of({**fields(), name: value})


SOUND = st.fixed_dictionaries(
    {
        "ParticipantDetails": st.fixed_dictionaries({"DisplayName": st.text("aé😀", min_size=1, max_size=256)}),
        "CustomerId": st.text("aé😀 ", min_size=1, max_size=128),
    },
    optional={
        "ContactFlowId": st.just("sales"),
        "InitialMessage": st.fixed_dictionaries(
            {"ContentType": st.just("text/plain"), "Content": st.text("aé\n", min_size=1)}
        ),
        "SupportedMessagingContentTypes": st.permutations(["text/plain", "text/markdown"]),
        "Attributes": st.dictionaries(st.sampled_from(["topic", "order-1"]), st.text("aé", max_size=5)),
        "ClientToken": st.text("a\n", max_size=9),
    },
)


@given(SOUND)
def test_what_keeps_the_rules_is_taken_as_it_is(body: dict[str, Any]) -> None:
    """No text is changed on its way to Connect."""
    request = parsed(body)
    kept = ("ParticipantDetails", "InitialMessage", "SupportedMessagingContentTypes")
    assert request.conversation == {name: body[name] for name in kept if name in body}
    assert request.attributes == body.get("Attributes", {})
    assert (request.customer_id, request.client_token) == (body["CustomerId"], body.get("ClientToken"))
    assert (request.source_contact_id, request.rehydration_type, request.instance_id) == ("", "", "")


def test_with_several_flows_one_is_named() -> None:
    """With one, it is the default; the names of flows are in no answer."""
    assert parsed(fields()).flow_id == SETTINGS.flows["sales"]
    told = said_of(fields(), read({**ENVIRONMENT, **SEVERAL}))
    assert told.startswith("ContactFlowId: got nothing")
    assert "sales" not in told


def test_no_attribute_is_taken_unless_it_was_given() -> None:
    """Flows decide by attributes."""
    bare = read({**ENVIRONMENT, "START_ATTRIBUTES": ""})
    assert 'Attributes: got the unknown fields "topic", expected none.' in said_of(
        fields(Attributes={"topic": "x"}), bare
    )


def test_a_person_needs_not_say_who_it_is() -> None:
    """The authorization knows."""
    assert parse(event(fields(CustomerId=None)), SETTINGS, names_customer=False).customer_id == ""


def test_a_client_token_is_of_one_customer_and_one_request() -> None:
    """A replay is the same; any other customer, token, flow, source or endpoint is another chat; the token tells
    nothing."""
    source = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": "a"}
    flows = read({**ENVIRONMENT, **SEVERAL})
    bodies = [
        fields(ContactFlowId="sales", ClientToken="t"),
        fields(ContactFlowId="help", ClientToken="t"),
        fields(ContactFlowId="sales", ClientToken="u"),
        fields(ContactFlowId="sales", ClientToken="t", PersistentChat=source),
        fields(ContactFlowId="sales", ClientToken="t", PersistentChat={**source, "SourceContactId": "b"}),
        fields(
            ContactFlowId="sales", ClientToken="t", PersistentChat={**source, "RehydrationType": "ENTIRE_PAST_SESSION"}
        ),
    ]
    asked = [parsed(body, flows) for body in bodies]
    tokens = [derived_client_token(one, flows, "ann") for one in (*asked, *asked)]
    assert (len(set(tokens)), tokens[:6]) == (6, tokens[6:])
    assert derived_client_token(asked[0], flows, "bob") not in tokens
    # Connect would refuse the same token with what another endpoint of the instance writes.
    others = ({"CUSTOMER_IDENTITY": "attribute:who"}, {"STAMP_AUTHENTICATION": "true"}, {"CHAT_DURATION_MINUTES": "60"})
    elsewhere = [read({**ENVIRONMENT, **SEVERAL, **other}) for other in others]
    assert len({*tokens, *(derived_client_token(asked[0], one, "ann") for one in elsewhere)}) == 9
    bare = parsed(fields())
    assert derived_client_token(bare, flows, "ann") != derived_client_token(bare, flows, "ann")
    assert all(len(token) == 64 and "ann" not in json.dumps(token) for token in tokens)
