"""Trouble of the recorder: poison, missing permissions, broken links. Nothing stops the others, nothing is lost."""

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.chats import Chats
from local.cloud import Cloud
from tests.local.breaking import actions_of, other_policies, with_environment, without_permission
from tests.local.callers import Door
from tests.local.deployments import Deployed, Prover
from tests.local.recorded import Recorded

# Some tests make more calls than a second allows.
pytestmark = pytest.mark.usefixtures("without_quotas", "with_events")


@pytest.fixture
def recorded(historic: Deployed) -> Iterator[Recorded]:
    """What the history holds; its dead-letter queue is empty, before and after."""
    kept = Recorded(historic)
    kept.dead_letters()
    yield kept
    kept.dead_letters()


INSTANCE = f"arn:aws:connect:us-east-1:123456789012:instance/{Cloud.instance_id}"
SOUND = {
    "eventType": "INITIATED",
    "contactId": "poisoned",
    "channel": "CHAT",
    "instanceArn": INSTANCE,
    "customerId": "somebody",
    "initiationTimestamp": "2026-01-02T03:04:05.678Z",
}
POISON: dict[str, dict[str, Any]] = {
    "wrong types": {**SOUND, "contactId": 7},
    "a huge customer": {**SOUND, "customerId": "x" * 200_000},
    "a huge field": {**SOUND, "channel": "C" * 200_000},
    "no contact": {name: value for name, value in SOUND.items() if name != "contactId"},
    "no instance": {**SOUND, "instanceArn": "arn"},
    "no time": {**SOUND, "initiationTimestamp": "soon"},
    "an end in the future": {**SOUND, "disconnectTimestamp": "2099-01-02T03:04:05.678Z"},
    "a contact that never was": {**SOUND, "customerId": None, "contactId": str(uuid.uuid4())},
    "nothing": {},
}
IGNORED: dict[str, tuple[dict[str, Any], str]] = {
    "another instance": ({**SOUND, "instanceArn": INSTANCE.replace("1111", "2222")}, "another_instance"),
    "a call": ({**SOUND, "channel": "VOICE"}, "another_channel"),
    "a channel of the future": ({**SOUND, "channel": "HOLOGRAM"}, "another_channel"),
    "nobody's, and not worth asking": (
        {**SOUND, "customerId": "", "eventType": "QUEUED"},
        "no_customer",
    ),
}


def sent(cloud: Cloud, detail: Any) -> None:
    """An event as from Amazon Connect, whatever it holds."""
    cloud.control("POST", "events/raw", {"detail": detail})


@pytest.mark.prove
def test_poison_is_kept_and_stops_nobody(cloud: Cloud, chats: Chats, recorded: Recorded) -> None:
    """It is in the dead-letter queue, as it came; the chats between are recorded; the log names no customer."""
    beside = {}
    for poison in POISON.values():
        sent(cloud, poison)
        customer = str(uuid.uuid4())
        beside[customer] = chats.start(customer)
    chats.told()
    letters = [event["detail"] for event in recorded.dead_letters()]
    for name, poison in POISON.items():
        assert poison in letters, name
    for customer, chat in beside.items():
        assert set(recorded.sessions(customer)) == {chat}
    assert "somebody" not in recorded.log()
    assert "x" * 100 not in recorded.log()


def test_what_is_ignored_leaves_a_line(cloud: Cloud, chats: Chats, recorded: Recorded) -> None:
    """And no dead letter: it is documented, and no mistake."""

    def told() -> Counter[str]:
        return Counter({rule: recorded.log().count(f'"rule": "{rule}"') for _, rule in IGNORED.values()})

    before, items = told(), len(recorded.items())
    for detail, _ in IGNORED.values():
        sent(cloud, detail)
    chats.told()
    assert told() - before == Counter(rule for _, rule in IGNORED.values())
    assert len(recorded.items()) == items
    assert recorded.dead_letters() == []


def test_a_customers_own_chat_that_can_show_forms_is_recorded_and_found(
    historic: Deployed, chats: Chats, recorded: Recorded
) -> None:
    """connect:Guide, as the widget's token and StartChatContact set it: by the event, and by DescribeContact."""
    forms: dict[str, Any] = {
        "SegmentAttributes": {"connect:Subtype": {"ValueString": "connect:Guide"}},
        "SupportedMessagingContentTypes": [
            "text/plain",
            "application/vnd.amazonaws.connect.message.interactive",
            "application/vnd.amazonaws.connect.message.interactive.response",
        ],
    }
    customer = str(uuid.uuid4())
    past = chats.start(customer, **forms)
    chats.end(past)
    chats.told()
    assert set(recorded.sessions(customer)) == {past}
    assert recorded.record([past]) == {past: "known"}
    current = chats.start(customer, **forms)
    chats.told()
    assert Door(historic, "BackendUrl").latest(current).document == {"ContinuedFromContactId": past}


