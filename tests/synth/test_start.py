"""An endpoint that starts chats as well: its second method, its permissions, its flows, and its mistakes."""

import json
import re
from functools import partial
from typing import Any

import pytest
from aws_cdk import App, CfnOutput, CfnParameter, Duration, Fn, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from cdk_nag import AwsSolutionsChecks
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from association.refusal import Refusal
from connect_persistent_chat import (
    Authorization,
    ChatStart,
    ConfigurationError,
    ConnectInstance,
    CustomerIdentity,
    PersistentChatMonitoring,
    ProofScope,
    lambda_function,
)
from start import request
from start.settings import StartSettings
from tests.synth.apps import FLOW_ID, HERE, INSTANCE_ARN, INSTANCE_ID, Synthesized, endpoint, history, stack, user_pool
from tests.synth.calls import PLACES, mistakes_of

FLOWS = "Custom::ConnectFlows"
METHOD = "AWS::ApiGateway::Method"
FLOW_ARN = f"{INSTANCE_ARN}/contact-flow/{FLOW_ID}"
OTHER = "33333333-3333-4333-8333-333333333333"
TWO = {"web": FLOW_ID, "help": OTHER}
CONTACT = "44444444-4444-4444-8444-444444444444"


def started(here: Stack | None = None, **properties: Any) -> Synthesized:
    """A stack with an endpoint that starts chats."""
    here = here or stack(env=HERE)
    endpoint(here, **{"start": ChatStart({"web": FLOW_ID}), **properties})
    return Synthesized(here)


def variables_of(made: Synthesized) -> dict[str, Any]:
    """The variables of the endpoint's function."""
    found: dict[str, Any] = made.named("AWS::Lambda::Function", "EndpointFunction")["Environment"]["Variables"]
    return found


def with_tokens(here: Stack, **start: Any) -> Synthesized:
    """An endpoint for users who sign in."""
    return started(here, authorization=Authorization.cognito(*user_pool(here)), start=ChatStart(**start))


@pytest.fixture(scope="module")
def made() -> Synthesized:
    """With defaults, for backends."""
    return started()


@pytest.fixture(scope="module")
def full() -> Synthesized:
    """With everything, for people: two flows, a history, pages, monitoring."""
    here = stack(env=HERE)
    kept = history(here)
    one = endpoint(
        here,
        history=kept,
        authorization=Authorization.cognito(*user_pool(here)),
        cors_allowed_origins=["https://chat.example.com"],
        start=ChatStart(
            TWO,
            attributes=["language", "page"],
            continue_latest=False,
            stamp_authentication=True,
            chat_duration=Duration.days(7),
            throttle_rate_limit=2,
            throttle_burst_limit=3,
        ),
    )
    PersistentChatMonitoring(here, "Monitoring", endpoint=one)
    return Synthesized(here)


# The second method.


def test_it_is_amazon_connects_own_method_beside_the_first(made: Synthesized) -> None:
    """A client of an AWS SDK calls `PUT /contact/chat`, with the same authorization and checks as the first method."""
    first, second = (
        made.named(METHOD, name) for name in ("persistentcontactassociationInstanceIdInitialContactIdPOST", "chatPUT")
    )
    assert second["HttpMethod"] == "PUT"
    for name in ("AuthorizationType", "RequestValidatorId", "Integration"):
        assert second[name] == first[name]
    (chat,) = (one for one in made.all("AWS::ApiGateway::Resource").values() if one["Properties"]["PathPart"] == "chat")
    (contact,) = (
        key for key, one in made.all("AWS::ApiGateway::Resource").items() if one["Properties"]["PathPart"] == "contact"
    )
    assert chat["Properties"]["ParentId"] == {"Ref": contact}


def test_without_a_start_there_is_nothing_of_it(default: Synthesized) -> None:
    """Nobody has to trust a permission that is not used."""
    text = default.text()
    for part in ("StartChatContact", "StopContact", "contact-flow", "ConnectFlows", "START_", '"PUT"', "chatPUT"):
        assert part not in text


def test_the_gateway_may_invoke_the_function_for_both_methods(made: Synthesized) -> None:
    """Each method has a permission of its own."""
    sources = [json.dumps(one["Properties"]["SourceArn"]) for one in made.all("AWS::Lambda::Permission").values()]
    assert [
        sum(part in source for source in sources) for part in ("/POST/contact/persistent", "/PUT/contact/chat")
    ] == [
        1,
        1,
    ]


