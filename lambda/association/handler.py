"""The function's entry: an HTTP request of the endpoint, or a probe of a deployment's proof."""

import gc

# While everything is imported a collection finds nothing, and takes a fifteenth of a cold start.
gc.disable()

import os
import re
import time
from typing import TYPE_CHECKING

from association import caller, log, refusal, request, response, settings
from association.decision import Decider, associated
from association.refusal import Refusal
from aws import probes
from aws.client import Client
from aws.description import place_of
from aws.retry import Retry
from connect.errors import ConnectError
from connect.ids import same_instance
from connect.operations import Connect
from shared.probes import CREATE_ASSOCIATION, DESCRIBE_CONTACT

if TYPE_CHECKING:
    from association.lookup import Lookup

SETTINGS = settings.read(os.environ)
# Two connections: both contacts are described at the same time.
CLIENTS = (Client("connect", SETTINGS.connect_endpoint), Client("connect", SETTINGS.connect_endpoint))
DYNAMODB = Client("dynamodb", SETTINGS.history_endpoint) if SETTINGS.history_endpoint is not None else None
gc.enable()


def handle(event: object, context: object) -> dict[str, object]:
    """Answer an API Gateway proxy event, or a probe. The gateway builds the former: it is never a probe."""
    started = time.monotonic()
    deadline = started + SETTINGS.deadline_seconds
    connect = Connect(SETTINGS.instance_id, SETTINGS.customer_identity, CLIENTS, Retry(deadline))
    lookup = _lookup(connect, deadline)
    if not isinstance(event, dict) or "requestContext" not in event:
        of_connect = connect.probes(CREATE_ASSOCIATION, DESCRIBE_CONTACT)
        return probes.answer(event, SETTINGS.environment, {**of_connect, **(lookup.probes() if lookup else {})})
    line = log.Line(_request_id(event["requestContext"], context))
    try:
        return _answered(event, connect, lookup, line)
    finally:
        line.add(attempts=connect.attempts, durationMs=round((time.monotonic() - started) * 1000))
        line.write()


def _answered(event: dict[str, object], connect: Connect, lookup: "Lookup | None", line: log.Line) -> dict[str, object]:
    headers = {"x-amzn-RequestId": line.request_id, **response.cors_headers(event, SETTINGS.cors_allowed_origins)}
    try:
        continued = _continued(event, connect, lookup, line)
        line.ended("nothing" if continued is None else "granted", 200)
        line.add(continuedFromContactId=continued)
        return response.success(continued, headers)
    except Refusal as refused:
        why = refused
    except ConnectError as failure:
        why = refusal.of_connect(failure)
    except Exception as bug:
        # The text of an exception may hold what the caller sent; its class and place do not.
        why = refusal.failed("bug", place_of(bug))
    line.refused(why)
    return response.error(why, headers)


def _continued(event: dict[str, object], connect: Connect, lookup: "Lookup | None", line: log.Line) -> str | None:
    """The contact that is continued; None if the customer has no past chat. Raises a Refusal, or ConnectError."""
    who = caller.identify(event, SETTINGS)
    line.add(caller=who.name)
    asked = request.parse(event, has_history=DYNAMODB is not None)
    line.asks(asked)
    if who.denial is not None:
        raise who.denial
    if not same_instance(asked.instance_id, SETTINGS.instance_id):
        raise refusal.not_found("another_instance")
    # From here on in the spelling that the role's permissions have.
    asked = asked._replace(instance_id=SETTINGS.instance_id)
    if not SETTINGS.checks_customers:
        line.add(rule="unchecked")
        # Without DescribeContact a retry cannot be seen here. So equal requests send Connect the same ClientToken.
        return associated(asked._replace(client_token=None), connect)
    decider = Decider(who, connect, SETTINGS.transcript_delay_seconds, lookup)
    decision = decider.decide(asked)
    line.asks(decision.request)
    granted = decider.associate(decision)
    line.add(rule=granted.rule)
    return granted.continued


def _lookup(connect: Connect, deadline: float) -> "Lookup | None":
    if DYNAMODB is None:
        return None
    # Imported here: without a history the cold start does not pay for it.
    from association.lookup import Lookup

    return Lookup(DYNAMODB, SETTINGS, connect, deadline)


def _request_id(request_context: object, context: object) -> str:
    """The one in API Gateway's access log, else the invocation's. Not the `requestId`: a caller may choose that."""
    gateways = request_context.get("extendedRequestId") if isinstance(request_context, dict) else None
    for id in (gateways, getattr(context, "aws_request_id", None)):
        # The gateway's are in base64.
        if isinstance(id, str) and re.fullmatch("[0-9A-Za-z+/=_-]{1,128}", id):
            return id
    return "unknown"
