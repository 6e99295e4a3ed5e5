"""The probes of a function: what a deployment's proof may ask of it, by direct invocation."""

from collections.abc import Callable, Mapping

from aws.answer import Answer, Outcome, detail_of
from aws.description import described
from shared import probes

Probes = Mapping[str, Callable[[], Mapping[str, object]]]


def answer(event: object, environment: Mapping[str, str], more: Probes) -> dict[str, object]:
    """The answer to {"probe": <its name>}; to anything else, which probes there are."""
    known: Probes = {probes.SETTINGS: lambda: {"settings": environment}, **more}
    probe = event.get(probes.PROBE) if isinstance(event, dict) and len(event) == 1 else None
    if not isinstance(probe, str) or probe not in known:
        # Described, not repeated: no answer can hold half a surrogate pair, or megabytes.
        return {probes.PROBE: described(probe), "error": f"unknown probe; known: {', '.join(known)}"}
    return {probes.PROBE: probe, **known[probe]()}


def said(outcome: Outcome) -> Mapping[str, dict[str, object]]:
    """What a service said to a call that finds and changes nothing."""
    if isinstance(outcome, Answer):
        return {"answer": {"type": outcome.error_type, "status": outcome.status, "message": outcome.message}}
    return {"answer": {"type": "unreachable", "status": 0, "message": detail_of(outcome)}}