def test_a_page_may_ask_before_it_starts_a_chat(full: Synthesized) -> None:
    """A browser asks for the method that it will send."""
    options = [one["Properties"] for one in full.all(METHOD).values() if one["Properties"]["HttpMethod"] == "OPTIONS"]
    allowed = [
        response["ResponseParameters"]["method.response.header.Access-Control-Allow-Methods"]
        for one in options
        for response in one["Integration"]["IntegrationResponses"]
    ]
    assert sorted(allowed) == ["'POST'", "'PUT'"]


def test_each_method_has_a_throttle_of_its_own(made: Synthesized, full: Synthesized) -> None:
    """Together the defaults keep within the quota of DescribeContact: 10 a second, 15 at once. An association calls it
    twice, a start once. Neither may use up what the other needs."""
    for of, rate, burst in ((made, 4, 7), (full, 2, 3)):
        settings = {one["HttpMethod"]: one for one in of.only("AWS::ApiGateway::Stage")["MethodSettings"]}
        assert settings["PUT"]["ResourcePath"] == "/~1contact~1chat"
        assert (settings["PUT"]["ThrottlingRateLimit"], settings["PUT"]["ThrottlingBurstLimit"]) == (rate, burst)
        assert (settings["POST"]["ThrottlingRateLimit"], settings["POST"]["ThrottlingBurstLimit"]) == (3, 4)
    assert 2 * 3 + 4 <= 10
    assert 2 * 4 + 7 <= 15
    assert made.warnings() == []


@pytest.mark.parametrize(
    ("given", "warns"),
    [
        ({"throttle_rate_limit": 4, "throttle_burst_limit": 7}, False),
        ({"throttle_rate_limit": 5}, True),
        ({"throttle_burst_limit": 8}, True),
        ({"throttle_rate_limit": 0.5, "throttle_burst_limit": 1}, False),
    ],
)
def test_throttles_over_the_quotas_warn(given: dict[str, Any], warns: bool) -> None:
    """Connect would refuse what the gateway lets through."""
    said = started(start=ChatStart({"web": FLOW_ID}, **given)).warnings()
    assert ["start-throttle-over-quota" in one for one in said] == ([True] if warns else [])


def test_an_association_that_uses_the_whole_quota_warns() -> None:
    """5 a second is what an endpoint without starts has."""
    (said,) = started(throttle_rate_limit=5).warnings()
    assert "14 calls of DescribeContact a second and 15 at once" in said
    number = CfnParameter(here := stack(env=HERE), "Number", type="Number").value_as_number
    assert started(here, throttle_rate_limit=number).warnings() == []


