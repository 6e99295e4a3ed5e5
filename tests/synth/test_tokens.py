"""Values that only the deployment knows: they are accepted, or a sentence says how to give them."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Fn
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm

from connect_persistent_chat import (
    Authorization,
    ChatHistory,
    ConnectInstance,
    CustomerIdentity,
    PersistentChatEndpoint,
)
from constructs import Construct
from tests.synth.apps import HERE, INSTANCE_ID, Synthesized, endpoint, stack, user_pool
from tests.synth.calls import CONSTRUCTS, EACH, ELSEWHERE, Prepared, kind_of, mistakes_of, parameters_of

# These parameters name a construct, or decide which resources there are.
KNOWN_AT_SYNTHESIS = {"ConnectInstance.from_any": ["id", "instance"]}
# The unit of the template, in which a Duration may be a token.
UNITS = {
    "transcript_delay": Duration.seconds,
    "event_delay": Duration.seconds,
    "retention": Duration.seconds,
    "slow": Duration.millis,
}
HAVE_TOKENS = [
    (name, parameter) for name, parameter in EACH if kind_of(name, parameter)[0] in (str, int, float, Duration)
]


@pytest.mark.parametrize(("name", "parameter"), HAVE_TOKENS, ids=map("-".join, HAVE_TOKENS))
def test_what_only_the_deployment_knows_is_taken(name: str, parameter: str) -> None:
    """An operator may give texts, numbers and times as parameters of the stack. If not, a sentence says why."""
    prepared = Prepared()
    kind, _ = kind_of(name, parameter)
    text = CfnParameter(prepared.stack, "Text").value_as_string
    number = CfnParameter(prepared.stack, "Number", type="Number").value_as_number
    values = {str: text, int: number, float: number, Duration: UNITS.get(parameter, Duration.seconds)(number)}
    required = prepared.required(name)
    if (name, parameter) == ("ConnectInstance", "alias"):
        del required["instance_id"]
    call = partial(prepared.bound(name), **{**required, parameter: values[kind]})
    if parameter in KNOWN_AT_SYNTHESIS.get(name, ["id"]) or (kind is Duration and parameter not in UNITS):
        assert f"{parameter}: got a token, expected " in mistakes_of(call)
        return
    made = call()
    if not isinstance(made, Construct):
        return
    if name.startswith("ChatHistory"):
        endpoint(prepared.stack, history=made)
    template = Synthesized(prepared.stack).text()
    assert f'{{"Ref": "{"Text" if kind is str else "Number"}"}}' in template
    assert not any(form in template for form in ("Token[", "e+289"))


@pytest.mark.parametrize("unit", [Duration.minutes, Duration.hours, Duration.days])
@pytest.mark.parametrize("parameter", sorted(UNITS))
def test_a_time_in_another_unit_than_the_templates_is_refused(
    parameter: str, unit: Callable[[float], Duration]
) -> None:
    """CloudFormation cannot multiply, so the sentence names the unit of the template."""
    prepared = Prepared()
    value = unit(CfnParameter(prepared.stack, "Number", type="Number").value_as_number)
    (name, *_) = (one.__name__ for one in CONSTRUCTS if parameter in parameters_of(one))
    said = mistakes_of(partial(prepared.bound(name), **{**prepared.required(name), parameter: value}))
    assert f"{parameter}: got a token in another unit, expected " in said
    assert f"Make it with Duration.{UNITS[parameter].__name__}(...)." in said


def test_a_look_up_synthesizes_before_it_is_made() -> None:
    """In the first pass the CDK gives a placeholder. The second pass comes only if the first ends without an error."""
    app = App()
    here = stack("Here", app=app, env=HERE)
    found = ssm.StringParameter.value_from_lookup(here, "/contact-centre/any")
    made = (
        ConnectInstance.from_instance_id(here, "Id", found),
        ConnectInstance.from_instance_arn(here, "Arn", found),
        ConnectInstance.from_instance_arn(here, "ArnOf", f"arn:aws:connect:us-east-1:123456789012:instance/{found}"),
        ConnectInstance.from_instance_alias(here, "Alias", found),
        ConnectInstance.from_any(here, "Any", found),
    )
    by_attribute = CustomerIdentity.attribute(found)
    pools, clients = user_pool(here)
    endpoint(
        here,
        instance=made[0],
        customer_identity=by_attribute,
        history=ChatHistory.from_table_arn(here, "History", found, customer_identity=by_attribute),
        authorization=Authorization.cognito(pools, clients, customer_claim=found),
        cors_allowed_origins=[found, f"https://{found}"],
    )
    manifest = json.loads((Path(app.synth().directory) / "manifest.json").read_text(encoding="utf-8"))
    assert [one["provider"] for one in manifest["missing"]] == ["ssm"]


def test_a_role_that_is_not_looked_up_yet_is_no_mistake() -> None:
    """In the first pass of synthesis the CDK gives a role of another account, which takes no permissions."""
    app = App()
    here = stack("Here", app=app, env=ELSEWHERE["account"])
    account = ssm.StringParameter.value_from_lookup(here, "/backend/account")
    made = endpoint(here)
    made.grant_invoke(iam.Role.from_lookup(here, "Backend", role_name="backend"))
    made.grant_invoke(iam.Role.from_role_arn(here, "Other", f"arn:aws:iam::{account}:role/backend"))
    manifest = json.loads((Path(app.synth().directory) / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["missing"]) == 2


def test_the_origin_of_a_page_of_the_same_app_is_taken() -> None:
    """Only the deployment knows the domain of a distribution. The function and the preflight get it then."""
    here = stack()
    pages = origins.S3BucketOrigin.with_origin_access_control(s3.Bucket(here, "Pages"))
    site = cloudfront.Distribution(here, "Site", default_behavior=cloudfront.BehaviorOptions(origin=pages))
    allowed = [f"https://{site.distribution_domain_name}", "capacitor://localhost", "ionic://localhost"]
    endpoint(here, authorization=Authorization.cognito(*user_pool(here)), cors_allowed_origins=allowed)
    made = Synthesized(here)
    variables = made.named("AWS::Lambda::Function", "EndpointFunction")["Environment"]["Variables"]
    between, parts = variables["CORS_ALLOWED_ORIGINS"]["Fn::Join"]
    assert between == ""
    assert parts[0] == "https://"
    assert parts[2] == " capacitor://localhost ionic://localhost"


TOKEN = "${Token[TOKEN.7]}"


@pytest.mark.parametrize(
    ("origin", "may_be"),
    [
        (TOKEN, True),
        (f"https://{TOKEN}", True),
        (f"https://{TOKEN}:8443", True),
        (f"https://chat.{TOKEN}", True),
        (f"https://chat.example.com:{TOKEN}", True),
        (f"{TOKEN}://chat.example.com", True),
        (f"{TOKEN}.example.com", True),
        (f"https://{TOKEN}.{TOKEN}:{TOKEN}", True),
        (f"https://{TOKEN}/", False),
        (f"https://{TOKEN}:443", False),
        (f"HTTPS://{TOKEN}", False),
        (f"https://Chat.{TOKEN}", False),
        (f"{TOKEN}/path", False),
        (f"ftp://{TOKEN}", False),
    ],
)
def test_an_origin_is_checked_as_far_as_it_is_known(origin: str, may_be: bool) -> None:
    """A slash at its end matches nothing, whatever the host will be."""
    pages: Any = {"cors_allowed_origins": [origin]}
    if may_be:
        endpoint(stack(), **pages)
    else:
        said = mistakes_of(lambda: endpoint(stack(), **pages))
        assert origin.replace(TOKEN, "<token>") in said


def test_a_list_that_only_the_deployment_knows_is_told_how_to_be_given() -> None:
    """The template of a preflight has a line for each origin, so synthesis must know how many there are."""
    here = stack()
    several = CfnParameter(here, "Origins", type="CommaDelimitedList").value_as_list
    assert "[Fn.select(0, list), Fn.select(1, list)]" in mistakes_of(
        lambda: endpoint(here, cors_allowed_origins=several)
    )
    endpoint(here, "Taken", cors_allowed_origins=[Fn.select(0, several), Fn.select(1, several)])


def test_an_element_of_a_list_token_is_told_how_to_be_taken() -> None:
    """The CDK cannot resolve `value_as_list[0]`. It would fail, and show the inner form of the token."""
    here = stack()
    instance = ConnectInstance.from_instance_id(here, "Instance", INSTANCE_ID)
    first = CfnParameter(here, "Origins", type="CommaDelimitedList").value_as_list[0]
    for call in (
        lambda: ConnectInstance.from_any(here, "Any", first),
        lambda: ConnectInstance.from_instance_arn(here, "Arn", first),
        lambda: ChatHistory.from_table_arn(here, "Table", first),
        lambda: CustomerIdentity.attribute(first),
        lambda: Authorization.cognito(*user_pool(here), customer_claim=first),
        lambda: PersistentChatEndpoint(here, "Pages", instance=instance, cors_allowed_origins=[f"https://{first}"]),
    ):
        assert "got `list[0]` of a list that only the deployment knows, expected Fn.select(0, list)." in mistakes_of(
            call
        )
    said = mistakes_of(lambda: PersistentChatEndpoint(here, first, instance=instance))
    assert "id: got a token, expected a text that is known at synthesis." in said


@pytest.mark.parametrize("parameter", ["scope", "instance", "deadline", "history", "authorization", "cloud_watch_role"])
def test_an_element_of_a_list_token_where_no_text_fits_is_a_wrong_type(parameter: str) -> None:
    """Fn.select gives a text, which would be refused next."""
    prepared = Prepared()
    first: Any = CfnParameter(prepared.stack, "Origins", type="CommaDelimitedList").value_as_list[0]
    required = prepared.required("PersistentChatEndpoint")
    said = mistakes_of(partial(prepared.bound("PersistentChatEndpoint"), **{**required, parameter: first}))
    assert f"{parameter}: got a token, expected " in said
    assert "Fn.select" not in said


def test_an_element_of_a_list_token_for_a_list_is_told_both_at_once() -> None:
    """To put `list[0]` into a list would be the next mistake."""
    here = stack()
    several: Any = CfnParameter(here, "Origins", type="CommaDelimitedList").value_as_list
    said = mistakes_of(lambda: endpoint(here, cors_allowed_origins=several[0]))
    assert said.endswith("expected [Fn.select(0, list)].")
    said = mistakes_of(lambda: Authorization.cognito(several, several))
    assert "user_pools: got a token in the list, expected a Cognito user pool." in said
    assert "Fn.select" not in said
