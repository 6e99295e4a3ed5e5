"""ChatHistory: what it makes, what it refuses, and how endpoints share it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from connect_persistent_chat import Authorization, ChatHistory, ConfigurationError, ConnectInstance, CustomerIdentity
from shared import probes, schema
from tests.synth.apps import HERE, INSTANCE_ID, Synthesized, endpoint, history, stack

BY_KEY = CustomerIdentity.attribute("key")
TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Chats"


@pytest.fixture(scope="module")
def kept() -> Synthesized:
    """A history with its endpoint, all defaults."""
    here = stack("Kept", env=HERE)
    endpoint(here, history=history(here))
    return Synthesized(here)


def variables_of(made: Synthesized, function: str) -> dict[str, Any]:
    """A function's environment."""
    variables: dict[str, Any] = made.named("AWS::Lambda::Function", function)["Environment"]["Variables"]
    return variables


def test_the_table_is_kept_encrypted_and_forgets(kept: Synthesized) -> None:
    """On demand, encrypted, restorable, with an end for each item; the table outlives its stack, and no failed
    deployment leaves one behind."""
    (resource,) = kept.all("AWS::DynamoDB::Table").values()
    table = resource["Properties"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert "TableName" not in table


def test_the_look_ups_index_is_a_local_one_with_all_that_it_reads(kept: Synthesized) -> None:
    """A global index has no consistent read."""
    table = kept.only("AWS::DynamoDB::Table")
    assert "GlobalSecondaryIndexes" not in table
    (index,) = table["LocalSecondaryIndexes"]
    assert [key["AttributeName"] for key in index["KeySchema"]] == [schema.CUSTOMER, schema.UNTIL]
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(schema.INDEXED)}
    assert [key["AttributeName"] for key in table["KeySchema"]] == [schema.CUSTOMER, schema.SESSION]


def test_the_rule_takes_source_and_detail_types_only(kept: Synthesized) -> None:
    """The keys of an event come in two spellings: a pattern on them would lose half of the events."""
    rule = kept.only("AWS::Events::Rule")
    assert rule["EventPattern"] == {
        "source": ["aws.connect"],
        "detail-type": ["Amazon Connect Contact Event", "Connect Customer Contact Event"],
    }
    (target,) = rule["Targets"]
    (queue,) = kept.all("AWS::SQS::Queue")
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": [queue, "Arn"]}


