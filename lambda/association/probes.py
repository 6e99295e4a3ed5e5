"""What a deployment's proof may ask of the function, by direct invocation."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from association.settings import Settings
from aws.description import described
from connect.operations import Connect
from shared import probes

if TYPE_CHECKING:
    from association.lookup import Lookup


def answer(event: object, settings: Settings, connect: Connect, lookup: "Lookup | None") -> dict[str, object]:
    """The answer to {"probe": <its name>}; to anything else, which probes there are."""
    known: dict[str, Callable[[], dict[str, object]]] = {
        probes.SETTINGS: lambda: {"settings": settings.as_environment()},
        **connect.probes(probes.CREATE_ASSOCIATION, probes.DESCRIBE_CONTACT),
        **({} if lookup is None else lookup.probes()),
    }
    probe = event.get(probes.PROBE) if isinstance(event, dict) and len(event) == 1 else None
    if not isinstance(probe, str) or probe not in known:
        # Said, not repeated: no answer can hold half a surrogate pair, or megabytes.
        return {probes.PROBE: described(probe), "error": f"unknown probe; known: {', '.join(known)}"}
    return {probes.PROBE: probe, **known[probe]()}
