"""A proof's links of a history: events reach the recorder, and the index has what a look-up reads."""

from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from botocore.exceptions import ClientError

from provisioning.calls import Calls
from provisioning.link import Broken, answer_of, code_of
from provisioning.properties import ProofProperties
from shared import recording, schema
from shared.probes import NOWHERE

LINKS = ("rule", "pattern", "target", "rule permission")
_EVENTS = "Amazon EventBridge"
_PRINCIPAL = "events.amazonaws.com"
_ACTIONS = {"lambda:InvokeFunction", "lambda:Invoke*", "lambda:*", "*"}
_TRIED = (
    # The events that the recorder uses: a chat began, it ended, its attributes were changed.
    *product(("INITIATED", "DISCONNECTED", "COMPLETED", "CONTACT_DATA_UPDATED"), ("API",)),
    # How a chat's later segments begin: after a transfer, and by a disconnect flow. Not all their events say the same.
    *product(("DISCONNECTED",), ("TRANSFER", "DISCONNECT")),
)


def is_on(to_prove: ProofProperties, calls: Calls) -> str:
    """The rule is there, and enabled. Raises Broken."""
    state = _rule(to_prove, "rule", calls).get("State")
    # Nothing else is delivered; a rule may also be enabled with all of CloudTrail's management events.
    if not str(state).startswith("ENABLED"):
        found = f"The rule {to_prove.rule_name} is {state}, expected ENABLED: otherwise no chat is recorded."
        raise Broken("rule", found)
    return str(state)


def matches(to_prove: ProofProperties, calls: Calls) -> str:
    """EventBridge itself finds that contact events match the rule's pattern, in either spelling. Raises Broken."""
    pattern = str(_rule(to_prove, "pattern", calls).get("EventPattern") or "")
    for detail_type, (event_type, began_by) in product(recording.DETAIL_TYPES, _TRIED):
        event = _contact_event(to_prove, detail_type, event_type, began_by)
        if not pattern or not _is_matched(pattern, event, calls):
            raise Broken(
                "pattern",
                f"The pattern of the rule {to_prove.rule_name}, {pattern or 'none'}, does not match a contact event "
                f"of the type {event_type} with the detail-type {detail_type!r}, of a segment that began by "
                f"{began_by}, expected all contact events.",
            )
    return pattern


def has_target(to_prove: ProofProperties, calls: Calls) -> str:
    """The rule sends its events, as they are, to the recorder. Raises Broken."""
    name = to_prove.rule_name
    unknown = f"The targets of the rule {name} are unknown"
    targets = answer_of("target", _EVENTS, lambda: calls.targets(name), unknown)
    for target in targets:
        if target.get("Arn") == to_prove.function.arn:
            changed = [key for key in ("Input", "InputPath", "InputTransformer") if target.get(key)]
            if not changed:
                return str(target.get("Id"))
            raise Broken("target", f"The rule {name} changes the events by {changed[0]}, expected unchanged events.")
    found = ", ".join(str(target.get("Arn")) for target in targets) or "none"
    raise Broken(
        "target", f"The targets of the rule {name}: found {found}, expected the recorder {to_prove.function.arn}."
    )


def is_let_in(to_prove: ProofProperties, calls: Calls) -> str:
    """The recorder's own policy lets the rule invoke it. Raises Broken."""
    link, unknown = "rule permission", "The recorder's policy is unknown"
    statements = answer_of(link, "AWS Lambda", lambda: calls.who_may_invoke(to_prove.function.arn), unknown)
    about = [one for one in statements if _is_about(one, to_prove.rule)]
    if any(one.get("Effect") == "Deny" for one in about) or not about:
        raise Broken(
            link,
            f"The policy of {to_prove.function.arn} does not let {_PRINCIPAL} invoke it for {to_prove.rule}: "
            f"found {statements or 'none'}.",
        )
    return str(about[0].get("Sid"))


