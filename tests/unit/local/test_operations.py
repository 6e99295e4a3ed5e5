"""Connect's operations by themselves, over generated input; through their own API they are in test_service.py."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.connect.contacts import CHANNELS
from local.connect.errors import ConnectError
from local.connect.instances import FLOW_ID
from local.connect.operations import permissions_of
from local.connect.service import INSTANCE_ID, Connect

REGION = "us-east-1"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
OPERATIONS = Connect("123456789012", REGION).supported
CONTACT = {"ContactId": "c", "InitialContactId": "c"}
CHAT = {"InstanceId": INSTANCE_ID, "ContactFlowId": FLOW_ID, "ParticipantDetails": {"DisplayName": "d"}}


class Caller:
    """Calls one Connect's operations, past its permissions and quotas."""

    def __init__(self) -> None:
        self.connect = Connect("123456789012", REGION)

    def __call__(self, operation: str, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.connect.operations.supported[operation]({**CHAT, **fields}, REGION)
        return answer

    def search(self, start: float, end: float, size: int, channels: list[str]) -> list[str]:
        """The ids that a search lists, page by page; each page tells how many there are."""
        period = {"Type": "INITIATION_TIMESTAMP", "StartTime": start, "EndTime": end}
        found, token, total = list[str](), None, 0
        while True:
            page = self.connect.operations.supported["SearchContacts"](
                {
                    "InstanceId": INSTANCE_ID,
                    "TimeRange": period,
                    "SearchCriteria": {"Channels": channels},
                    "MaxResults": size,
                    **({"NextToken": token} if token else {}),
                },
                REGION,
            )
            assert len(page["Contacts"]) <= size
            found += [contact["Id"] for contact in page["Contacts"]]
            total, token = page["TotalCount"], page["NextToken"]
            if not token:
                assert total == len(found)
                return found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_needs_a_permission_of_its_own_name(operation: str) -> None:
    """One that was added without a permission would work for everybody here, and for nobody in AWS."""
    instances = Connect("123456789012", REGION).instances
    arn = instances.arn_of(INSTANCE_ID)
    needed = permissions_of(operation, {**CHAT, **CONTACT}, instances)
    assert f"connect:{operation}" in {action for action, _ in needed}
    assert all(resource == "*" or resource.startswith(arn) for _, resource in needed)
    # Fields come unvalidated: who may not ask is refused whatever was sent.
    assert permissions_of(operation, {"InstanceId": 7, "ContactId": [], "ContactFlowId": None}, instances)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(CHANNELS)), max_size=12),
    st.integers(-5, 65),
    st.integers(0, 70),
    st.integers(1, 5),
    st.lists(st.sampled_from(CHANNELS), max_size=2, unique=True),
)
def test_a_search_finds_what_began_in_its_period_and_nothing_else(
    began: list[tuple[int, str]], start: int, length: int, size: int, channels: list[str]
) -> None:
    """Both ends belong to it: a backfill goes on from the second that it came to, and would lose its neighbours."""
    call = Caller()
    instance = call.connect.instances.get(REGION, INSTANCE_ID)
    contacts = [
        (at, call.connect.contacts.start(instance, BEGAN + timedelta(seconds=at), channel=channel))
        for at, channel in sorted(began)
    ]
    expected = [
        contact.id
        for at, contact in contacts
        if start <= at <= start + length and (not channels or contact.channel in channels)
    ]
    first = BEGAN.timestamp() + start
    assert call.search(first, first + length, size, channels) == expected


def test_a_search_does_not_tell_what_a_chat_continues() -> None:
    """Amazon Connect's summaries do not: who needs it has to ask for the contact itself."""
    call = Caller()
    past = call("StartChatContact")["ContactId"]
    call("StartChatContact", RelatedContactId=past)
    now = call.connect.clock.now().timestamp()
    period = {"Type": "INITIATION_TIMESTAMP", "StartTime": now - 60, "EndTime": now + 60}
    found = call.connect.operations.supported["SearchContacts"](
        {"InstanceId": INSTANCE_ID, "TimeRange": period}, REGION
    )
    assert len(found["Contacts"]) == 2
    assert not any("RelatedContactId" in summary for summary in found["Contacts"])


@pytest.mark.parametrize("seconds", [True, "1", None, [], -1, 4_102_444_800, float("nan"), float("inf")], ids=repr)
@pytest.mark.parametrize("name", ["StartTime", "EndTime"])
def test_an_end_of_a_period_that_is_no_time_is_an_invalid_parameter(name: str, seconds: Any) -> None:
    """Anything else would be a stack trace in the local cloud, and a 500 to whoever asks."""
    period = {"Type": "INITIATION_TIMESTAMP", "StartTime": 1, "EndTime": 2, name: seconds}
    with pytest.raises(ConnectError, match=f"{name}: expected a number of seconds since the epoch") as refused:
        Caller().connect.operations.supported["SearchContacts"](
            {"InstanceId": INSTANCE_ID, "TimeRange": period}, REGION
        )
    assert refused.value.error_type == "InvalidParameterException"


def test_a_refused_start_leaves_no_chat_and_its_token_free() -> None:
    """A caller mends what was wrong, and sends the same request again."""
    call, told = Caller(), list[object]()
    past = call("StartChatContact")["ContactId"]
    call.connect.events.deliver = told.append
    persistent = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": past}
    instance = call.connect.instances.get(REGION, INSTANCE_ID)
    with pytest.raises(ConnectError):
        call("StartChatContact", PersistentChat=persistent, ClientToken="t")
    assert ([contact.id for contact in call.connect.contacts.all(instance)], told) == ([past], [])
    call("StopContact", ContactId=past)
    made = call("StartChatContact", PersistentChat=persistent, ClientToken="t")
    assert made["ContinuedFromContactId"] == past
    assert call("StartChatContact", PersistentChat=persistent, ClientToken="t") == made


def test_a_token_counts_for_its_own_operation() -> None:
    """A front end may give each of its requests the id of the visit."""
    call = Caller()
    past = call("StartChatContact", ClientToken="visit")["ContactId"]
    call("StopContact", ContactId=past)
    now = call("StartChatContact", ClientToken="another")["ContactId"]
    fields = {"InitialContactId": now, "SourceContactId": past, "RehydrationType": "FROM_SEGMENT"}
    assert call("CreatePersistentContactAssociation", **fields, ClientToken="visit")["ContinuedFromContactId"] == past
