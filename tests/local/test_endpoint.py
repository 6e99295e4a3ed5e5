"""The deployed endpoint, called as users call it: with boto3's own client for Amazon Connect."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.chats import Chats
from local.clients import Answer, endpoint_client
from tests.local.breaking import function_of
from tests.local.callers import Door
from tests.local.deployments import Deployed, lines_of, log_of

pytestmark = pytest.mark.usefixtures("without_quotas")


@pytest.fixture
def client(sound: Deployed) -> Any:
    """boto3's `connect` client, which makes one attempt, so that each answer is seen."""
    return endpoint_client(sound.cloud, sound.outputs["FirstUrl"])


def call(client: Any, sound: Deployed, contact: str, source: str, **more: Any) -> dict[str, Any]:
    """The operation, from the segment unless told otherwise."""
    fields = {"RehydrationType": "FROM_SEGMENT", "InstanceId": sound.cloud.instance_id, **more}
    answer: dict[str, Any] = client.create_persistent_contact_association(
        InitialContactId=contact, SourceContactId=source, **fields
    )
    return answer


def post(sound: Deployed, path: str, body: bytes, *, output: str = "FirstUrl") -> Answer:
    """A signed POST of any bytes to any path below the stage."""
    return Door(sound, output).send(path, body)


@pytest.mark.parametrize(
    ("rehydration_type", "source", "continued"), [("ENTIRE_PAST_SESSION", 0, 2), ("FROM_SEGMENT", 1, 1)]
)
def test_a_chat_continues_a_past_one(
    sound: Deployed, chats: Chats, client: Any, rehydration_type: str, source: int, continued: int
) -> None:
    """The main job: both rehydration types, on a session with a transfer and a survey."""
    past, contact = chats.past(), chats.start()
    answer = call(client, sound, contact, past[source], RehydrationType=rehydration_type)
    assert answer["ContinuedFromContactId"] == past[continued]
    (held,) = chats.associations_of(contact)
    assert held["SourceContactId"] == past[source]


def test_a_retry_gets_the_same_answer_and_makes_nothing_twice(sound: Deployed, chats: Chats, client: Any) -> None:
    """The SDK does not fill ClientToken in; the endpoint derives it, so a retry is safe."""
    (source, *_), contact = chats.past(), chats.start()
    first = call(client, sound, contact, source, ClientToken="my token")
    second = call(client, sound, contact, source, ClientToken="my token")
    assert first["ContinuedFromContactId"] == second["ContinuedFromContactId"]
    (held,) = chats.associations_of(contact)
    assert "my token" not in held["ClientToken"]
    assert len(held["ClientToken"]) == 64


def test_the_modelled_exceptions_arrive(sound: Deployed, chats: Chats, client: Any) -> None:
    """A boto3 user writes `except client.exceptions.…`, as against Amazon Connect itself."""
    past, contact = chats.past(), chats.start()
    with pytest.raises(client.exceptions.InvalidParameterException, match="RehydrationType"):
        call(client, sound, contact, past[0], RehydrationType="ALL")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        call(client, sound, contact, "no-such-contact")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        call(client, sound, contact, past[0], InstanceId="99999999-9999-4999-8999-999999999999")
    with pytest.raises(client.exceptions.InvalidRequestException):
        call(client, sound, contact, past[1], RehydrationType="ENTIRE_PAST_SESSION")
    sound.cloud.control("POST", "faults", {"operation": "CreatePersistentContactAssociation", "kind": "throttle"})
    with pytest.raises(client.exceptions.ThrottlingException) as throttled:
        call(client, sound, contact, past[0])
    headers = throttled.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["retry-after"], headers["x-amz-retry-after"]) == ("1", "1000")
    assert chats.associations_of(contact) == []


def test_a_retry_after_an_answer_that_was_lost_gets_the_same_answer(sound: Deployed, chats: Chats, client: Any) -> None:
    """Connect's connection is cut after the effect, each time: the caller tries again, and nothing is doubled."""
    past, contact = chats.past(), chats.start()
    sound.cloud.control("POST", "faults", {"operation": "CreatePersistentContactAssociation", "kind": "cut_after"})
    with pytest.raises(client.exceptions.InternalServiceException) as lost:
        call(client, sound, contact, past[0], RehydrationType="ENTIRE_PAST_SESSION")
    assert lost.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    sound.cloud.control("DELETE", "faults")
    again = call(client, sound, contact, past[0], RehydrationType="ENTIRE_PAST_SESSION")
    assert again["ContinuedFromContactId"] == past[2]
    assert len(chats.associations_of(contact)) == 1


