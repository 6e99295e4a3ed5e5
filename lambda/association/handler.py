"""The function's entry: an HTTP request of the endpoint, or a probe of a deployment's proof."""

import gc

# While everything is imported a collection finds nothing, and takes a fifteenth of a cold start.
gc.disable()

import os
import re
import time
from collections.abc import Callable

from association import caller, log, refusal, request, response, settings
from association.decider import Decider, associated
from association.refusal import Refusal
from aws.client import Client
from aws.description import place_of
from aws.retry import Retry
from connect.errors import ConnectError
from connect.ids import same_instance
from connect.operations import Connect
from shared import wire
from shared.typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from association.lookup import Lookup
    from aws.probes import Probes

SETTINGS = settings.read(os.environ)
# Two connections: both contacts are described at the same time.
CLIENTS = (Client("connect", SETTINGS.connect_endpoint), Client("connect", SETTINGS.connect_endpoint))
DYNAMODB = Client("dynamodb", SETTINGS.history_endpoint) if SETTINGS.history_endpoint is not None else None
# All of this stays: the first collection would look through it in vain.
gc.freeze()
gc.enable()

Event = dict[str, object]
# Answers a request, with these headers. Raises a Refusal, or ConnectError.
Work = Callable[[Event, Retry, log.Line, dict[str, str]], dict[str, object]]


def handle(event: object, context: object) -> dict[str, object]:
    """Answer an API Gateway proxy event, or a probe."""
    if is_request(event):
        return served(event, context, _associate)
    # Imported here, because only deployments send probes.
    from aws import probes

    return probes.answer(event, SETTINGS.environment, probes_of(Retry(time.monotonic() + SETTINGS.deadline_seconds)))


def is_request(event: object) -> TypeGuard[Event]:
    """Whether this is a proxy event. The gateway builds these events: none is ever a probe."""
    return isinstance(event, dict) and "requestContext" in event


def served(
    event: Event, context: object, work: Work, readable: tuple[str, ...] = wire.EXPOSED_HEADERS
) -> dict[str, object]:
    """The answer to a request. It also writes the request's log line. A page may read the headers in `readable`."""
    started = time.monotonic()
    retry = Retry(started + SETTINGS.deadline_seconds)
    line = log.Line(_request_id(event["requestContext"], context))
    try:
        cors = response.cors_headers(event, SETTINGS.cors_allowed_origins, readable)
        return _answered(event, retry, line, {"x-amzn-RequestId": line.request_id, **cors}, work)
    finally:
        line.add(attempts=retry.attempts, durationMs=round((time.monotonic() - started) * 1000))
        line.write()


def connect_with(retry: Retry) -> Connect:
    """Amazon Connect, for calls within the deadline of `retry`."""
    return Connect(SETTINGS.instance_id, SETTINGS.customer_identity, CLIENTS, retry)


def lookup_with(connect: Connect, retry: Retry) -> "Lookup | None":
    """The look-up of the latest chat; None without a history."""
    if DYNAMODB is None:
        return None
    # Imported here: without a history the cold start does not pay for it.
    from association.lookup import Lookup

    return Lookup(DYNAMODB, SETTINGS, connect, retry.deadline)


def probes_of(retry: Retry) -> "Probes":
    """A probe for each permission that an association needs."""
    from connect import probing
    from shared.probes import CREATE_ASSOCIATION, DESCRIBE_CONTACT

    connect = connect_with(retry)
    lookup = lookup_with(connect, retry)
    return {**probing.probes_of(connect, CREATE_ASSOCIATION, DESCRIBE_CONTACT), **(lookup.probes() if lookup else {})}


def _answered(event: Event, retry: Retry, line: log.Line, headers: dict[str, str], work: Work) -> dict[str, object]:
    try:
        return work(event, retry, line, headers)
    except Refusal as refused:
        why = refused
    except ConnectError as failure:
        why = refusal.of_connect(failure)
    except Exception as bug:
        # The text of an exception may hold what the caller sent; its class and place do not.
        why = refusal.failed("bug", place_of(bug))
    line.refused(why)
    return response.error(why, headers)


def _associate(event: Event, retry: Retry, line: log.Line, headers: dict[str, str]) -> dict[str, object]:
    continued = _continued(event, retry, line)
    line.ended("nothing" if continued is None else "granted", 200)
    line.add(continuedFromContactId=continued)
    return response.success(continued, headers)


def _continued(event: Event, retry: Retry, line: log.Line) -> str | None:
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
    connect = connect_with(retry)
    if not SETTINGS.checks_customers:
        line.add(rule="unchecked")
        # Without DescribeContact a retry cannot be seen here. So equal requests send Connect the same ClientToken.
        return associated(asked._replace(client_token=None), connect)
    decider = Decider(who, connect, SETTINGS.transcript_delay_seconds, lookup_with(connect, retry))
    decision = decider.decide(asked)
    line.asks(decision.request)
    granted = decider.associate(decision)
    line.add(rule=granted.rule)
    return granted.continued


def _request_id(request_context: object, context: object) -> str:
    """The one in API Gateway's access log, else the invocation's. Not the `requestId`: a caller may choose that."""
    gateways = request_context.get("extendedRequestId") if isinstance(request_context, dict) else None
    for id in (gateways, getattr(context, "aws_request_id", None)):
        # The gateway's are in base64.
        if isinstance(id, str) and re.fullmatch("[0-9A-Za-z+/=_-]{1,128}", id):
            return id
    return "unknown"
