"""What whoever looks a deployment over asks of the local cloud: a function's log, a rule, an index, who may invoke."""

import base64
import io
import json
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import Cloud

FUNCTION = """
def handler(event, context):
    print("x" * 6000)
    print("the end of it")
    if event.get("crash"):
        raise ValueError("boom")
"""
PATTERN = {"source": ["aws.connect"], "detail-type": ["A"], "detail": {"eventType": ["COMPLETED"]}}
EVENT = {
    "id": "1",
    "account": "123456789012",
    "source": "aws.connect",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail-type": "A",
    "detail": {"eventType": "COMPLETED"},
}


def refusal(call: Callable[..., Any], **fields: Any) -> tuple[int, str]:
    """Status and type of what a call is refused with."""
    with pytest.raises(ClientError) as refused:
        call(**fields)
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@pytest.fixture(scope="module")
def function(cloud: Cloud) -> str:
    """A function's name."""
    name, code = f"evidence-{uuid.uuid4()}", io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", FUNCTION)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    cloud.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.14",
        Handler="index.handler",
        Timeout=60,
        Role=role["Role"]["Arn"],
        Code={"ZipFile": code.getvalue()},
    )
    return name


def test_an_invocation_returns_the_end_of_its_log(cloud: Cloud, function: str) -> None:
    """4 KB at most, in base64, only if asked for; a crash's place among it."""
    invoke = cloud.client("lambda").invoke
    tail = base64.b64decode(invoke(FunctionName=function, LogType="Tail", Payload=b"{}")["LogResult"])
    assert len(tail) == 4096
    assert b"the end of it" in tail
    crashed = invoke(FunctionName=function, LogType="Tail", Payload=b'{"crash": true}')
    assert crashed["FunctionError"] == "Unhandled"
    assert b"ValueError: boom" in base64.b64decode(crashed["LogResult"])
    assert "LogResult" not in invoke(FunctionName=function, Payload=b"{}")


@pytest.mark.parametrize(("level", "told"), [("INFO", True), ("FATAL", False)])
def test_a_log_holds_what_its_level_lets_through(cloud: Cloud, function: str, level: str, told: bool) -> None:
    """The CDK's Provider framework is at FATAL. What it prints would fill the screen behind a failed deployment."""
    group, client = f"/levels/{uuid.uuid4()}", cloud.client("lambda")
    role = client.get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
    allowed = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    cloud.client("iam").put_role_policy(
        RoleName=role, PolicyName="Log", PolicyDocument=json.dumps({"Statement": [allowed]})
    )
    kept = {"LogFormat": "JSON", "ApplicationLogLevel": level, "LogGroup": group}
    client.update_function_configuration(FunctionName=function, LoggingConfig=kept)
    client.invoke(FunctionName=function, Payload=b"{}")
    events = cloud.client("logs").filter_log_events(logGroupName=group)["events"]
    assert any("RequestId" in event["message"] for event in events)
    assert any("the end of it" in event["message"] for event in events) == told


def test_a_functions_policy_tells_who_may_invoke_it(cloud: Cloud, function: str) -> None:
    """A function without one has none, rather than an empty one."""
    functions, source = cloud.client("lambda"), "arn:aws:events:us-east-1:123456789012:rule/r"
    assert refusal(functions.get_policy, FunctionName=function) == (404, "ResourceNotFoundException")
    functions.add_permission(
        FunctionName=function,
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=source,
    )
    (statement,) = json.loads(functions.get_policy(FunctionName=function)["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": source}}
    assert refusal(functions.get_policy, FunctionName="none") == (404, "ResourceNotFoundException")


def test_a_rule_tells_its_state_its_pattern_and_its_targets(cloud: Cloud) -> None:
    """A rule that is gone is told apart from one without targets."""
    events, name = cloud.client("events"), f"evidence-{uuid.uuid4()}"
    arn = events.put_rule(Name=name, EventPattern=json.dumps(PATTERN))["RuleArn"]
    described = events.describe_rule(Name=name)
    assert (described["Arn"], described["State"], json.loads(described["EventPattern"])) == (arn, "ENABLED", PATTERN)
    assert events.list_targets_by_rule(Rule=name)["Targets"] == []
    target = {"Id": "1", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f"}
    events.put_targets(Rule=name, Targets=[target])
    assert events.list_targets_by_rule(Rule=name)["Targets"] == [target]
    events.disable_rule(Name=name)
    assert events.describe_rule(Name=name)["State"] == "DISABLED"
    assert refusal(events.describe_rule, Name="none") == (400, "ResourceNotFoundException")
    assert refusal(events.list_targets_by_rule, Rule="none") == (400, "ResourceNotFoundException")


def test_a_pattern_is_tried_on_an_event(cloud: Cloud) -> None:
    """It matches or not; half an event and half a pattern are refused."""
    events, pattern = cloud.client("events"), json.dumps(PATTERN)
    assert events.test_event_pattern(EventPattern=pattern, Event=json.dumps(EVENT))["Result"] is True
    other = {**EVENT, "detail": {"eventType": "INITIATED"}}
    assert events.test_event_pattern(EventPattern=pattern, Event=json.dumps(other))["Result"] is False
    half = json.dumps({name: value for name, value in EVENT.items() if name != "account"})
    assert refusal(events.test_event_pattern, EventPattern=pattern, Event=half) == (400, "ValidationException")
    broken = refusal(events.test_event_pattern, EventPattern='{"source": "x"}', Event=json.dumps(EVENT))
    assert broken == (400, "InvalidEventPatternException")


def test_a_table_tells_its_index(cloud: Cloud) -> None:
    """With its keys and what it projects."""
    dynamodb, name = cloud.client("dynamodb"), f"evidence-{uuid.uuid4()}"
    keys = [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}]
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["z"]}
    dynamodb.create_table(
        TableName=name,
        KeySchema=[keys[0], {"AttributeName": "b", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in "abc"],
        BillingMode="PAY_PER_REQUEST",
        LocalSecondaryIndexes=[{"IndexName": "index", "KeySchema": keys, "Projection": projection}],
    )
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["TableStatus"] == "ACTIVE"
    (index,) = table["LocalSecondaryIndexes"]
    assert (index["IndexName"], index["KeySchema"], index["Projection"]) == ("index", keys, projection)
    assert refusal(dynamodb.describe_table, TableName="none") == (400, "ResourceNotFoundException")
