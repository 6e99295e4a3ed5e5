"""What a deployment's proof may ask of the function, by direct invocation."""

from collections.abc import Callable, Mapping

from association import names
from association.connect import Connect
from association.settings import Settings


def _settings(settings: Settings, _: Connect) -> dict[str, object]:
    return {"settings": settings.as_environment()}


def _create_association(settings: Settings, connect: Connect) -> dict[str, object]:
    return {"answer": connect.try_create_association(settings.instance_id)}


def _describe_contact(settings: Settings, connect: Connect) -> dict[str, object]:
    return {"answer": connect.try_describe_contact(settings.instance_id)}


PROBES: Mapping[str, Callable[[Settings, Connect], dict[str, object]]] = {
    names.PROBE_SETTINGS: _settings,
    names.PROBE_CREATE_ASSOCIATION: _create_association,
    names.PROBE_DESCRIBE_CONTACT: _describe_contact,
}


def answer(event: object, settings: Settings, connect: Connect) -> dict[str, object]:
    """The answer to {"probe": <one of PROBES>}; to anything else, which probes there are."""
    probe = event.get(names.PROBE) if isinstance(event, dict) and len(event) == 1 else None
    if not isinstance(probe, str) or probe not in PROBES:
        return {names.PROBE: probe, "error": f"unknown probe; known: {', '.join(PROBES)}"}
    return {names.PROBE: probe, **PROBES[probe](settings, connect)}
