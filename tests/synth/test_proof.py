"""The proof: it comes last, it is asked again when what it proves changes, and it closes no cycle."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsii
import pytest
from aws_cdk import App, Aspects, Duration, Environment, IAspect, NestedStack, Stack, Stage, Tags
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam

from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ConfigurationError,
    ConnectInstance,
    CustomerIdentity,
    PersistentChatEndpoint,
    ProofScope,
    lambda_function,
)
from connect_persistent_chat.source import SOURCE
from constructs import IConstruct
from tests.synth.apps import HERE, INSTANCE_ARN, INSTANCE_ID, Synthesized, endpoint, history, stack, user_pool

PROOF = "Custom::PersistentChatProof"


def proof_of(change: Callable[[Stack], object] | None = None) -> str:
    """The proof's properties, as CloudFormation compares them."""
    here = stack(env=HERE)
    if change is None:
        endpoint(here)
    else:
        change(here)
    return json.dumps(Synthesized(here).only(PROOF), sort_keys=True)


def with_a_boundary_for_all(here: Stack) -> None:
    """As an app's context says it."""
    here.node.set_context("@aws-cdk/core:permissionsBoundary", {"name": "Boundary"})
    endpoint(here)


def deployed_by_hand(here: Stack) -> None:
    """As docs/proof.md says it for level-1 changes of the API."""
    deployment = endpoint(here).api.latest_deployment
    assert deployment is not None
    deployment.add_to_logical_id("by hand")


def tagged(here: Stack) -> None:
    """As every app of a company is."""
    endpoint(here, history=history(here))
    Tags.of(here).add("cost-centre", "1")
    Tags.of(here.node.root).add("team", "chat", priority=200)


def test_the_same_endpoint_has_the_same_proof() -> None:
    """A deployment that changes nothing must not call the endpoint."""
    assert proof_of() == proof_of()


def test_tags_prove_nothing_anew_and_stay() -> None:
    """They change nothing that works; a new proof of each endpoint for each tag would only take time. The CDK makes
    the id of the API's deployment of its tags, too."""
    here, other = stack(env=HERE), stack(env=HERE)
    endpoint(here, history=history(here))
    tagged(other)
    plain, with_tags = Synthesized(here), Synthesized(other)
    for key, proof in plain.all(PROOF).items():
        assert proof["Properties"] == with_tags.all(PROOF)[key]["Properties"]
    for kind in ("AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::Lambda::Function", "AWS::DynamoDB::Table"):
        for one in with_tags.all(kind).values():
            assert {"Key": "team", "Value": "chat"} in one["Properties"]["Tags"], kind
    assert set(plain.all("AWS::ApiGateway::Deployment")) != set(with_tags.all("AWS::ApiGateway::Deployment"))


def test_a_tag_hides_no_change_of_the_api() -> None:
    """What is deployed with the API is in the fingerprint by the deployment's id, tags or not."""
    tag = Tags.of

    def changed(here: Stack) -> None:
        endpoint(here).api.root.add_resource("more").add_method("GET")
        tag(here).add("team", "chat")

    def same(here: Stack) -> None:
        endpoint(here)
        tag(here).add("team", "chat")

    assert proof_of(same) == proof_of()
    assert proof_of(changed) != proof_of()