def test_one_bad_contact_takes_no_other_down(chats: Chats, recorded: Recorded) -> None:
    """Whoever invokes the recorder directly gets an answer for each, or one sentence."""
    chat = chats.start(str(uuid.uuid4()))
    chats.told()
    said = recorded.ask({"contacts": [chat, chat, 7, {"a": [chat]}, "../x", "", "x" * 300]})
    assert said["attempts"] == {chat: 1, "#2": 0, "#3": 0, "../x": 0, "": 0, "#6": 0}
    assert said["contacts"].pop(chat) == "known"
    assert all(how.startswith("failed: contact id: got ") for how in said["contacts"].values())
    for contacts in ([], ["x"] * 26, "x", None, {"a": 1}):
        assert list(recorded.ask({"contacts": contacts})) == ["error"]
    assert recorded.dead_letters() == []


def test_a_throttle_of_some_seconds_loses_nothing(cloud: Cloud, chats: Chats, recorded: Recorded) -> None:
    """The recorder asks again for longer than a caller would wait: no letter, no second invocation."""
    customer = str(uuid.uuid4())
    chat = chats.start(customer)
    chats.told()
    cloud.control("POST", "faults", {"operation": "DescribeContact", "kind": "throttle", "times": 5})
    before = recorded.log().count(chat)
    sent(cloud, {**SOUND, "customerId": "", "contactId": chat})
    chats.told(60)
    assert recorded.dead_letters() == []
    assert recorded.log().count(chat) == before + 1


def an_event_fails(historic: Deployed, action: str) -> None:
    """The event is kept, and recorded once the permission is back: the letter is the event itself."""
    chats, recorded = Chats(historic.cloud), Recorded(historic)
    recorded.dead_letters()
    customer = str(uuid.uuid4())
    contact = chats.start(customer if action != "connect:DescribeContact" else None)
    chats.told()
    letters = recorded.dead_letters()
    assert contact in json.dumps(letters)
    assert f"not authorized to perform: {action}" in recorded.log()


def letters_are_lost(historic: Deployed, action: str) -> None:
    """What fails is tried, and then nowhere; Lambda takes no such function in the first place."""
    recorded = Recorded(historic)
    with pytest.raises(ClientError, match="does not have permissions to call SendMessage on SQS"):
        historic.cloud.client("lambda").update_function_configuration(FunctionName=recorded.function, Timeout=30)
    sent(historic.cloud, POISON["nothing"])
    Chats(historic.cloud).told()
    assert recorded.dead_letters() == []


def nothing_is_logged(historic: Deployed, action: str) -> None:
    """It works, and nobody can see what it did."""
    recorded = Recorded(historic)
    before = recorded.log()
    recorded.ask({"probe": "settings"})
    assert recorded.log() == before


def tracing_is_refused(historic: Deployed, action: str) -> None:
    """Lambda takes no function whose trace it could not send."""
    with pytest.raises(ClientError, match=r"does not have permissions to call Put.* on XRAY"):
        historic.cloud.client("lambda").update_function_configuration(
            FunctionName=Recorded(historic).function, TracingConfig={"Mode": "Active"}
        )


def a_look_up_fails(historic: Deployed, action: str) -> None:
    """500 without a word about the role."""
    chats = Chats(historic.cloud)
    current = chats.start(str(uuid.uuid4()))
    chats.told()
    answer = Door(historic, "BackendUrl").latest(current)
    assert (answer.status, answer.document["message"]) == (500, "The endpoint failed.")


def a_look_into_a_row_fails(historic: Deployed, action: str) -> None:
    """The same, where a row's beginning is nobody's: whether another part is the customer's cannot be seen."""
    chats, recorded, customer = Chats(historic.cloud), Recorded(historic), str(uuid.uuid4())
    past, current = chats.past(customer), chats.start(customer)
    chats.told()
    recorded.write({**recorded.sessions(customer)[past[0]], "session": "unknown"})
    recorded.delete(recorded.sessions(customer)[past[0]])
    answer = Door(historic, "BackendUrl").latest(current)
    assert (answer.status, answer.document["message"]) == (500, "The endpoint failed.")


