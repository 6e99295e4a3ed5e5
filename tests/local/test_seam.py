"""What the local cloud relies on in MiniStack: a new version keeps it, or this says what it does not."""

import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ResponseStreamingError

from local.chats import Chats
from local.cloud import Cloud, CloudError
from local.connect.instances import FLOW_ID

ROOT = Path(__file__).resolve().parents[2]
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def without_faults(cloud: Cloud) -> Iterator[Cloud]:
    """The cloud, whose faults end with the test."""
    yield cloud
    cloud.control("DELETE", "faults")


def user(cloud: Cloud, name: str, *statements: dict[str, Any]) -> tuple[str, str]:
    """An IAM user's key, with these permissions."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    """Status and type."""
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_boto3_reaches_every_operation(cloud: Cloud) -> None:
    """botocore sends what the local Connect reads, and reads what it answers."""
    connect, instance = cloud.client("connect"), cloud.instance_id
    assert [one["Id"] for one in connect.list_instances()["InstanceSummaryList"]][:1] == [instance]
    assert connect.describe_instance(InstanceId=instance)["Instance"]["InstanceStatus"] == "ACTIVE"
    storage = connect.list_instance_storage_configs(InstanceId=instance, ResourceType="CHAT_TRANSCRIPTS")
    assert len(storage["StorageConfigs"]) == 1
    attribute = connect.describe_instance_attribute(InstanceId=instance, AttributeType="CONTACT_LENS")
    assert attribute["Attribute"]["AttributeType"] == "CONTACT_LENS"
    started = connect.start_chat_contact(
        InstanceId=instance,
        ContactFlowId=FLOW_ID,
        ParticipantDetails={"DisplayName": "Customer"},
        CustomerId="c",
        Attributes={"a": "1"},
    )
    flow = connect.describe_contact_flow(InstanceId=instance, ContactFlowId=FLOW_ID)["ContactFlow"]
    assert (flow["Id"], flow["Type"], flow["Status"]) == (FLOW_ID, "CONTACT_FLOW", "PUBLISHED")
    contact = {"InstanceId": instance, "ContactId": started["ContactId"]}
    initial = {"InstanceId": instance, "InitialContactId": started["ContactId"]}
    connect.update_contact_attributes(**initial, Attributes={"b": "2"})
    assert connect.get_contact_attributes(**initial)["Attributes"] == {"a": "1", "b": "2"}
    assert connect.list_associated_contacts(**contact)["ContactSummaryList"][0]["ContactId"] == started["ContactId"]
    connect.stop_contact(**contact)
    described = connect.describe_contact(**contact)["Contact"]
    assert described["DisconnectTimestamp"] >= described["InitiationTimestamp"]
    new = cloud.control("POST", "contacts", {"Channel": "CHAT"})["ContactId"]
    answer = connect.create_persistent_contact_association(
        InstanceId=instance,
        InitialContactId=new,
        RehydrationType="ENTIRE_PAST_SESSION",
        SourceContactId=started["ContactId"],
    )
    assert answer["ContinuedFromContactId"] == started["ContactId"]


def test_errors_arrive_as_the_modelled_exceptions(cloud: Cloud) -> None:
    """Also what botocore lets through: a wrong enum value is refused by the service."""
    connect = cloud.client("connect")
    with pytest.raises(connect.exceptions.ResourceNotFoundException):
        connect.describe_contact(InstanceId=cloud.instance_id, ContactId="none")
    flow = {"InstanceId": cloud.instance_id, "ContactFlowId": Chats(cloud).flow(Status="SAVED")}
    with pytest.raises(connect.exceptions.ContactFlowNotPublishedException):
        connect.describe_contact_flow(**flow)
    with pytest.raises(connect.exceptions.InvalidParameterException, match="RehydrationType"):
        connect.create_persistent_contact_association(
            InstanceId=cloud.instance_id,
            InitialContactId="a b",
            RehydrationType="ALL",
            SourceContactId="s",
        )


def test_iam_decides(cloud: Cloud) -> None:
    """No policy, one of two resources, a wrong secret: refused, in AWS's words. Both resources: allowed."""
    arn = f"arn:aws:connect:{cloud.region}:{cloud.account}:instance/{cloud.instance_id}"
    action = "connect:CreatePersistentContactAssociation"

    def attempt(key: tuple[str, str]) -> None:
        cloud.client("connect", *key, config=ONCE).create_persistent_contact_association(
            InstanceId=cloud.instance_id,
            InitialContactId="none",
            RehydrationType="FROM_SEGMENT",
            SourceContactId="none",
        )

    with pytest.raises(ClientError, match=f"is not authorized to perform: {action} on resource: {arn} b") as refused:
        attempt(user(cloud, "nobody"))
    assert code_of(refused) == (403, "AccessDeniedException")
    half = {"Effect": "Allow", "Action": action, "Resource": arn}
    with pytest.raises(ClientError, match=r"on resource: .*/contact/none because") as refused:
        attempt(user(cloud, "half", half))
    both = {**half, "Resource": [arn, f"{arn}/contact/*"]}
    allowed = user(cloud, "both", both)
    with pytest.raises(ClientError) as refused:
        attempt(allowed)
    assert code_of(refused) == (404, "ResourceNotFoundException")
    with pytest.raises(ClientError) as refused:
        attempt((allowed[0], "wrong"))
    assert code_of(refused)[0] == 403


