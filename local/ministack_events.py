"""Contact events through MiniStack's EventBridge to functions, as AWS delivers them.

MiniStack takes no events of `aws.*` from outside, asks no function's policy, tries once and keeps nothing. Here a
rule's function needs a policy that lets the rule in; what fails is tried three times, and then kept in the
function's dead-letter queue, if its role may write there.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import eventbridge, lambda_svc

from .connect.events import Event, Events
from .ministack_checks import allows, lets_in

# Each starts a process of its own the first time; more would only wait for the machine.
_AT_ONCE = 4
_ATTEMPTS = 3
# AWS waits one minute and two (AWS Lambda Developer Guide, "Asynchronous invocation").
_PAUSES_SECONDS = (0.2, 0.4)


def install(events: Events) -> None:
    """From now on Amazon Connect's events go to EventBridge, and EventBridge's to functions as above."""
    delivery = _Delivery(events)
    events.deliver = delivery.to_rules
    eventbridge._dispatch_to_lambda = delivery.to_function
    invoke = eventbridge._invoke_target

    def invoke_for_rule(target: dict[str, Any], event: Event, rule: dict[str, Any], view: Any = None) -> None:
        delivery.rule_arn.value = rule["Arn"]
        invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_for_rule


class _Delivery:
    """Events on their way to functions."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="events")
        # Which rule sends, in the thread that matches rules.
        self.rule_arn: Any = threading.local()

    def to_rules(self, event: Event) -> None:
        """Hand one over as EventBridge keeps it."""
        eventbridge._dispatch_event(
            {
                "EventId": event["id"],
                "Source": event["source"],
                "DetailType": event["detail-type"],
                "Detail": json.dumps(event["detail"]),
                "EventBusName": "default",
                "Time": event["time"],
                "Resources": event["resources"],
                "Account": event["account"],
                "Region": event["region"],
            }
        )

    def to_function(self, arn: str, payload: str) -> None:
        """Invoke a rule's function with what the rule made of an event."""
        func, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if func is None or config is None:
            return
        if lets_in(func["policy"]["Statement"], "events.amazonaws.com", self.rule_arn.value):
            self._attempt(lambda_svc._execution_record_for_config(func, config), json.loads(payload), 1)

    def _attempt(self, record: dict[str, Any], event: Event, attempt: int) -> None:
        self._events.depart()
        self._pool.submit(self._run, record, event, attempt)

    def _run(self, record: dict[str, Any], event: Event, attempt: int) -> None:
        try:
            result = lambda_svc._execute_function_with_config_scope(record, event)
            if not result.get("error"):
                return
            if attempt < _ATTEMPTS:
                self._events.depart()
                timer = threading.Timer(_PAUSES_SECONDS[attempt - 1], self._again, (record, event, attempt + 1))
                timer.daemon = True
                timer.start()
            else:
                self._keep(record["config"], event)
        finally:
            self._events.arrive()

    def _again(self, record: dict[str, Any], event: Event, attempt: int) -> None:
        self._attempt(record, event, attempt)
        self._events.arrive()

    def _keep(self, config: dict[str, Any], event: Event) -> None:
        queue = (config.get("DeadLetterConfig") or {}).get("TargetArn")
        if queue and allows(config["Role"], "sqs:SendMessage", queue):
            eventbridge._dispatch_to_sqs(parse_arn(queue), json.dumps(event))
