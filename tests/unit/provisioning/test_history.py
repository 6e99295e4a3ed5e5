"""A history's proof: events reach the recorder, it may record them, and a look-up finds what it reads."""

import json
from typing import Any

import pytest

from provisioning.link import DeploymentFailure
from provisioning.proof import prove
from shared import recording, schema
from tests.unit.provisioning.test_proof import ENDPOINT, broken
from tests.unit.provisioning.world import FUNCTION_ARN, PATTERN, RULE_ARN, World, index, refused, statement

RECORDER: dict[str, Any] = {
    **{name: value for name, value in ENDPOINT.items() if name not in ("ApiId", "Stage", "Signed")},
    "Actions": ["dynamodb:PutItem"],
    "Table": "Stack-Table-1",
    "Rule": RULE_ARN,
}
SOUND = {"type": "ConditionalCheckFailedException", "status": 400, "message": "The conditional request failed"}
GONE = refused("ResourceNotFoundException", status=404)


def recorder(**parts: Any) -> World:
    """A world with a sound recorder, but for these."""
    return broken(**{"probe_answer": SOUND, **parts})


def test_a_recorder_is_proved_without_a_call_from_outside() -> None:
    """It has no address; a write that its own condition refuses is all that DynamoDB need answer."""
    world = recorder()
    assert prove(RECORDER, world, False)["Report"] == (
        "The recorder of chats: no broken link was found. Shown: instance, function, permission dynamodb:PutItem, "
        "index, rule, pattern, target, rule permission."
    )
    assert (world.posted, world.clock) == ([], 0)


@pytest.mark.parametrize(
    ("answer", "link"),
    [
        ({"type": "AccessDeniedException", "status": 400, "message": "no"}, "permission dynamodb:PutItem"),
        ({"type": "ResourceNotFoundException", "status": 400}, "DynamoDB"),
        ({"type": "ValidationException", "status": 400}, "DynamoDB"),
        ({"type": "ProvisionedThroughputExceededException", "status": 400}, "DynamoDB"),
        ({"type": "InternalServerError", "status": 500}, "DynamoDB"),
        ({"type": "unreachable", "status": 0}, "DynamoDB"),
        ({}, "DynamoDB"),
    ],
)
def test_of_dynamodb_only_the_expected_answer_will_do(answer: dict[str, Any], link: str) -> None:
    """A table that is not there answers as well."""
    with pytest.raises(DeploymentFailure, match=rf"^The recorder of chats does not work. Broken link: {link}\."):
        prove(RECORDER, recorder(probe_answer=answer), False)


def pattern_of(**keys: Any) -> dict[str, Any]:
    """A rule that is on, with the usual pattern but for these keys."""
    return {"State": "ENABLED", "EventPattern": json.dumps({**json.loads(PATTERN), **keys})}


def condition(operator: str, key: str, value: str) -> dict[str, Any]:
    """A statement that lets the rule in under this condition."""
    return statement(Condition={operator: {key: value}})


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "rule deleted": ({"rule_said": GONE}, "rule"),
    "rule off": ({"rule_said": {"State": "DISABLED", "EventPattern": PATTERN}}, "rule"),
    "no pattern": ({"rule_said": {"State": "ENABLED", "ScheduleExpression": "rate(1 day)"}}, "pattern"),
    "another source": ({"rule_said": pattern_of(source=["aws.other"])}, "pattern"),
    "one spelling only": ({"rule_said": pattern_of(**{"detail-type": [recording.DETAIL_TYPES[0]]})}, "pattern"),
    "some events only": ({"rule_said": pattern_of(detail={"eventType": ["DISCONNECTED"]})}, "pattern"),
    "another channel": ({"rule_said": pattern_of(detail={"channel": ["VOICE"]})}, "pattern"),
    "first segments only": ({"rule_said": pattern_of(detail={"initiationMethod": ["API"]})}, "pattern"),
    "no survey's segment": ({"rule_said": pattern_of(detail={"initiationMethod": ["API", "TRANSFER"]})}, "pattern"),
    "no target": ({"targets_said": []}, "target"),
    "another target": ({"targets_said": [{"Id": "1", "Arn": f"{FUNCTION_ARN}-other"}]}, "target"),
    "changed events": ({"targets_said": [{"Id": "1", "Arn": FUNCTION_ARN, "Input": "{}"}]}, "target"),
    "transformed": ({"targets_said": [{"Id": "1", "Arn": FUNCTION_ARN, "InputTransformer": {"x": 1}}]}, "target"),
    "no policy": ({"statements": []}, "rule permission"),
    "another principal": (
        {"statements": [statement(Principal={"Service": "s3.amazonaws.com"})]},
        "rule permission",
    ),
    "another action": ({"statements": [statement(Action="lambda:GetFunction")]}, "rule permission"),
    "another rule": (
        {"statements": [condition("ArnLike", "AWS:SourceArn", f"{RULE_ARN}2")]},
        "rule permission",
    ),
    "another account": (
        {"statements": [condition("StringEquals", "aws:SourceAccount", "210987654321")]},
        "rule permission",
    ),
    "a condition nobody knows": (
        {"statements": [condition("StringEquals", "aws:PrincipalOrgID", "o-1")]},
        "rule permission",
    ),
    "denied as well": ({"statements": [statement(), statement(Effect="Deny")]}, "rule permission"),
    "policy out of sight": ({"statements": refused("AccessDeniedException")}, "rule permission"),
    "no table": ({"table_said": GONE}, "index"),
    "no index": ({"table_said": {"AttributeDefinitions": []}}, "index"),
    "another index": ({"table_said": {"LocalSecondaryIndexes": [index(IndexName="Other")]}}, "index"),
    "index by text": (
        {
            "table_said": {
                **World().table_said,
                "AttributeDefinitions": [
                    {"AttributeName": name, "AttributeType": "S"} for name in (schema.CUSTOMER, schema.UNTIL)
                ],
            }
        },
        "index",
    ),
    "index by session": (
        {
            "table_said": {
                **World().table_said,
                "LocalSecondaryIndexes": [
                    index(
                        KeySchema=[
                            {"AttributeName": schema.CUSTOMER, "KeyType": "HASH"},
                            {"AttributeName": schema.SESSION, "KeyType": "RANGE"},
                        ]
                    )
                ],
            }
        },
        "index",
    ),
    **{
        f"index without {name}": (
            {
                "table_said": {
                    **World().table_said,
                    "LocalSecondaryIndexes": [
                        index(
                            Projection={
                                "ProjectionType": "INCLUDE",
                                "NonKeyAttributes": [other for other in schema.INDEXED if other != name],
                            }
                        )
                    ],
                }
            },
            "index",
        )
        for name in schema.INDEXED
    },
    "index of keys": (
        {
            "table_said": {
                **World().table_said,
                "LocalSecondaryIndexes": [index(Projection={"ProjectionType": "KEYS_ONLY"})],
            }
        },
        "index",
    ),
}


