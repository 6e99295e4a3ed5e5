"""What a deployment makes: each default of docs/configuration.md, read off the template."""

import json
import math
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from connect_persistent_chat import ConfigurationError, CustomerIdentity
from tests.synth.apps import HERE, INSTANCE_ARN, INSTANCE_ID, Synthesized, endpoint, stack


def statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy resource's properties."""
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def post_method(synthesized: Synthesized) -> dict[str, Any]:
    """The properties of the API's one method."""
    return synthesized.only("AWS::ApiGateway::Method")


def test_the_only_method_is_connects_own_path(default: Synthesized) -> None:
    """An SDK's client that points to the endpoint works unchanged only at this path."""
    parts = [r["Properties"]["PathPart"] for r in default.all("AWS::ApiGateway::Resource").values()]
    assert parts == ["contact", "persistent-contact-association", "{InstanceId}", "{InitialContactId}"]
    assert post_method(default)["HttpMethod"] == "POST"


def test_callers_are_authorized_by_iam(default: Synthesized) -> None:
    """No authorization lets everybody call."""
    assert post_method(default)["AuthorizationType"] == "AWS_IAM"


def test_every_content_type_is_held_against_the_model(default: Synthesized) -> None:
    """API Gateway skips validation when no model key matches the content type; $default always does."""
    method = post_method(default)
    (model,) = default.all("AWS::ApiGateway::Model")
    (validator,) = default.all("AWS::ApiGateway::RequestValidator")
    assert method["RequestModels"] == {"$default": {"Ref": model}}
    assert method["RequestValidatorId"] == {"Ref": validator}
    assert default.only("AWS::ApiGateway::RequestValidator")["ValidateRequestBody"] is True