def test_a_backend_may_call_both_methods_and_nothing_else() -> None:
    """One grant for the whole endpoint."""
    here = stack(env=HERE)
    role = iam.Role(here, "Backend", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    endpoint(here, start=ChatStart({"web": FLOW_ID})).grant_invoke(role)
    (statement,) = Synthesized(here).named("AWS::IAM::Policy", "Backend")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "execute-api:Invoke"
    ends = [json.dumps(resource).rpartition("}, ")[2] for resource in statement["Resource"]]
    assert ends == ['"/POST/contact/persistent-contact-association/*/*"]]}', '"/PUT/contact/chat"]]}']


def test_its_address_is_there_if_it_starts_chats() -> None:
    """An output that is empty would be noticed by the first customer."""
    here = stack(env=HERE)
    CfnOutput(here, "StartUrl", value=endpoint(here, start=ChatStart({"web": FLOW_ID})).start_url)
    url = json.dumps(Synthesized(here).template["Outputs"]["StartUrl"]["Value"])
    assert url.endswith('"/contact/chat"]]}')
    none = endpoint(stack())
    with pytest.raises(
        ConfigurationError, match=r"Stack/Endpoint: start_url: got an endpoint that starts no chats, exp"
    ):
        _ = none.start_url


# Function, role and proof.


def test_the_function_is_told_what_may_start(made: Synthesized, full: Synthesized) -> None:
    """In the form in which lambda/start reads it: names in their order."""
    names = ("START_FLOWS", "START_ATTRIBUTES", "CONTINUE_LATEST", "STAMP_AUTHENTICATION", "CHAT_DURATION_MINUTES")
    told = [[variables_of(of).get(name) for name in names] for of in (made, full)]
    assert told == [
        [json.dumps({"web": FLOW_ID}), "[]", "true", "false", None],
        [json.dumps(TWO), '["language", "page"]', "false", "true", "10080"],
    ]
    # What the proof compares with what the function understood.
    proofs = full.all("Custom::PersistentChatProof")
    (environment,) = (one["Properties"]["Environment"] for key, one in proofs.items() if key.startswith("Endpoint"))
    assert environment["START_FLOWS"] == json.dumps(TWO)


def test_the_function_is_that_of_starts(made: Synthesized, default: Synthesized) -> None:
    """It has one more package. Without starts the code is what it was."""
    functions = [one.named("AWS::Lambda::Function", "EndpointFunction") for one in (default, made)]
    assert [one["Handler"] for one in functions] == ["association.handler.handle", "start.handler.handle"]
    assert set(lambda_function.START_PACKAGES) == {"start", *lambda_function.ASSOCIATION_PACKAGES}


def test_the_role_may_start_chats_with_the_given_flows_only(full: Synthesized, default: Synthesized) -> None:
    """Another flow of the instance could do anything: transfer, record, or ask for a card."""
    before, after = (one.allowed("EndpointRole") for one in (default, full))
    actions = {action for action in after if action.startswith("connect:")}
    assert actions - {action for action in before if action.startswith("connect:")} == {"connect:StartChatContact"}
    ends = [json.dumps(resource).rpartition(":instance/")[2] for resource in after["connect:StartChatContact"]]
    assert ends == [
        f'{INSTANCE_ID}/contact-flow/{FLOW_ID}"]]}}',
        f'{INSTANCE_ID}/contact-flow/{OTHER}"]]}}',
        f'{INSTANCE_ID}/contact/*"]]}}',
    ]


def test_a_flow_with_two_names_is_allowed_once() -> None:
    """A policy of a role is limited to 10,240 characters."""
    allowed = started(start=ChatStart({"web": FLOW_ID, "page": FLOW_ARN})).allowed("EndpointRole")
    assert len(allowed["connect:StartChatContact"]) == 2


def test_the_proof_tries_the_start_and_may_end_what_should_not_have_begun(made: Synthesized) -> None:
    """No chat may come of a proof. The function itself, which callers reach, may end none."""
    proof = made.only("Custom::PersistentChatProof")
    assert proof["Actions"] == [
        "connect:CreatePersistentContactAssociation",
        "connect:DescribeContact",
        "connect:StartChatContact",
    ]
    statements = made.named("AWS::IAM::Policy", "EndpointProofPolicy")["PolicyDocument"]["Statement"]
    by_action = {one["Action"]: json.dumps(one["Resource"]) for one in statements if isinstance(one["Action"], str)}
    assert f'{INSTANCE_ID}/contact/*"' in by_action["connect:StopContact"]
    assert by_action["execute-api:Invoke"].count("/PUT/contact/chat") == 1
    assert "connect:StopContact" not in made.allowed("EndpointRole")


def test_without_the_gateway_the_proof_may_not_call_it() -> None:
    """As for the first method."""
    assert "execute-api:Invoke" not in json.dumps(
        started(proof=ProofScope.WITHOUT_GATEWAY).named("AWS::IAM::Policy", "EndpointProofPolicy")
    )


def test_an_api_key_of_the_second_method_is_told_at_synthesis() -> None:
    """The proof would fail, as with the first."""
    app = App()
    made = endpoint(stack(app=app, env=HERE), start=ChatStart({"web": FLOW_ID}))
    (method,) = (one for one in made.api.methods if one.http_method == "PUT")
    resource: Any = method.node.default_child
    resource.api_key_required = True
    with pytest.raises(RuntimeError, match="The API's method asks for an API key"):
        app.synth()


def test_no_resource_has_a_finding_that_is_not_explained(tmp_path_factory: pytest.TempPathFactory) -> None:
    """As for the first method; what cdk-nag finds fails an app's synthesis."""
    app = App(outdir=str(tmp_path_factory.mktemp("nag")))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    here = stack(app=app, env=HERE)
    role = iam.Role(here, "Backend", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    endpoint(
        here, start=ChatStart(TWO), history=history(here), cors_allowed_origins=["https://a.example"]
    ).grant_invoke(role)
    app.synth()


# The flows' check.


def test_the_flows_are_checked_before_the_function_and_the_api(made: Synthesized) -> None:
    """A flow that was forgotten to be published is told before anything is made; and the instance before the flows."""
    (check,) = made.all(FLOWS)
    properties = made.only(FLOWS)
    assert (properties["InstanceId"], properties["Flows"]) == (INSTANCE_ID, {"web": FLOW_ID})
    assert int(properties["ServiceTimeout"]) <= 120
    for part in ("AWS::Lambda::Function", "AWS::ApiGateway::RestApi"):
        (one,) = (one for key, one in made.all(part).items() if key.startswith("Endpoint"))
        assert check in one["DependsOn"]
    (instance,) = made.all("Custom::ConnectInstance")
    (policy,) = (key for key in made.all("AWS::IAM::Policy") if key.startswith("EndpointFlowsPolicy"))
    assert {instance, policy} <= set(made.all(FLOWS)[check]["DependsOn"])


def test_the_check_may_read_these_flows_only(full: Synthesized) -> None:
    """A flow holds how a company talks to its customers."""
    (statement,) = full.named("AWS::IAM::Policy", "EndpointFlowsPolicy")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "connect:DescribeContactFlow"
    ends = [json.dumps(resource).rpartition("/contact-flow/")[2] for resource in statement["Resource"]]
    assert ends == [f'{FLOW_ID}"]]}}', f'{OTHER}"]]}}']


def test_an_instance_by_its_alias_is_found_before_its_flows_are() -> None:
    """Only the deployment knows the ARNs then."""
    here = stack(env=HERE)
    made = started(here, instance=ConnectInstance.from_instance_alias(here, "Instance", "local"))
    (instance,) = made.all("Custom::ConnectInstance")
    assert made.only(FLOWS)["InstanceId"] == {"Fn::GetAtt": [instance, "InstanceId"]}


# Values that only the deployment knows.


def resolved(value: object, parameter: str) -> str:
    """What CloudFormation makes of a value, with this text for its one parameter."""
    match value:
        case {"Ref": "Flow"}:
            return parameter
        case {"Fn::Join": [between, list(parts)]}:
            return str(between).join(resolved(part, parameter) for part in parts)
        case {"Fn::Select": [number, {"Fn::Split": [between, text]}]}:
            return resolved(text, parameter).split(str(between))[int(str(number))]
    assert isinstance(value, str), value
    return value


@pytest.mark.parametrize("given", [FLOW_ID, FLOW_ARN])
def test_a_token_may_be_an_id_or_an_arn(given: str) -> None:
    """Synthesis cannot tell which. A flow that the app makes gives its ARN; a parameter of the stack may be either."""
    here = stack(env=HERE)
    flow = CfnParameter(here, "Flow").value_as_string
    made = started(here, start=ChatStart({"web": flow, "help": OTHER}))
    assert resolved(made.only(FLOWS)["Flows"]["web"], given) == FLOW_ID
    assert json.loads(resolved(variables_of(made)["START_FLOWS"], given)) == {"web": FLOW_ID, "help": OTHER}
    assert "Token[" not in made.text()


@pytest.mark.parametrize(
    "given",
    [
        FLOW_ID.upper(),
        FLOW_ARN,
        FLOW_ARN.replace(INSTANCE_ID, INSTANCE_ID.upper()),
        "{instance}/contact-flow/" + FLOW_ID,
        FLOW_ARN.replace("us-east-1", "{token}"),
        FLOW_ARN.replace("123456789012", "{token}"),
        FLOW_ARN.replace(INSTANCE_ID, "{token}"),
        "{token}/contact-flow/" + FLOW_ID,
    ],
)
def test_what_is_known_of_a_flow_gives_its_id(given: str) -> None:
    """In lower case, as the ARNs of permissions have it."""
    here = stack(env=HERE)
    instance = ConnectInstance.from_instance_id(here, "Instance", INSTANCE_ID)
    token = CfnParameter(here, "Flow").value_as_string
    flow = given.replace("{instance}", instance.instance_arn).replace("{token}", token)
    made = started(here, instance=instance, start=ChatStart({"web": flow}))
    assert made.only(FLOWS)["Flows"] == {"web": FLOW_ID}


@pytest.mark.parametrize(
    "form", ["{}", INSTANCE_ARN + "/contact-flow/{}", FLOW_ID[:9] + "{}", "arn:aws:connect:us-east-1:123456789012:{}"]
)
def test_parts_of_a_flow_may_be_tokens(form: str) -> None:
    """As far as the rest fits."""
    here = stack(env=HERE)
    started(here, start=ChatStart({"web": form.format(CfnParameter(here, "Flow").value_as_string)}))


def test_a_look_up_synthesizes_before_it_is_made() -> None:
    """In the first pass the CDK gives a placeholder; an error would keep the look-up from happening."""
    app = App()
    here = stack(app=app, env=HERE)
    found = ssm.StringParameter.value_from_lookup(here, "/flow")
    endpoint(here, start=ChatStart({"web": found}, attributes=[found]))
    app.synth()


@pytest.mark.parametrize("place", list(PLACES))
def test_a_flow_of_a_stack_that_cannot_be_named_is_refused(place: str) -> None:
    """The CDK would end with a trace of its engine, at the end of synthesis."""
    app = App()
    here, there = stack("Here", app=app, env=HERE), PLACES[place](app)
    flow = iam.User(there, "Flow").user_arn
    said = mistakes_of(lambda: endpoint(here, start=ChatStart({"web": flow})))
    assert "start: got a flow " in said


# Mistakes.


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"flows": {}},
            'flows: got {}, expected a mapping of texts to texts, such as {"<name>": "<value>"}, that is not',
        ),
        ({"flows": FLOW_ID}, f"flows: got '{FLOW_ID}', expected a mapping of texts to texts, such as "),
        ({"flows": {"web": "sales"}}, "flows: got 'sales' for 'web', expected a flow id such as 2"),
        ({"flows": {"web": 5}}, "flows: got 5 for 'web', expected a text that is not empty."),
        ({"flows": {"web": INSTANCE_ARN}}, f"flows: got '{INSTANCE_ARN}' for 'web', expected a flow id such as"),
        ({"flows": {"web": f"{FLOW_ARN}:1"}}, ":1' for 'web', expected a flow id such as"),
        ({"flows": {"web": FLOW_ARN.replace(":connect:", ":lex:")}}, "' for 'web', expected a flow id such as"),
        ({"flows": {"web": FLOW_ARN.replace("contact-flow", "flow-module")}}, "' for 'web', expected a flow id such"),
        ({"flows": {"a b": FLOW_ID}}, "flows: got the name 'a b', expected 1 to 64 letters, digits, hyphens and"),
        ({"flows": {"x" * 65: FLOW_ID}}, "flows: got the name 'xxx"),
        ({"flows": {f"f{number}": FLOW_ID for number in range(11)}}, "flows: got 11 flows, expected 1 to 10."),
        ({"attributes": ["a b"]}, "attributes: got 'a b' in the list, expected 1 to 128 letters, digits, hyphens and"),
        ({"attributes": ["x" * 129]}, "attributes: got 'xxx"),
        ({"chat_duration": Duration.minutes(59)}, "chat_duration: got 3540 seconds, expected whole minutes, from 60"),
        ({"chat_duration": Duration.minutes(10081)}, "chat_duration: got 604860 seconds, expected whole minutes, "),
        ({"chat_duration": Duration.seconds(3601)}, "chat_duration: got 3601 seconds, expected whole minutes, from"),
        ({"chat_duration": 60}, "chat_duration: got 60, expected a Duration of whole minutes, from 60 (1 hour) to 10"),
        ({"throttle_rate_limit": 0}, "throttle_rate_limit: got 0, expected more than 0 requests a second"),
        ({"throttle_burst_limit": 0.5}, "throttle_burst_limit: got 0.5, expected a whole number of requests"),
    ],
)
def test_a_value_that_cannot_work_is_one_sentence(given: dict[str, Any], said: str) -> None:
    """What it got, and what it expected."""
    text = mistakes_of(lambda: ChatStart(**{"flows": {"web": FLOW_ID}, **given}))
    assert text.startswith("ChatStart: ")
    assert said in text


