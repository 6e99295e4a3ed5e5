"""The function's entry: an HTTP request of the endpoint, or a probe of a deployment's proof."""

import os
import re
import time

from association import answers, caller, cors, log, probes, request, rule, settings
from association.answers import Refusal
from association.connect import Connect
from aws.client import Client
from aws.endpoint import endpoint_of

SETTINGS = settings.read(os.environ)
_ENDPOINT = endpoint_of("connect", os.environ, SETTINGS.connect_endpoint_url)
# Two connections: both contacts are described at the same time.
CLIENTS = (Client("connect", _ENDPOINT), Client("connect", _ENDPOINT))


def handle(event: object, context: object) -> dict[str, object]:
    """Answer an API Gateway proxy event, or a probe. The gateway builds the former: it is never a probe."""
    started = time.monotonic()
    connect = Connect(CLIENTS, started + SETTINGS.deadline_seconds)
    if isinstance(event, dict) and "requestContext" in event:
        return _answered(event, connect, _request_id(event["requestContext"], context), started)
    return probes.answer(event, SETTINGS, connect)


def _answered(event: dict[str, object], connect: Connect, request_id: str, started: float) -> dict[str, object]:
    line = log.Line(request_id)
    headers = {"x-amzn-RequestId": request_id, **cors.headers(event, SETTINGS.cors_allowed_origins)}
    try:
        continued = _continued(event, connect, line)
        line.ended("granted", 200)
        line.add(continuedFromContactId=continued)
        return answers.success(continued, headers)
    except Refusal as refusal:
        line.refused(refusal)
        return answers.error(refusal, headers)
    except Exception as bug:
        # The text of an exception may hold what the caller sent; its class and place do not.
        failure = answers.failed("bug", _place(bug))
        line.refused(failure)
        return answers.error(failure, headers)
    finally:
        line.add(attempts=connect.attempts, durationMs=round((time.monotonic() - started) * 1000))
        line.write()


def _continued(event: dict[str, object], connect: Connect, line: log.Line) -> str:
    """The contact that is continued. Raises a Refusal."""
    who = caller.identify(event, SETTINGS)
    line.add(caller=who.name)
    asked = request.parse(event)
    line.add(
        initialContactId=asked.initial_contact_id,
        sourceContactId=asked.source_contact_id,
        rehydrationType=asked.rehydration_type,
    )
    if asked.instance_id != SETTINGS.instance_id:
        raise answers.not_found("another_instance")
    if not SETTINGS.checks_customers:
        line.add(rule="unchecked")
        return connect.create_association(asked)
    verdict = _verdict(asked, who, connect)
    if isinstance(verdict, rule.Earlier):
        line.add(rule="earlier")
        return verdict.continued_from_contact_id
    line.add(rule="one_customer")
    return connect.create_association(asked)


def _verdict(asked: request.AssociationRequest, who: caller.Caller, connect: Connect) -> rule.Continue | rule.Earlier:
    """What the rule says of the contacts as they are now. Raises a Refusal."""
    contact_ids: tuple[str, ...] = (asked.initial_contact_id, asked.source_contact_id)
    described = connect.describe(SETTINGS.instance_id, contact_ids, SETTINGS.customer_identity)
    contacts, now = described
    verdict = rule.judge(rule.Question(asked, who, contacts, now, SETTINGS.transcript_delay_seconds))
    if isinstance(verdict, rule.Describe):
        more, _ = connect.describe(SETTINGS.instance_id, (verdict.contact_id,), SETTINGS.customer_identity)
        contacts = {**contacts, **more}
        verdict = rule.judge(rule.Question(asked, who, contacts, now, SETTINGS.transcript_delay_seconds))
    assert not isinstance(verdict, rule.Describe), "what was described is asked for again"
    return verdict


def _request_id(request_context: object, context: object) -> str:
    """API Gateway's, else the invocation's."""
    ids = [
        request_context.get("requestId") if isinstance(request_context, dict) else None,
        getattr(context, "aws_request_id", None),
    ]
    for id in ids:
        if isinstance(id, str) and re.fullmatch("[0-9A-Za-z-]{1,128}", id):
            return id
    return "unknown"


def _place(bug: Exception) -> str:
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(bug).__name__
    code = trace.tb_frame.f_code
    return f"{type(bug).__name__} at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}"
