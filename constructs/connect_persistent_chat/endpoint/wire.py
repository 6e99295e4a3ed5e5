"""The wire contract's part that API Gateway keeps: the request model and the gateway's own refusals."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway

from connect_persistent_chat.shared import wire

PATH = (*wire.PATH, "{InstanceId}", "{InitialContactId}")
METHOD = "POST"

# Only what every dialect of regular expressions knows: which one API Gateway's validator speaks is documented nowhere.
# Where `$` matches before a line end as well, the function refuses that.
_ID_PATTERN = rf"^{wire.ID_PATTERN}$"


def request_schema(*, has_history: bool) -> apigateway.JsonSchema:
    """The body; with a history all of it may be left out."""
    return apigateway.JsonSchema(
        schema=apigateway.JsonSchemaVersion.DRAFT4,
        title="CreatePersistentContactAssociationRequest",
        type=apigateway.JsonSchemaType.OBJECT,
        additional_properties=False,
        required=None if has_history else ["RehydrationType", "SourceContactId"],
        properties={
            "RehydrationType": apigateway.JsonSchema(
                type=apigateway.JsonSchemaType.STRING, enum=list(wire.REHYDRATION_TYPES)
            ),
            "SourceContactId": apigateway.JsonSchema(
                type=apigateway.JsonSchemaType.STRING,
                min_length=1,
                max_length=wire.CONTACT_ID_LENGTH,
                pattern=_ID_PATTERN,
            ),
            "ClientToken": apigateway.JsonSchema(
                type=apigateway.JsonSchemaType.STRING, max_length=wire.CLIENT_TOKEN_LENGTH
            ),
        },
    )


class GatewayRefusal(NamedTuple):
    """A refusal by API Gateway itself, in the wire contract's words."""

    # By the name that API Gateway gives it.
    response_type: str
    # None: each refusal's own.
    status: int | None
    error_type: str
    # None: the gateway's own text.
    message: str | None = None
    retry_after_seconds: int | None = None


_OUT_OF_REACH = "The endpoint could not answer in time. Try again."

# A default stands for every refusal of its class that is not listed. A status here would become the status of each of
# them: 404 would be 403, and 504 would be 500. What is left to the first are denials, all of them 403: no permission,
# a wrong signature, an expired token, no API key, a web ACL. REQUEST_TOO_LARGE is not here: over 10 MB AWS answers with
# a 413 of its own, which cannot be customized (API Gateway Developer Guide, "Gateway response types" and "Known
# issues"). Nor is UNSUPPORTED_MEDIA_TYPE: the integration takes every content type.
GATEWAY_REFUSALS = (
    GatewayRefusal("DEFAULT_4XX", None, wire.ACCESS_DENIED),
    GatewayRefusal("DEFAULT_5XX", None, wire.INTERNAL_SERVICE, "The endpoint failed."),
    GatewayRefusal(
        "MISSING_AUTHENTICATION_TOKEN",
        403,
        wire.ACCESS_DENIED,
        "The request has no credentials, or this path and method do not exist. Send "
        f"{METHOD} /{'/'.join(PATH)}, with IAM authorization signed for execute-api (Signature Version 4).",
    ),
    GatewayRefusal("BAD_REQUEST_PARAMETERS", 400, wire.INVALID_PARAMETER),
    GatewayRefusal("RESOURCE_NOT_FOUND", 404, wire.RESOURCE_NOT_FOUND),
    GatewayRefusal("THROTTLED", 429, wire.THROTTLING, "Too many requests. Try again.", 1),
    # Of a usage plan that the owner of the API added. It begins anew with the plan's period: no retry helps soon.
    GatewayRefusal("QUOTA_EXCEEDED", 429, wire.THROTTLING, "The quota of the usage plan is used up."),
    GatewayRefusal("INTEGRATION_TIMEOUT", 503, wire.INTERNAL_SERVICE, _OUT_OF_REACH, 1),
    GatewayRefusal("INTEGRATION_FAILURE", 503, wire.INTERNAL_SERVICE, _OUT_OF_REACH, 1),
)

# With an authorizer only (as there): callers by IAM are refused by the default.
UNAUTHORIZED = GatewayRefusal("UNAUTHORIZED", 403, wire.ACCESS_DENIED, "The credentials are missing, wrong or expired.")


def add_gateway_refusals(
    api: apigateway.RestApi, more_headers: Mapping[str, str], *, has_authorizer: bool, has_history: bool
) -> None:
    """Give the API its own answer for each refusal of the gateway."""
    authorizers = (UNAUTHORIZED,) if has_authorizer else ()
    for refusal in (*GATEWAY_REFUSALS, *authorizers, _bad_body(has_history=has_history)):
        headers = {"Cache-Control": "'no-store'", **more_headers}
        if refusal.retry_after_seconds is not None:
            headers["Retry-After"] = f"'{refusal.retry_after_seconds}'"
            headers["x-amz-retry-after"] = f"'{refusal.retry_after_seconds * 1000}'"
        api.add_gateway_response(
            refusal.response_type.title().replace("_", ""),
            type=apigateway.ResponseType.of(refusal.response_type),
            status_code=None if refusal.status is None else str(refusal.status),
            response_headers=headers,
            templates={"application/json": _body(refusal)},
        )


def _bad_body(*, has_history: bool) -> GatewayRefusal:
    """The gateway cannot name the field, so its answer names them all."""
    required, latest = ("", ", left out for the customer's latest chat") if has_history else ("required: ", "")
    message = (
        f"The body has to be a JSON object of RehydrationType ({required}{' or '.join(wire.REHYDRATION_TYPES)}), "
        f"SourceContactId ({required}1 to {wire.CONTACT_ID_LENGTH} letters, digits and hyphens{latest}), "
        f"ClientToken (at most {wire.CLIENT_TOKEN_LENGTH} characters), and nothing else."
    )
    return GatewayRefusal("BAD_REQUEST_BODY", 400, wire.INVALID_PARAMETER, message)


def _body(refusal: GatewayRefusal) -> str:
    # $context.error.messageString is the gateway's text with its quotation marks.
    text = "$context.error.messageString" if refusal.message is None else json.dumps(refusal.message)
    return f'{{"__type":{json.dumps(refusal.error_type)},"Message":{text},"message":{text}}}'