@pytest.mark.parametrize("minutes", [60, 61, 10080])
def test_whole_minutes_within_the_limits_are_taken(minutes: int) -> None:
    """The limits themselves are allowed, in any unit."""
    start = ChatStart({"web": FLOW_ID}, chat_duration=Duration.seconds(60 * minutes))
    assert start.environment()["CHAT_DURATION_MINUTES"] == str(minutes)


def test_every_mistake_of_a_start_is_in_one_error() -> None:
    """Nobody wants to repair one and then find the next. No token shows its inner form."""
    token = CfnParameter(stack(), "Name").value_as_string
    flows: Any = {"a b": "x", token: FLOW_ID, "web": "y"}
    said = mistakes_of(
        lambda: ChatStart(flows, attributes=["c d", token], chat_duration=Duration.days(8), throttle_rate_limit=0)
    )
    first, *lines = said.split("\n- ")
    assert first == "ChatStart:"
    names = ["flows"] * 4 + ["attributes"] * 2 + ["chat_duration", "throttle_rate_limit"]
    assert [line.partition(":")[0] for line in lines] == names
    assert said.count("got the name a token") == said.count("got a token in the list") == 1


def test_a_list_that_only_the_deployment_knows_has_its_advice() -> None:
    """The CDK cannot resolve an element of it."""
    first = CfnParameter(stack(), "Flows", type="CommaDelimitedList").value_as_list[0]
    assert "Fn.select(0, list)" in mistakes_of(lambda: ChatStart({"web": first}))


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (FLOW_ARN.replace("us-east-1", "eu-west-2"), "whose region is 'eu-west-2', expected 'us-east-1', the stack's."),
        (FLOW_ARN.replace("123456789012", "9" * 12), "whose account is '999999999999', expected '123456789012', the"),
        (FLOW_ARN.replace("arn:aws:", "arn:aws-cn:"), "whose partition is 'aws-cn', expected 'aws', the stack's."),
        (
            FLOW_ARN.replace(INSTANCE_ID, OTHER),
            f"whose instance is '{OTHER}', expected '{INSTANCE_ID}', the endpoint's",
        ),
    ],
)
def test_a_flow_of_another_place_is_told(flow: str, said: str) -> None:
    """The deployment would find no such flow, minutes later."""
    text = mistakes_of(lambda: endpoint(stack(env=HERE), start=ChatStart({"web": flow})))
    assert f"start: got '{flow}', {said}" in text