ENDPOINT: dict[str, Callable[[Deployed, str], None]] = {
    "dynamodb:GetItem": a_look_into_a_row_fails,
    "dynamodb:Query": a_look_up_fails,
}
RECORDER: dict[str, Callable[[Deployed, str], None]] = {
    "connect:DescribeContact": an_event_fails,
    "dynamodb:GetItem": an_event_fails,
    "dynamodb:PutItem": an_event_fails,
    "sqs:SendMessage": letters_are_lost,
    "logs:CreateLogStream": nothing_is_logged,
    "logs:PutLogEvents": nothing_is_logged,
    "xray:PutTelemetryRecords": tracing_is_refused,
    "xray:PutTraceSegments": tracing_is_refused,
}


def statements_of(historic: Deployed, role: str) -> list[dict[str, Any]]:
    """All that a role allows."""
    iam, name = historic.cloud.client("iam"), historic.physical_id("AWS::IAM::Role", role)
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    return [
        statement
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        for statement in iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
    ]


def test_the_roles_allow_what_is_tried_below_and_nothing_else(historic: Deployed) -> None:
    """The recorder's, and what a history adds to an endpoint's: one read of one index, and one of a row by its key."""
    recorder = {action for one in statements_of(historic, "HistoryRole") for action in actions_of(one)}
    assert recorder == set(RECORDER)
    tables = [one for one in statements_of(historic, "BackendRole") if "dynamodb" in json.dumps(one["Action"])]
    assert {action for one in tables for action in actions_of(one)} == set(ENDPOINT)
    resources = {action: one["Resource"] for one in tables for action in actions_of(one)}
    assert resources["dynamodb:Query"] == f"{resources['dynamodb:GetItem']}/index/ByEnd"


@pytest.mark.prove
@pytest.mark.parametrize("action", sorted(RECORDER))
def test_without_a_permission_the_recorder_fails_for_that_reason(historic: Deployed, action: str) -> None:
    """And with it, it works: the other tests show that."""
    with without_permission(historic, action, "HistoryRole"):
        RECORDER[action](historic, action)


@pytest.mark.parametrize("action", sorted(ENDPOINT))
def test_without_its_permission_a_look_up_fails_for_that_reason(historic: Deployed, action: str) -> None:
    """And with it, it works."""
    with without_permission(historic, action, "BackendRole"):
        ENDPOINT[action](historic, action)


def without_table(historic: Deployed) -> Any:
    """The policy is for another table."""

    def change(statement: dict[str, Any]) -> None:
        if "dynamodb:PutItem" in actions_of(statement):
            statement["Resource"] = statement["Resource"] + "-another"

    return other_policies(historic, "HistoryRole", change)


@pytest.mark.prove
@pytest.mark.parametrize(
    ("break_it", "link"),
    [
        *(
            (
                lambda historic, action=action: without_permission(historic, action, "HistoryRole"),
                f"permission {action}",
            )
            for action in ("connect:DescribeContact", "dynamodb:GetItem", "dynamodb:PutItem")
        ),
        (without_table, "permission dynamodb:PutItem"),
        (
            lambda historic: with_environment(
                historic, Recorded(historic).function, lambda variables: variables.pop("HISTORY_TABLE")
            ),
            "environment",
        ),
        (
            lambda historic: with_environment(
                historic, Recorded(historic).function, lambda variables: variables.update(RETENTION_SECONDS="7")
            ),
            "environment",
        ),
    ],
)
def test_the_proof_names_the_recorders_broken_link(
    historic: Deployed, prove_recorder: Prover, break_it: Any, link: str
) -> None:
    """A deployment that succeeds has a recorder that may do what it has to."""
    with break_it(historic):
        said = prove_recorder()
    assert said is not None, "the proof passed on a broken recorder"
    assert said.startswith("The recorder of chats does not work.")
    assert f"Broken link: {link}." in said
    assert prove_recorder.mended() is None


def test_a_rule_that_may_not_invoke_the_recorder_is_seen_here(historic: Deployed, chats: Chats) -> None:
    """The local cloud asks the function's policy, as AWS does."""
    functions, recorded = historic.cloud.client("lambda"), Recorded(historic)
    (statement,) = json.loads(functions.get_policy(FunctionName=recorded.function)["Policy"])["Statement"]
    functions.remove_permission(FunctionName=recorded.function, StatementId=statement["Sid"])
    customer = str(uuid.uuid4())
    try:
        chats.start(customer)
        chats.told()
        assert recorded.sessions(customer) == {}
    finally:
        functions.add_permission(
            FunctionName=recorded.function,
            StatementId=statement["Sid"],
            Action=statement["Action"],
            Principal=statement["Principal"]["Service"],
            SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
        )
