"""The function's entry, if the endpoint also starts chats. Other requests go to the handler of associations."""

import gc

# The handler of associations does the same, and switches it on again.
gc.disable()

import os
import time
from collections.abc import Mapping

from association import caller, handler, log, refusal, response
from association.caller import Caller
from association.decider import Decider
from association.refusal import Refusal
from aws.description import is_unicode
from aws.retry import Retry
from connect.errors import ConnectError
from connect.ids import same_instance
from shared import variables, wire
from start import attempts, past, request, settings
from start.past import Past
from start.request import StartRequest, derived_client_token

START = settings.read(os.environ)
_METHOD = "PUT"
_READABLE = (*wire.EXPOSED_HEADERS, wire.NOT_CONTINUED)
# The look-up may use this share of a request's time. The rest is for the start.
_SHARE_OF_LOOK_UP = 0.5
# The same text for every 404: nobody learns which contacts and flows exist.
_NOT_FOUND = (
    "Not found. Check InstanceId, ContactFlowId and SourceContactId. If you send CustomerId, it has to be the customer "
    "who calls. The past contact has to carry the same customer."
)
# Administrator Guide, "Pre-chat authentication using the Amazon Connect StartChatContact API".
_AUTHENTICATED = {"connect:CustomerAuthentication": {"ValueMap": {"Status": {"ValueString": "AUTHENTICATED"}}}}

_Started = tuple[Mapping[str, str], Past]


def handle(event: object, context: object) -> dict[str, object]:
    """Answer an API Gateway proxy event, or a probe."""
    if not handler.is_request(event):
        return _probed(event)
    if event.get("httpMethod") == _METHOD:
        return handler.served(event, context, _answered, _READABLE)
    return handler.handle(event, context)


def _probed(event: object) -> dict[str, object]:
    # Imported here, because only deployments send probes.
    from aws import probes
    from start import probing

    retry = Retry(time.monotonic() + handler.SETTINGS.deadline_seconds)
    of_start = probing.probes_of(handler.connect_with(retry), handler.SETTINGS.instance_id, START.flows)
    environment = {**handler.SETTINGS.environment, **START.environment}
    return probes.answer(event, environment, {**handler.probes_of(retry), **of_start})


def _answered(event: handler.Event, retry: Retry, line: log.Line, headers: dict[str, str]) -> dict[str, object]:
    try:
        started, before = _started(event, retry, line)
    except (Refusal, ConnectError) as failure:
        why = failure if isinstance(failure, Refusal) else refusal.of_connect(failure)
        if why.error_type == wire.RESOURCE_NOT_FOUND:
            why.message = _NOT_FOUND
        raise why from None
    continued = started.get("ContinuedFromContactId")
    line.ended("started", 200)
    line.add(rule=before.rule, initialContactId=started["ContactId"], continuedFromContactId=continued)
    if before.not_continued is None:
        return response.response(200, started, headers)
    reason, seconds, detail = before.not_continued
    line.add(notContinued=reason, detail=detail)
    told = {"Reason": reason} if seconds is None else {"Reason": reason, "RetryAfterSeconds": seconds}
    header = reason if seconds is None else f"{reason}; retry-after={seconds}"
    return response.response(200, {**started, "NotContinued": told}, {**headers, wire.NOT_CONTINUED: header})


def _started(event: handler.Event, retry: Retry, line: log.Line) -> _Started:
    """Amazon Connect's answer, and the past chat that the new chat continues. Raises a Refusal, or ConnectError."""
    who = caller.identify(event, handler.SETTINGS)
    line.add(caller=who.name)
    asked = request.parse(event, START, names_customer=who.customer is None)
    _log_source(line, asked.source_contact_id, asked.rehydration_type)
    if who.denial is not None:
        raise who.denial
    if asked.instance_id and not same_instance(asked.instance_id, handler.SETTINGS.instance_id):
        raise refusal.not_found("another_instance")
    if asked.flow_id is None:
        raise refusal.not_found("unknown_flow")
    customer = asked.customer_id or who.customer or ""
    # If Connect cannot store a claim, the claim is not a customer.
    if len(customer) > wire.CUSTOMER_ID_LENGTH or not is_unicode(customer):
        raise refusal.not_found("no_customer")
    fields = _fields(asked, customer, who)
    before = past.of(asked, customer, _decider(asked, who, retry))
    _log_source(line, before.source_contact_id, before.rehydration_type)
    token = derived_client_token(asked, START, customer)
    return attempts.start_chat(handler.connect_with(retry), fields, token, before)


def _decider(asked: StartRequest, who: Caller, retry: Retry) -> Decider:
    delay = handler.SETTINGS.transcript_delay_seconds
    if asked.source_contact_id or not START.continue_latest:
        return Decider(who, handler.connect_with(retry), delay, None)
    now = time.monotonic()
    retry = retry.until(now + (retry.deadline - now) * _SHARE_OF_LOOK_UP)
    connect = handler.connect_with(retry)
    return Decider(who, connect, delay, handler.lookup_with(connect, retry))


def _fields(asked: StartRequest, customer: str, who: Caller) -> dict[str, object]:
    """The fields for Amazon Connect. The customer is where the rule will look for it. Raises a Refusal."""
    fields: dict[str, object] = {"ContactFlowId": asked.flow_id, **asked.conversation}
    attributes = dict(asked.attributes)
    identity = START.customer_identity
    if identity == variables.CUSTOMER_ID:
        fields["CustomerId"] = customer
    else:
        attributes[identity.removeprefix(variables.ATTRIBUTE_PREFIX)] = customer
        if wrong := request.too_large(attributes):
            raise refusal.invalid(f"{wrong[0]} One of the attributes names the customer.")
    if attributes:
        fields["Attributes"] = attributes
    if START.stamp_authentication and who.customer is not None:
        fields["SegmentAttributes"] = _AUTHENTICATED
    if START.chat_duration_minutes is not None:
        fields["ChatDurationInMinutes"] = START.chat_duration_minutes
    return fields


def _log_source(line: log.Line, source_contact_id: str, rehydration_type: str) -> None:
    line.add(sourceContactId=source_contact_id or None, rehydrationType=rehydration_type or None)
