"""The HTTP responses of the endpoint, in the shape that API Gateway takes."""

import json
from collections.abc import Mapping

from association.refusal import Refusal
from shared import variables, wire


def success(continued_from_contact_id: str | None, headers: Mapping[str, str]) -> dict[str, object]:
    """The contact that is continued; None: there was no past chat."""
    body = {} if continued_from_contact_id is None else {"ContinuedFromContactId": continued_from_contact_id}
    return response(200, body, headers)


def error(refusal: Refusal, headers: Mapping[str, str]) -> dict[str, object]:
    """The refusal in rest-json, as Amazon Connect itself words it and the AWS SDKs read it."""
    ours = {"x-amzn-ErrorType": refusal.error_type}
    if refusal.retry_after is not None:
        ours["Retry-After"] = str(refusal.retry_after)
        ours["x-amz-retry-after"] = str(refusal.retry_after * 1000)
    body = {"__type": refusal.error_type, "Message": refusal.message, "message": refusal.message}
    return response(refusal.status, body, {**headers, **ours})


def cors_headers(
    event: dict[str, object], allowed_origins: tuple[str, ...], readable: tuple[str, ...] = wire.EXPOSED_HEADERS
) -> dict[str, str]:
    """Which pages may read the answer. Browsers may never send credentials of their own."""
    if not allowed_origins:
        return {}
    exposed = {"Access-Control-Expose-Headers": ", ".join(readable)}
    if variables.ANY_ORIGIN in allowed_origins:
        return {"Access-Control-Allow-Origin": variables.ANY_ORIGIN, **exposed}
    sent = event.get("headers")
    origins = (value for name, value in (sent if isinstance(sent, dict) else {}).items() if name.lower() == "origin")
    origin = next(origins, None)
    if origin not in allowed_origins:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **exposed}


def response(status: int, body: Mapping[str, object], headers: Mapping[str, str]) -> dict[str, object]:
    """An answer that no cache keeps."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
