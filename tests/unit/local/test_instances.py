"""The instances of one region, and pages of what they have."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.connect.errors import ConnectError
from local.connect.instances import STATUSES, Instances, page_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.lists(st.integers(), max_size=30), st.integers(1, 12))
def test_whoever_follows_the_tokens_sees_each_item_once_and_in_order(items: list[int], size: int) -> None:
    """A backfill that missed one would lose a customer's chat."""
    seen: list[int] = []
    token: str | None = None
    while True:
        page, token = page_of(items, size, token)
        assert len(page) == size or token is None
        seen += page
        if token is None:
            break
        assert page
    assert seen == items


@given(
    st.lists(st.integers(), max_size=5), st.text("0129-+_ ٣²é", max_size=12) | st.sampled_from(["99999999", "9" * 5000])
)
def test_a_token_that_leads_nowhere_is_refused(items: list[int], token: str) -> None:
    """Digits of other scripts and numbers of any length among them: no stack trace, and never a page from the start."""
    if token.isascii() and token.isdigit() and len(token) < 9 and int(token) < len(items):
        assert page_of(items, 1, token)[0] == [items[int(token)]]
    else:
        with pytest.raises(ConnectError) as refused:
            page_of(items, 1, token)
        assert refused.value.error_type == "InvalidRequestException"


def test_an_instance_is_of_its_own_region() -> None:
    """A client of another region sees none, as with AWS."""
    instances = Instances("123456789012", "us-east-1")
    made = [instances.add(NOW), instances.add(NOW, alias="second")]
    assert instances.all("us-east-1") == made
    assert instances.all("eu-west-2") == []
    assert instances.get("us-east-1", made[0].id) is made[0]
    for region, id in (("eu-west-2", made[0].id), ("us-east-1", "none")):
        with pytest.raises(ConnectError) as refused:
            instances.get(region, id)
        assert refused.value.error_type == "ResourceNotFoundException"


def test_names_and_arns_are_those_of_aws() -> None:
    """The construct's policies are held against them."""
    instances = Instances("123456789012", "us-east-1")
    first, second = instances.add(NOW), instances.add(NOW, id="i", alias="mine")
    assert first.alias != instances.add(NOW).alias
    assert (second.id, second.alias) == ("i", "mine")
    assert second.arn == instances.arn_of("i") == "arn:aws:connect:us-east-1:123456789012:instance/i"
    assert second.contact_arn("c") == f"{second.arn}/contact/c"


@pytest.mark.parametrize("status", STATUSES)
def test_only_an_active_instance_takes_contacts(status: str) -> None:
    """It can be looked at all the same: that is how a deployment finds out."""
    instances = Instances("123456789012", "us-east-1")
    made = instances.add(NOW, status=status)
    assert instances.get("us-east-1", made.id).status == status
    if status == "ACTIVE":
        assert instances.active("us-east-1", made.id) is made
    else:
        with pytest.raises(ConnectError, match=f"is {status}"):
            instances.active("us-east-1", made.id)
