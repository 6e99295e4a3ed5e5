"""The part of the wire contract that API Gateway does: the request model and the gateway's own refusals."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway

from connect_persistent_chat.shared import wire

# Below the stage. The braces are those of API Gateway's path parameters.
RESOURCE_PATH = "/".join((*wire.PATH, "{InstanceId}", "{InitialContactId}"))
METHOD = "POST"


def request_schema(*, has_history: bool) -> apigateway.JsonSchema:
    """The model of the body. With a history every field is optional."""
    text = apigateway.JsonSchemaType.STRING
    return apigateway.JsonSchema(
        schema=apigateway.JsonSchemaVersion.DRAFT4,
        title="CreatePersistentContactAssociationRequest",
        type=apigateway.JsonSchemaType.OBJECT,
        additional_properties=False,
        required=None if has_history else ["RehydrationType", "SourceContactId"],
        properties={
            "RehydrationType": apigateway.JsonSchema(type=text, enum=list(wire.REHYDRATION_TYPES)),
            "SourceContactId": apigateway.JsonSchema(
                type=text,
                min_length=1,
                max_length=wire.CONTACT_ID_LENGTH,
                # The documents do not say which regular expressions API Gateway knows. All kinds know these characters.
                # If `$` also matches before a line end, the function refuses such an id.
                pattern=f"^{wire.ID_PATTERN}$",
            ),
            "ClientToken": apigateway.JsonSchema(type=text, max_length=wire.CLIENT_TOKEN_LENGTH),
        },
    )


class GatewayRefusal(NamedTuple):
    """A refusal by API Gateway itself, in the form of the wire contract."""

    # API Gateway's name for the refusal.
    response_type: str
    # None: API Gateway's status.
    status: int | None
    error_type: str
    # None: API Gateway's text.
    message: str | None = None
    retry_after_seconds: int | None = None


_OUT_OF_REACH = "The endpoint could not answer in time. Try again."

# DEFAULT_4XX and DEFAULT_5XX answer every refusal that is not in this list. They have no status here, because it would
# replace the status of each: 404 would become 403, and 504 would become 500. DEFAULT_4XX answers these denials, all of
# them 403: no permission, a wrong signature, an expired token, no API key, a web ACL. REQUEST_TOO_LARGE cannot be
# customized: above 10 MB AWS answers 413 (API Gateway Developer Guide, "Gateway response types" and "Known issues").
# UNSUPPORTED_MEDIA_TYPE cannot occur, because the integration accepts every content type.
GATEWAY_REFUSALS = (
    GatewayRefusal("DEFAULT_4XX", None, wire.ACCESS_DENIED),
    GatewayRefusal("DEFAULT_5XX", None, wire.INTERNAL_SERVICE, "The endpoint failed."),
    GatewayRefusal(
        "MISSING_AUTHENTICATION_TOKEN",
        403,
        wire.ACCESS_DENIED,
        "The request has no credentials, or this path and method do not exist. Send "
        f"{METHOD} /{RESOURCE_PATH}, with IAM authorization signed for execute-api (Signature Version 4).",
    ),
    GatewayRefusal("BAD_REQUEST_PARAMETERS", 400, wire.INVALID_PARAMETER),
    GatewayRefusal("RESOURCE_NOT_FOUND", 404, wire.RESOURCE_NOT_FOUND),
    GatewayRefusal("THROTTLED", 429, wire.THROTTLING, "Too many requests. Try again.", 1),
    # For a usage plan that the owner of the API added. Its quota starts again in the next period, so no retry helps.
    GatewayRefusal("QUOTA_EXCEEDED", 429, wire.THROTTLING, "The quota of the usage plan is used up."),
    GatewayRefusal("INTEGRATION_TIMEOUT", 503, wire.INTERNAL_SERVICE, _OUT_OF_REACH, 1),
    GatewayRefusal("INTEGRATION_FAILURE", 503, wire.INTERNAL_SERVICE, _OUT_OF_REACH, 1),
)

# For authorizers only. With IAM authorization, DEFAULT_4XX answers such callers.
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
    """The refusal of a wrong body. API Gateway does not know which field is wrong, so the answer names all fields."""
    required, latest = ("", ", left out for the customer's latest chat") if has_history else ("required: ", "")
    message = (
        f"The body has to be a JSON object of RehydrationType ({required}{' or '.join(wire.REHYDRATION_TYPES)}), "
        f"SourceContactId ({required}1 to {wire.CONTACT_ID_LENGTH} letters, digits and hyphens{latest}), "
        f"ClientToken (at most {wire.CLIENT_TOKEN_LENGTH} characters), and nothing else."
    )
    return GatewayRefusal("BAD_REQUEST_BODY", 400, wire.INVALID_PARAMETER, message)


def _body(refusal: GatewayRefusal) -> str:
    # $context.error.messageString is the gateway's text, already in quotation marks.
    text = "$context.error.messageString" if refusal.message is None else json.dumps(refusal.message)
    return f'{{"__type":{json.dumps(refusal.error_type)},"Message":{text},"message":{text}}}'
