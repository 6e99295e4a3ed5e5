"""The request for a start. It has Amazon Connect's own fields, but not all of them. Every mistake is reported."""

import hashlib
import json
import os
import re
from collections.abc import Mapping

from association import body, refusal
from association.request import client_token_of, id_of, refuse_unknown, rehydration_type_of
from aws.description import described, is_unicode
from connect.ids import same_instance
from shared import wire
from shared.key import key_of
from shared.typing import NamedTuple
from start.settings import StartSettings

_FIELDS = (
    "InstanceId",
    "ContactFlowId",
    "ParticipantDetails",
    "InitialMessage",
    "SupportedMessagingContentTypes",
    "Attributes",
    "PersistentChat",
    "CustomerId",
    "ClientToken",
)
# Advice for callers who send a field of StartChatContact that the endpoint does not accept.
_ADVICE = {
    "SegmentAttributes": "Leave SegmentAttributes out: the endpoint itself says whether the customer is authenticated.",
    "RelatedContactId": "Leave RelatedContactId out: to continue a past chat, send PersistentChat.",
}
_Fields = Mapping[str, object]


class StartRequest(NamedTuple):
    """A request that keeps all the rules of the wire contract."""

    # "": the endpoint's instance.
    instance_id: str
    # The id of a configured flow; None: the request names another flow.
    flow_id: str | None
    # The customer that the request names; "" if it names none.
    customer_id: str
    # The past chat, and which part of it; "": the request names none.
    source_contact_id: str
    rehydration_type: str
    # The caller's own token. Connect never gets it.
    client_token: str | None
    # The fields that Connect gets unchanged: ParticipantDetails, and the other fields about the conversation.
    conversation: Mapping[str, object]
    attributes: Mapping[str, str]


def parse(event: _Fields, settings: StartSettings, *, names_customer: bool) -> StartRequest:
    """The request in an API Gateway proxy event. Raises a Refusal that names all fields that break a rule.

    :param names_customer: whether only the request can say who the customer is.
    """
    violations: list[str] = []
    try:
        fields = body.fields_of(event, "fields of StartChatContact", wire.START_BODY_BYTES)
    except body.BodyError as error:
        raise refusal.invalid(str(error)) from None
    refuse_unknown("body", fields, _FIELDS, violations)
    violations += [advice for name, advice in _ADVICE.items() if name in fields]
    instance_id = ""
    if "InstanceId" in fields:
        instance_id = id_of("InstanceId", fields, wire.INSTANCE_ID_LENGTH, violations)
    past = _object("PersistentChat", ("RehydrationType", "SourceContactId"), fields, violations)
    request = StartRequest(
        instance_id,
        _flow_id(fields, settings, violations),
        _customer_id(fields, violations, required=names_customer),
        id_of("SourceContactId", past, wire.CONTACT_ID_LENGTH, violations) if past is not None else "",
        rehydration_type_of(past, violations) if past is not None else "",
        client_token_of(fields, violations),
        _conversation(fields, violations),
        _attributes(fields, settings.attributes, violations),
    )
    if violations:
        raise refusal.invalid(" ".join(violations))
    return request


def derived_client_token(asked: StartRequest, settings: StartSettings, customer: str) -> str:
    """The ClientToken that Amazon Connect gets: the same for a retry, and another one for any other request.

    If the caller sends no token, each request gets another one. So a customer who ends a chat can start a new one.
    """
    own = asked.client_token or os.urandom(16).hex()
    parts: list[object] = [key_of(settings.instance_id, customer), own]
    parts += [asked.flow_id, asked.source_contact_id, asked.rehydration_type]
    # What the endpoint itself writes: another endpoint of the instance writes something else.
    parts += [settings.customer_identity, settings.stamp_authentication, settings.chat_duration_minutes]
    # A JSON array says where each part ends.
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _flow_id(fields: _Fields, settings: StartSettings, violations: list[str]) -> str | None:
    """The id of the flow that is named by its name, id or ARN. Nobody learns which other flows exist."""
    flows = settings.flows
    if "ContactFlowId" not in fields and len(flows) == 1:
        return next(iter(flows.values()))
    sent = _text("ContactFlowId", fields, wire.FLOW_LENGTH, violations)
    arn = re.fullmatch(r"arn:[a-z-]+:connect:[a-z0-9-]+:[0-9]{12}:instance/([^/]+)/contact-flow/([^/]+)", sent)
    id = arn[2] if arn and same_instance(arn[1], settings.instance_id) else sent
    return flows.get(sent) or next((flow for flow in flows.values() if flow.lower() == id.lower()), None)


