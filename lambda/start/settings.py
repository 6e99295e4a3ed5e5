"""The settings for starts, read once. The other settings are those of associations."""

import json
import re
from collections.abc import Mapping

from aws.environment import Environment, SettingsError
from connect.contact import is_identity
from shared import variables, wire
from shared.typing import NamedTuple

_BOOLEANS = {"true": True, "false": False}


class StartSettings(NamedTuple):
    """Which chats may start, and what callers may set."""

    instance_id: str
    # "customer_id" or "attribute:<name>".
    customer_identity: str
    # The ids of the flows by their names; at least one.
    flows: Mapping[str, str]
    # The names of the attributes that a caller may set; never the one that names the customer.
    attributes: tuple[str, ...]
    # Whether a chat continues the customer's latest chat, if the caller names none and there is a history.
    continue_latest: bool
    # Whether a chat says that its customer was authenticated.
    stamp_authentication: bool
    # None: Amazon Connect's own default.
    chat_duration_minutes: int | None
    # The variables that were read.
    environment: Mapping[str, str]


def read(environ: Mapping[str, str]) -> StartSettings:
    """The settings of this environment. Raises SettingsError."""
    of = Environment(environ)
    # Without such an identity, the rule would find no customer.
    identity = of.text(variables.CUSTOMER_IDENTITY, is_identity, "an identity that can be checked")
    return StartSettings(
        instance_id=of.get(variables.INSTANCE_ID),
        customer_identity=identity,
        flows=_flows(of),
        attributes=_attributes(of, identity),
        continue_latest=_boolean(of, variables.CONTINUE_LATEST),
        stamp_authentication=_boolean(of, variables.STAMP_AUTHENTICATION),
        chat_duration_minutes=_minutes(of),
        environment=of.seen,
    )


def _flows(of: Environment) -> Mapping[str, str]:
    flows = _json(of.get(variables.START_FLOWS))
    if isinstance(flows, dict) and flows and all(name and _is_text(id, wire.ID_PATTERN) for name, id in flows.items()):
        return flows
    raise SettingsError(variables.START_FLOWS, of.get(variables.START_FLOWS), "a JSON object of flow ids by name")


def _attributes(of: Environment, identity: str) -> tuple[str, ...]:
    value = of.get(variables.START_ATTRIBUTES)
    names = _json(value or "[]")
    if isinstance(names, list) and all(_may_be_set(name, identity) for name in names):
        return tuple(names)
    raise SettingsError(variables.START_ATTRIBUTES, value, "a JSON array of names, without the customer's attribute")


def _may_be_set(name: object, identity: str) -> bool:
    """Whether a caller may set this attribute. A caller who sets the customer's attribute could be anybody."""
    # Upper and lower case make no difference here.
    as_identity = f"{variables.ATTRIBUTE_PREFIX}{name}".lower()
    return _is_text(name, variables.ATTRIBUTE_PATTERN) and as_identity != identity.lower()


def _boolean(of: Environment, name: str) -> bool:
    return _BOOLEANS[of.text(name, _BOOLEANS.__contains__, " or ".join(_BOOLEANS))]


def _minutes(of: Environment) -> int | None:
    name, least, most = variables.CHAT_DURATION_MINUTES, wire.LEAST_DURATION_MINUTES, wire.MOST_DURATION_MINUTES
    if not of.get(name):
        return None
    expected = f"{least} to {most} minutes, without a fraction"
    return int(of.text(name, lambda text: _is_text(text, "[0-9]{2,5}") and least <= int(text) <= most, expected))


def _is_text(value: object, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