@pytest.mark.parametrize(("parts", "link"), BROKEN.values(), ids=BROKEN.keys())
def test_what_keeps_a_chat_from_being_recorded_or_found_is_named(parts: dict[str, Any], link: str) -> None:
    """Each of these deployed green once, and nobody noticed until a customer came back."""
    with pytest.raises(DeploymentFailure, match=rf"Broken link: {link}\. ") as failed:
        prove(RECORDER, recorder(**parts), False)
    assert "What held before: instance, function, permission dynamodb:PutItem" in str(failed.value)


SOUND_TOO: dict[str, dict[str, Any]] = {
    "all of Connect's events": {
        "rule_said": {"State": "ENABLED", "EventPattern": json.dumps({"source": [recording.SOURCE]})}
    },
    "chats only": {"rule_said": pattern_of(detail={"channel": ["CHAT"]})},
    "a second target": {"targets_said": [{"Id": "1", "Arn": "arn:other"}, {"Id": "2", "Arn": FUNCTION_ARN}]},
    "a dead-letter queue": {
        "targets_said": [{"Id": "1", "Arn": FUNCTION_ARN, "DeadLetterConfig": {"Arn": "a"}, "Input": None}]
    },
    "every rule": {"statements": [condition("ArnLike", "aws:SourceArn", "arn:aws:events:*:123456789012:rule/*")]},
    "the account": {"statements": [condition("StringEquals", "AWS:SourceAccount", "123456789012")]},
    "no condition": {"statements": [statement(Condition=None)]},
    "others are let in, too": {"statements": [statement(Principal={"Service": "s3.amazonaws.com"}), statement()]},
    "others are denied": {
        "statements": [statement(), statement(Effect="Deny", Principal={"Service": "s3.amazonaws.com"})]
    },
    "an index of everything": {
        "table_said": {
            **World().table_said,
            "LocalSecondaryIndexes": [index(Projection={"ProjectionType": "ALL"}), index(IndexName="Other")],
        }
    },
}


@pytest.mark.parametrize("parts", SOUND_TOO.values(), ids=SOUND_TOO.keys())
def test_what_works_all_the_same_passes(parts: dict[str, Any]) -> None:
    """The proof fails for what is broken, and for nothing else."""
    assert "no broken link" in prove(RECORDER, recorder(**parts), False)["Report"]


@pytest.mark.parametrize("kind", ["ThrottlingException", "AccessDeniedException", "InternalException"])
@pytest.mark.parametrize("part", ["rule_said", "targets_said", "statements", "table_said"])
def test_what_passes_is_waited_for(part: str, kind: str) -> None:
    """A new policy is seen late, and an account's quotas are everybody's."""

    class Healing(World):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            if self.clock > 20:
                setattr(self, part, getattr(World(), part))

    world = Healing()
    world.probe_answer = SOUND
    setattr(world, part, refused(kind, status=500 if kind == "InternalException" else 400))
    prove(RECORDER, world, False)
    assert 20 < world.clock <= 60


def test_an_endpoint_looks_at_the_index_of_its_history() -> None:
    """Also at that of another stack, which nothing else in its own shows."""
    asked = {**ENDPOINT, "Table": "Stack-Table-1"}
    assert "index" in prove(asked, World(), False)["Report"]
    with pytest.raises(DeploymentFailure, match=r"^The endpoint does not work. Broken link: index\. "):
        prove(asked, broken(table_said={"LocalSecondaryIndexes": []}), False)


def test_an_index_that_projects_keys_lacks_all_that_a_look_up_reads() -> None:
    """Whatever names stand beside it: they count for another kind of projection."""
    projection = {"ProjectionType": "KEYS_ONLY", "NonKeyAttributes": list(schema.INDEXED)}
    table = {**World().table_said, "LocalSecondaryIndexes": [index(Projection=projection)]}
    with pytest.raises(DeploymentFailure, match=rf"without {', '.join(sorted(schema.INDEXED))}, which"):
        prove(RECORDER, recorder(table_said=table), False)
