"""The part of the wire contract that API Gateway does: the request model and the gateway's own refusals."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway

from connect_persistent_chat.endpoint.chat_start import ChatStart
from connect_persistent_chat.shared import wire

# Below the stage. The braces are those of API Gateway's path parameters.
RESOURCE_PATH = "/".join((*wire.PATH, "{InstanceId}", "{InitialContactId}"))
METHOD = "POST"
START_RESOURCE_PATH = "/".join(wire.START_PATH)
START_METHOD = "PUT"


class ApiMethod(NamedTuple):
    """A method of the API, with its limits."""

    verb: str
    # Below the stage.
    path: str
    # Amazon Connect's operation.
    operation: str
    model_id: str
    schema: apigateway.JsonSchema
    # The fields that the body may have, for the refusal of another body.
    fields: str
    # Requests in a second, and at once.
    rate: float
    burst: float

    @property
    def named(self) -> str:
        """The name of the method, for a message."""
        return f"{self.verb} /{self.path}"


def association(rate: float, burst: float, *, has_history: bool) -> ApiMethod:
    """The method that associates chats. With a history every field is optional."""
    required, latest = ("", ", left out for the customer's latest chat") if has_history else ("required: ", "")
    names = ["RehydrationType", "SourceContactId"]
    schema = _object(
        "CreatePersistentContactAssociationRequest", _PAST | {"ClientToken": _TOKEN}, None if has_history else names
    )
    fields = (
        f"RehydrationType ({required}{_TYPES}), SourceContactId ({required}{_CONTACT}{latest}), ClientToken ({_TOKENS})"
    )
    return ApiMethod(
        METHOD, RESOURCE_PATH, "CreatePersistentContactAssociation", "Request", schema, fields, rate, burst
    )


def chat_start(start: ChatStart, *, names_customer: bool) -> ApiMethod:
    """The method that starts chats.

    :param names_customer: whether only the request can say who the customer is.
    """
    flow, customer = ("required: " if needed else "" for needed in (len(start.flow_ids) > 1, names_customer))
    required = ["ParticipantDetails", *(["ContactFlowId"] if flow else []), *(["CustomerId"] if customer else [])]
    types = apigateway.JsonSchema(
        type=apigateway.JsonSchemaType.ARRAY, min_items=1, items=_text(1, wire.CONTENT_TYPE_LENGTH)
    )
    value = _text(0, wire.ATTRIBUTE_VALUE_LENGTH)
    message = {"ContentType": _text(1, wire.CONTENT_TYPE_LENGTH), "Content": _text(1, wire.CONTENT_LENGTH)}
    properties = {
        "InstanceId": _text(1, wire.INSTANCE_ID_LENGTH, _ID),
        "ContactFlowId": _text(1, wire.FLOW_LENGTH),
        "CustomerId": _text(1, wire.CUSTOMER_ID_LENGTH),
        "ParticipantDetails": _object(None, {"DisplayName": _text(1, wire.DISPLAY_NAME_LENGTH)}, ["DisplayName"]),
        "InitialMessage": _object(None, message, list(message)),
        "SupportedMessagingContentTypes": types,
        "Attributes": _object(None, dict.fromkeys(start.attributes, value), None),
        "PersistentChat": _object(None, _PAST, list(_PAST)),
        "ClientToken": _TOKEN,
    }
    attributes = ", ".join(start.attributes) or "none"
    fields = (
        f"ParticipantDetails (required: an object of DisplayName, 1 to {wire.DISPLAY_NAME_LENGTH} characters), "
        f"ContactFlowId ({flow}the name, id or ARN of a flow of this endpoint), CustomerId ({customer}1 to "
        f"{wire.CUSTOMER_ID_LENGTH} characters), InstanceId (1 to {wire.INSTANCE_ID_LENGTH} letters, digits and "
        f"hyphens), InitialMessage (an object of ContentType and Content), SupportedMessagingContentTypes (an array "
        f"with {wire.PLAIN_TEXT}), Attributes (an object of texts; allowed names: {attributes}), PersistentChat (an "
        f"object of RehydrationType and SourceContactId), ClientToken ({_TOKENS})"
    )
    return ApiMethod(
        START_METHOD,
        START_RESOURCE_PATH,
        "StartChatContact",
        "StartRequest",
        _object("StartChatContactRequest", properties, required),
        fields,
        start.throttle_rate_limit,
        start.throttle_burst_limit,
    )


def _text(least: int | None, most: int, pattern: str | None = None) -> apigateway.JsonSchema:
    return apigateway.JsonSchema(
        type=apigateway.JsonSchemaType.STRING, min_length=least, max_length=most, pattern=pattern
    )


def _object(
    title: str | None, properties: Mapping[str, apigateway.JsonSchema], required: list[str] | None
) -> apigateway.JsonSchema:
    """An object with these properties and no others. Only the schema of a whole body has a title."""
    return apigateway.JsonSchema(
        schema=apigateway.JsonSchemaVersion.DRAFT4 if title else None,
        title=title,
        type=apigateway.JsonSchemaType.OBJECT,
        additional_properties=False,
        required=required,
        properties=properties,
    )


# The documents do not say which regular expressions API Gateway knows. All kinds know these characters. If `$` also
# matches before a line end, the function refuses such an id.
_ID = f"^{wire.ID_PATTERN}$"
_TOKEN = _text(None, wire.CLIENT_TOKEN_LENGTH)
_TOKENS = f"at most {wire.CLIENT_TOKEN_LENGTH} characters"
_TYPES = " or ".join(wire.REHYDRATION_TYPES)
_CONTACT = f"1 to {wire.CONTACT_ID_LENGTH} letters, digits and hyphens"
_PAST = {
    "RehydrationType": apigateway.JsonSchema(type=apigateway.JsonSchemaType.STRING, enum=list(wire.REHYDRATION_TYPES)),
    "SourceContactId": _text(1, wire.CONTACT_ID_LENGTH, _ID),
}


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


# Texts that stand for the methods of the API, and for the credentials that a call needs.
_METHODS = "<methods>"
_CREDENTIALS = "<credentials>"
_OF_IAM = "IAM authorization signed for execute-api (Signature Version 4)"
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
        f"The request has no credentials, or this path and method do not exist. Send {_METHODS}, with {_CREDENTIALS}.",
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
# For Lambda authorizers only: nobody knows whether the caller is allowed. The gateway's own status is 500.
AUTHORIZER_FAILS = (
    GatewayRefusal("AUTHORIZER_FAILURE", 503, wire.INTERNAL_SERVICE, _OUT_OF_REACH, 1),
    GatewayRefusal("AUTHORIZER_CONFIGURATION_ERROR", 503, wire.INTERNAL_SERVICE, _OUT_OF_REACH, 1),
)
_TYPE = apigateway.AuthorizationType
_OF_AUTHORIZERS = {_TYPE.COGNITO: (UNAUTHORIZED,), _TYPE.CUSTOM: (UNAUTHORIZED, *AUTHORIZER_FAILS)}


def add_gateway_refusals(
    api: apigateway.RestApi,
    more_headers: Mapping[str, str],
    authorization_type: apigateway.AuthorizationType,
    methods: Sequence[ApiMethod],
) -> None:
    """Give the API its own answer for each refusal of the gateway."""
    authorizers = _OF_AUTHORIZERS.get(authorization_type, ())
    named = " or ".join(method.named for method in methods)
    credentials = _OF_IAM if authorization_type == _TYPE.IAM else "the credentials of a signed-in customer"
    for refusal in (*GATEWAY_REFUSALS, *authorizers, _bad_body(methods)):
        headers = {"Cache-Control": "'no-store'", **more_headers}
        if refusal.retry_after_seconds is not None:
            headers["Retry-After"] = f"'{refusal.retry_after_seconds}'"
            headers["x-amz-retry-after"] = f"'{refusal.retry_after_seconds * 1000}'"
        api.add_gateway_response(
            refusal.response_type.title().replace("_", ""),
            type=apigateway.ResponseType.of(refusal.response_type),
            status_code=None if refusal.status is None else str(refusal.status),
            response_headers=headers,
            templates={"application/json": _body(refusal).replace(_METHODS, named).replace(_CREDENTIALS, credentials)},
        )


def _bad_body(methods: Sequence[ApiMethod]) -> GatewayRefusal:
    """The refusal of a wrong body. API Gateway does not know which field is wrong, so the answer names all fields. It
    has one answer for all methods."""
    bodies = [f"The body of {method.named}" for method in methods] if len(methods) > 1 else ["The body"]
    sentences = (
        f"{body} has to be a JSON object of {method.fields}, and nothing else."
        for body, method in zip(bodies, methods, strict=True)
    )
    return GatewayRefusal("BAD_REQUEST_BODY", 400, wire.INVALID_PARAMETER, " ".join(sentences))


def _body(refusal: GatewayRefusal) -> str:
    # $context.error.messageString is the gateway's text, already in quotation marks.
    text = "$context.error.messageString" if refusal.message is None else json.dumps(refusal.message)
    return f'{{"__type":{json.dumps(refusal.error_type)},"Message":{text},"message":{text}}}'
