"""Asks Amazon Connect to start the chat. If it refuses a past chat that was looked up, asks without that past chat.

docs/decisions/start.md says why each attempt has its own ClientToken.
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
    """Amazon Connect's answer, and the past chat that the new chat really continues. Raises ConnectError."""
    *attempts, last = _attempts(token, before)
    for more in attempts:
        try:
            return chat.start(connect, {**fields, **more}), before
        except ConnectError as failure:
            # If each retry failed, or a permission is missing, the reason may also be the past chat.
            is_of_past = failure.reason in ("connect_failed", "connect_denied") and "PersistentChat" in more
            if not (failure.is_about_request or is_of_past):
                raise
            if "PersistentChat" in more:
                before = past.without(refusal.of_connect(failure))
    return chat.start(connect, {**fields, **last}), before


def _attempts(token: str, before: Past) -> list[_Fields]:
    """The fields that differ between the attempts."""
    attempts: list[_Fields] = []
    if before.source_contact_id:
        source = {"RehydrationType": before.rehydration_type, "SourceContactId": before.source_contact_id}
        attempts.append({"ClientToken": token, "PersistentChat": source})
    if not before.was_named:
        attempts.append({"ClientToken": token})
        # If the history changed since an equal request, that request had other fields. So Connect may refuse the token.
        if before.rule != "not_looked_up":
            attempts.append({"ClientToken": hashlib.sha256(f"{token} alone".encode()).hexdigest()})
    return attempts