@pytest.mark.parametrize(
    ("properties", "start", "said"),
    [
        (
            {"customer_identity": CustomerIdentity.unchecked()},
            {},
            "start: got a ChatStart with CustomerIdentity.unchecked(), expected customer_id() or attribute(...)",
        ),
        (
            {"authorization": Authorization.iam(allow_identity_pools=True)},
            {},
            "start: got a ChatStart with iam(allow_identity_pools=True), expected an authorization that knows the",
        ),
        ({}, {"stamp_authentication": True}, "start: got stamp_authentication=True with Authorization.iam(), expected"),
        (
            {"customer_identity": CustomerIdentity.attribute("customer")},
            {"attributes": ["page", "Customer"]},
            "start: got the attribute 'Customer', expected attributes without the one that names the customer.",
        ),
    ],
)
def test_what_would_let_a_caller_be_anybody_is_refused(
    properties: dict[str, Any], start: dict[str, Any], said: str
) -> None:
    """The customer of a chat never comes from a browser, and a stamp says what somebody checked."""
    text = mistakes_of(lambda: endpoint(stack(env=HERE), start=ChatStart({"web": FLOW_ID}, **start), **properties))
    assert said in text


def test_what_lets_nobody_be_anybody_is_taken() -> None:
    """The opposites."""
    here = stack(env=HERE)
    with_tokens(here, flows={"web": FLOW_ID}, stamp_authentication=True, attributes=["Customer"])
    named = CustomerIdentity.attribute("customer")
    started(customer_identity=named, start=ChatStart({"web": FLOW_ID}, attributes=["customers"]))