def test_an_unknown_path_or_method_is_refused_in_the_wire_shape(sound: Deployed) -> None:
    """Also what the gateway refuses by itself carries __type and both spellings of the text."""
    status, _, body = post(sound, "/elsewhere", b"{}")
    answer = json.loads(body)
    assert (status, answer["__type"]) == (403, "AccessDeniedException")
    assert answer["Message"] == answer["message"]


def test_a_caller_without_permission_and_one_with(sound: Deployed, chats: Chats) -> None:
    """No policy: refused. execute-api:Invoke on the method: answered. A wrong secret: refused."""
    iam, cloud = sound.cloud.client("iam"), sound.cloud
    iam.create_user(UserName="caller")
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    past, contact = chats.past(), chats.start()
    url = sound.outputs["FirstUrl"]
    caller = endpoint_client(cloud, url, key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError) as refused:
        call(caller, sound, contact, past[1])
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    api = url.partition("//")[2].partition(".")[0]
    method = f"arn:aws:execute-api:{cloud.region}:{cloud.account}:{api}/v1/POST/contact/*"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": method}
    iam.put_user_policy(
        UserName="caller",
        PolicyName="call",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    assert call(caller, sound, contact, past[1])["ContinuedFromContactId"] == past[1]
    liar = endpoint_client(cloud, url, key["AccessKeyId"], "wrong")
    with pytest.raises(ClientError) as refused:
        call(liar, sound, contact, past[1])
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_more_calls_than_the_throttle_get_429_in_the_wire_shape(sound: Deployed) -> None:
    """The method throttle is the first gate; its refusal says when to try again."""
    path = "/contact/persistent-contact-association/i/c"
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: post(sound, path, b"{}", output="SecondUrl"), range(30)))
    throttled = [answer for answer in answers if answer[0] == 429]
    assert throttled
    _, headers, body = throttled[0]
    assert json.loads(body)["__type"] == "ThrottlingException"
    assert headers["Retry-After"] == "1"


HOSTILE_PATHS = [
    "/contact/persistent-contact-association/{i}/%2e%2e%2f",
    "/contact/persistent-contact-association/{i}/%00",
    "/contact/persistent-contact-association/{i}/%E2%82%AC",
    "/contact/persistent-contact-association/{i}/arn%3Aaws%3Aconnect",
    "/contact/persistent-contact-association/{i}/" + "x" * 257,
    "/contact/persistent-contact-association/%20/c",
    "/contact/persistent-contact-association/" + "i" * 101 + "/c",
]


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_a_hostile_path_gets_400_naming_the_field(sound: Deployed, path: str) -> None:
    """Whatever the gateway decodes or leaves encoded, the function refuses what is no id."""
    status, headers, body = post(
        sound,
        path.format(i=sound.cloud.instance_id),
        b'{"RehydrationType":"FROM_SEGMENT","SourceContactId":"s"}',
    )
    answer = json.loads(body)
    assert (status, answer["__type"]) == (400, "InvalidParameterException")
    assert headers["x-amzn-ErrorType"] == "InvalidParameterException"
    assert "InstanceId" in answer["message"] or "InitialContactId" in answer["message"]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_no_bytes_at_all_make_the_deployed_endpoint_fail(sound: Deployed, body: bytes) -> None:
    """Bad input never gets a 5xx; ten thousand cases are tried on the handler itself (`make prove`)."""
    status, _, answer = post(sound, f"/contact/persistent-contact-association/{sound.cloud.instance_id}/c", body)
    assert (status, json.loads(answer)["__type"]) == (400, "InvalidParameterException")


def test_the_function_logs_ids_and_no_secret(sound: Deployed, chats: Chats, client: Any) -> None:
    """One JSON line a request, from an allow-list."""
    past, contact = chats.past(), chats.start()
    call(client, sound, contact, past[1], ClientToken="s3cret-token")
    function = sound.physical_id("AWS::Lambda::Function", "FirstFunction")
    (line,) = (line for line in lines_of(sound.cloud, function) if line.get("initialContactId") == contact)
    assert line["sourceContactId"] == past[1]
    assert "s3cret-token" not in log_of(sound.cloud, function)


def test_no_caller_chooses_the_id_by_which_a_request_is_found(sound: Deployed, chats: Chats) -> None:
    """With the id of somebody else's request in the log, who called could not be told any more."""
    door, chosen = Door(sound, "FirstUrl"), "11111111-2222-4333-8444-555555555555"
    headers = {"X-Amzn-RequestId": chosen, "x-amz-apigw-id": chosen, "X-Amz-Request-Id": chosen}
    answer = door.ask(chats.start(), "33333333-3333-4333-8333-333333333333", headers=headers)
    assert answer.status == 404
    found = [line for line in lines_of(sound.cloud, function_of(sound)) if line.get("status") == 404]
    ids = {line["requestId"] for line in found}
    assert answer.headers["x-amzn-RequestId"] in ids
    assert chosen not in ids