def test_a_start_needs_its_permission_on_the_flow_and_on_contacts(cloud: Cloud) -> None:
    """Either alone is refused; both, and the call that the API excludes shows it without a chat."""
    arn = f"arn:aws:connect:{cloud.region}:{cloud.account}:instance/{cloud.instance_id}"
    resources = [f"{arn}/contact-flow/{FLOW_ID}", f"{arn}/contact/*"]
    allow = {"Effect": "Allow", "Action": "connect:StartChatContact"}
    said = []
    for name, given in (("flow", resources[:1]), ("contacts", resources[1:]), ("both", resources)):
        key = user(cloud, f"starts-by-{name}", {**allow, "Resource": given})
        with pytest.raises(ClientError) as refused:
            cloud.client("connect", *key, config=ONCE).start_chat_contact(
                InstanceId=cloud.instance_id,
                ContactFlowId=FLOW_ID,
                ParticipantDetails={"DisplayName": "d"},
                PersistentChat={"RehydrationType": "FROM_SEGMENT", "SourceContactId": "none"},
                RelatedContactId="none",
            )
        said.append(code_of(refused))
    assert said == [(403, "AccessDeniedException"), (403, "AccessDeniedException"), (400, "InvalidRequestException")]


def test_both_limits_of_a_start_arrive_as_429(cloud: Cloud) -> None:
    """By their names a client tells them apart; the rate's is not in the service's model."""
    fields = {"InstanceId": cloud.instance_id, "ContactFlowId": FLOW_ID, "ParticipantDetails": {"DisplayName": "d"}}
    connect, chats = cloud.client("connect", config=ONCE), Chats(cloud)
    chats.limit(0)
    try:
        with pytest.raises(connect.exceptions.LimitExceededException) as limited:
            connect.start_chat_contact(**fields)
    finally:
        chats.limit()
    cloud.control("POST", "faults", {"operation": "StartChatContact", "kind": "throttle", "times": 1})
    with pytest.raises(ClientError) as throttled:
        connect.start_chat_contact(**fields)
    assert (code_of(limited)[0], *code_of(throttled)) == (429, 429, "TooManyRequestsException")


def test_connections_are_cut_before_and_after_the_effect(without_faults: Cloud) -> None:
    """Nothing comes back, or half of it, and the next call on a new connection is answered."""
    cloud = without_faults
    connect = cloud.client("connect", config=ONCE)
    for kind, started in (("cut_before", 0), ("cut_after", 1), ("cut_half", 1)):
        cloud.control("POST", "faults", {"operation": "StartChatContact", "kind": kind, "times": 1})
        before = cloud.control("GET", "calls").get("StartChatContact", {}).get("cut", 0)
        with pytest.raises((ConnectionClosedError, ResponseStreamingError)):
            connect.start_chat_contact(
                InstanceId=cloud.instance_id,
                ContactFlowId=FLOW_ID,
                ParticipantDetails={"DisplayName": "d"},
                CustomerId="c",
                ClientToken=f"{kind}-token",
            )
        assert cloud.control("GET", "calls")["StartChatContact"]["cut"] == before + 1
        # The same token with other fields is refused only if the first call took effect.
        again = {"InstanceId": cloud.instance_id, "ContactFlowId": FLOW_ID, "ClientToken": f"{kind}-token"}
        if started:
            with pytest.raises(connect.exceptions.InvalidRequestException):
                connect.start_chat_contact(**again, ParticipantDetails={"DisplayName": "d"})
        else:
            connect.start_chat_contact(**again, ParticipantDetails={"DisplayName": "d"})


