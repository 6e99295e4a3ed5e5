"""The request: every field is checked, and every mistake is reported."""

import hashlib
import json
from collections.abc import Collection, Mapping

from association import body, refusal
from association.body import shown
from aws.description import described, is_unicode
from connect.ids import is_id
from shared import wire
from shared.typing import NamedTuple

_BODY_FIELDS = ("RehydrationType", "SourceContactId", "ClientToken")
# An answer stays readable, and small, whatever is sent.
_MOST_UNKNOWN_FIELDS = 5


class AssociationRequest(NamedTuple):
    """A request that keeps all the rules of the wire contract."""

    # 1 to 100 letters, digits and hyphens.
    instance_id: str
    # The chat that continues; 1 to 256 letters, digits and hyphens.
    initial_contact_id: str
    # ENTIRE_PAST_SESSION or FROM_SEGMENT.
    rehydration_type: str
    # The past chat; like initial_contact_id. "": the customer's latest, which the history knows.
    source_contact_id: str
    # The caller's own, at most 500 characters. Connect never gets it.
    client_token: str | None


def parse(event: Mapping[str, object], *, has_history: bool = False) -> AssociationRequest:
    """The request in an API Gateway proxy event. Raises a Refusal that names all fields that break a rule.

    With a history, RehydrationType may be left out: it is then ENTIRE_PAST_SESSION. With that, so may SourceContactId.
    """
    violations: list[str] = []
    path = event.get("pathParameters")
    in_path = path if isinstance(path, dict) else {}
    instance_id = id_of("InstanceId", in_path, wire.INSTANCE_ID_LENGTH, violations)
    initial_contact_id = id_of("InitialContactId", in_path, wire.CONTACT_ID_LENGTH, violations)
    fields: Mapping[str, object] = {}
    try:
        fields = body.fields_of(event)
    except body.BodyError as error:
        violations.append(str(error))
    else:
        refuse_unknown("body", fields, _BODY_FIELDS, violations)
        if has_history:
            fields = {"RehydrationType": wire.ENTIRE_PAST_SESSION, **fields}
        rehydration_type = rehydration_type_of(fields, violations)
        source_contact_id = ""
        if "SourceContactId" in fields or not (has_history and rehydration_type == wire.ENTIRE_PAST_SESSION):
            source_contact_id = id_of("SourceContactId", fields, wire.CONTACT_ID_LENGTH, violations)
        client_token = client_token_of(fields, violations)
    if violations:
        raise refusal.invalid(" ".join(violations))
    return AssociationRequest(instance_id, initial_contact_id, rehydration_type, source_contact_id, client_token)


def derived_client_token(request: AssociationRequest) -> str:
    """The ClientToken that Amazon Connect gets: the same for a retry, another one for any other request."""
    parts = [request.instance_id, request.initial_contact_id, request.source_contact_id, request.rehydration_type]
    # An empty token of the caller counts as none.
    if request.client_token:
        parts.append(request.client_token)
    # A JSON array says where each part ends.
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def id_of(name: str, fields: Mapping[str, object], longest: int, violations: list[str]) -> str:
    """An id, or "" with a violation. The id is not decoded, so that each contact has one spelling."""
    expected = f"expected 1 to {longest} letters, digits and hyphens, not percent-encoded"
    value = fields.get(name)
    if is_id(value, longest):
        return value
    got = described(value) if name in fields else "nothing"
    if isinstance(value, str) and 1 <= len(value) <= longest:
        got += " with other characters"
    violations.append(f"{name}: got {got}, {expected}.")
    return ""


def rehydration_type_of(fields: Mapping[str, object], violations: list[str]) -> str:
    """The RehydrationType, or "" with a violation."""
    value = fields.get("RehydrationType")
    if isinstance(value, str) and value in wire.REHYDRATION_TYPES:
        return value
    got = shown(value) if isinstance(value, str) else described(value)
    if "RehydrationType" not in fields:
        got = "nothing"
    violations.append(f"RehydrationType: got {got}, expected {' or '.join(wire.REHYDRATION_TYPES)}.")
    return ""


def client_token_of(fields: Mapping[str, object], violations: list[str]) -> str | None:
    """The caller's ClientToken; None if there is none, or with a violation."""
    if "ClientToken" not in fields:
        return None
    value = fields["ClientToken"]
    if isinstance(value, str) and len(value) <= wire.CLIENT_TOKEN_LENGTH and is_unicode(value):
        return value
    half = " with half a surrogate pair" if isinstance(value, str) and not is_unicode(value) else ""
    expected = f"expected at most {wire.CLIENT_TOKEN_LENGTH} characters, or no such field"
    violations.append(f"ClientToken: got {described(value)}{half}, {expected}.")
    return None


def refuse_unknown(where: str, fields: Mapping[str, object], known: Collection[str], violations: list[str]) -> None:
    """Add a violation if there are fields that are not known."""
    unknown = [name for name in fields if name not in known]
    if not unknown:
        return
    listed = ", ".join(shown(name) for name in unknown[:_MOST_UNKNOWN_FIELDS])
    more = len(unknown) - _MOST_UNKNOWN_FIELDS
    got = f"{listed} and {more} more" if more > 0 else listed
    expected = f"none but {', '.join(known)}" if known else "none"
    violations.append(f"{where}: got the unknown fields {got}, expected {expected}.")
