"""How Amazon Connect is asked for the chat: without a past that was only looked up, if it refuses that one.

docs/decisions/start.md says why each attempt has its ClientToken.
"""

import hashlib
from collections.abc import Mapping

from association import refusal
from connect.errors import ConnectError
from connect.operations import Connect
from start import chat, past
from start.past import Past

_Fields = Mapping[str, object]


def start_chat(connect: Connect, fields: _Fields, token: str, before: Past) -> tuple[Mapping[str, str], Past]:
    """Amazon Connect's answer, and what the chat continues after all. Raises ConnectError."""
    *attempts, last = _attempts(token, before)
    for more in attempts:
        try:
            return chat.start(connect, {**fields, **more}), before
        except ConnectError as failure:
            # A failure that stays may be about the past chat as well.
            is_of_past = failure.reason == "connect_failed" and "PersistentChat" in more
            if not (failure.is_about_request or is_of_past):
                raise
            if "PersistentChat" in more:
                before = past.without(refusal.of_connect(failure))
    return chat.start(connect, {**fields, **last}), before


def _attempts(token: str, before: Past) -> list[_Fields]:
    """What tells one attempt from another."""
    attempts: list[_Fields] = []
    if before.source_contact_id:
        source = {"RehydrationType": before.rehydration_type, "SourceContactId": before.source_contact_id}
        attempts.append({"ClientToken": token, "PersistentChat": source})
    if not before.was_named:
        attempts.append({"ClientToken": token})
        # If the history changed since an equal request, Connect may refuse its token with the other fields of this one.
        if before.rule != "not_looked_up":
            attempts.append({"ClientToken": hashlib.sha256(f"{token} alone".encode()).hexdigest()})
    return attempts
