"""The recorder's entry: a contact event, contacts to be recorded anew, or a probe of a deployment's proof."""

import json
import os
import time
from collections.abc import Callable
from typing import Any

from association import names as association_names
from association.answers import Refusal
from association.connect import NOWHERE, Connect
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
        return _recorded_anew(event[names.CONTACTS], recorder)
    return _recorded(event, recorder)


def _recorded(event: object, recorder: Recorder) -> dict[str, object]:
    line: dict[str, object] = {"level": "INFO"}
    try:
        told = read(event, SETTINGS.instance_id, time.time())
        line |= {"eventType": told.type, "contactId": told.contact_id}
        line["verdict"] = "recorded" if recorder.record_event(told) else "known"
    except Ignored as reason:
        line |= {"verdict": "ignored", "rule": str(reason)}
    except (Poison, Unrecorded, Refusal) as failure:
        detail = failure.detail if isinstance(failure, Refusal) else str(failure)
        rule = failure.reason if isinstance(failure, Refusal) else type(failure).__name__.lower()
        line |= {"level": "ERROR", "verdict": "failed", "rule": rule, "detail": detail}
        raise
    finally:
        print(json.dumps(line), flush=True)
    return {"verdict": line["verdict"]}


def _recorded_anew(contacts: object, recorder: Recorder) -> dict[str, object]:
    """How each of these contacts fared, by id: recorded, known, why it was ignored, or why it failed."""
    if not isinstance(contacts, list) or not 1 <= len(contacts) <= names.MOST_CONTACTS:
        raise Poison(f"{names.CONTACTS}: expected a list of 1 to {names.MOST_CONTACTS} contact ids.")
    return {names.CONTACTS: {str(contact_id): _fared(str(contact_id), recorder) for contact_id in contacts}}


def _fared(contact_id: str, recorder: Recorder) -> str:
    level = "INFO"
    detail: str | None = None
    try:
        how = "recorded" if recorder.record_contact(contact_id) else "known"
    except Ignored as reason:
        how = str(reason)
    except (Unrecorded, Refusal) as failure:
        level, how = "ERROR", f"failed: {failure.reason if isinstance(failure, Refusal) else failure}"
        detail = failure.detail if isinstance(failure, Refusal) else None
    print(json.dumps({"level": level, "contactId": contact_id, "verdict": how, "detail": detail}), flush=True)
    return how


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
        return {association_names.PROBE: probe, "error": "unknown probe"}
    return {association_names.PROBE: probe, **probes[probe]()}
