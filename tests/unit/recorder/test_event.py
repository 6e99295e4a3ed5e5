"""A contact event is read in either spelling; what is none of ours is ignored, what cannot be read is poison."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.event import ContactEvent, Ignored, Poison, read

INSTANCE = "11111111-1111-4111-8111-111111111111"
CONTACT = "22222222-2222-4222-8222-222222222222"
NOW = 1767323700.0
FIRST = "33333333-3333-4333-8333-333333333333"


def event(**changed: Any) -> dict[str, Any]:
    """An event of a session's later segment that has ended, with changes of its detail; None takes a key away."""
    detail = {
        "eventType": "DISCONNECTED",
        "contactId": CONTACT,
        "initialContactId": FIRST,
        "previousContactId": FIRST,
        "channel": "CHAT",
        "instanceArn": f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE}",
        "customerId": "customer",
        "initiationTimestamp": "2026-01-02T03:04:05.678Z",
        "disconnectTimestamp": "2026-01-02T03:14:05.678Z",
        "somethingNew": {"nested": [1]},
        **changed,
    }
    return {
        "source": "aws.connect",
        "detail-type": "Amazon Connect Contact Event",
        "detail": {name: value for name, value in detail.items() if value is not None},
    }


SOUND = ContactEvent("DISCONNECTED", CONTACT, FIRST, "customer", 1767323045678, 1767323645678)


def pascal(of: dict[str, Any]) -> dict[str, Any]:
    """The other spelling."""
    detail = {f"{name[0].upper()}{name[1:]}": value for name, value in of["detail"].items()}
    return {**of, "detail-type": "Connect Customer Contact Event", "detail": detail}


@pytest.mark.parametrize("spelled", [event(), pascal(event())], ids=["camel", "pascal"])
def test_both_spellings_say_the_same(spelled: dict[str, Any]) -> None:
    """The guide's samples have both."""
    assert read(spelled, INSTANCE, NOW) == SOUND
    assert read(spelled, INSTANCE, NOW).complete


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws::connect:us-west-2:123456789012:instance/{INSTANCE}",
        f"arn:aws-us-gov:connect:us-gov-west-1:123456789012:instance/{INSTANCE}",
        f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE}/contact/{CONTACT}",
        f"instance/{INSTANCE}",
    ],
)
def test_an_arn_counts_by_its_end(arn: str) -> None:
    """Samples hold malformed ones."""
    assert read(event(instanceArn=arn), INSTANCE, NOW) == SOUND


def test_a_first_segment_is_its_own_session() -> None:
    """It has no initialContactId; one with a previous contact is no first segment, and has to be asked about."""
    first = read(event(initialContactId=None, previousContactId=None), INSTANCE, NOW)
    assert (first.initial_id, first.complete) == (CONTACT, True)
    later = read(event(initialContactId=None), INSTANCE, NOW)
    assert (later.initial_id, later.complete) == (None, False)


@pytest.mark.parametrize("unset", ["1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z", "", None])
def test_unset_is_not_an_instant(unset: str | None) -> None:
    """A contact that runs did not end in 1970; one that has ended, ended some time."""
    running = read(event(eventType="INITIATED", disconnectTimestamp=unset), INSTANCE, NOW)
    assert (running.ended, running.complete) == (None, True)
    assert not read(event(disconnectTimestamp=unset), INSTANCE, NOW).complete
    assert not read(
        event(eventType="INITIATED", disconnectTimestamp=unset, initiationTimestamp=unset), INSTANCE, NOW
    ).complete


@pytest.mark.parametrize(
    "text", ["2026-01-02T03:14:05.678+00:00", "2026-01-02T04:14:05.678+01:00", "2026-01-02T03:14:05.678"]
)
def test_an_instant_is_one_however_it_is_written(text: str) -> None:
    """In UTC unless it says otherwise."""
    assert read(event(disconnectTimestamp=text), INSTANCE, NOW).ended == SOUND.ended


@pytest.mark.parametrize(
    "told",
    [{"time": "2026-01-02T03:09:06Z"}, {}, {"time": "2021-01-01T00:00:00Z"}],
    ids=["by the event", "by the clock", "by the clock, the event's time being older"],
)
def test_nothing_ends_after_it_was_told(told: dict[str, str]) -> None:
    """A session that ends in the future would hide every later chat; clocks may be some minutes apart.

    The Administrator Guide's samples of chats are sent years before they begin, so the later of both clocks counts.
    """
    now = NOW if told.get("time", "2021") < "2022" else 0.0
    latest = "2026-01-02T03:20:00.001Z" if now else "2026-01-02T03:14:06.001Z"
    assert read({**event(), **told}, INSTANCE, now) == SOUND
    with pytest.raises(Poison, match=r"disconnectTimestamp: got an instant after the event's own time, and after now"):
        read({**event(disconnectTimestamp=latest), **told}, INSTANCE, now)
    with pytest.raises(Poison, match="initiationTimestamp"):
        read({**event(initiationTimestamp="2026-02-02T03:14:06Z"), **told}, INSTANCE, now)