def test_mistakes_of_a_start_and_of_the_endpoint_come_together() -> None:
    """All of an endpoint's mistakes are in one error."""
    wrong: Any = "yes"
    said = mistakes_of(
        lambda: endpoint(
            stack(env=HERE),
            customer_identity=CustomerIdentity.unchecked(),
            start=ChatStart({"web": FLOW_ARN.replace("us-east-1", "eu-west-2")}, stamp_authentication=True),
            cloud_watch_role=wrong,
            deadline=Duration.minutes(1),
        )
    )
    assert said.count("start: got ") == 3
    assert "cloud_watch_role: got 'yes'" in said
    assert "deadline: got 60 seconds" in said


def test_flows_and_attributes_count_in_the_variables_limit() -> None:
    """AWS Lambda refuses more than 4,096 bytes in the middle of a deployment. The sentence names the parameter."""
    attributes = [f"attribute-{number:0100}" for number in range(40)]
    said = mistakes_of(lambda: endpoint(stack(), start=ChatStart({"web": FLOW_ID}, attributes=attributes)))
    assert "start: got values that need 5" in said


# The request model.


def model(of: Synthesized) -> Draft4Validator:
    """The model of a start, as API Gateway reads it: JSON Schema draft 4."""
    schema = of.named("AWS::ApiGateway::Model", "StartRequest")["Schema"]
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)


