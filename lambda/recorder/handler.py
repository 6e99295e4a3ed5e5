"""The recorder's entry: a contact event, contacts to be recorded anew, or a probe of a deployment's proof."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from association import names as association_names
from association.answers import Refusal
from association.body import described, is_unicode
from association.connect import NOWHERE, Connect
from association.ids import is_contact_id
from association.log import place_of
from aws.asking import Asking
from aws.client import Client
from aws.endpoint import endpoint_of
from history import names
from history.table import Table
from recorder import settings
from recorder.event import Ignored, Poison, read
from recorder.recording import Recorder, Unrecorded

SETTINGS = settings.read(os.environ)
_ENDPOINT = endpoint_of("connect", os.environ, SETTINGS.connect_endpoint_url)
CONNECT = (Client("connect", _ENDPOINT), Client("connect", _ENDPOINT))
DYNAMODB = Client("dynamodb", endpoint_of("dynamodb", os.environ, SETTINGS.table_endpoint_url))
# An event is worth waiting for: nobody waits for an answer, and Lambda tries it twice more. As many attempts as their
# pauses let into the deadline.
_DEADLINE_SECONDS = 20.0
_MOST_ATTEMPTS = 8
# How a contact fared that could not be recorded; why stands behind it.
_FAILED = "failed"

Line = dict[str, object]


class Crashed(Exception):
    """A bug of ours; the text is its place. Lambda logs what is raised, and the text of a bug may hold the event."""


def handle(event: object, _: object) -> dict[str, object]:
    """Record what an event tells. Raises whatever keeps it from being recorded: Lambda tries again, and then keeps
    the event in the dead-letter queue."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    connect = Connect(CONNECT, Asking(deadline, _MOST_ATTEMPTS))
    table = Table(DYNAMODB, SETTINGS.table, Asking(deadline, _MOST_ATTEMPTS))
    recorder = Recorder(SETTINGS, connect, table)
    if isinstance(event, dict) and association_names.PROBE in event:
        return _probed(event[association_names.PROBE], connect, table)
    if isinstance(event, dict) and names.CONTACTS in event:
        return _recorded_anew(event[names.CONTACTS], recorder, connect)
    return _recorded(event, recorder, connect)


def _recorded(event: object, recorder: Recorder, connect: Connect) -> dict[str, object]:
    line: Line = {"level": "INFO"}
    try:
        with _failures_in(line):
            told = read(event, SETTINGS.instance_id, time.time())
            line |= {"eventType": told.type, "contactId": told.contact_id}
            line["verdict"] = "recorded" if recorder.record_event(told) else "known"
    except Ignored as reason:
        line |= {"verdict": "ignored", "rule": str(reason)}
    finally:
        _write(line, connect.attempts)
    return {"verdict": line["verdict"]}


@contextlib.contextmanager
def _failures_in(line: Line) -> Iterator[None]:
    """What goes wrong, added to the line and raised."""
    try:
        yield
    except Ignored:
        raise
    except (Poison, Unrecorded, Refusal) as failure:
        detail = failure.detail if isinstance(failure, Refusal) else str(failure)
        rule = failure.reason if isinstance(failure, Refusal) else type(failure).__name__.lower()
        line |= {"level": "ERROR", "verdict": _FAILED, "rule": rule, "detail": detail}
        raise
    except Exception as bug:
        line |= {"level": "ERROR", "verdict": _FAILED, "rule": "bug", "detail": place_of(bug)}
        raise Crashed(place_of(bug)) from None


def _write(line: Line, attempts: int) -> None:
    print(json.dumps({**line, names.ATTEMPTS: attempts}), flush=True)


def _recorded_anew(contacts: object, recorder: Recorder, connect: Connect) -> dict[str, object]:
    """How each of these contacts fared, by id: recorded, known, why it was ignored, or why it failed."""
    if not isinstance(contacts, list) or not 1 <= len(contacts) <= names.MOST_CONTACTS:
        got = f"an array of {len(contacts)}" if isinstance(contacts, list) else described(contacts)
        error = f"{names.CONTACTS}: got {got}, expected an array of 1 to {names.MOST_CONTACTS} contact ids."
        _write({"level": "ERROR", "verdict": _FAILED, "rule": "poison", "detail": error}, 0)
        return {names.ERROR: error}
    fared: dict[str, str] = {}
    attempts: dict[str, int] = {}
    for place, contact_id in enumerate(contacts):
        id = str(contact_id) if _is_name(contact_id) else f"#{place}"
        if id not in fared:
            before = connect.attempts
            fared[id] = _fared(id, contact_id, recorder, connect)
            attempts[id] = connect.attempts - before
    return {names.CONTACTS: fared, names.ATTEMPTS: attempts}


def _is_name(contact_id: object) -> bool:
    """Whether the answer can name the contact by it. Half a surrogate pair cannot be sent: no contact would be told."""
    longest = association_names.CONTACT_ID_LENGTH
    return isinstance(contact_id, str) and len(contact_id) <= longest and is_unicode(contact_id)


def _fared(id: str, contact_id: object, recorder: Recorder, connect: Connect) -> str:
    """`id` is how the answer names the contact."""
    before, line = connect.attempts, Line(level="INFO")
    try:
        with _failures_in(line):
            checked = _checked(contact_id)
            line["contactId"] = id
            line["verdict"] = "recorded" if recorder.record_contact(checked) else "known"
        return str(line["verdict"])
    except Ignored as reason:
        line["verdict"] = str(reason)
        return str(reason)
    # One contact takes no other down.
    except (Poison, Unrecorded) as failure:
        return f"{_FAILED}: {failure}"
    except (Refusal, Crashed):
        return f"{_FAILED}: {line['rule']}"
    finally:
        _write(line, connect.attempts - before)


def _checked(contact_id: object) -> str:
    """As the id of a request is checked."""
    if isinstance(contact_id, str) and is_contact_id(contact_id):
        return contact_id
    longest = association_names.CONTACT_ID_LENGTH
    raise Poison(f"contact id: got {described(contact_id)}, expected 1 to {longest} letters, digits and hyphens")


def _probed(probe: object, connect: Connect, table: Table) -> dict[str, object]:
    probes: dict[object, Callable[[], dict[str, Any]]] = {
        association_names.PROBE_SETTINGS: lambda: {"settings": SETTINGS.as_environment()},
        association_names.PROBE_DESCRIBE_CONTACT: lambda: {
            "answer": connect.try_describe_contact(SETTINGS.instance_id)
        },
        f"{association_names.PROBE_ELSEWHERE}{association_names.PROBE_DESCRIBE_CONTACT}": lambda: {
            "answer": connect.try_describe_contact(NOWHERE)
        },
        names.PROBE_GET_ITEM: lambda: {"answer": table.tried(names.PROBE_GET_ITEM)},
        names.PROBE_PUT_ITEM: lambda: {"answer": table.tried(names.PROBE_PUT_ITEM)},
    }
    if not isinstance(probe, str) or probe not in probes:
        return {association_names.PROBE: described(probe), names.ERROR: "unknown probe"}
    line: Line = {}
    try:
        with _failures_in(line):
            return {association_names.PROBE: probe, **probes[probe]()}
    finally:
        if line:
            _write(line, connect.attempts)