@pytest.mark.parametrize(
    "change",
    [
        lambda here: endpoint(here, deadline=Duration.seconds(9)),
        lambda here: endpoint(here, throttle_rate_limit=4),
        lambda here: endpoint(here, throttle_burst_limit=9),
        lambda here: endpoint(here, transcript_delay=Duration.seconds(61)),
        lambda here: endpoint(here, proof=ProofScope.REPORT_ONLY),
        lambda here: endpoint(here, customer_identity=CustomerIdentity.unchecked()),
        lambda here: endpoint(here, authorization=Authorization.iam(allow_identity_pools=True)),
        lambda here: endpoint(here, authorization=Authorization.oidc("https://login.example.com", ["client"])),
        lambda here: endpoint(here, cors_allowed_origins=["https://a.example"]),
        lambda here: endpoint(
            here,
            instance=ConnectInstance.from_instance_id(here, "I", INSTANCE_ID.replace("1111", "2222")),
        ),
        lambda here: setattr(endpoint(here).function.node.default_child, "handler", "association.other.handle"),
        lambda here: setattr(endpoint(here).function.node.default_child, "reserved_concurrent_executions", 0),
        lambda here: setattr(
            endpoint(here).role.node.default_child, "permissions_boundary", "arn:aws:iam::aws:policy/No"
        ),
        lambda here: endpoint(here).role.add_to_policy(
            iam.PolicyStatement(effect=iam.Effect.DENY, actions=["connect:*"], resources=["*"])
        ),
        with_a_boundary_for_all,
        lambda here: endpoint(here).api.root.add_resource("more").add_method("GET"),
        lambda here: endpoint(here).api.add_gateway_response("More", type=apigateway.ResponseType.INVALID_API_KEY),
        lambda here: endpoint(here).api.add_model("More", schema=apigateway.JsonSchema()),
        lambda here: endpoint(here).api.add_request_validator("More", validate_request_body=True),
        deployed_by_hand,
    ],
    ids=[
        "environment",
        "rate",
        "burst",
        "delay",
        "scope",
        "identity",
        "authorization",
        "issuer",
        "origins",
        "policies",
        "handler",
        "concurrency",
        "boundary",
        "deny",
        "boundary for all",
        "api deployment",
        "gateway response",
        "model",
        "validator",
        "deployment by hand",
    ],
)
def test_what_changes_the_endpoint_changes_the_proof(change: Callable[[Stack], object]) -> None:
    """CloudFormation asks for a new proof only if a property changes."""
    assert proof_of(change) != proof_of()


@pytest.mark.parametrize("package", ["association", "authorizer", "connect", "history", "provisioning", "shared"])
def test_changed_code_changes_the_proof(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New code is proved, and so is the endpoint by a prover that learned something."""
    build = of_an_issuer if package == "authorizer" else endpoint
    before = proof_of(build)
    copy = tmp_path / "lambda"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(lambda_function, "SOURCE", copy)
    assert proof_of(build) == before
    (copy / package / "new.py").write_text("# changed", encoding="utf-8")
    assert proof_of(build) != before


def test_a_stray_pycache_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ran the tests before must not deploy something else."""
    before = proof_of()
    copy = tmp_path / "lambda"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "association" / "__pycache__").mkdir()
    (copy / "association" / "__pycache__" / "handler.cpython-311.pyc").write_bytes(b"stray")
    monkeypatch.setattr(lambda_function, "SOURCE", copy)
    assert proof_of() == before


def with_every_part(here: Stack) -> PersistentChatEndpoint:
    """Authorizer, preflight, the account's role, and what an app adds to the API."""
    made = endpoint(
        here,
        authorization=Authorization.cognito(*user_pool(here)),
        cors_allowed_origins=["https://a.example"],
        cloud_watch_role=True,
    )
    made.api.add_gateway_response("More", type=apigateway.ResponseType.INVALID_API_KEY)
    made.api.root.add_resource("more").add_method("GET")
    return made


def of_an_issuer(here: Stack) -> PersistentChatEndpoint:
    """An authorizer with a function, which the gateway may invoke."""
    return endpoint(here, authorization=Authorization.oidc("https://login.example.com", ["client"]))


@pytest.mark.parametrize("build", [endpoint, with_every_part, of_an_issuer])
def test_the_proof_comes_after_everything_else_of_the_endpoint(
    build: Callable[[Stack], PersistentChatEndpoint],
) -> None:
    """A proof of half an endpoint proves nothing."""
    here = stack(env=HERE)
    build(here)
    made = Synthesized(here)
    waits_for = _all_that_is_waited_for(made, PROOF)
    rest = {
        key
        for key, resource in made.template["Resources"].items()
        if key.startswith("Endpoint") and resource["Type"] != PROOF
    }
    assert rest - waits_for == set()


def test_the_proof_may_call_this_method_and_this_function_only(default: Synthesized) -> None:
    """The prover is no way in."""
    policy = default.named("AWS::IAM::Policy", "EndpointProofPolicy")["PolicyDocument"]["Statement"]
    resources = _by_action(policy)
    assert resources.keys() == {
        "execute-api:Invoke",
        "lambda:GetFunctionConcurrency",
        "lambda:InvokeFunction",
    }
    assert '"/POST/contact/persistent-contact-association/*/*"' in resources.pop("execute-api:Invoke")
    assert [action for action, resource in resources.items() if "*" in resource] == []
    # The role itself, which every endpoint of the stack shares, may ask for nothing that belongs to anybody.
    role = default.allowed("ConnectPersistentChatProvisioningRole")
    assert {action for action, resource in role.items() if resource == "*"} == {"ds:DescribeDirectories"}


