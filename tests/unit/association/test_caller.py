"""Who calls: the configured authorization decides, whatever else the event holds."""

from typing import Any

import pytest

from association import settings
from association.caller import Caller, identify
from tests.unit.association.events import ENVIRONMENT

ARN = "arn:aws:sts::123456789012:assumed-role/Backend/session"
CLAIMS = {"token_use": "id", "aud": "app", "sub": "person", "email": "e@example.com"}


def caller_of(context: Any, **variables: str) -> Caller:
    """The caller of a request with this context."""
    return identify({"requestContext": context}, settings.read({**ENVIRONMENT, **variables}))


def cognito(claims: Any, claim: str = "sub") -> Caller:
    """The caller with these claims."""
    return caller_of(
        {"authorizer": {"claims": claims}}, AUTHORIZATION="cognito", APP_CLIENTS="app other", CUSTOMER_CLAIM=claim
    )


def test_an_aws_identity_speaks_for_any_customer() -> None:
    """A claim that comes along counts for nothing: nobody configured it."""
    context = {"identity": {"userArn": ARN}, "authorizer": {"claims": CLAIMS, "customer": "x"}}
    assert caller_of(context) == Caller(ARN, None)
    assert caller_of({}) == Caller("unknown", None)
    assert caller_of({"identity": {"userArn": 7}}) == Caller("unknown", None)


@pytest.mark.parametrize("value", ["us-east-1:1", 7, ["x"]])
@pytest.mark.parametrize(
    "name",
    ["cognitoIdentityId", "cognitoIdentityPoolId", "cognitoAuthenticationType", "cognitoAuthenticationProvider"],
)
def test_an_identity_pools_identity_is_a_browser(name: str, value: Any) -> None:
    """Refused, unless somebody allowed it by name; whichever of its fields is told."""
    context = {"identity": {"userArn": ARN, "cognitoIdentityId": None, name: value}}
    refused = caller_of(context)
    assert (refused.name, refused.customer) == (ARN, "")
    assert refused.denial is not None
    assert (refused.denial.status, refused.denial.error_type) == (403, "AccessDeniedException")
    assert caller_of(context, AUTHORIZATION="iam_with_identity_pools") == Caller(ARN, None)


def test_a_user_is_the_customer_of_the_configured_claim() -> None:
    """By a fingerprint in the log: the same for the same person, and not the customer's id."""
    caller = cognito(CLAIMS)
    assert caller.customer == "person"
    assert caller.name.startswith("sha256:")
    assert "person" not in caller.name
    assert caller.name == cognito({**CLAIMS, "email": "another"}).name != cognito({**CLAIMS, "sub": "p2"}).name
    assert cognito(CLAIMS, "email").customer == "e@example.com"


@pytest.mark.parametrize(
    "claims",
    [
        {**CLAIMS, "token_use": "access"},
        {**CLAIMS, "token_use": None},
        {**CLAIMS, "aud": "another"},
        {**CLAIMS, "aud": "app other"},
        {**CLAIMS, "aud": ["app"]},
        {**CLAIMS, "aud": ""},
        {},
        None,
        "claims",
        [CLAIMS],
    ],
)
def test_another_kind_of_token_or_app_client_is_refused(claims: Any) -> None:
    """API Gateway checks neither. Whoever it says it is goes into the log, and is nobody's customer."""
    refused = cognito(claims)
    assert refused.denial is not None
    assert (refused.denial.status, refused.customer) == (403, "")
    assert refused.name == (cognito(CLAIMS).name if isinstance(claims, dict) and claims else "nobody")


LISTS = [["person"], ["person", "b"], "[person]", "[person b]", '["person"]', '["person","b"]', "[]"]


@pytest.mark.parametrize("value", [None, "", 7, True, {"sub": "person"}, *LISTS])
def test_a_claim_that_is_missing_empty_or_no_string_matches_nobody(value: Any) -> None:
    """It is never taken for a trusted caller's silence."""
    assert cognito({**CLAIMS, "sub": value}).customer == ""
    context = {"authorizer": {"customer": value}}
    variables = {"AUTHORIZATION": "authorizer", "CUSTOMER_CLAIM": "customer"}
    assert caller_of(context, **variables).customer == ""
    for odd in ({}, {"authorizer": None}, {"authorizer": "customer"}, {"identity": {"userArn": ARN}}):
        assert caller_of(odd, **variables).customer == ""


@pytest.mark.parametrize("claim", ["cognito:groups", "cognito:roles"])
@pytest.mark.parametrize("value", ["staff", "staff,other", *LISTS])
def test_a_claim_of_cognito_that_is_a_list_is_nobodys_customer(claim: str, value: Any) -> None:
    """A REST API hands a list of one on as that one, so its name has to say it: everybody in a group would be one
    customer."""
    caller = cognito({**CLAIMS, claim: value}, claim)
    assert (caller.customer, caller.name, caller.denial) == ("", "nobody", None)


@pytest.mark.parametrize("value", ["[", "]", "[a", "a]", "a[b]", "a,b"])
def test_a_text_with_a_bracket_is_a_customer(value: str) -> None:
    """Only what is in brackets as a whole is a list."""
    assert cognito({**CLAIMS, "sub": value}).customer == value


def test_an_authorizer_names_the_customer_by_its_key() -> None:
    """The context that only the authorizer writes."""
    caller = caller_of(
        {"authorizer": {"customer": "person", "principalId": "p"}},
        AUTHORIZATION="authorizer",
        CUSTOMER_CLAIM="customer",
    )
    assert caller.customer == "person"
