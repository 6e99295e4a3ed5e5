"""Each role has exactly the permissions that it uses: without one, something fails for that reason."""

import json
from collections.abc import Callable

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.chats import Chats
from local.clients import endpoint_client
from local.connect.instances import FLOW_ID
from tests.local.breaking import (
    ACTION,
    DESCRIBE,
    START,
    actions_of,
    authorizer_of,
    function_of,
    never_running,
    without_permission,
)
from tests.local.deployments import Deployed, Prover, log_of


def the_endpoint_is_denied(sound: Deployed, action: str) -> None:
    """A caller gets 500 without a word about the role; the log has all of it."""
    chats = Chats(sound.cloud)
    past, contact = chats.past(), chats.start()
    client = endpoint_client(sound.cloud, sound.outputs["FirstUrl"])
    with pytest.raises(client.exceptions.InternalServiceException) as failed:
        client.create_persistent_contact_association(
            InstanceId=sound.cloud.instance_id,
            InitialContactId=contact,
            RehydrationType="FROM_SEGMENT",
            SourceContactId=past[0],
        )
    assert "role" not in str(failed.value)
    assert f"not authorized to perform: {action}" in log_of(sound.cloud, function_of(sound))


def nothing_is_logged(sound: Deployed, _: str) -> None:
    """The function runs, and nobody can see what it did."""
    before = log_of(sound.cloud, function_of(sound))
    sound.cloud.client("lambda").invoke(FunctionName=function_of(sound), Payload=b'{"probe": "settings"}')
    assert log_of(sound.cloud, function_of(sound)) == before


def tracing_is_refused(sound: Deployed, _: str) -> None:
    """Lambda takes no function whose trace it could not send."""
    with pytest.raises(ClientError, match=r"does not have permissions to call Put.* on XRAY"):
        sound.cloud.client("lambda").update_function_configuration(
            FunctionName=function_of(sound), TracingConfig={"Mode": "Active"}
        )


WITHOUT: dict[str, Callable[[Deployed, str], None]] = {
    ACTION: the_endpoint_is_denied,
    DESCRIBE: the_endpoint_is_denied,
    "logs:CreateLogStream": nothing_is_logged,
    "logs:PutLogEvents": nothing_is_logged,
    "xray:PutTelemetryRecords": tracing_is_refused,
    "xray:PutTraceSegments": tracing_is_refused,
}


def allowed_to(of: Deployed, role: str) -> set[str]:
    """The actions that a role allows."""
    iam, name = of.cloud.client("iam"), of.physical_id("AWS::IAM::Role", role)
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    return {
        action
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        for statement in iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
        for action in actions_of(statement)
    }


def test_the_functions_role_allows_what_is_tried_below_and_nothing_else(sound: Deployed) -> None:
    """Whoever adds a permission has to show here what it is for."""
    assert allowed_to(sound, "FirstRole") == set(WITHOUT)


@pytest.mark.parametrize("action", sorted(WITHOUT))
def test_without_a_permission_something_fails_for_that_reason(sound: Deployed, action: str) -> None:
    """And with it, it works: the proof and the other tests show that."""
    with without_permission(sound, action):
        WITHOUT[action](sound, action)


# What a start needs is tried in tests/local/test_starts.py, resource by resource; what a history needs, in
# tests/local/test_history_trouble.py.
STARTER_NEEDS = {*WITHOUT, START, "dynamodb:GetItem", "dynamodb:Query"}


def test_an_endpoint_that_starts_chats_may_start_chats_as_well_and_nothing_else(starting: Deployed) -> None:
    """It cannot end a chat, write an attribute, or look at a flow."""
    assert allowed_to(starting, "StarterRole") == STARTER_NEEDS


AUTHORIZER_WITHOUT = ("logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments")


@pytest.mark.parametrize("action", AUTHORIZER_WITHOUT)
def test_an_authorizers_role_allows_its_log_and_its_trace_and_nothing_else(issued: Deployed, action: str) -> None:
    """A token is checked without any service of AWS."""
    name, role = authorizer_of(issued), "IssuedAuthorizerRole"
    assert allowed_to(issued, role) == set(AUTHORIZER_WITHOUT)
    functions = issued.cloud.client("lambda")
    with without_permission(issued, action, role):
        if action.startswith("xray:"):
            with pytest.raises(ClientError, match=r"does not have permissions to call Put.* on XRAY"):
                functions.update_function_configuration(FunctionName=name, TracingConfig={"Mode": "Active"})
        else:
            before = log_of(issued.cloud, name)
            functions.invoke(FunctionName=name, Payload=b'{"authorizationToken": "x", "methodArn": "a"}')
            assert log_of(issued.cloud, name) == before
    functions.invoke(FunctionName=name, Payload=b'{"authorizationToken": "x", "methodArn": "a"}')
    assert "token_malformed" in log_of(issued.cloud, name)