def test_a_recorders_proof_may_look_and_not_touch() -> None:
    """It reads the rule, the policy and the table; only EventBridge's own test of a pattern knows no resource."""
    here = stack(env=HERE)
    history(here)
    policy = Synthesized(here).named("AWS::IAM::Policy", "HistoryProofPolicy")["PolicyDocument"]["Statement"]
    resources = _by_action(policy)
    assert {action for action, resource in resources.items() if '"*"' in resource} == {"events:TestEventPattern"}
    assert set(resources) - {"events:TestEventPattern"} == {
        "dynamodb:DescribeTable",
        "events:DescribeRule",
        "events:ListTargetsByRule",
        "lambda:GetFunctionConcurrency",
        "lambda:GetPolicy",
        "lambda:InvokeFunction",
    }


def test_the_proof_may_look_at_the_instance_of_another_stack() -> None:
    """In the instance's own stack the instance's policy allows it, and the proof comes after that; elsewhere nothing
    else does."""
    app = App()
    instance = ConnectInstance.from_instance_id(stack("First", app=app, env=HERE), "Instance", INSTANCE_ID)
    here = stack("Second", app=app, env=HERE)
    endpoint(here, instance=instance)
    policy = Synthesized(here).named("AWS::IAM::Policy", "EndpointProofPolicy")["PolicyDocument"]["Statement"]
    resources = _by_action(policy)
    for action in ("connect:DescribeInstance", "connect:ListInstanceStorageConfigs"):
        assert f"instance/{INSTANCE_ID}" in resources[action]
    own = stack(env=HERE)
    endpoint(own)
    made = Synthesized(own)
    (allowing,) = (key for key in made.all("AWS::IAM::Policy") if key.startswith("EndpointInstancePolicy"))
    assert allowing in _all_that_is_waited_for(made, PROOF)