def has_index(to_prove: ProofProperties, calls: Calls) -> str:
    """The table's index is sorted and filled as a look-up reads it. Raises Broken."""
    unknown = f"The table {to_prove.table} could not be checked"
    table = answer_of("index", "DynamoDB", lambda: calls.table(to_prove.table), unknown)
    indexes = {index.get("IndexName"): index for index in table.get("LocalSecondaryIndexes") or ()}
    if schema.INDEX not in indexes:
        found = ", ".join(sorted(map(str, indexes))) or "none"
        raise _useless(f"The table {to_prove.table} has the local indexes {found}, expected {schema.INDEX}.")
    types = {one["AttributeName"]: one["AttributeType"] for one in table.get("AttributeDefinitions") or ()}
    index, named = indexes[schema.INDEX], f"The index {schema.INDEX} of the table {to_prove.table}"
    names = {key["KeyType"]: key["AttributeName"] for key in index.get("KeySchema") or ()}
    keys = [(kind, name, types.get(name)) for kind, name in sorted(names.items())]
    expected = [("HASH", schema.CUSTOMER, "S"), ("RANGE", schema.UNTIL, "N")]
    if keys != expected:
        raise _useless(f"{named} has the keys {keys}, expected {expected}.")
    projection = index.get("Projection") or {}
    kind, held = projection.get("ProjectionType"), set(projection.get("NonKeyAttributes") or ())
    missing = sorted(set(schema.INDEXED) - (held if kind == "INCLUDE" else set()))
    if kind != "ALL" and missing:
        raise _useless(f"{named} holds {kind} {sorted(held)}, without {', '.join(missing)}, which a look-up reads.")
    return ""


def _useless(found: str) -> Broken:
    anew = " A local index can be made only together with its table: use a ChatHistory of this library."
    return Broken("index", found + anew, final=True)


def _rule(to_prove: ProofProperties, link: str, calls: Calls) -> dict[str, Any]:
    unknown = f"The rule {to_prove.rule_name} could not be checked"
    return answer_of(link, _EVENTS, lambda: calls.rule(to_prove.rule_name), unknown)


def _is_matched(pattern: str, event: dict[str, Any], calls: Calls) -> bool:
    try:
        return answer_of("pattern", _EVENTS, lambda: calls.matches(pattern, event))
    except ClientError as error:
        if code_of(error) == "InvalidEventPatternException":
            return False
        raise Broken("pattern", f"The pattern {pattern} could not be tried: {error}.") from error


def _contact_event(to_prove: ProofProperties, detail_type: str, event_type: str, began_by: str) -> dict[str, Any]:
    """A chat's event as Connect publishes it (Administrator Guide, "Amazon Connect contact events")."""
    _, partition, _, region, account, *_ = to_prove.function.arn.split(":")
    instance = f"arn:{partition}:connect:{region}:{account}:instance/{to_prove.instance_id}"
    return {
        "version": "0",
        "id": NOWHERE,
        "detail-type": detail_type,
        "source": recording.SOURCE,
        "account": account,
        "time": "2026-01-01T00:00:00Z",
        "region": region,
        "resources": [instance, f"{instance}/contact/{NOWHERE}"],
        "detail": {
            "eventType": event_type,
            "contactId": NOWHERE,
            "initialContactId": NOWHERE,
            "channel": "CHAT",
            "instanceArn": instance,
            "initiationMethod": began_by,
            "initiationTimestamp": "2026-01-01T00:00:00.000Z",
        },
    }


def _is_about(statement: dict[str, Any], rule: str) -> bool:
    """Whether a statement of a function's policy says something of EventBridge that acts for this rule."""
    return (
        _is_principal(statement.get("Principal"))
        and any(action in _ACTIONS for action in _texts(statement.get("Action")))
        and all(
            _is_met(operator.lower(), key.lower(), _texts(values), rule)
            for operator, conditions in (statement.get("Condition") or {}).items()
            for key, values in conditions.items()
        )
    )


def _is_principal(principal: Any) -> bool:
    named = [name for names in principal.values() for name in _texts(names)] if isinstance(principal, dict) else []
    return principal == "*" or "*" in named or _PRINCIPAL in named


def _is_met(operator: str, key: str, values: list[str], rule: str) -> bool:
    """Whether a condition holds for the rule. An unknown condition does not: that would be a guess."""
    got = {"aws:sourcearn": rule, "aws:sourceaccount": rule.split(":")[4]}.get(key)
    if got is None or operator not in ("arnlike", "arnequals", "stringlike", "stringequals"):
        return False
    return any(got == value if operator == "stringequals" else fnmatchcase(got, value) for value in values)


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]
