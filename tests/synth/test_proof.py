"""The proof: it comes last, it is asked again when what it proves changes, and it closes no cycle."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam

from connect_persistent_chat import Authorization, ConnectInstance, CustomerIdentity, PersistentChatEndpoint, functions
from connect_persistent_chat.source import SOURCE
from tests.synth.apps import HERE, INSTANCE_ARN, INSTANCE_ID, Synthesized, endpoint, stack, user_pool

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


def test_the_same_endpoint_has_the_same_proof() -> None:
    """A deployment that changes nothing must not call the endpoint."""
    assert proof_of() == proof_of()


@pytest.mark.parametrize(
    "change",
    [
        lambda here: endpoint(here, deadline=Duration.seconds(9)),
        lambda here: endpoint(here, throttle_rate_limit=4),
        lambda here: endpoint(here, throttle_burst_limit=9),
        lambda here: endpoint(here, transcript_delay=Duration.seconds(61)),
        lambda here: endpoint(here, customer_identity=CustomerIdentity.unchecked()),
        lambda here: endpoint(here, authorization=Authorization.iam(allow_identity_pools=True)),
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
        "identity",
        "authorization",
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


@pytest.mark.parametrize("package", ["association", "history", "provisioning"])
def test_changed_code_changes_the_proof(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New code is proved, and so is the endpoint by a prover that learned something."""
    before = proof_of()
    copy = tmp_path / "lambda"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(functions, "SOURCE", copy)
    assert proof_of() == before
    (copy / package / "names.py").write_text("# changed", encoding="utf-8")
    assert proof_of() != before


def test_a_stray_pycache_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ran the tests before must not deploy something else."""
    before = proof_of()
    copy = tmp_path / "lambda"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "association" / "__pycache__").mkdir()
    (copy / "association" / "__pycache__" / "names.cpython-311.pyc").write_bytes(b"stray")
    monkeypatch.setattr(functions, "SOURCE", copy)
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


@pytest.mark.parametrize("build", [endpoint, with_every_part])
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
    resources = {statement["Action"]: json.dumps(statement["Resource"]) for statement in policy}
    assert resources.keys() == {"execute-api:Invoke", "lambda:InvokeFunction"}
    assert '"/POST/contact/persistent-contact-association/*/*"' in resources["execute-api:Invoke"]
    assert "*" not in resources["lambda:InvokeFunction"]


def test_it_ends_long_before_cloudformations_default_hour(default: Synthesized) -> None:
    """A custom resource that hangs must not keep a deployment for an hour."""
    assert default.only(PROOF)["ServiceTimeout"] == "120"
    assert int(default.only("Custom::ConnectInstance")["ServiceTimeout"]) <= 120


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
