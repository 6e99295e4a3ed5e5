"""The recorder's entry: a contact event, contacts to record again, or a probe of a deployment's proof."""

import contextlib
import json
import os
import time
from collections.abc import Iterator

from aws import probes
from aws.client import Client
from aws.description import described, is_unicode, place_of
from aws.retry import Retry
from connect import probing
from connect.errors import ConnectError
from connect.ids import is_contact_id
from connect.operations import Connect
from history.table import Table
from recorder import settings
from recorder.event import Ignored, Poison, read
from recorder.recording import Recorder, Unrecorded
from shared import recording, wire
from shared.probes import DESCRIBE_CONTACT, GET_ITEM, PROBE, PUT_ITEM

SETTINGS = settings.read(os.environ)
CONNECT = (Client("connect", SETTINGS.connect_endpoint), Client("connect", SETTINGS.connect_endpoint))
DYNAMODB = Client("dynamodb", SETTINGS.table_endpoint)
# Nobody waits for an answer, and Lambda retries the event twice. So there are as many attempts as the deadline allows.
_DEADLINE_SECONDS = 20.0
_MOST_ATTEMPTS = 8

Line = dict[str, object]


class Crashed(Exception):
    """A bug. The text is its place only: Lambda logs it, and the bug's own text may hold the event."""


def handle(event: object, _: object) -> dict[str, object]:
    """Record an event. Raises if that fails: Lambda retries the event, and then keeps it in the dead-letter queue."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    connect = Connect(SETTINGS.instance_id, SETTINGS.customer_identity, CONNECT, Retry(deadline, _MOST_ATTEMPTS))
    table = Table(DYNAMODB, SETTINGS.table, Retry(deadline, _MOST_ATTEMPTS))
    recorder = Recorder(SETTINGS, connect, table)
    if isinstance(event, dict) and PROBE in event:
        return _probed(event, connect, table)
    if isinstance(event, dict) and recording.CONTACTS in event:
        return _recorded_anew(event[recording.CONTACTS], recorder, connect)
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
    """Add a failure to the line, and raise it."""
    try:
        yield
    except Ignored:
        raise
    except (Poison, Unrecorded, ConnectError) as failure:
        detail = failure.detail if isinstance(failure, ConnectError) else str(failure)
        rule = failure.reason if isinstance(failure, ConnectError) else type(failure).__name__.lower()
        line |= {"level": "ERROR", "verdict": recording.FAILED, "rule": rule, "detail": detail}
        raise
    except Exception as bug:
        line |= {"level": "ERROR", "verdict": recording.FAILED, "rule": "bug", "detail": place_of(bug)}
        raise Crashed(place_of(bug)) from None


def _write(line: Line, attempts: int) -> None:
    print(json.dumps({**line, recording.ATTEMPTS: attempts}), flush=True)


def _recorded_anew(contacts: object, recorder: Recorder, connect: Connect) -> dict[str, object]:
    """The result for each of these contacts, by id: recorded, known, why it was ignored, or why it failed."""
    if not isinstance(contacts, list) or not 1 <= len(contacts) <= recording.MOST_CONTACTS:
        got = f"an array of {len(contacts)}" if isinstance(contacts, list) else described(contacts)
        error = f"{recording.CONTACTS}: got {got}, expected an array of 1 to {recording.MOST_CONTACTS} contact ids."
        _write({"level": "ERROR", "verdict": recording.FAILED, "rule": "poison", "detail": error}, 0)
        return {recording.ERROR: error}
    outcomes: dict[str, str] = {}
    attempts: dict[str, int] = {}
    for place, contact_id in enumerate(contacts):
        # The answer names a contact by a short text. Half a surrogate pair cannot be sent: the whole answer would fail.
        is_name = isinstance(contact_id, str) and len(contact_id) <= wire.CONTACT_ID_LENGTH and is_unicode(contact_id)
        id = contact_id if is_name else f"#{place}"
        if id not in outcomes:
            before = connect.attempts
            outcomes[id] = _outcome_of(id, contact_id, recorder, connect)
            attempts[id] = connect.attempts - before
    return {recording.CONTACTS: outcomes, recording.ATTEMPTS: attempts}


def _outcome_of(id: str, contact_id: object, recorder: Recorder, connect: Connect) -> str:
    """`id` is how the answer names the contact."""
    before, line = connect.attempts, Line(level="INFO")
    try:
        with _failures_in(line):
            # As the id of a request is checked.
            if not is_contact_id(contact_id):
                expected = f"expected 1 to {wire.CONTACT_ID_LENGTH} letters, digits and hyphens"
                raise Poison(f"contact id: got {described(contact_id)}, {expected}")
            line["contactId"] = id
            line["verdict"] = "recorded" if recorder.record_contact(contact_id) else "known"
        return str(line["verdict"])
    except Ignored as reason:
        line["verdict"] = str(reason)
        return str(reason)
    # A failure must not keep the others from being recorded.
    except (Poison, Unrecorded) as failure:
        return f"{recording.FAILED}: {failure}"
    except (ConnectError, Crashed):
        return f"{recording.FAILED}: {line['rule']}"
    finally:
        _write(line, connect.attempts - before)


def _probed(event: object, connect: Connect, table: Table) -> dict[str, object]:
    known = {**probing.probes_of(connect, DESCRIBE_CONTACT), **table.probes(GET_ITEM, PUT_ITEM)}
    line: Line = {}
    try:
        with _failures_in(line):
            return probes.answer(event, SETTINGS.environment, known)
    finally:
        if line:
            _write(line, connect.attempts)