def _by_action(statements: list[dict[str, Any]]) -> dict[str, str]:
    """The resources of each action, as JSON."""
    return {
        action: json.dumps(statement["Resource"])
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def test_it_ends_long_before_cloudformations_default_hour(default: Synthesized) -> None:
    """A custom resource that hangs must not keep a deployment for an hour."""
    assert default.only(PROOF)["ServiceTimeout"] == "300"
    assert int(default.only("Custom::ConnectInstance")["ServiceTimeout"]) <= 120


def test_the_time_outs_nest() -> None:
    """The patience ends first, then CloudFormation's for the resource, then the function's own, then the framework's:
    otherwise a proof that fails would time out, and tell nothing."""
    here = stack(env=HERE)
    endpoint(here, proof_patience=Duration.minutes(10))
    made = Synthesized(here)
    service, patience = int(made.only(PROOF)["ServiceTimeout"]), made.only(PROOF)["PatienceSeconds"]
    function = made.named("AWS::Lambda::Function", "ConnectPersistentChatProvisioningFunction")["Timeout"]
    framework = made.named("AWS::Lambda::Function", "frameworkonEvent")["Timeout"]
    # After the patience: a second walk 10 s later, whose last link may be tried for 50 s more and takes 40.
    assert patience + 10 + 50 + 40 < service < function < framework <= 900


@pytest.mark.parametrize(
    "instance",
    [
        lambda here: ConnectInstance.from_instance_arn(here, "Instance", INSTANCE_ARN),
        lambda here: ConnectInstance.from_instance_id(here, "Instance", INSTANCE_ID),
        lambda here: ConnectInstance.from_instance_alias(here, "Instance", "local"),
    ],
    ids=["arn", "id", "alias"],
)
def test_there_is_no_dependency_cycle(instance: Callable[[Stack], ConnectInstance]) -> None:
    """Function, instance, provider, policy: CloudFormation refuses a template in which they wait in a ring.

    The assertions module refuses cycles as well, so this counts what each resource waits for by itself.
    """
    here = stack(env=HERE)
    endpoint(here, instance=instance(here))
    made = Synthesized(here)
    for key in made.template["Resources"]:
        assert key not in _closure(made, key), key


def test_the_provider_may_call_its_one_function_and_that_may_ask_about_its_own_stack(default: Synthesized) -> None:
    """By itself the CDK's framework gives it a managed policy of AWS, and a wildcard."""
    allowed = default.allowed("ConnectPersistentChatProvisioningProviderRole")
    assert set(allowed) == {
        "lambda:GetFunction",
        "lambda:InvokeFunction",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    (handler,) = (key for key in default.all("AWS::Lambda::Function") if "ProvisioningFunction" in key)
    assert allowed["lambda:InvokeFunction"] == allowed["lambda:GetFunction"] == {"Fn::GetAtt": [handler, "Arn"]}
    # And that function may ask about its own stack and no other.
    asks = default.allowed("ConnectPersistentChatProvisioningRole")["cloudformation:DescribeStacks"]
    assert asks == {"Ref": "AWS::StackId"}
    roles = default.all("AWS::IAM::Role")
    assert [key for key, role in roles.items() if "ManagedPolicyArns" in role["Properties"]] == []


def test_many_endpoints_fit_into_the_provisioning_functions_role() -> None:
    """All the policies within one role may have 10,240 characters together, spaces not counted (IAM quotas)."""
    here = stack("A" * 60, env=HERE)
    instance = ConnectInstance.from_instance_id(here, "Instance", INSTANCE_ID)
    kept = history(here, instance=instance)
    for number in range(12):
        endpoint(here, f"{'E' * 40}{number}", instance=instance, history=kept)
    made = Synthesized(here)
    policies = [one["Properties"] for one in made.all("AWS::IAM::Policy").values()]
    text = "".join(json.dumps(one["PolicyDocument"], separators=(",", ":")) for one in policies)
    text += json.dumps(made.named("AWS::IAM::Role", "ProvisioningRole")["Policies"])
    # References are as long here as what they become, or longer.
    assert len(text) < 10_240


# The scopes.

WARNINGS = {
    ProofScope.WHOLE: [],
    ProofScope.WITHOUT_GATEWAY: ["connect-persistent-chat:proof-without-gateway"],
    ProofScope.REPORT_ONLY: ["connect-persistent-chat:proof-report-only"],
}


@pytest.mark.parametrize("scope", ProofScope)
def test_a_scope_that_shows_less_warns(scope: ProofScope) -> None:
    """By a stable id, so that whoever means it can acknowledge it."""
    here = stack(env=HERE)
    endpoint(here, proof=scope)
    made = Synthesized(here)
    assert made.only(PROOF)["Scope"] == scope.value
    found = [warning.partition("[ack: ")[2].partition("]")[0] for warning in made.warnings()]
    assert found == WARNINGS[scope]


def test_without_gateway_the_prover_may_not_even_call_it() -> None:
    """No permission that is not used."""
    here = stack(env=HERE)
    endpoint(here, proof=ProofScope.WITHOUT_GATEWAY)
    made = Synthesized(here)
    assert {"ApiId", "Stage", "Signed"} & set(made.only(PROOF)) == set()
    assert "execute-api:Invoke" not in json.dumps(made.all("AWS::IAM::Policy"))


def test_the_report_can_be_an_output() -> None:
    """Of an endpoint and of a history."""
    here = stack(env=HERE)
    kept = history(here, proof=ProofScope.REPORT_ONLY)
    of = endpoint(here, history=kept, proof=ProofScope.REPORT_ONLY)
    made = Synthesized(here)
    for one, part in ((kept, "History"), (of, "Endpoint")):
        (key,) = (key for key in made.all(PROOF) if key.startswith(part))
        assert here.resolve(one.proof_report) == {"Fn::GetAtt": [key, "Report"]}


@pytest.mark.parametrize("scope", ["WHOLE", 1])
def test_what_is_no_scope_is_refused(scope: Any) -> None:
    """With what is expected."""
    with pytest.raises(
        ConfigurationError, match=rf"proof: got {scope!r}, expected ProofScope.WHOLE or ProofScope\.WITH"
    ):
        endpoint(stack(), proof=scope)


def test_a_history_has_no_gateway_to_leave_out() -> None:
    """It takes the other two."""
    expected = r"proof: got ProofScope.WITHOUT_GATEWAY, expected ProofScope.WHOLE or ProofScope.REPORT_ONLY\."
    with pytest.raises(ConfigurationError, match=expected):
        history(stack(), proof=ProofScope.WITHOUT_GATEWAY)
    assert isinstance(history(stack(), proof=ProofScope.REPORT_ONLY), ChatHistory)


# What an app does to the API itself.


def api_of(made: PersistentChatEndpoint) -> apigateway.CfnRestApi:
    """The API's level-1 resource."""
    api = made.api.node.default_child
    assert isinstance(api, apigateway.CfnRestApi)
    return api


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A resource policy for everybody, but for what the statements say."""
    usual = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    return {"Version": "2012-10-17", "Statement": [{**usual, **statement} for statement in statements]}


FROM_HOME = {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}


def method_of(made: PersistentChatEndpoint) -> apigateway.CfnMethod:
    """The method's level-1 resource."""
    (method,) = (one for one in made.api.methods if one.http_method == "POST")
    resource = method.node.default_child
    assert isinstance(resource, apigateway.CfnMethod)
    return resource


@jsii.implements(IAspect)
class Hardening:
    """What a company lays over each of its apps, when they are complete."""

    def visit(self, node: IConstruct) -> None:
        """Switch the address of every API off."""
        if isinstance(node, apigateway.CfnRestApi):
            node.add_property_override("DisableExecuteApiEndpoint", True)


def with_policy(*statements: dict[str, Any]) -> Callable[[PersistentChatEndpoint], None]:
    """The API has this resource policy."""
    return lambda made: setattr(api_of(made), "policy", policy(*statements))


def with_document(made: PersistentChatEndpoint) -> None:
    """As the CDK's own class has it."""
    everybody: dict[str, Any] = {
        "principals": [iam.AnyPrincipal()],
        "actions": ["execute-api:Invoke"],
        "resources": ["execute-api:/*"],
    }
    allowed = iam.PolicyStatement(**everybody)
    denied = iam.PolicyStatement(effect=iam.Effect.DENY, conditions=FROM_HOME, **everybody)
    api_of(made).policy = iam.PolicyDocument(statements=[allowed, denied])


def private_and_open_again(made: PersistentChatEndpoint) -> None:
    """What was hardened, and written over or deleted by overrides."""
    api, method = api_of(made), method_of(made)
    api.disable_execute_api_endpoint = method.api_key_required = True
    with_policy({"Condition": FROM_HOME})(made)
    api.add_property_deletion_override("DisableExecuteApiEndpoint")
    api.add_deletion_override("Properties.Policy")
    method.add_property_override("ApiKeyRequired", False)


HARDENED: dict[str, tuple[Callable[[PersistentChatEndpoint], object], str]] = {
    "address off": (
        lambda made: setattr(api_of(made), "disable_execute_api_endpoint", True),
        "The API's default address is switched off",
    ),
    "private": (
        lambda made: setattr(
            api_of(made),
            "endpoint_configuration",
            apigateway.CfnRestApi.EndpointConfigurationProperty(types=["PRIVATE"]),
        ),
        "The API is private",
    ),
    "api key": (
        lambda made: setattr(method_of(made), "api_key_required", True),
        "The API's method asks for an API key",
    ),
    "deny": (with_policy({}, {"Effect": "Deny", "Condition": FROM_HOME}), "The API's resource policy does not"),
    "condition": (with_policy({"Condition": FROM_HOME}), "The API's resource policy does not"),
    "somebody": (with_policy({"Principal": {"AWS": "123456789012"}}), "The API's resource policy does not"),
    "document": (with_document, "The API's resource policy does not"),
    "added": (
        lambda made: made.api.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=["execute-api:Invoke"],
                resources=["execute-api:/*"],
                conditions=FROM_HOME,
            )
        ),
        "The API's resource policy does not",
    ),
    "address off by an override": (
        lambda made: api_of(made).add_property_override("DisableExecuteApiEndpoint", True),
        "The API's default address is switched off",
    ),
    "private by an override": (
        lambda made: api_of(made).add_override("Properties.EndpointConfiguration.Types", ["PRIVATE"]),
        "The API is private",
    ),
    "api key by an override": (
        lambda made: method_of(made).add_property_override("ApiKeyRequired", True),
        "The API's method asks for an API key",
    ),
    "policy by an override": (
        lambda made: api_of(made).add_property_override("Policy", policy({"Condition": FROM_HOME})),
        "The API's resource policy does not",
    ),
    "address off by an aspect": (
        lambda made: Aspects.of(made).add(Hardening()),
        "The API's default address is switched off",
    ),
}


