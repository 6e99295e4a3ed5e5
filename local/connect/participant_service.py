"""The participant service of Amazon Connect. Customers' pages call it. It accepts only its own bearer tokens.

For each call the order is: faults, validation, the token, the quota of the instance, the operation.
Source: Participant Service API; Administrator Guide, service quotas and feature specifications.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from local.connect import model, pages
from local.connect.conversations import PLAIN, RECEIPTS, TYPING
from local.connect.errors import ConnectError
from local.connect.model import PARTICIPANT, Call, Fields
from local.connect.pages import invalid
from local.connect.participants import Participant
from local.connect.service import Connect, Response
from local.connect.transcripts import PREFIX, Item, item_of, text_of

SERVICE = "/participant/"
SOCKET = f"{SERVICE}socket"
OPERATIONS = ("CreateParticipantConnection", "SendMessage", "SendEvent", "GetTranscript", "DisconnectParticipant")
_ACKNOWLEDGED = f"{PREFIX}event.connection.acknowledged"
_MESSAGE_LENGTHS = {
    PLAIN: 1024,
    "text/markdown": 1024,
    "application/json": 12_000,
    f"{PREFIX}message.interactive.response": 12_288,
}
# The rest of Amazon Connect has other names for these errors.
_ERRORS = {"InvalidParameterException": "ValidationException", "InternalServiceException": "InternalServerException"}
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Date,x-amzn-ErrorType,x-amzn-RequestId",
}
_PREFLIGHT = {
    **_CORS,
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "amz-sdk-invocation-id,amz-sdk-request,authorization,content-type,x-amz-bearer,"
    "x-amz-content-sha256,x-amz-date,x-amz-security-token,x-amz-user-agent",
    "Access-Control-Max-Age": "3600",
}


class Asked(NamedTuple):
    """A request. The headers' names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class ParticipantService:
    """Answers the participants of chats."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._conversations = connect.conversations
        self._participants = connect.conversations.participants
        self._operations: dict[str, Callable[[Participant, Fields, str], Fields]] = {
            "CreateParticipantConnection": self._create_connection,
            "SendMessage": self._once(self._send_message, "SendMessage"),
            "SendEvent": self._once(self._send_event, "SendEvent"),
            "GetTranscript": self._get_transcript,
            "DisconnectParticipant": self._disconnect,
        }

    async def answer(self, asked: Asked) -> Response:
        """Answer a request."""
        if asked.method == "OPTIONS":
            return Response(204, dict(_PREFLIGHT), b"")
        try:
            call = model.read(asked.method, asked.path, "", asked.body, headers=asked.headers, service=PARTICIPANT)
        except ConnectError as refused:
            return self._refused("", refused)
        if call is None or call.operation not in self._operations:
            supported = ", ".join(OPERATIONS)
            message = f"The local cloud's participant service supports {supported}, got {asked.method} {asked.path}."
            return self._refused("", ConnectError("UnknownOperationException", message))
        return await self._connect.counted(
            call.operation, lambda: self._answer(call, asked.headers.get("host", "")), self._refused
        )

    def _answer(self, call: Call, host: str) -> Response:
        try:
            model.validate(call)
            participant = self._participant(call)
            if not self._connect.quotas.admits(self._conversations.running(participant).instance.id, call.operation):
                raise ConnectError("ThrottlingException", "Rate exceeded")
            result = self._operations[call.operation](participant, call.fields, host)
        except ConnectError as refused:
            return self._refused(call.operation, refused)
        headers = {**self._connect.headers(), **_CORS}
        return Response(200, headers, model.shaped(call.operation, result, PARTICIPANT))

    def _participant(self, call: Call) -> Participant:
        if call.operation == "CreateParticipantConnection":
            found = self._participants.find(call.fields["ParticipantToken"])
        else:
            found = self._participants.connected(call.fields["ConnectionToken"], self._connect.clock.now())
        if found is None:
            raise ConnectError("AccessDeniedException", "Access denied")
        return found

    def _refused(self, operation: str, error: ConnectError, status: int | None = None) -> Response:
        kind = _ERRORS.get(error.error_type, error.error_type)
        headers = {**self._connect.headers(), **_CORS, "x-amzn-ErrorType": kind}
        body = json.dumps({"Message": error.message}).encode()
        return Response(status or model.status_of(operation, kind, PARTICIPANT), headers, body)

    def _create_connection(self, participant: Participant, fields: Fields, host: str) -> Fields:
        now, types = self._connect.clock.now(), fields.get("Type", [])
        if not types and not fields.get("ConnectParticipant"):
            raise invalid("Type, ConnectParticipant: expected at least one of them.")
        if "WEBRTC_CONNECTION" in types:
            raise invalid("Type: got WEBRTC_CONNECTION, but a chat has no such connection.")
        answer: Fields = {}
        if "WEBSOCKET" in types:
            token, expiry = self._participants.address(participant, now)
            # The number and not a name, because ChatJS opens no unencrypted socket to a name.
            port = re.search(r":\d+$", host)
            url = f"ws://127.0.0.1{port[0] if port else ''}{SOCKET}?token={token}"
            answer["Websocket"] = {"Url": url, "ConnectionExpiry": text_of(expiry)}
        if "CONNECTION_CREDENTIALS" in types:
            token, expiry = self._participants.connect(participant, now)
            answer["ConnectionCredentials"] = {"ConnectionToken": token, "Expiry": text_of(expiry)}
        # A call with neither comes from message streaming or from an agent. These say later that they have connected.
        if "WEBSOCKET" in types or fields.get("ConnectParticipant"):
            self._conversations.join(participant, now)
        return answer

    def _send_message(self, participant: Participant, fields: Fields) -> Item:
        content_type, content = fields["ContentType"], fields["Content"]
        if content_type not in participant.content_types:
            supported = ", ".join(sorted(participant.content_types))
            raise invalid(f"ContentType: this chat supports {supported}.")
        longest = _MESSAGE_LENGTHS.get(content_type, 0)
        if len(content) > longest:
            raise invalid(f"Content: expected at most {longest} characters of {content_type}, got {len(content)}.")
        contact = self._conversations.running(participant)
        return self._conversations.say(contact, participant.author, content_type, content, self._connect.clock.now())

    def _send_event(self, participant: Participant, fields: Fields) -> Item:
        content_type, now = fields["ContentType"], self._connect.clock.now()
        contact = self._conversations.running(participant)
        if content_type == TYPING:
            return self._conversations.type(contact, participant.author, now)
        if content_type == _ACKNOWLEDGED:
            return item_of(now, participant.author, "EVENT", content_type)
        if content_type not in RECEIPTS:
            raise invalid(f"ContentType: expected one of {', '.join([TYPING, _ACKNOWLEDGED, *RECEIPTS])}.")
        if len(self._participants.of(participant.initial_id)) > 2:
            raise ConnectError("ConflictException", "A chat with more than two participants has no receipts.")
        return self._conversations.receive(participant, content_type, _message_of(fields.get("Content")), now)

    def _once(
        self, operation: Callable[[Participant, Fields], Item], name: str
    ) -> Callable[[Participant, Fields, str], Fields]:
        """A second call with the same ClientToken gets the same answer, and sends nothing."""

        def sent(participant: Participant, fields: Fields, _: str) -> Fields:
            token = fields.get("ClientToken")
            asked = (fields["ContentType"], fields.get("Content"))
            before = participant.answered.get((name, token)) if token else None
            if before is not None and before[0] != asked:
                # Assumption: the same token with other fields is refused.
                raise invalid("The ClientToken was used with other parameters.")
            item = before[1] if before else operation(participant, fields)
            if token:
                participant.answered[name, token] = (asked, item)
            return {"Id": item["Id"], "AbsoluteTime": item["AbsoluteTime"]}

        return sent

    def _get_transcript(self, participant: Participant, fields: Fields, _: str) -> Fields:
        contact, transcripts = self._conversations.running(participant), self._connect.transcripts
        items, token = pages.page(
            transcripts.present(contact), transcripts.past(contact), fields, fields["ConnectionToken"]
        )
        return {"InitialContactId": contact.initial_id, "Transcript": items, "NextToken": token}

    def _disconnect(self, participant: Participant, _: Fields, __: str) -> Fields:
        self._conversations.end(participant, self._connect.clock.now())
        return {}


def _message_of(content: object) -> str:
    """The id of the message that a receipt is for. Raises ConnectError."""
    try:
        document = json.loads(content) if isinstance(content, str) else None
    except (ValueError, RecursionError):
        document = None
    message = document.get("messageId") if isinstance(document, dict) else None
    if not isinstance(message, str):
        raise invalid('Content: expected {"messageId": "..."}.')
    return message