def _customer_id(fields: _Fields, violations: list[str], *, required: bool) -> str:
    if "CustomerId" not in fields and not required:
        return ""
    customer = _text("CustomerId", fields, wire.CUSTOMER_ID_LENGTH, violations)
    # A gateway writes U+FFFD for bytes that are not UTF-8. So two customers could become one.
    if "\ufffd" in customer:
        violations.append("CustomerId: got U+FFFD, which stands for bytes that are not UTF-8, expected UTF-8.")
    return customer


def _conversation(fields: _Fields, violations: list[str]) -> Mapping[str, object]:
    taken: dict[str, object] = {}
    participant = _object("ParticipantDetails", ("DisplayName",), {"ParticipantDetails": {}, **fields}, violations)
    if participant is not None:
        _text("DisplayName", participant, wire.DISPLAY_NAME_LENGTH, violations)
        taken["ParticipantDetails"] = participant
    message = _object("InitialMessage", ("ContentType", "Content"), fields, violations)
    if message is not None:
        _text("ContentType", message, wire.CONTENT_TYPE_LENGTH, violations)
        _text("Content", message, wire.CONTENT_LENGTH, violations)
        taken["InitialMessage"] = message
    if "SupportedMessagingContentTypes" in fields:
        types = fields["SupportedMessagingContentTypes"]
        names = types if isinstance(types, list) else []
        if wire.PLAIN_TEXT not in names or not all(_is_text(name, wire.CONTENT_TYPE_LENGTH) for name in names):
            expected = f"expected an array of content types, with {wire.PLAIN_TEXT} among them"
            violations.append(f"SupportedMessagingContentTypes: got {described(types)}, {expected}.")
        taken["SupportedMessagingContentTypes"] = types
    return taken


def _attributes(fields: _Fields, allowed: tuple[str, ...], violations: list[str]) -> Mapping[str, str]:
    sent = _object("Attributes", allowed, fields, violations) or {}
    taken = {
        name: _text(name, sent, wire.ATTRIBUTE_VALUE_LENGTH, violations, least=0) for name in allowed if name in sent
    }
    violations += too_large(taken)
    return taken


def too_large(attributes: Mapping[str, str]) -> list[str]:
    """What is wrong with the size of a contact's attributes, if anything."""
    size = sum(len(f"{name}{value}".encode()) for name, value in attributes.items())
    expected = f"Attributes: got {size} bytes, expected at most {wire.ATTRIBUTES_BYTES}."
    return [expected] if size > wire.ATTRIBUTES_BYTES else []


def _object(name: str, known: tuple[str, ...], fields: _Fields, violations: list[str]) -> _Fields | None:
    """An object with these fields. None if it was not sent, or with a violation."""
    if name not in fields:
        return None
    value = fields[name]
    if not isinstance(value, dict):
        violations.append(f"{name}: got {described(value)}, expected an object.")
        return None
    refuse_unknown(name, value, known, violations)
    return value


def _text(name: str, fields: _Fields, longest: int, violations: list[str], least: int = 1) -> str:
    """A text, or "" with a violation."""
    value = fields.get(name)
    if isinstance(value, str) and _is_text(value, longest, least):
        return value
    got = described(value) if name in fields else "nothing"
    half = " with half a surrogate pair" if isinstance(value, str) and not is_unicode(value) else ""
    violations.append(f"{name}: got {got}{half}, expected a string of {least} to {longest} characters.")
    return ""


def _is_text(value: object, longest: int, least: int = 1) -> bool:
    return isinstance(value, str) and least <= len(value) <= longest and is_unicode(value)
