"""Amazon Connect's operation that starts a chat: its request and its answer."""

import json
from collections.abc import Mapping

from aws.answer import Answer, Document, Outcome, detail_of
from aws.no_answer import Unreadable
from aws.retry import Operation
from connect.errors import ConnectError, error_of
from connect.operations import Connect
from shared import wire

_OF_EACH_START = ("ContactId", "ParticipantId", "ParticipantToken")


def start(connect: Connect, fields: Mapping[str, object]) -> Mapping[str, str]:
    """Call StartChatContact. Its answer has the participant's token. Raises ConnectError."""
    outcome = try_start(connect, connect.instance_id, fields)
    if isinstance(outcome, Answer) and isinstance(outcome.result, Mapping):
        return outcome.result
    error = error_of(outcome)
    if isinstance(outcome, Answer) and outcome.error_type == wire.LIMIT_EXCEEDED:
        raise ConnectError("chats_at_once")
    # Connect's message may repeat the request: the customer, attributes and a message. IAM's message does not.
    if isinstance(outcome, Answer) and error.detail is not None and error.reason != "connect_denied":
        error.detail = detail_of(outcome._replace(message="words that may repeat the request"))
    raise error


def try_start(connect: Connect, instance_id: str, fields: Mapping[str, object]) -> Outcome:
    """StartChatContact's answer. The fields have a ClientToken, so a retry starts no second chat."""
    body = json.dumps({"InstanceId": instance_id, **fields}).encode()
    return connect.call(
        Operation("PUT", "/".join(("", *wire.START_PATH)), body, _started, final=(wire.LIMIT_EXCEEDED,))
    )


def _started(document: Document) -> Mapping[str, str]:
    # The text shows nothing of the answer, because the answer holds the participant's token.
    for name in _OF_EACH_START:
        if not isinstance(document.get(name), str) or not document[name]:
            raise Unreadable(f"200 without {name}")
    return {name: str(document[name]) for name in (*_OF_EACH_START, "ContinuedFromContactId") if document.get(name)}
