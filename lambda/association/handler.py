"""The function's entry: an HTTP request of the endpoint, or a probe of a deployment's proof."""

import os
import re
import time

from association import answers, log, probes, request, rule, settings
from association.answers import Refusal
from association.connect import Connect
from aws.client import Client
from aws.endpoint import endpoint_of

SETTINGS = settings.read(os.environ)
CONNECT = Connect(Client("connect", endpoint_of("connect", os.environ, SETTINGS.connect_endpoint_url)))


def handle(event: object, context: object) -> dict[str, object]:
    """Answer an API Gateway proxy event, or a probe. The gateway builds the former: it is never a probe."""
    started = time.monotonic()
    if isinstance(event, dict) and "requestContext" in event:
        return _answered(event, _request_id(event["requestContext"], context), started)
    return probes.answer(event, SETTINGS, CONNECT, started + SETTINGS.deadline_seconds)


def _answered(event: dict[str, object], request_id: str, started: float) -> dict[str, object]:
    asked: request.AssociationRequest | None = None
    try:
        asked = request.parse(event)
        rule.may_continue(asked, SETTINGS)
        made = CONNECT.create_association(asked, started + SETTINGS.deadline_seconds)
    except Refusal as refusal:
        return _refused(refusal, asked, request_id, started)
    except Exception as bug:
        # The text of an exception may hold what the caller sent; its class and place do not.
        return _refused(answers.failed("bug", _place(bug)), asked, request_id, started)
    log.write(
        level="INFO",
        request_id=request_id,
        verdict="granted",
        status=200,
        attempts=made.attempts,
        duration_ms=_milliseconds_since(started),
        initial_contact_id=asked.initial_contact_id,
        source_contact_id=asked.source_contact_id,
        rehydration_type=asked.rehydration_type,
        continued_from_contact_id=made.continued_from_contact_id,
    )
    return answers.success(made.continued_from_contact_id, request_id)


def _refused(
    refusal: Refusal, asked: request.AssociationRequest | None, request_id: str, started: float
) -> dict[str, object]:
    failed = refusal.status >= 500
    log.write(
        level="ERROR" if failed else "INFO",
        request_id=request_id,
        verdict="failed" if failed else "refused",
        status=refusal.status,
        attempts=refusal.attempts,
        duration_ms=_milliseconds_since(started),
        error_type=refusal.error_type,
        reason=refusal.reason,
        detail=refusal.detail,
        initial_contact_id=asked.initial_contact_id if asked else None,
        source_contact_id=asked.source_contact_id if asked else None,
        rehydration_type=asked.rehydration_type if asked else None,
    )
    return answers.error(refusal, request_id)


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


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _place(bug: Exception) -> str:
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(bug).__name__
    code = trace.tb_frame.f_code
    return f"{type(bug).__name__} at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}"
