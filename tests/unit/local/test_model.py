"""The local Connect checks its input and shapes its output by botocore's model."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from local.connect import model
from local.connect.errors import ConnectError

CREATE = "/contact/persistent-contact-association/i/c"


def mistakes_in(method: str, path: str, fields: Any = None, query: str = "") -> str:
    """What validation says; empty if it says nothing."""
    body = b"" if fields is None else json.dumps(fields).encode()
    call = model.read(method, path, query, body)
    assert call is not None
    try:
        model.validate(call)
    except ConnectError as error:
        return f"{error.error_type}: {error.message}"
    return ""


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", CREATE, "CreatePersistentContactAssociation"),
        ("GET", "/contacts/i/c", "DescribeContact"),
        ("GET", "/contact/attributes/i/c", "GetContactAttributes"),
        ("GET", "/contact/associated/i", "ListAssociatedContacts"),
        ("GET", "/instance", "ListInstances"),
        ("GET", "/instance/i/storage-configs", "ListInstanceStorageConfigs"),
        ("PUT", "/contact/chat", "StartChatContact"),
        ("GET", "/contact/nothing/of/the/kind", None),
    ],
)
def test_an_operation_is_found_by_method_and_path(method: str, path: str, operation: str | None) -> None:
    """As botocore would have sent it."""
    call = model.read(method, path, "", b"")
    assert (call.operation if call else None) == operation


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"RehydrationType": "FROM_SEGMENT", "SourceContactId": "s"}, ""),
        ({"RehydrationType": "FROM_SEGMENT"}, "SourceContactId: required"),
        ({"RehydrationType": "FROM", "SourceContactId": "s"}, "RehydrationType: expected one of"),
        (
            {"RehydrationType": "FROM_SEGMENT", "SourceContactId": ""},
            "SourceContactId: expected at least 1, got 0",
        ),
        ({"RehydrationType": "FROM_SEGMENT", "SourceContactId": "s" * 257}, "expected at most 256, got 257"),
        ({"RehydrationType": "FROM_SEGMENT", "SourceContactId": 7}, "expected string, got int"),
        (
            {"RehydrationType": "FROM_SEGMENT", "SourceContactId": "s", "ClientToken": "t" * 501},
            "ClientToken: expected at most 500, got 501",
        ),
    ],
)
def test_required_lengths_types_and_enums_hold(fields: dict[str, Any], said: str) -> None:
    """botocore's own client sends most of these: the service has to refuse them."""
    found = mistakes_in("POST", CREATE, fields)
    assert said in found
    assert found.startswith("InvalidParameterException") == bool(said)


def test_nested_structures_numbers_and_queries_hold() -> None:
    """Rules count wherever the model has them."""
    chat = {"InstanceId": "i", "ContactFlowId": "f", "ParticipantDetails": {"DisplayName": "d"}}
    assert mistakes_in("PUT", "/contact/chat", chat) == ""
    found = mistakes_in(
        "PUT",
        "/contact/chat",
        {
            **chat,
            "ParticipantDetails": {},
            "ChatDurationInMinutes": 59,
            "Attributes": {"a": 1},
            "SupportedMessagingContentTypes": [1],
        },
    )
    for rule in (
        "ParticipantDetails.DisplayName: required",
        "ChatDurationInMinutes: expected at least 60",
        "Attributes.a: expected string",
        "SupportedMessagingContentTypes[0]: expected string",
    ):
        assert rule in found
    configs = "/instance/i/storage-configs"
    assert mistakes_in("GET", configs, query="resourceType=CHAT_TRANSCRIPTS&maxResults=10") == ""
    assert "MaxResults: expected at most 10" in mistakes_in(
        "GET", configs, query="resourceType=CHAT_TRANSCRIPTS&maxResults=11"
    )
    assert "MaxResults: expected integer" in mistakes_in(
        "GET", configs, query="resourceType=CHAT_TRANSCRIPTS&maxResults=ten"
    )


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 9000])
def test_a_body_that_is_no_object_is_invalid(body: bytes) -> None:
    """And never a stack trace."""
    with pytest.raises(ConnectError, match="not a JSON object"):
        model.read("POST", CREATE, "", body)


def test_an_answer_holds_what_the_model_knows() -> None:
    """A member of our own invention is a mistake of ours, and fails loudly; times are seconds."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    shaped = model.shaped(
        "DescribeContact", {"Contact": {"Id": "c", "InitiationTimestamp": moment, "CustomerId": None}}
    )
    assert json.loads(shaped) == {"Contact": {"Id": "c", "InitiationTimestamp": moment.timestamp()}}
    with pytest.raises(AssertionError, match="does not know"):
        model.shaped("DescribeContact", {"Contact": {"Customers": "c"}})
    with pytest.raises(AssertionError, match="expected one of"):
        model.shaped("DescribeContact", {"Contact": {"Channel": "PIGEON"}})