def test_only_this_rule_may_put_events_into_the_queue(kept: Synthesized) -> None:
    """Without the first statement EventBridge would lose what it cannot deliver; the second refuses plain HTTP."""
    (rule,), (queue,) = kept.all("AWS::Events::Rule"), kept.all("AWS::SQS::Queue")
    policy = kept.only("AWS::SQS::QueuePolicy")
    assert policy["Queues"] == [{"Ref": queue}]
    (allowed,) = (one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow")
    assert (allowed["Action"], allowed["Principal"]) == ("sqs:SendMessage", {"Service": "events.amazonaws.com"})
    assert allowed["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule, "Arn"]}}}
    (denied,) = (one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Deny")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_recorder_may_be_kept_from_taking_all_of_lambda() -> None:
    """While Connect or DynamoDB is out of reach, each event holds an execution for a while."""
    here = stack(env=HERE)
    history(here, reserved_concurrent_executions=20)
    recorder = Synthesized(here).named("AWS::Lambda::Function", "HistoryRecorder")
    assert recorder["ReservedConcurrentExecutions"] == 20
    with pytest.raises(ConfigurationError, match="reserved_concurrent_executions: got 0, expected at least 1"):
        history(stack(), reserved_concurrent_executions=0)


def test_what_cannot_be_recorded_is_kept_and_rings(kept: Synthesized) -> None:
    """14 days, the longest there is, encrypted, and an alarm on the first."""
    (queue,) = kept.all("AWS::SQS::Queue")
    function = kept.named("AWS::Lambda::Function", "HistoryRecorder")
    assert function["DeadLetterConfig"] == {"TargetArn": {"Fn::GetAtt": [queue, "Arn"]}}
    assert kept.only("AWS::SQS::Queue") == {"MessageRetentionPeriod": 14 * 86_400, "SqsManagedSseEnabled": True}
    alarm = kept.only("AWS::CloudWatch::Alarm")
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 1)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert "AlarmActions" not in alarm


def test_the_recorder_is_as_the_other_function(kept: Synthesized) -> None:
    """And it is told what it has to know, and no more."""
    function = kept.named("AWS::Lambda::Function", "HistoryRecorder")
    assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
    (table,) = kept.all("AWS::DynamoDB::Table")
    assert variables_of(kept, "HistoryRecorder") == {
        "CONNECT_INSTANCE_ID": INSTANCE_ID,
        "CUSTOMER_IDENTITY": "customer_id",
        "CONNECT_ENDPOINT_URL": {"Fn::Join": ["", ["https://connect.us-east-1.", {"Ref": "AWS::URLSuffix"}]]},
        "HISTORY_TABLE": {"Ref": table},
        "HISTORY_ENDPOINT_URL": {"Fn::Join": ["", ["https://dynamodb.us-east-1.", {"Ref": "AWS::URLSuffix"}]]},
        "RETENTION_SECONDS": str(730 * 86_400),
        "RES_OPTIONS": "timeout:1 attempts:2",
    }


def test_the_recorders_role_may_do_what_it_does_and_nothing_else(kept: Synthesized) -> None:
    """It reads and writes single items, and never lists, searches or deletes any."""
    allowed = kept.allowed("HistoryRole")
    assert set(allowed) == {
        "connect:DescribeContact",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
    (table,) = kept.all("AWS::DynamoDB::Table")
    assert allowed["dynamodb:GetItem"] == allowed["dynamodb:PutItem"] == {"Fn::GetAtt": [table, "Arn"]}
    assert f"instance/{INSTANCE_ID}/contact/*" in json.dumps(allowed["connect:DescribeContact"])
    assert "ManagedPolicyArns" not in kept.named("AWS::IAM::Role", "HistoryRole")


def test_an_endpoint_with_a_history_may_read_what_it_looks_up_and_nothing_else(kept: Synthesized) -> None:
    """One query of one index is what a look-up is, and one row by its key where a session's segments decide."""
    allowed = kept.allowed("EndpointRole")
    assert {action for action in allowed if action.startswith("dynamodb:")} == {"dynamodb:GetItem", "dynamodb:Query"}
    assert json.dumps(allowed["dynamodb:Query"]).count("/index/ByEnd") == 1
    (table,) = kept.all("AWS::DynamoDB::Table")
    assert allowed["dynamodb:GetItem"] == {"Fn::GetAtt": [table, "Arn"]}
    variables = variables_of(kept, "EndpointFunction")
    assert variables["EVENT_DELAY_SECONDS"] == "3"
    assert set(variables) - set(variables_of(kept, "HistoryRecorder")) == {
        "EVENT_DELAY_SECONDS",
        "AUTHORIZATION",
        "DEADLINE_SECONDS",
        "TRANSCRIPT_DELAY_SECONDS",
    }


def test_with_a_history_the_model_lets_the_fields_be_left_out(kept: Synthesized, default: Synthesized) -> None:
    """And takes nothing that it did not take before."""
    schema, before = (made.only("AWS::ApiGateway::Model")["Schema"] for made in (kept, default))
    assert {**schema, "required": ["RehydrationType", "SourceContactId"]} == before
    assert "required" not in schema
    said = [
        next(iter(response["Properties"]["ResponseTemplates"].values()))
        for key, response in kept.all("AWS::ApiGateway::GatewayResponse").items()
        if "BadRequestBody" in key
    ]
    assert "left out for the customer's latest chat" in said[0]
    assert "required" not in said[0]


def test_a_deployment_proves_the_recorder_as_well(kept: Synthesized) -> None:
    """Each of its permissions, by itself; its proof has no address."""
    proofs = kept.all("Custom::PersistentChatProof")
    (recorder,) = (one["Properties"] for key, one in proofs.items() if "History" in key)
    (of_endpoint,) = (one["Properties"] for key, one in proofs.items() if "History" not in key)
    assert recorder["Actions"] == ["connect:DescribeContact", "dynamodb:GetItem", "dynamodb:PutItem"]
    assert "Url" not in recorder
    assert of_endpoint["Actions"] == [
        probes.CREATE_ASSOCIATION,
        probes.DESCRIBE_CONTACT,
        "dynamodb:Query",
        "dynamodb:GetItem",
    ]


def test_the_recorders_proof_comes_after_the_rule(kept: Synthesized) -> None:
    """A rule that cannot be made must not leave a history that was proved."""
    (proof,) = (one for key, one in kept.all("Custom::PersistentChatProof").items() if "History" in key)
    for kind in ("AWS::Events::Rule", "AWS::IAM::Policy"):
        assert [key for key in kept.all(kind) if key.startswith("History") and key in proof["DependsOn"]], kind


@pytest.mark.parametrize(
    "change",
    [{"retention": Duration.days(31)}, {"customer_identity": BY_KEY}],
    ids=["retention", "identity"],
)
def test_what_changes_the_recorder_changes_its_proof(change: dict[str, Any]) -> None:
    """CloudFormation asks for a new proof only if a property changes."""

    def proof_of(**properties: Any) -> str:
        here = stack(env=HERE)
        history(here, **properties)
        return json.dumps(Synthesized(here).only("Custom::PersistentChatProof"), sort_keys=True)

    assert proof_of() == proof_of()
    assert proof_of(**change) != proof_of()


def test_the_properties_reach_the_template() -> None:
    """A property that is accepted and forgotten is worse than none."""
    here = stack(env=HERE)
    made = history(
        here,
        customer_identity=BY_KEY,
        retention=Duration.days(31),
        event_delay=Duration.seconds(9),
        topic=sns.Topic(here, "Topic"),
        removal_policy=RemovalPolicy.DESTROY,
        log_retention=logs.RetentionDays.ONE_WEEK,
        log_removal_policy=RemovalPolicy.RETAIN,
        proof_patience=Duration.seconds(5),
    )
    endpoint(here, customer_identity=BY_KEY, history=made)
    seen = Synthesized(here)
    recorder = variables_of(seen, "HistoryRecorder")
    assert (recorder["CUSTOMER_IDENTITY"], recorder["RETENTION_SECONDS"]) == ("attribute:key", str(31 * 86_400))
    assert variables_of(seen, "EndpointFunction")["EVENT_DELAY_SECONDS"] == "9"
    (topic,) = seen.all("AWS::SNS::Topic")
    alarm = seen.only("AWS::CloudWatch::Alarm")
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
    (table,) = seen.all("AWS::DynamoDB::Table").values()
    assert table["DeletionPolicy"] == "Delete"
    (log,) = (group for key, group in seen.all("AWS::Logs::LogGroup").items() if key.startswith("History"))
    assert (log["Properties"]["RetentionInDays"], log["DeletionPolicy"]) == (7, "Retain")
    (proof,) = (one for key, one in seen.all("Custom::PersistentChatProof").items() if "History" in key)
    assert proof["Properties"]["PatienceSeconds"] == 5


def test_every_mistake_is_said_at_once() -> None:
    """What, got and expected."""
    with pytest.raises(ConfigurationError) as raised:
        history(stack(), retention=Duration.hours(12), proof_patience=Duration.hours(1))
    assert str(raised.value) == (
        "Stack/History:\n"
        "- retention: got 0.5 days, expected 1 to 731 days.\n"
        "- proof_patience: got 3600 seconds, expected 1 to 600 seconds."
    )
    with pytest.raises(ConfigurationError) as raised:
        history(stack(), customer_identity=CustomerIdentity.unchecked(), event_delay=Duration.minutes(2))
    assert str(raised.value) == (
        "Stack/History:\n"
        "- customer_identity: got unchecked(), expected customer_id() or attribute(...): a history is kept by "
        "customer.\n"
        "- event_delay: got 120 seconds, expected 0 to 60 seconds."
    )


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        (
            {"customer_identity": CustomerIdentity.unchecked()},
            r"history: got a history for an endpoint with CustomerIdentity.unchecked\(\), expected an endpoint with",
        ),
        ({"customer_identity": BY_KEY}, "got a history with the identity customer_id, expected .*, attribute:key"),
        (
            {"instance": "22222222-1111-4111-8111-111111111111"},
            "got a history of the instance '11111111.*, expected .*'2222",
        ),
    ],
)
def test_a_history_that_does_not_fit_is_refused(properties: dict[str, Any], said: str) -> None:
    """It would find nobody, or somebody else."""
    here = stack(env=HERE)
    if "instance" in properties:
        properties = {"instance": ConnectInstance.from_instance_id(here, "Other", properties["instance"])}
    with pytest.raises(ConfigurationError, match=said):
        endpoint(here, history=history(here), **properties)


def test_several_endpoints_share_one() -> None:
    """For backends and for people, one table and one recorder."""
    here = stack(env=HERE)
    made = history(here)
    endpoint(here, "Backend", history=made)
    endpoint(here, "People", history=made, authorization=Authorization.iam(allow_identity_pools=True))
    seen = Synthesized(here)
    assert len(seen.all("AWS::DynamoDB::Table")) == len(seen.all("AWS::Events::Rule")) == 1
    tables = [variables_of(seen, f"{name}Function")["HISTORY_TABLE"] for name in ("Backend", "People")]
    assert tables[0] == tables[1]


def test_an_endpoint_of_another_stack_uses_it() -> None:
    """The CDK exports and imports what is needed."""
    app = App()
    first, second = stack("First", app=app, env=HERE), stack("Second", app=app, env=HERE)
    endpoint(second, history=history(first))
    there = Synthesized(second)
    assert "Fn::ImportValue" in json.dumps(there.allowed("EndpointRole")["dynamodb:Query"])
    assert there.all("AWS::DynamoDB::Table") == {}


@pytest.mark.parametrize(
    "arn",
    [lambda _: TABLE_ARN, lambda here: CfnParameter(here, "Table").value_as_string],
    ids=["arn", "token"],
)
def test_one_that_another_app_keeps_is_imported(arn: Callable[[Stack], str]) -> None:
    """By the table's ARN: what the endpoint reads, and what it may, are those of the other app's table."""
    here = stack(env=HERE)
    made = ChatHistory.from_table_arn(here, "History", arn(here), event_delay=Duration.seconds(1))
    endpoint(here, history=made)
    seen = Synthesized(here)
    resource = seen.allowed("EndpointRole")["dynamodb:Query"]
    assert json.dumps(resource).rstrip('"]}').endswith("/index/ByEnd")
    assert "Table" in json.dumps(resource) or "Chats" in json.dumps(resource)
    assert variables_of(seen, "EndpointFunction")["EVENT_DELAY_SECONDS"] == "1"
    assert seen.all("AWS::DynamoDB::Table") == seen.all("AWS::Events::Rule") == {}


@pytest.mark.parametrize("arn", ["Chats", "arn:aws:s3:::Chats", TABLE_ARN + "/index/ByEnd", ""])
def test_what_is_no_tables_arn_is_refused(arn: str) -> None:
    """In one sentence, at synthesis."""
    with pytest.raises(
        ConfigurationError, match=r"^Stack/History: table_arn: got .*, expected the ARN of a DynamoDB table"
    ):
        ChatHistory.from_table_arn(stack(), "History", arn)


@pytest.mark.parametrize("end", ["/T", "/" + "T" * 256, "/Chats/index/x"])
def test_what_looks_like_a_tables_arn_is_told_what_is_wrong_with_it(end: str) -> None:
    """`expected the ARN of a table` alone does not help whoever gave one."""
    with pytest.raises(ConfigurationError, match=r"name of 3 to 255 letters, .* and no index or stream after it\)\.$"):
        ChatHistory.from_table_arn(stack(), "History", TABLE_ARN.replace("/Chats", end))


@pytest.mark.parametrize(("old", "new"), [("us-east-1", "eu-west-2"), ("1234", "9999")])
def test_a_table_of_another_region_or_account_is_refused(old: str, new: str) -> None:
    """The function looks in its own."""
    with pytest.raises(ConfigurationError, match=f"got .*{new}.*, expected '.*{old}.*', the stack's"):
        ChatHistory.from_table_arn(stack(env=HERE), "History", TABLE_ARN.replace(old, new))


def test_an_imported_one_is_held_against_the_endpoint_as_well() -> None:
    """Its identity is all that is known of it."""
    here = stack()
    made = ChatHistory.from_table_arn(here, "History", TABLE_ARN, customer_identity=BY_KEY)
    with pytest.raises(ConfigurationError, match="with the identity attribute:key, expected the endpoint's own"):
        endpoint(here, history=made)


def test_grant_read_gives_look_ups_and_nothing_else() -> None:
    """A page of one's own that lists a customer's chats."""
    here = stack(env=HERE)
    reader = iam.Role(here, "Reader", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    history(here).grant_read(reader)
    allowed = Synthesized(here).allowed("Reader")
    assert set(allowed) == {"dynamodb:Query", "dynamodb:GetItem"}


def test_metrics_are_those_of_the_recorder() -> None:
    """What an alarm of one's own is made of."""
    here = stack(env=HERE)
    made = history(here)
    assert made.metric_dead_letters().metric_name == "ApproximateNumberOfMessagesVisible"
    assert made.metric_errors().metric_name == "Errors"
    seen = Synthesized(here)
    for arn, kind in (
        (made.alarm.alarm_arn, "AWS::CloudWatch::Alarm"),
        (made.dead_letter_queue.queue_arn, "AWS::SQS::Queue"),
        (made.log.log_group_arn, "AWS::Logs::LogGroup"),
    ):
        (key,) = (key for key in seen.all(kind) if key.startswith("History"))
        assert here.resolve(arn) == {"Fn::GetAtt": [key, "Arn"]}
    (queue,) = seen.all("AWS::SQS::Queue")
    assert here.resolve(made.metric_dead_letters().dimensions) == {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}}
    (recorder,) = (key for key in seen.all("AWS::Lambda::Function") if key.startswith("HistoryRecorder"))
    assert here.resolve(made.metric_errors().dimensions) == {"FunctionName": {"Ref": recorder}}


def test_a_history_in_each_of_two_regions() -> None:
    """Its services are those of its own region."""
    app = App()
    stacks = {
        region: stack(f"In-{region}", app=app, env=Environment(account="123456789012", region=region))
        for region in ("us-east-1", "eu-west-2")
    }
    for here in stacks.values():
        endpoint(here, history=history(here))
    for region, here in stacks.items():
        assert f"https://dynamodb.{region}." in Synthesized(here).text()