def test_the_control_path_answers_only_on_this_machine_and_says_what_is_wrong(cloud: Cloud) -> None:
    """Unsigned, so it must not be reachable from elsewhere."""
    with pytest.raises(CloudError, match="advance: missing"):
        cloud.control("POST", "clock", {})
    parts = urlsplit(cloud.url)
    assert parts.hostname == "127.0.0.1"
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", "/_connect/calls")
    answer = connection.getresponse()
    assert answer.status == 200
    connection.close()
    # A second loopback address stands for another machine's.
    with socket.socket() as elsewhere, pytest.raises(OSError, match="refused"):
        elsewhere.connect(("127.0.0.2", parts.port or 0))


def start(*arguments: str, **options: Any) -> "subprocess.Popen[str]":
    """`python -m local`."""
    return subprocess.Popen(
        [sys.executable, "-m", "local", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, None], ids=["Ctrl-C", "SIGTERM", "parent gone"])
def test_a_stop_leaves_nothing(how: signal.Signals | None, tmp_path: Path) -> None:
    """No function, no file, soon; also when whoever started it is gone."""
    arguments = ["--port", "0"] + (["--until-stdin-closes"] if how is None else [])
    with start(*arguments, stdin=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        url = process.stdout.readline().split("at ")[1].split()[0]
        function = _pid_of_a_function(url)
        os.kill(function, 0)
        began = time.monotonic()
        if how is None:
            process.stdin.close()
        else:
            process.send_signal(how)
        assert process.wait(60) == 0
        # It does not wait for open work. MiniStack would wait 10 s.
        assert time.monotonic() - began < 9
    with pytest.raises(ProcessLookupError):
        os.kill(function, 0)
    assert list(tmp_path.iterdir()) == []


def _pid_of_a_function(url: str) -> int:
    """Make a function, run it, and have it tell its process."""
    told: int = told_by_a_function(Cloud.at(urlsplit(url).port or 0), "os.getpid()")
    return told


def told_by_a_function(cloud: Cloud, expression: str) -> Any:
    """Make a function that evaluates this, and run it."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", f"import os, sys\n\ndef handler(event, context):\n    return {expression}\n")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    name = f"told-{uuid.uuid4()}"
    role = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.14",
        Handler="index.handler",
        Timeout=60,
        Role=role["Role"]["Arn"],
        Code={"ZipFile": code.getvalue()},
    )
    return json.loads(functions.invoke(FunctionName=name)["Payload"].read())


def test_functions_import_nothing_of_the_clouds_and_run_behind_it(cloud: Cloud) -> None:
    """Hundreds that start at once, on two processors, keep the cloud from answering them otherwise."""
    imported, priority = told_by_a_function(cloud, "['botocore' in sys.modules, os.nice(0)]")
    assert (imported, priority) == (False, min(os.nice(0) + 10, 19))


def test_functions_read_no_settings_of_the_user(cloud: Cloud) -> None:
    """A profile can say `ignore_configured_endpoint_urls`, and then boto3 calls AWS."""
    files = "[os.environ[f'AWS_{name}_FILE'] for name in ('CONFIG', 'SHARED_CREDENTIALS')]"
    assert told_by_a_function(cloud, files) == [os.devnull, os.devnull]


def test_a_busy_port_is_one_sentence(cloud: Cloud) -> None:
    """No stack trace, and what to do."""
    port = str(urlsplit(cloud.url).port)
    with start("--port", port) as process:
        printed, said = process.communicate(timeout=30)
    assert (process.returncode, printed) == (1, "")
    assert said.startswith(f"Error: the local cloud cannot listen on 127.0.0.1:{port}: ")
    assert said.count("\n") == 1


def test_a_port_that_is_none_is_one_sentence() -> None:
    """Python's own words for it have a full stop already."""
    with start("--port", "99999") as process:
        printed, said = process.communicate(timeout=30)
    assert (process.returncode, printed) == (1, "")
    assert re.fullmatch(r"Error: .* on 127\.0\.0\.1:99999: .*0-65535\. Stop .*\.\n", said), said


def test_a_port_where_nothing_answers_is_told_with_what_to_do() -> None:
    """`make deploy` without `make cloud`."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(CloudError, match="make cloud CLOUD_PORT="):
            Cloud.at(unused.getsockname()[1])
