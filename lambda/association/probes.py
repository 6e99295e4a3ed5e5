"""What a deployment's proof may ask of the function, by direct invocation."""

from collections.abc import Callable
from typing import Protocol

from association import names
from association.connect import NOWHERE, Connect
from association.settings import Settings
from history import names as history_names


class Tries(Protocol):
    """The look-up, if there is a history."""

    def tried(self, action: str) -> dict[str, object]:
        """The answer to a read that finds nothing."""


def answer(event: object, settings: Settings, connect: Connect, lookup: Tries | None) -> dict[str, object]:
    """The answer to {"probe": <its name>}; to anything else, which probes there are."""
    probes: dict[str, Callable[[], dict[str, object]]] = {
        names.PROBE_SETTINGS: lambda: {"settings": settings.as_environment()},
        names.PROBE_CREATE_ASSOCIATION: lambda: {"answer": connect.try_create_association(settings.instance_id)},
        names.PROBE_DESCRIBE_CONTACT: lambda: {"answer": connect.try_describe_contact(settings.instance_id)},
        f"{names.PROBE_ELSEWHERE}{names.PROBE_CREATE_ASSOCIATION}": lambda: {
            "answer": connect.try_create_association(NOWHERE)
        },
        f"{names.PROBE_ELSEWHERE}{names.PROBE_DESCRIBE_CONTACT}": lambda: {
            "answer": connect.try_describe_contact(NOWHERE)
        },
        **({} if lookup is None else _reads(lookup)),
    }
    probe = event.get(names.PROBE) if isinstance(event, dict) and len(event) == 1 else None
    if not isinstance(probe, str) or probe not in probes:
        return {"error": f"unknown probe; known: {', '.join(probes)}"}
    return {names.PROBE: probe, **probes[probe]()}


def _reads(lookup: Tries) -> dict[str, Callable[[], dict[str, object]]]:
    return {
        history_names.PROBE_QUERY: lambda: {"answer": lookup.tried(history_names.PROBE_QUERY)},
        history_names.PROBE_GET_ITEM: lambda: {"answer": lookup.tried(history_names.PROBE_GET_ITEM)},
    }
