"""The log: one line of JSON a request, of the fields below and no others."""

import json


def write(
    *,
    level: str,
    request_id: str,
    verdict: str,
    status: int,
    duration_ms: int,
    attempts: int,
    error_type: str | None = None,
    reason: str | None = None,
    detail: str | None = None,
    initial_contact_id: str | None = None,
    source_contact_id: str | None = None,
    rehydration_type: str | None = None,
    continued_from_contact_id: str | None = None,
) -> None:
    """Print the line; what is None is left out.

    `verdict`: granted, refused or failed. `attempts`: how often Amazon Connect was asked. `detail`: of our
    own failures only. Contact ids come here after they were checked; tokens, bodies, headers and events
    never do.
    """
    fields = {
        "level": level,
        "requestId": request_id,
        "verdict": verdict,
        "status": status,
        "errorType": error_type,
        "reason": reason,
        "initialContactId": initial_contact_id,
        "sourceContactId": source_contact_id,
        "rehydrationType": rehydration_type,
        "continuedFromContactId": continued_from_contact_id,
        "attempts": attempts,
        "durationMs": duration_ms,
        "detail": detail,
    }
    print(json.dumps({name: value for name, value in fields.items() if value is not None}), flush=True)