def test_the_method_is_throttled_to_the_quota(default: Synthesized) -> None:
    """More than Connect's quota would only be refused one step later."""
    (settings,) = default.only("AWS::ApiGateway::Stage")["MethodSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (5, 7)
    assert (settings["HttpMethod"], settings["ResourcePath"]) == (
        "POST",
        "/~1contact~1persistent-contact-association~1{InstanceId}~1{InitialContactId}",
    )


def test_without_the_rule_the_burst_is_that_of_the_association() -> None:
    """No contact is described then, so only one quota counts."""
    here = stack()
    endpoint(here, customer_identity=CustomerIdentity.unchecked())
    (settings,) = Synthesized(here).only("AWS::ApiGateway::Stage")["MethodSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (5, 8)


def test_the_stage_traces_and_writes_an_access_log_as_json(default: Synthesized) -> None:
    """Whoever looks for a call finds who made it and how it ended, and no address, header, body or claim."""
    stage = default.only("AWS::ApiGateway::Stage")
    assert stage["TracingEnabled"] is True
    # Whoever adds a field says so here, and in docs/security.md.
    assert json.loads(stage["AccessLogSetting"]["Format"]) == {
        "requestId": "$context.extendedRequestId",
        "callerRequestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "caller": "$context.identity.userArn",
        "method": "$context.httpMethod",
        "resource": "$context.resourcePath",
        "status": "$context.status",
        "refusal": "$context.error.responseType",
        "integrationStatus": "$context.integration.status",
        "responseLatency": "$context.responseLatency",
        "integrationLatency": "$context.integration.latency",
        "xrayTraceId": "$context.xrayTraceId",
    }


def test_the_logs_are_kept_for_three_months_and_end_with_the_stack(default: Synthesized) -> None:
    """A stated time: neither for ever nor until somebody asks."""
    groups = default.all("AWS::Logs::LogGroup")
    ours = {key: group for key, group in groups.items() if key.startswith("Endpoint")}
    assert len(ours) == 2
    assert {group["Properties"]["RetentionInDays"] for group in ours.values()} == {90}
    assert {group["DeletionPolicy"] for group in groups.values()} == {"Delete"}


def test_no_account_wide_role_is_made(default: Synthesized) -> None:
    """It would outlive the stack and change the account."""
    assert default.all("AWS::ApiGateway::Account") == {}


def test_the_account_wide_role_is_made_when_asked_for() -> None:
    """An account without it cannot write access logs."""
    here = stack()
    endpoint(here, cloud_watch_role=True)
    assert len(Synthesized(here).all("AWS::ApiGateway::Account")) == 1


def test_the_api_is_regional_with_a_modern_tls_policy(default: Synthesized) -> None:
    """API Gateway's own default for regional APIs still takes TLS 1.0."""
    api = default.only("AWS::ApiGateway::RestApi")
    assert api["EndpointConfiguration"]["Types"] == ["REGIONAL"]
    assert api["SecurityPolicy"] == "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
    assert api["EndpointAccessMode"] == "BASIC"


def test_the_tls_policy_can_be_the_older_one() -> None:
    """Not every region has the newer ones. The mode is empty, not left out: an API that had a newer policy keeps its
    mode otherwise, and AWS refuses the update."""
    here = stack()
    endpoint(here, security_policy=apigateway.SecurityPolicy.TLS_1_2)
    api = Synthesized(here).only("AWS::ApiGateway::RestApi")
    assert (api["SecurityPolicy"], api["EndpointAccessMode"]) == ("TLS_1_2", "")


@pytest.mark.parametrize("policy", list(apigateway.SecurityPolicy), ids=lambda policy: policy.name)
def test_a_tls_policy_is_one_that_a_regional_api_can_have_or_a_sentence(policy: apigateway.SecurityPolicy) -> None:
    """AWS refuses those of edge-optimized APIs in the middle of a deployment; TLS 1.0 is no choice at all."""
    here = stack()
    if policy.name == "TLS_1_0" or "EDGE" in policy.name:
        said = f"security_policy: got SecurityPolicy.{policy.name}, expected a SecurityPolicy of a regional API"
        with pytest.raises(ConfigurationError, match=said):
            endpoint(here, security_policy=policy)
        return
    endpoint(here, security_policy=policy)
    set_to = Synthesized(here).only("AWS::ApiGateway::RestApi")["SecurityPolicy"]
    assert set_to in (policy.value, f"SecurityPolicy_{policy.value}")


def test_the_defaults_leave_each_refusal_its_status(default: Synthesized) -> None:
    """A status on a default becomes that of every refusal that is not listed: 404 was 403, and 504 was 500."""
    refusals = [resource["Properties"] for resource in default.all("AWS::ApiGateway::GatewayResponse").values()]
    assert {refusal["ResponseType"]: refusal.get("StatusCode") for refusal in refusals} == {
        "DEFAULT_4XX": None,
        "DEFAULT_5XX": None,
        "BAD_REQUEST_BODY": "400",
        "BAD_REQUEST_PARAMETERS": "400",
        "MISSING_AUTHENTICATION_TOKEN": "403",
        "RESOURCE_NOT_FOUND": "404",
        "THROTTLED": "429",
        "QUOTA_EXCEEDED": "429",
        "INTEGRATION_FAILURE": "503",
        "INTEGRATION_TIMEOUT": "503",
    }
    for refusal in refusals:
        body = refusal["ResponseTemplates"]["application/json"].replace("$context.error.messageString", '"text"')
        assert set(json.loads(body)) == {"__type", "Message", "message"}


def test_the_function_runs_on_the_newest_python_on_arm_with_its_settings(default: Synthesized) -> None:
    """Cheap and fast from cold; the names of its environment stand once, in its own names.py."""
    function = default.named("AWS::Lambda::Function", "EndpointFunction")
    assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Timeout"] == 11
    assert function["Environment"]["Variables"] == {
        "CONNECT_INSTANCE_ID": INSTANCE_ID,
        "CUSTOMER_IDENTITY": "customer_id",
        "AUTHORIZATION": "iam",
        "DEADLINE_SECONDS": "8",
        "TRANSCRIPT_DELAY_SECONDS": "60",
        "CONNECT_ENDPOINT_URL": {"Fn::Join": ["", ["https://connect.us-east-1.", {"Ref": "AWS::URLSuffix"}]]},
        # Of the C library: a name server that is silent is given up within the deadline.
        "RES_OPTIONS": "timeout:1 attempts:2",
    }


def test_the_functions_role_may_do_what_it_does_and_nothing_else(default: Synthesized) -> None:
    """One function, one instance, two actions: nothing to borrow when something goes wrong."""
    allowed = default.allowed("EndpointRole")
    assert set(allowed) == {
        "connect:CreatePersistentContactAssociation",
        "connect:DescribeContact",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
    resources = json.dumps(allowed["connect:CreatePersistentContactAssociation"])
    assert resources.count(f"instance/{INSTANCE_ID}") == 2
    assert resources.count("/contact/*") == 1
    assert json.dumps(allowed["connect:DescribeContact"]).count("/contact/*") == 1
    role = default.named("AWS::IAM::Role", "EndpointRole")
    assert "ManagedPolicyArns" not in role


def test_grant_invoke_gives_this_method_and_no_more() -> None:
    """A backend that may call the endpoint must not be able to call what is added to the API later."""
    here = stack(env=HERE)
    backend = iam.Role(here, "Backend", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    endpoint(here).grant_invoke(backend)
    (statement,) = statements(Synthesized(here).named("AWS::IAM::Policy", "Backend"))
    assert statement["Action"] == "execute-api:Invoke"
    assert "/POST/contact/persistent-contact-association/*/*" in json.dumps(statement["Resource"])


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        (
            lambda here: iam.Role.from_role_arn(here, "There", "arn:aws:iam::999999999999:role/backend"),
            "grantee: got an identity of the account 999999999999, expected one of the account 123456789012",
        ),
        (
            lambda here: iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            "grantee: got an identity that accepts no permissions",
        ),
    ],
    ids=["another account", "a service"],
)
def test_an_identity_that_could_not_call_all_the_same_is_refused(identity: Any, said: str) -> None:
    """A grant that does nothing would be found out by the first caller."""
    here = stack(env=HERE)
    with pytest.raises(ConfigurationError, match=f"grant_invoke: {said}"):
        endpoint(here).grant_invoke(identity(here))


def test_the_url_is_ready_for_a_contact_id(default: Synthesized) -> None:
    """What a client is given ends with the instance id and a slash."""
    here = stack(env=HERE)
    url = here.resolve(endpoint(here).url)
    assert json.dumps(url).rstrip('"]}').endswith(f"contact/persistent-contact-association/{INSTANCE_ID}/")


def test_the_default_warns_of_nothing(default: Synthesized) -> None:
    """A warning that everybody gets is one that nobody reads."""
    assert default.warnings() == []


def test_an_unchecked_customer_warns_with_a_stable_id() -> None:
    """Nobody opens this door without being told, and whoever knows can acknowledge it by its id."""
    here = stack()
    endpoint(here, customer_identity=CustomerIdentity.unchecked())
    made = Synthesized(here)
    assert "connect:DescribeContact" not in made.text()
    (warning,) = made.warnings()
    assert "[ack: connect-persistent-chat:unchecked-customer]" in warning


@pytest.mark.parametrize("limits", [{"throttle_rate_limit": 6}, {"throttle_burst_limit": 8}])
def test_a_throttle_over_the_quota_warns_with_a_stable_id(limits: dict[str, Any]) -> None:
    """It may be right, with a raised quota; whoever has not raised it should know how."""
    here = stack()
    endpoint(here, **limits)
    (warning,) = Synthesized(here).warnings()
    assert "[ack: connect-persistent-chat:throttle-over-quota]" in warning
    assert "Service Quotas" in warning
    below = stack()
    endpoint(below, customer_identity=CustomerIdentity.unchecked(), throttle_burst_limit=8)
    assert not [said for said in Synthesized(below).warnings() if "throttle-over-quota" in said]


def test_nothing_has_a_fixed_physical_name_or_is_exported(default: Synthesized) -> None:
    """Two stacks side by side must not fight over a name."""
    names = {
        "AWS::Lambda::Function": "FunctionName",
        "AWS::IAM::Role": "RoleName",
        "AWS::Logs::LogGroup": "LogGroupName",
        "AWS::ApiGateway::Model": "Name",
        "AWS::ApiGateway::RequestValidator": "Name",
    }
    fixed = [
        key
        for resource_type, name in names.items()
        for key, resource in default.all(resource_type).items()
        if name in resource["Properties"]
    ]
    assert fixed == []
    assert "Outputs" not in default.template


def test_every_mistake_is_said_at_once() -> None:
    """One synthesis, all errors: what, got and expected."""
    with pytest.raises(ConfigurationError) as raised:
        endpoint(
            stack(),
            deadline=Duration.seconds(29),
            transcript_delay=Duration.hours(2),
            proof_patience=Duration.minutes(11),
            throttle_rate_limit=0,
            throttle_burst_limit=0,
        )
    assert str(raised.value) == (
        "Stack/Endpoint:\n"
        "- deadline: got 29 seconds, expected 1 to 25 seconds.\n"
        "- transcript_delay: got 7200 seconds, expected 0 to 3600 seconds.\n"
        "- throttle_rate_limit: got 0, expected more than 0 requests a second.\n"
        "- throttle_burst_limit: got 0, expected a whole number of requests, at least 1.\n"
        "- proof_patience: got 660 seconds, expected 1 to 600 seconds."
    )


@pytest.mark.parametrize("rate", [math.inf, math.nan, -1])
@pytest.mark.parametrize("burst", [math.inf, math.nan, 1.5])
def test_odd_numbers_are_mistakes(rate: float, burst: Any) -> None:
    """JSON has neither infinity nor NaN: the CDK's engine ends with a stack trace."""
    with pytest.raises(ConfigurationError, match=r"throttle_rate_limit: got .*\n- throttle_burst_limit: got "):
        endpoint(stack(), throttle_rate_limit=rate, throttle_burst_limit=burst)


def test_a_duration_that_only_the_deployment_knows_is_a_mistake() -> None:
    """It is held against its limits, so it has to be known."""
    here = stack()
    seconds = CfnParameter(here, "Seconds", type="Number").value_as_number
    with pytest.raises(ConfigurationError, match=r"deadline: got a token, expected 1 to 25 seconds\. Give the number"):
        endpoint(here, deadline=Duration.seconds(seconds))


@pytest.mark.parametrize("name", ["deadline", "transcript_delay", "proof_patience"])
def test_a_bare_number_is_no_duration(name: str) -> None:
    """Of what, seconds or minutes?"""
    seconds: Any = 8
    with pytest.raises(ConfigurationError, match=f"{name}: got 8, expected a Duration of "):
        endpoint(stack(), **{name: seconds})


def test_the_properties_reach_the_template() -> None:
    """A property that is accepted and forgotten is worse than none."""
    here = stack()
    endpoint(
        here,
        deadline=Duration.seconds(20),
        transcript_delay=Duration.seconds(90),
        customer_identity=CustomerIdentity.attribute("customer-key"),
        throttle_rate_limit=2.5,
        throttle_burst_limit=3,
        log_retention=logs.RetentionDays.ONE_WEEK,
        log_removal_policy=RemovalPolicy.RETAIN,
        proof_patience=Duration.seconds(5),
    )
    made = Synthesized(here)
    function = made.named("AWS::Lambda::Function", "EndpointFunction")
    variables = function["Environment"]["Variables"]
    assert variables["DEADLINE_SECONDS"] == "20"
    assert variables["TRANSCRIPT_DELAY_SECONDS"] == "90"
    assert variables["CUSTOMER_IDENTITY"] == "attribute:customer-key"
    assert function["Timeout"] == 23
    (settings,) = made.only("AWS::ApiGateway::Stage")["MethodSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (2.5, 3)
    kept = [g for k, g in made.all("AWS::Logs::LogGroup").items() if k.startswith("Endpoint")]
    assert {(g["Properties"]["RetentionInDays"], g["DeletionPolicy"]) for g in kept} == {(7, "Retain")}
    assert made.only("Custom::PersistentChatProof")["PatienceSeconds"] == 5


def test_a_deadline_of_no_whole_seconds_has_a_timeout_of_such() -> None:
    """Lambda takes no other."""
    here = stack()
    endpoint(here, deadline=Duration.millis(1500))
    function = Synthesized(here).named("AWS::Lambda::Function", "EndpointFunction")
    assert (function["Environment"]["Variables"]["DEADLINE_SECONDS"], function["Timeout"]) == ("1.5", 5)


def test_the_instance_is_checked_before_api_and_function_are_made(default: Synthesized) -> None:
    """A deployment that cannot work fails in its first minute."""
    (check,) = default.all("Custom::ConnectInstance")
    for resource_type in ("AWS::ApiGateway::RestApi", "AWS::Lambda::Function"):
        made = {key: one for key, one in default.all(resource_type).items() if key.startswith("Endpoint")}
        assert len(made) == 1, resource_type
        assert [key for key, resource in made.items() if check not in resource.get("DependsOn", [])] == []


def test_the_instances_arn_is_the_one_that_was_named(default: Synthesized) -> None:
    """Policies on another instance would prove nothing."""
    assert INSTANCE_ARN.rpartition(":")[2] in default.text()