@pytest.mark.parametrize(("harden", "why"), HARDENED.values(), ids=HARDENED.keys())
def test_an_api_that_no_deployment_can_call_says_what_to_choose(
    harden: Callable[[PersistentChatEndpoint], object], why: str
) -> None:
    """Ordinary hardening, after construction: the deployment would fail for no fault, minutes later."""
    app = App()
    harden(endpoint(stack(app=app, env=HERE)))
    with pytest.raises(RuntimeError, match=r"proof=ProofScope\.WITHOUT_GATEWAY") as failed:
        app.synth()
    assert why in str(failed.value)
    assert "Stack/Endpoint: The API" in str(failed.value)
    for scope in (ProofScope.WITHOUT_GATEWAY, ProofScope.REPORT_ONLY):
        other = App()
        harden(endpoint(stack(app=other, env=HERE), proof=scope))
        other.synth()


@pytest.mark.parametrize(
    "harden",
    [
        lambda made: None,
        with_policy({}),
        with_policy({"Principal": {"AWS": "*"}}, {"Principal": {"AWS": "123456789012"}}),
        with_policy({"Principal": {"AWS": ["*"]}}),
        lambda made: setattr(api_of(made), "disable_execute_api_endpoint", False),
        private_and_open_again,
    ],
    ids=["nothing", "everybody", "everybody and somebody", "a list of everybody", "address on", "written over"],
)
def test_what_lets_everybody_in_is_proved_as_a_whole(harden: Callable[[PersistentChatEndpoint], object]) -> None:
    """The same calls succeed."""
    app = App()
    harden(endpoint(stack(app=app, env=HERE)))
    app.synth()