WHO = {"DisplayName": "Customer"}
LEAST: dict[str, Any] = {"ParticipantDetails": WHO, "CustomerId": "c"}
MOST: dict[str, Any] = {
    **LEAST,
    "InstanceId": INSTANCE_ID,
    "ContactFlowId": FLOW_ARN,
    "InitialMessage": {"ContentType": "text/plain", "Content": "Hello"},
    "SupportedMessagingContentTypes": ["text/plain", "text/markdown"],
    "Attributes": {"page": "", "language": "en"},
    "PersistentChat": {"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": CONTACT},
    "ClientToken": "",
}


def test_the_model_takes_what_the_function_takes(made: Synthesized, full: Synthesized) -> None:
    """Every field that the endpoint knows, and the least that it needs: IAM callers name the customer, people do not.
    With one flow its name is left out."""
    assert model(made).is_valid(LEAST)
    assert model(full).is_valid(MOST)
    assert model(full).is_valid({"ParticipantDetails": WHO, "ContactFlowId": "web"})
    assert not model(made).is_valid({"ParticipantDetails": WHO})
    assert not model(full).is_valid(LEAST)
    assert not model(made).is_valid({"CustomerId": "c"})


@pytest.mark.parametrize(
    "smuggled",
    [
        {"SegmentAttributes": {}},
        {"RelatedContactId": CONTACT},
        {"ChatDurationInMinutes": 60},
        {"customerId": "c"},
        {"ParticipantDetails": {**WHO, "More": 1}},
        {"ParticipantDetails": {}},
        {"ParticipantDetails": {"DisplayName": ""}},
        {"ParticipantDetails": {"DisplayName": "x" * 257}},
        {"Attributes": {"customer": "c"}},
        {"Attributes": {"Page": "c"}},
        {"Attributes": {"page": 5}},
        {"Attributes": []},
        {"PersistentChat": {"SourceContactId": CONTACT}},
        {"PersistentChat": {**MOST["PersistentChat"], "More": 1}},
        {"PersistentChat": {"RehydrationType": "ALL", "SourceContactId": CONTACT}},
        {"PersistentChat": {"RehydrationType": "FROM_SEGMENT", "SourceContactId": "a/b"}},
        {"InitialMessage": {"Content": "x"}},
        {"SupportedMessagingContentTypes": []},
        {"SupportedMessagingContentTypes": "text/plain"},
        {"CustomerId": "x" * 129},
        {"CustomerId": ""},
        {"ContactFlowId": ""},
        {"InstanceId": "a/b"},
        {"ClientToken": "x" * 501},
    ],
    ids=lambda field: json.dumps(field)[:50],
)
def test_the_model_refuses_what_nobody_may_send(full: Synthesized, smuggled: dict[str, Any]) -> None:
    """Above all what says whose chat it is, and what Connect would take beside it."""
    assert not model(full).is_valid({**MOST, **smuggled})


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
JSON = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)
TEXTS = st.text(st.sampled_from("aé😀\ud800"), max_size=3) | st.sampled_from(["text/plain", CONTACT, "web", FLOW_ARN])


def texts(most: int) -> st.SearchStrategy[str]:
    """At the edges of a limit, too."""
    return TEXTS | st.integers(most - 1, most + 1).map("x".__mul__)


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """With each of these fields or without it, and perhaps with another."""
    return st.fixed_dictionaries({}, optional={**fields, "More": JSON}) | JSON


BODIES = st.fixed_dictionaries(
    {},
    optional={
        "ParticipantDetails": st.just(WHO) | objects(DisplayName=texts(256) | JSON),
        "CustomerId": texts(128) | JSON,
        "ContactFlowId": texts(500) | JSON,
        "InstanceId": st.just(INSTANCE_ID) | texts(100) | JSON,
        "InitialMessage": objects(ContentType=texts(100), Content=TEXTS | JSON),
        "SupportedMessagingContentTypes": st.lists(TEXTS | JSON, max_size=3) | JSON,
        "Attributes": objects(page=TEXTS | JSON, language=TEXTS, Page=TEXTS),
        "PersistentChat": st.just(MOST["PersistentChat"])
        | objects(RehydrationType=st.sampled_from(["FROM_SEGMENT", "x"]), SourceContactId=texts(256)),
        "ClientToken": texts(500) | JSON,
        "SegmentAttributes": JSON,
    },
)


