"""The properties of a proof, read; what is malformed in them, and that nobody is asked then, is in test_proof.py."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import properties
from provisioning.link import DeploymentFailure
from provisioning.properties import Function, Gateway, ProofProperties
from shared import custom_resources
from tests.unit.provisioning.test_proof import ACTION, OF_ISSUER
from tests.unit.provisioning.world import AUTHORIZER_ARN, AUTHORIZER_ENVIRONMENT, FUNCTION_ARN, INSTANCE_ID, RULE_ARN

ENDPOINT = {name: value for name, value in OF_ISSUER.items() if not name.startswith("Authorizer")}
HISTORY = {**OF_ISSUER, "Table": "table", "Rule": RULE_ARN}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def test_each_property_is_read_where_it_belongs() -> None:
    """Two that were exchanged would prove another thing than the one that was deployed."""
    assert properties.read(HISTORY) == ProofProperties(
        function=Function("function", FUNCTION_ARN, {"CONNECT_INSTANCE_ID": INSTANCE_ID}),
        authorizer=Function("authorizer", AUTHORIZER_ARN, AUTHORIZER_ENVIRONMENT),
        actions=(ACTION,),
        patience=60.0,
        scope="WHOLE",
        instance_id=INSTANCE_ID,
        gateway=Gateway("api", "v1", False),
        table="table",
        rule=RULE_ARN,
    )


def test_what_an_endpoint_or_a_recorder_does_not_have_may_be_left_out_or_empty() -> None:
    """CloudFormation hands over what the template has, and a template of before had less."""
    assert properties.read(ENDPOINT) == properties.read({**ENDPOINT, "Table": "", "Rule": ""})
    assert properties.read(ENDPOINT).authorizer is None
    assert (properties.read(ENDPOINT).table, properties.read(ENDPOINT).rule) == ("", "")
    without = {name: value for name, value in HISTORY.items() if name not in ("ApiId", "Stage", "Signed")}
    assert properties.read(without).gateway is None
    assert properties.read(ENDPOINT).subject == "The endpoint"
    assert properties.read(without).subject == "The recorder of chats"


@given(st.integers(-5, 1200), st.sampled_from(["{}", "{:03d}", "{:04d}", " {}", "{}\n", "+{}", "{}.0"]))
def test_a_patience_is_whole_seconds_in_digits(seconds: int, spelled: str) -> None:
    """It is how long a deployment may wait: nothing that Python would also take for a number."""
    text = spelled.format(seconds)
    given_it = {**ENDPOINT, "PatienceSeconds": text}
    if re.fullmatch("[0-9]{1,3}", text) and 1 <= seconds <= custom_resources.LONGEST_PATIENCE_SECONDS:
        assert properties.read(given_it).patience == seconds
        return
    with pytest.raises(DeploymentFailure, match=f"expected 1 to {custom_resources.LONGEST_PATIENCE_SECONDS}"):
        properties.read(given_it)


def kept_of(read: ProofProperties) -> dict[str, Any]:
    """What was read, by the names that CloudFormation has for it."""
    gateway, authorizer = read.gateway, read.authorizer
    assert gateway is not None
    assert authorizer is not None
    return {
        "Authorizer": authorizer.arn,
        "AuthorizerEnvironment": authorizer.environment,
        "Function": read.function.arn,
        "Actions": list(read.actions),
        "ApiId": gateway.api_id,
        "Environment": read.function.environment,
        "InstanceId": read.instance_id,
        "PatienceSeconds": read.patience,
        "Rule": read.rule,
        "Signed": "true" if gateway.signed else "false",
        "Stage": gateway.stage,
        "Table": read.table,
    }


OTHERS = ["Environment", "AuthorizerEnvironment", "Actions"]
TEXTS = [name for name in HISTORY if name not in ("ServiceToken", "Fingerprint", *OTHERS)]


@given(st.sampled_from([*TEXTS, *OTHERS]), JSON)
def test_whatever_stands_in_a_property_is_read_as_it_is_or_named(name: str, value: Any) -> None:
    """In one sentence of a length that CloudFormation takes, and never as another value."""
    try:
        read = properties.read({**HISTORY, name: value})
    except DeploymentFailure as refused:
        failure = str(refused)
    else:
        assert kept_of(read)[name] == (value if name != "PatienceSeconds" else float(value))
        return
    assert failure.startswith(f"The proof's property {name} is wrong: got ")
    assert len(failure) < 500


@pytest.mark.parametrize("name", TEXTS)
@given(st.sampled_from(["\n", " ", "/", "?", "#", "@", "\0", "%2f", "é"]), st.booleans())
def test_no_text_takes_more_than_its_own_characters(name: str, more: str, before: bool) -> None:
    """Each becomes a part of an address, an ARN or a call: a line's end at its end is one character too many."""
    value = HISTORY[name]
    with pytest.raises(DeploymentFailure, match=f"property {name} is wrong"):
        properties.read({**HISTORY, name: f"{more}{value}" if before else f"{value}{more}"})
