"""Answers of services that MiniStack words otherwise than AWS, where whoever looks a deployment over relies on them."""

import json
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import eventbridge, lambda_svc

_Answer = tuple[int, dict[str, str], bytes]
# API Reference of EventBridge, TestEventPattern: mandatory in the event that is tried.
_MANDATORY = ("id", "account", "source", "time", "region", "resources", "detail-type")


def install() -> None:
    """Put the answers in MiniStack's place."""
    _without_a_policy()
    _of_a_rule_that_is_gone()
    _to_half_an_event()


def _without_a_policy() -> None:
    """Lambda says of a function that nobody may invoke that it has no policy; MiniStack shows an empty one."""
    get_policy = lambda_svc._get_policy

    def answer(*arguments: Any) -> _Answer:
        found: _Answer = get_policy(*arguments)
        if found[0] == 200 and not json.loads(json.loads(found[2])["Policy"])["Statement"]:
            return _refusal("ResourceNotFoundException", "The resource you requested does not exist.", 404)
        return found

    lambda_svc._get_policy = answer


def _of_a_rule_that_is_gone() -> None:
    """EventBridge lists no targets of a rule that does not exist; MiniStack lists none, as if it had no target."""
    list_targets = eventbridge._list_targets_by_rule

    def answer(data: Mapping[str, Any]) -> _Answer:
        name, bus = data.get("Rule"), data.get("EventBusName", "default")
        if eventbridge._rule_key(name, bus) not in eventbridge._rules:
            message = f"Rule {name} does not exist on EventBus {bus}."
            return _refusal("ResourceNotFoundException", message, 400)
        listed: _Answer = list_targets(data)
        return listed

    eventbridge._list_targets_by_rule = answer


def _to_half_an_event() -> None:
    """EventBridge tries a pattern on whole events only; MiniStack lets what is missing not match."""
    test_pattern = eventbridge._test_event_pattern

    def answer(data: Mapping[str, Any]) -> _Answer:
        tried: _Answer = test_pattern(data)
        missing = [name for name in _MANDATORY if name not in json.loads(data["Event"])] if tried[0] == 200 else []
        if missing:
            # Assumption: an event without a mandatory field is refused as ValidationException.
            return _refusal("ValidationException", f"Event lacks {', '.join(missing)}.", 400)
        return tried

    eventbridge._test_event_pattern = answer


def _refusal(kind: str, message: str, status: int) -> _Answer:
    refusal: _Answer = error_response_json(kind, message, status)
    return refusal