@pytest.mark.parametrize("value", ["ValueString", "valueString"])
def test_a_subtype_makes_no_chat_less_the_customers(value: str) -> None:
    """Chats that can show forms carry connect:Guide, the widget's among them; other kinds are chats as well."""
    kinds = ("connect:Guide", "connect:Chat", "connect:SMS")
    for odd in (*({"connect:Subtype": {value: kind}} for kind in kinds), {"connect:Subtype": 7}, {}, 7, [1]):
        assert read(event(segmentAttributes=odd), INSTANCE, NOW) == SOUND


def test_an_instance_is_one_whatever_the_case_of_its_id() -> None:
    """It is told in lower case, and may have been given in upper case; another one stays another."""
    told = "abcdefab-1111-4111-8111-111111111111"
    for one, other in ((told, told.upper()), (told.upper(), told)):
        arn = f"arn:aws:connect:us-east-1:123456789012:instance/{one}"
        assert read(event(instanceArn=arn), other, NOW) == SOUND
    with pytest.raises(Ignored, match="another_instance"):
        read(event(), told, NOW)


def test_an_end_without_its_time_is_asked_about() -> None:
    """The guide's sample of COMPLETED from another region has no disconnectTimestamp."""
    told = read(event(eventType="COMPLETED", disconnectTimestamp=None), INSTANCE, NOW)
    assert (told.customer, told.ended, told.complete) == ("customer", None, False)


@pytest.mark.parametrize(
    ("kind", "updated", "told"),
    [
        ("CONTACT_DATA_UPDATED", ["ContactDetails", "UserDefinedAttributes"], True),
        ("CONTACT_DATA_UPDATED", ["RoutingCriteria"], False),
        ("CONTACT_DATA_UPDATED", "UserDefinedAttributes", False),
        ("CONTACT_DATA_UPDATED", None, False),
        ("QUEUED", ["UserDefinedAttributes"], False),
    ],
)
def test_an_update_of_attributes_is_told(kind: str, updated: object, told: bool) -> None:
    """The attribute that names the customer may be among them."""
    assert read(event(eventType=kind, updatedProperties=updated), INSTANCE, NOW).updates_attributes is told


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"instanceArn": "arn:aws:connect:us-east-1:123456789012:instance/other"}, "another_instance"),
        ({"channel": "VOICE"}, "another_channel"),
        ({"channel": "Task"}, "another_channel"),
        ({"channel": "SOMETHING_NEW"}, "another_channel"),
    ],
)
def test_what_is_not_for_this_history_is_ignored(changed: dict[str, Any], reason: str) -> None:
    """One bus carries the events of all instances and channels."""
    with pytest.raises(Ignored, match=reason):
        read(event(**changed), INSTANCE, NOW)


WRONG: tuple[Any, ...] = (7, True, [], {"a": 1})
POISON: list[Any] = [
    None,
    "text",
    [],
    {},
    {**event(), "source": "aws.s3"},
    {**event(), "detail-type": "other"},
    {**event(), "detail": "text"},
    *(event(**{name: wrong}) for name in event()["detail"] if name != "somethingNew" for wrong in WRONG),
    *(event(**{name: "x" * 3000}) for name in event()["detail"] if name != "somethingNew"),
    *(event(**{name: None}) for name in ("eventType", "contactId", "channel", "instanceArn")),
    event(contactId="../x"),
    event(initialContactId="a b"),
    event(instanceArn="arn:aws:connect:us-east-1:123456789012:nothing"),
    event(disconnectTimestamp="soon"),
    event(disconnectTimestamp="9999-12-31T23:59:59Z"),
    event(disconnectTimestamp="0001-01-01T00:00:00+23:59"),
    event(ContactId="another"),
]


@pytest.mark.parametrize("poison", POISON)
def test_poison_is_told_without_its_content(poison: Any) -> None:
    """It ends in the dead-letter queue; what the log tells of it names nobody."""
    with pytest.raises(Poison) as told:
        read(poison, INSTANCE, NOW)
    assert "customer" not in str(told.value).replace("customerId", "")
    assert len(str(told.value)) < 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(st.sampled_from([*event()["detail"], "ContactId", "x"]), JSON), st.booleans())
def test_whatever_comes_is_read_ignored_or_poison(detail: dict[str, Any], whole: bool) -> None:
    """Never anything else: no other exception ends the recorder."""
    sound = event()
    try:
        told = read({**sound, "detail": {**sound["detail"], **detail} if whole else detail}, INSTANCE, NOW)
    except (Poison, Ignored):
        return
    assert told.contact_id