PROOF_WITHOUT = {
    "connect:DescribeInstance": "Broken link: instance.",
    "connect:ListInstanceStorageConfigs": "Broken link: instance.",
    "ds:DescribeDirectories": "Broken link: instance.",
    "execute-api:Invoke": "Broken link: authorization.",
    "lambda:InvokeFunction": "Broken link: function. The function cannot be invoked:",
}
RECORDERS_PROOF_WITHOUT = {
    "dynamodb:DescribeTable": "Broken link: index.",
    "events:DescribeRule": "Broken link: rule.",
    "events:ListTargetsByRule": "Broken link: target.",
    "events:TestEventPattern": "Broken link: pattern.",
    "lambda:GetPolicy": "Broken link: rule permission.",
}
PROVISIONING = "ConnectPersistentChatProvisioningRole"
DESCRIBE_FLOW = "connect:DescribeContactFlow"
# The check waits a minute for a policy to take effect.
PATIENT = Config(read_timeout=120, retries={"total_max_attempts": 1})


@pytest.mark.prove
@pytest.mark.parametrize("action", sorted(PROOF_WITHOUT))
def test_the_proof_needs_its_own_permissions(sound: Deployed, prove: Prover, action: str) -> None:
    """It calls the endpoint as a caller would, and the function directly."""
    with without_permission(sound, action, PROVISIONING):
        said = prove()
    assert PROOF_WITHOUT[action] in (said or "passed")
    assert prove.mended() is None


@pytest.mark.prove
@pytest.mark.parametrize("action", sorted(RECORDERS_PROOF_WITHOUT))
def test_the_recorders_proof_needs_its_own_permissions(historic: Deployed, prove_recorder: Prover, action: str) -> None:
    """It looks at the rule, the policy and the table."""
    with without_permission(historic, action, PROVISIONING):
        said = prove_recorder()
    assert RECORDERS_PROOF_WITHOUT[action] in (said or "passed")
    assert prove_recorder.mended() is None


@pytest.mark.prove
def test_the_check_of_flows_needs_its_own_permission(starting: Deployed) -> None:
    """Without it nobody knows whether a chat can start, so nothing is made; the flow and the reason are named."""
    failure = "web ({0}) could not be checked: Amazon Connect denies the proof's call: "
    with without_permission(starting, DESCRIBE_FLOW, PROVISIONING):
        said = check_flows(starting)
    assert failure.format(FLOW_ID) in said
    assert f"not authorized to perform: {DESCRIBE_FLOW}" in said
    assert check_flows(starting) == "sound"


def check_flows(starting: Deployed) -> str:
    """What a deployment's check of the flow says."""
    event = {
        "RequestType": "Create",
        "ResourceType": "Custom::ConnectFlows",
        "LogicalResourceId": "Flows",
        "StackId": starting.stack_id,
        "RequestId": "1",
        "ResourceProperties": {"InstanceId": starting.cloud.instance_id, "Flows": {"web": FLOW_ID}},
    }
    function = starting.physical_id("AWS::Lambda::Function", "ConnectPersistentChatProvisioningFunction")
    answer = starting.cloud.client("lambda", config=PATIENT).invoke(FunctionName=function, Payload=json.dumps(event))
    return str(json.loads(answer["Payload"].read()).get("errorMessage", "sound"))


def test_without_knowing_the_reserved_concurrency_it_may_be_traffic(sound: Deployed, prove: Prover) -> None:
    """And with it, a function that never runs is a broken link."""
    with never_running(sound), without_permission(sound, "lambda:GetFunctionConcurrency", PROVISIONING):
        assert "Not shown: function (throttle: AWS Lambda throttles the proof" in prove.report()
    with never_running(sound):
        assert "Broken link: function. The function's reserved concurrency is 0" in (prove() or "passed")
