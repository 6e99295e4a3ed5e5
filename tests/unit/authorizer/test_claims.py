"""The claims of a token whose signature is right."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from authorizer.claims import customer_of
from authorizer.failure import Refused
from tests.unit.authorizer.signing import CLAIMS, ISSUER, NOW, SETTINGS

ABSENT = object()


def of(claims: Mapping[str, Any], claim: str = "sub", now: float = NOW) -> str:
    """The customer, or why there is none."""
    present = {name: value for name, value in claims.items() if value is not ABSENT}
    try:
        return f"customer {customer_of(json.dumps(present).encode(), SETTINGS._replace(customer_claim=claim), now)}"
    except Refused as refused:
        return refused.reason


def changed(**changes: Any) -> str:
    """What right claims with these changes are."""
    return of({**CLAIMS, **changes})


def test_right_claims_name_the_customer() -> None:
    """By the claim that was configured."""
    assert of(CLAIMS) == "customer person"
    more = {"email": "e@example.com", "nonce": "n", "auth_time": 1, "https://example.com/customer": "c"}
    assert of({**CLAIMS, **more}, "https://example.com/customer") == "customer c"


@pytest.mark.parametrize("data", [b"", b"[]", b"x", b'{"iss":1,"iss":2}', b"\xff"])
def test_claims_are_one_json_object(data: bytes) -> None:
    """Signed or not: the issuer's library may read it in another way than this one."""
    with pytest.raises(Refused, match=r"^token_malformed$"):
        customer_of(data, SETTINGS, NOW)


@pytest.mark.parametrize(
    "issuer",
    [ISSUER + "/", ISSUER[:-1], ISSUER.upper(), ISSUER + " ", "http" + ISSUER[5:], [ISSUER], None, 7, "", ABSENT],
)
def test_the_issuer_is_equal_character_by_character(issuer: Any) -> None:
    """With several tenants at one host, a prefix is somebody else."""
    assert changed(iss=issuer) == "token_issuer"


@pytest.mark.parametrize("audience", ["app", "other", ["app"], ["app", "other"], ["app", "app"]])
def test_a_token_for_our_clients_counts(audience: Any) -> None:
    """One, or several that were all given."""
    assert changed(aud=audience) == "customer person"
    assert changed(aud=audience, azp="other") == "customer person"


@pytest.mark.parametrize(
    "audience",
    ["App", "app ", "app other", "", [], ["app", "foreign"], ["foreign"], [["app"]], {"app": 1}, None, True, 7, ABSENT],
)
def test_a_token_that_is_also_for_somebody_else_does_not(audience: Any) -> None:
    """Who got it could show it here."""
    assert changed(aud=audience) == "token_audience"


@pytest.mark.parametrize("party", ["foreign", "", None, ["app"], 7])
def test_a_token_that_was_issued_to_somebody_else_does_not(party: Any) -> None:
    """`azp` is who asked for it (OpenID Connect Core, 3.1.3.7, 5)."""
    assert changed(azp=party) == "token_audience"


@pytest.mark.parametrize(
    "more",
    [
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"events": None},
        {"token_use": "access"},
        {"token_use": None},
        {"token_use": ["id"]},
        {"typ": "Bearer"},
        {"typ": "Refresh"},
        {"typ": "Logout"},
        {"typ": None},
        {"scp": "User.Read"},
        {"scp": ["openid"]},
    ],
)
def test_another_kind_of_token_is_no_id_token(more: dict[str, Any]) -> None:
    """Logout tokens, and access tokens as Cognito, Keycloak, Entra ID and Okta mark them."""
    assert changed(**more) == "token_no_id"


@pytest.mark.parametrize("more", [{"token_use": "id"}, {"typ": "ID"}])
def test_an_id_token_may_say_so(more: dict[str, Any]) -> None:
    """Cognito's and Keycloak's do."""
    assert changed(**more) == "customer person"


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"exp": NOW - 59}, "customer person"),
        ({"exp": NOW - 60}, "token_expired"),
        ({"exp": NOW - 59.5}, "token_expired"),
        ({"exp": 0}, "token_expired"),
        ({"exp": NOW + 0.5}, "customer person"),
        ({"exp": 10**11}, "customer person"),
        ({"iat": NOW + 60}, "customer person"),
        ({"iat": NOW + 61}, "token_early"),
        ({"iat": 0}, "customer person"),
        ({"nbf": NOW + 60}, "customer person"),
        ({"nbf": NOW + 61}, "token_early"),
        ({"nbf": 0}, "customer person"),
        # Which is said first, is said always.
        ({"exp": NOW - 60, "nbf": NOW + 61}, "token_expired"),
    ],
)
def test_a_minute_too_early_or_too_late_is_still_in_time(times: dict[str, Any], expected: str) -> None:
    """Clocks differ a little, and whole seconds count, as in libraries."""
    assert changed(**times) == expected


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [None, True, False, str(NOW), "", [NOW], {}, -1, 10**11 + 1, 10**400, 1e300])
def test_what_is_no_time_is_refused(name: str, value: Any) -> None:
    """A text, a boolean, or a number that no clock shows."""
    assert changed(**{name: value}) == "token_time"
    assert changed(exp=ABSENT) == changed(iat=ABSENT) == "token_time"
    assert changed(nbf=ABSENT) == "customer person"


def test_infinity_is_no_time() -> None:
    """JSON has no such number, but one that is too large becomes it."""
    claims = json.dumps(dict(CLAIMS)).replace(str(NOW + 600), "1e999").encode()
    with pytest.raises(Refused, match=r"^token_time$"):
        customer_of(claims, SETTINGS, NOW)


@pytest.mark.parametrize(
    "customer", ["a", "a" * 128, "é", "\U0001f600", " ", "[", "]", "a]", "[a", "a[b]", "a,b", "\0"]
)
def test_a_text_is_a_customer(customer: str) -> None:
    """As the endpoint's own function has it."""
    assert changed(sub=customer) == f"customer {customer}"


@pytest.mark.parametrize(
    "customer",
    [ABSENT, None, "", "a" * 129, 7, True, ["a"], {"a": 1}, "[]", "[a]", '["a","b"]', "\ud800", "a\udc00"],
)
def test_anything_else_is_nobody(customer: Any) -> None:
    """A list would make everybody in a group one customer, and Connect takes no more than 128 characters."""
    assert changed(sub=customer) == "token_customer"