@settings(deadline=None, max_examples=1_000, suppress_health_check=list(HealthCheck))
@given(body=st.builds(lambda body, more: {**more, **body}, BODIES, st.sampled_from([{}, LEAST, MOST])))
@example(body=MOST)
@example(body=LEAST)
def test_the_model_and_the_function_take_the_same_bodies(
    made: Synthesized, full: Synthesized, body: dict[str, Any]
) -> None:
    """Otherwise a rule would hold at one of the two doors only. The listed set is what JSON Schema cannot say."""
    for of, names_customer in ((made, True), (full, False)):
        told = StartSettings(
            INSTANCE_ID,
            "customer_id",
            json.loads(variables_of(of)["START_FLOWS"]),
            tuple(json.loads(variables_of(of)["START_ATTRIBUTES"])),
            True,
            False,
            None,
            {},
        )
        text = json.dumps(body)
        try:
            request.parse({"body": text}, told, names_customer=names_customer)
            taken = True
        except Refusal:
            taken = False
        types = body.get("SupportedMessagingContentTypes")
        beyond = "\\ud800" in text or (isinstance(types, list) and "text/plain" not in types)
        assert taken == (model(of).is_valid(body) and not beyond), text


def test_without_attributes_none_is_taken(made: Synthesized) -> None:
    """Their names are an allow-list."""
    assert model(made).is_valid({**LEAST, "Attributes": {}})
    assert not model(made).is_valid({**LEAST, "Attributes": {"page": ""}})


@pytest.mark.parametrize("fixture", ["made", "full"])
def test_a_refusal_names_both_methods_and_every_field(fixture: str, request: pytest.FixtureRequest) -> None:
    """The gateway has one answer for a wrong body, and one for a wrong path, whatever the method."""
    of: Synthesized = request.getfixturevalue(fixture)
    texts = {
        one["Properties"]["ResponseType"]: one["Properties"]["ResponseTemplates"]["application/json"]
        for one in of.all("AWS::ApiGateway::GatewayResponse").values()
    }
    said = json.loads(texts["BAD_REQUEST_BODY"])["message"]
    association, start = said.partition("The body of PUT /contact/chat has to be ")[::2]
    assert association.startswith("The body of POST /contact/persistent-contact-association/{InstanceId}/{InitialConta")
    schema: Any = model(of).schema
    fields = dict(re.findall(r"([A-Z]\w+) \((.*?)\)(?=, [A-Z]|, and nothing else)", start))
    assert set(fields) == set(schema["properties"])
    for name, rule in schema["properties"].items():
        assert ("required" in fields[name]) == (name in schema["required"])
        assert rule.get("maxLength") is None or name == "ContactFlowId" or str(rule["maxLength"]) in fields[name]
    for name in schema["properties"]["Attributes"].get("properties", {}):
        assert name in fields["Attributes"]
    missing = json.loads(texts["MISSING_AUTHENTICATION_TOKEN"])["message"]
    assert re.search(r"\{InitialContactId\} or PUT /contact/chat, with (IAM authorization|the credentials of)", missing)


def test_a_refusal_is_one_that_the_template_can_hold(full: Synthesized) -> None:
    """API Gateway replaces `$context` variables in it, and nothing else may look like one."""
    for one in full.all("AWS::ApiGateway::GatewayResponse").values():
        text = one["Properties"]["ResponseTemplates"]["application/json"]
        assert "<methods>" not in text
        assert "$" not in text.replace("$context.error.messageString", "")


def test_monitoring_covers_both_methods(full: Synthesized) -> None:
    """API Gateway counts by stage, and both methods write to the same logs."""
    alarms = [one for key, one in full.all("AWS::CloudWatch::Alarm").items() if key.startswith("Monitoring")]
    dimensions = [one["Properties"].get("Dimensions", []) for one in alarms]
    assert len(alarms) == 8
    assert not any(dimension["Name"] in ("Method", "Resource") for one in dimensions for dimension in one)


def test_the_template_of_two_equal_apps_is_the_same() -> None:
    """A deployment that changes nothing must prove nothing."""
    assert started().text() == started().text()
    other = partial(started, start=ChatStart({"web": FLOW_ID}, continue_latest=False))
    proofs = [made.only("Custom::PersistentChatProof")["Fingerprint"] for made in (started(), other())]
    assert proofs[0] != proofs[1]


def test_a_flow_that_was_selected_from_a_list_is_taken() -> None:
    """As the advice for list tokens says."""
    here = stack(env=HERE)
    flows = CfnParameter(here, "Flows", type="CommaDelimitedList").value_as_list
    started(here, start=ChatStart({"web": Fn.select(0, flows)}))
