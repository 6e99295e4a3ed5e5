"""The HTTP responses of the endpoint, in the shape that API Gateway takes."""

import json
from collections.abc import Mapping

from association.refusal import Refusal


def success(continued_from_contact_id: str | None, headers: Mapping[str, str]) -> dict[str, object]:
    """The association was made; None: there was no past chat to continue."""
    body = {} if continued_from_contact_id is None else {"ContinuedFromContactId": continued_from_contact_id}
    return _response(200, body, headers)


def error(refusal: Refusal, headers: Mapping[str, str]) -> dict[str, object]:
    """The refusal in rest-json, as Amazon Connect itself words it and the AWS SDKs read it."""
    ours = {"x-amzn-ErrorType": refusal.error_type}
    if refusal.retry_after is not None:
        ours["Retry-After"] = str(refusal.retry_after)
        ours["x-amz-retry-after"] = str(refusal.retry_after * 1000)
    body = {"__type": refusal.error_type, "Message": refusal.message, "message": refusal.message}
    return _response(refusal.status, body, {**headers, **ours})


def _response(status: int, body: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, object]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
