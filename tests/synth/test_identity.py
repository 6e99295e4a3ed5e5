"""How a contact is tied to a customer: what synthesis takes, the function understands, and the other way round."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from association.settings import read
from aws.environment import SettingsError
from connect import contact
from connect_persistent_chat import ConfigurationError, CustomerIdentity
from tests.unit.association.events import ENVIRONMENT

NAMES = st.one_of(
    st.text("aZ0-_ .:é\n٣", max_size=6),
    st.text("aZ0-_", min_size=125, max_size=131),
    st.builds(
        "{}{}".format,
        st.sampled_from(["HostedWidget-", "hostedwidget-", "HOSTEDWIDGET-", "HostedWidget"]),
        st.text("a-", max_size=2),
    ),
)


def understood(value: str) -> bool:
    """Whether the function takes it."""
    try:
        return read({**ENVIRONMENT, "CUSTOMER_IDENTITY": value}).customer_identity == value
    except SettingsError:
        return False


@settings(max_examples=300)
@given(NAMES)
@example("customer\n")
@example("x" * 128)
@example("x" * 129)
def test_an_attribute_is_taken_exactly_if_the_function_understands_it_and_no_page_sets_it(name: str) -> None:
    """A page sets HostedWidget attributes by itself, however they are spelled: they prove nothing."""
    set_by_pages = name.lower().startswith("hostedwidget-")
    if understood(f"attribute:{name}") and not set_by_pages:
        made = CustomerIdentity.attribute(name)
        assert (made.value, made.checked) == (f"attribute:{name}", True)
    else:
        with pytest.raises(ConfigurationError) as refused:
            CustomerIdentity.attribute(name)
        assert f"name: got {name!r}, expected " in str(refused.value)


@pytest.mark.parametrize("name", ["HostedWidget-customer", "hostedwidget-x", "", "a b", "é", "x" * 129, "a:b"])
def test_an_attribute_that_proves_nothing_or_cannot_be_is_refused(name: str) -> None:
    """A page sets HostedWidget attributes by itself."""
    with pytest.raises(ConfigurationError, match="name: got"):
        CustomerIdentity.attribute(name)


@pytest.mark.parametrize("name", ["customer", "unchecked", "customer_id", "attribute", "HostedWidget", "-"])
def test_the_function_reads_the_attribute_that_was_named(name: str) -> None:
    """Also one that is called like another way of knowing customers: then CustomerId counts for nothing."""
    identity = read({**ENVIRONMENT, "CUSTOMER_IDENTITY": CustomerIdentity.attribute(name).value})
    assert identity.checks_customers
    described: dict[str, object] = {"Contact": {"Id": "c", "CustomerId": "wrong", "Attributes": {name: "right"}}}
    assert contact.read(described, identity.customer_identity).customer == "right"


@pytest.mark.parametrize(
    ("identity", "checked"), [(CustomerIdentity.customer_id(), True), (CustomerIdentity.unchecked(), False)]
)
def test_both_sides_agree_on_whether_customers_are_checked(identity: CustomerIdentity, checked: bool) -> None:
    """The construct warns and gives permissions by it, the function keeps the rule by it."""
    assert identity.checked is checked
    assert read({**ENVIRONMENT, "CUSTOMER_IDENTITY": identity.value}).checks_customers is checked
