"""Callers of a deployed endpoint: what they send is signed as API Gateway wants it, and every answer is one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.credentials import Credentials

from local.clients import Answer, endpoint_client, send
from local.cloud import Cloud
from tests.unit.local.web import Web, web


@pytest.fixture
def answering() -> Iterator[tuple[Cloud, Web]]:
    """A cloud, played by a web server."""
    with web() as server:
        cloud = Cloud()
        cloud.url = server.url
        yield cloud, server


URL = "https://a1.execute-api.us-east-1.amazonaws.com/v1/contact/persistent-contact-association/i/"
FIELDS = {"InstanceId": "i", "InitialContactId": "c", "RehydrationType": "FROM_SEGMENT", "SourceContactId": "s"}


def test_boto3s_own_client_reaches_the_endpoint_at_its_stage(answering: tuple[Cloud, Web]) -> None:
    """Nothing but the address and the name of the service that is signed for differs from Amazon Connect."""
    cloud, server = answering
    server.body = b'{"ContinuedFromContactId": "s"}'
    answer = endpoint_client(cloud, URL).create_persistent_contact_association(**FIELDS)
    assert answer["ContinuedFromContactId"] == "s"
    (asked,) = server.asked
    assert asked.method == "POST"
    assert asked.target == "/_aws/execute-api/a1/v1/contact/persistent-contact-association/i/c"
    scope = re.search(r"Credential=(\S+?)/\d{8}/(\S+?)/(\S+?)/aws4_request", asked.headers["Authorization"])
    assert scope is not None
    assert scope.groups() == (cloud.account, cloud.region, "execute-api")


@pytest.mark.parametrize(("attempts", "sent"), [(1, 1), (2, 2)])
def test_it_tries_as_often_as_it_is_told(answering: tuple[Cloud, Web], attempts: int, sent: int) -> None:
    """With one attempt a test sees each of the endpoint's answers."""
    cloud, server = answering
    server.status, server.body = 503, b'{"__type": "InternalServiceException", "Message": "m", "message": "m"}'
    client = endpoint_client(cloud, URL, attempts=attempts)
    with pytest.raises(client.exceptions.ClientError, match="InternalServiceException"):
        client.create_persistent_contact_association(**FIELDS)
    assert len(server.asked) == sent


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500, 503])
def test_a_refusal_is_an_answer_as_well(answering: tuple[Cloud, Web], status: int) -> None:
    """An attack that is refused looks at the whole of what it got."""
    cloud, server = answering
    server.status, server.body = status, b'{"message": "m"}'
    answer = send(cloud, f"{server.url}/path", b"any\xff")
    assert (answer.status, answer.body, answer.document) == (status, b'{"message": "m"}', {"message": "m"})
    assert answer.headers["Content-Length"] == "16"


def test_any_bytes_are_sent_as_they_are_and_signed(answering: tuple[Cloud, Web]) -> None:
    """By whomever it is said; headers of the test's own go beside, and in place of, the usual ones."""
    cloud, server = answering
    send(cloud, f"{server.url}/p?q=1", b"\x00\xff", method="PUT", headers={"Content-Type": "text/plain", "X-Odd": "1"})
    send(cloud, f"{server.url}/p", b"", credentials=Credentials("SOMEBODY", "secret"))
    first, second = server.asked
    assert (first.method, first.target, first.body) == ("PUT", "/p?q=1", b"\x00\xff")
    assert (first.headers["Content-Type"], first.headers["X-Odd"]) == ("text/plain", "1")
    assert f"Credential={cloud.account}/" in first.headers["Authorization"]
    assert "Credential=SOMEBODY/" in second.headers["Authorization"]
    assert "/execute-api/aws4_request" in second.headers["Authorization"]


def test_a_token_goes_instead_of_a_signature(answering: tuple[Cloud, Web]) -> None:
    """As a page sends it; an empty one is sent as well."""
    cloud, server = answering
    send(cloud, server.url, b"{}", token="some.id.token")
    send(cloud, server.url, b"{}", token="")
    assert [asked.headers["Authorization"] for asked in server.asked] == ["some.id.token", ""]
    assert "X-Amz-Date" not in server.asked[0].headers


@pytest.mark.parametrize("body", [b"[]", b"7", b"null"])
def test_an_answer_that_is_no_object_fails_loudly(body: bytes) -> None:
    """Each of the endpoint's answers is one."""
    answer: Any = Answer(200, {}, body)
    with pytest.raises(AssertionError):
        _ = answer.document