@pytest.mark.parametrize("place", [lambda app: Stage(app, "Stage"), lambda app: stack("Outer", app=app)])
def test_an_api_in_a_stage_or_a_nested_stack_is_looked_at_as_well(place: Callable[[App], Any]) -> None:
    """Their templates are written elsewhere, and at other times."""
    for harden in (False, True):
        app = App()
        outer = place(app)
        here = NestedStack(outer, "Inner") if isinstance(outer, Stack) else Stack(outer, "Inner")
        made = endpoint(here)
        if not harden:
            app.synth()
            continue
        api_of(made).add_property_override("DisableExecuteApiEndpoint", True)
        with pytest.raises(RuntimeError, match="Inner/Endpoint: The API's default address is switched off"):
            app.synth()


def test_two_endpoints_share_one_provisioning_function() -> None:
    """One Provider a stack, however many endpoints; and nothing of the two has the same name."""
    here = stack(env=HERE)
    endpoint(here, "First")
    endpoint(here, "Second")
    made = Synthesized(here)
    assert len(made.all(PROOF)) == 2
    functions_made = made.all("AWS::Lambda::Function")
    assert len([key for key in functions_made if key.startswith("ConnectPersistentChatProvisioning")]) == 2
    assert len(functions_made) == 4


def test_a_stack_in_each_of_two_regions() -> None:
    """A contact centre in two regions deploys one app."""
    app = App()
    stacks = {
        region: stack(f"In-{region}", app=app, env=Environment(account="123456789012", region=region))
        for region in ("us-east-1", "eu-west-2")
    }
    for here in stacks.values():
        endpoint(here)
    for region, here in stacks.items():
        assert f"https://connect.{region}." in Synthesized(here).text()


def _all_that_is_waited_for(made: Synthesized, resource_type: str) -> set[str]:
    (key,) = made.all(resource_type)
    return _closure(made, key)


def _closure(made: Synthesized, key: str) -> set[str]:
    """Everything that CloudFormation makes before this resource."""
    reached: set[str] = set()
    todo = _waited_for(made, key)
    while todo:
        reached |= todo
        todo = {further for one in todo for further in _waited_for(made, one)} - reached
    return reached


def _waited_for(made: Synthesized, key: str) -> set[str]:
    resource = made.template["Resources"][key]
    depends = resource.get("DependsOn", [])
    named = {depends} if isinstance(depends, str) else set(depends)
    return (named | _references(resource.get("Properties", {}))) & set(made.template["Resources"])


def _references(value: object) -> set[str]:
    if isinstance(value, list):
        return {found for item in value for found in _references(item)}
    if not isinstance(value, dict):
        return set()
    if set(value) == {"Ref"}:
        return {str(value["Ref"])}
    if set(value) == {"Fn::GetAtt"}:
        return {str(value["Fn::GetAtt"][0])}
    return {found for item in value.values() for found in _references(item)}
