"""The gateway's own refusals, held against the function's: a client reads both with the same code.

The request model is in test_request_model.py, the status of each refusal as it is deployed in tests/local.
"""

import json
import re
from typing import Any

import pytest

from association import refusal as refusals
from association import response
from association.refusal import Refusal
from connect_persistent_chat import Authorization
from shared import wire as contract
from tests.synth.apps import HERE, Synthesized, endpoint, history, stack, user_pool

# What API Gateway puts in the place of its own text: in quotation marks, and escaped as JSON has it.
GATEWAYS_OWN_TEXT = json.dumps('Said by the gateway, with "quotes".')


class Gateway:
    """An endpoint's refusals, by the name that API Gateway gives each."""

    def __init__(self, made: Synthesized) -> None:
        self.refusals = {
            resource["Properties"]["ResponseType"]: resource["Properties"]
            for resource in made.all("AWS::ApiGateway::GatewayResponse").values()
        }
        assert self.refusals
        self.schema = made.only("AWS::ApiGateway::Model")["Schema"]

    def body(self, response_type: str) -> dict[str, Any]:
        """What a client gets."""
        (template,) = self.refusals[response_type]["ResponseTemplates"].values()
        body: dict[str, Any] = json.loads(template.replace("$context.error.messageString", GATEWAYS_OWN_TEXT))
        return body

    def headers(self, response_type: str) -> dict[str, str]:
        """The headers, without the quotation marks of a fixed value."""
        parameters = self.refusals[response_type]["ResponseParameters"]
        return {name.removeprefix("gatewayresponse.header."): value.strip("'") for name, value in parameters.items()}


@pytest.fixture(scope="module", params=["iam", "tokens and history", "issuer"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    """Of the endpoints that differ most."""
    here = stack(env=HERE)
    if request.param == "iam":
        endpoint(here)
    elif request.param == "issuer":
        endpoint(here, authorization=Authorization.oidc("https://login.example.com", ["client"]))
    else:
        endpoint(here, authorization=Authorization.cognito(*user_pool(here)), history=history(here))
    return Gateway(Synthesized(here))


def test_a_refusal_has_the_functions_shape(gateway: Gateway) -> None:
    """SDKs read `__type`, and one of two spellings of the text; nothing of it may be kept by a cache."""
    ours = response.error(refusals.invalid("text"), {})
    for response_type, refusal in gateway.refusals.items():
        assert list(refusal["ResponseTemplates"]) == ["application/json"]
        body = gateway.body(response_type)
        assert set(body) == set(json.loads(str(ours["body"])))
        assert body["message"] == body["Message"] != ""
        assert gateway.headers(response_type)["Cache-Control"] == "no-store"


def test_a_refusals_type_has_the_functions_status(gateway: Gateway) -> None:
    """A client that tells failures apart by either comes to the same end at both doors."""
    for response_type, refusal in gateway.refusals.items():
        kind = gateway.body(response_type)["__type"]
        statuses = {refusals.STATUS[kind]} | ({refusals.OUT_OF_REACH} if kind == contract.INTERNAL_SERVICE else set())
        # Where no status stands, the gateway's own holds.
        assert int(refusal.get("StatusCode", refusals.STATUS[kind])) in statuses, response_type


def test_what_may_go_away_by_itself_says_when_as_the_function_does(gateway: Gateway) -> None:
    """And what cannot does not: a client would come back for ever."""
    timed = {name for name in gateway.refusals if "Retry-After" in gateway.headers(name)}
    assert {"THROTTLED", "INTEGRATION_TIMEOUT", "INTEGRATION_FAILURE"} <= timed
    for response_type, refusal in gateway.refusals.items():
        waits = {name: value for name, value in gateway.headers(response_type).items() if "etry" in name}
        status = int(refusal.get("StatusCode", 0))
        if response_type in timed:
            seconds = int(waits["Retry-After"])
            kind = gateway.body(response_type)["__type"]
            same = response.error(Refusal(kind, "", reason="bug", status=status, retry_after=seconds), {})["headers"]
            assert isinstance(same, dict)
            assert waits == {name: value for name, value in same.items() if "etry" in name}
        else:
            assert waits == {}
            # The quota of a usage plan begins anew with the plan's period: nobody is told to come back in a second.
            assert status not in (429, 503) or response_type == "QUOTA_EXCEEDED"


def test_only_a_text_of_its_own_may_be_the_gateways(gateway: Gateway) -> None:
    """A failure of ours says nothing of its cause, at either door."""
    for response_type in gateway.refusals:
        body = gateway.body(response_type)
        if body["__type"] == contract.INTERNAL_SERVICE:
            assert "Said by the gateway" not in body["message"]


def test_a_bad_body_is_told_each_field_with_its_rule(gateway: Gateway) -> None:
    """The gateway cannot name the one that was wrong, so the text has to hold for all: read off the model itself."""
    said = gateway.body("BAD_REQUEST_BODY")["message"]
    properties = gateway.schema["properties"]
    fields = dict(re.findall(r"(\w+) \((.*?)\)", said))
    assert set(fields) == set(properties)
    for name, rule in properties.items():
        assert ("required" in fields[name]) == (name in gateway.schema.get("required", []))
        for limit in (rule.get("maxLength"), *rule.get("enum", ())):
            assert limit is None or str(limit) in fields[name]


def test_a_caller_without_credentials_is_told_what_to_send(gateway: Gateway) -> None:
    """An unknown path gets the same answer: the text says the one that there is."""
    said = gateway.body("MISSING_AUTHENTICATION_TOKEN")["message"]
    assert "POST /contact/persistent-contact-association/{InstanceId}/{InitialContactId}" in said
