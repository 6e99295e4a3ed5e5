"""The texts for CloudFormation, and their length: an answer of more than 4,096 bytes is lost."""

import json
import os
import re
from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate

from shared import custom_resources, redaction

# The whole response of a custom resource (AWS CloudFormation quotas).
_MOST_BYTES = 4096
# The Provider framework's physical id of a resource that could not be created.
_CREATE_FAILED = "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED"
# The frames of its own stack that the framework adds to a failure: four of them, about 300 bytes.
_FRAMES_BYTES = 420
# So much of the function's log is kept in any case.
_LOG_BYTES = 900
# The least length of a failure's text, even if the names in the request are very long.
_LEAST_BYTES = 1000
_CUT = "..."
# Control characters except line ends: as an escape each would take six bytes.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
_UNIMPORTANT = ("START RequestId:", "END RequestId:")

Event = Mapping[str, object]


def say(**fields: str) -> None:
    """One line in the log, of these fields without secrets; never the event, which holds a ResponseURL."""
    print(json.dumps({name: without_secrets(value) for name, value in fields.items() if value}))


def without_secrets(text: str) -> str:
    """The text without secrets and control characters, for everybody who sees the deployment."""
    return _CONTROL.sub(" ", redaction.without_secrets(text))


def of_failure(event: Event, sentence: str, log: str) -> str:
    """The sentence, where to find the rest, and the end of the function's log, as far as there is room."""
    # What the framework writes around a failure.
    frame = f"Error: \n\nLogs: /aws/lambda/{os.environ.get('AWS_LAMBDA_FUNCTION_NAME', '')}\n\n"
    room = max(_LEAST_BYTES, _MOST_BYTES - _FRAMES_BYTES - _size_of(_response(event, frame)))
    where = _where(event)
    log = _told_of(log)
    kept = min(_size(log), _LOG_BYTES)
    said = f"{head(without_secrets(sentence), room - _size(where) - kept)}{where}"
    return f"{said}{_tail(log, room - _size(said))}"


def of_report(event: Event, text: str) -> str:
    """An attribute's value, as far as there is room."""
    return head(without_secrets(text), _MOST_BYTES - _size_of(_response(event, "SUCCESS", {"Report": ""})))


def _where(event: Event) -> str:
    """Where the rest is. The framework names a log that does not exist, and a roll-back deletes a creation's logs."""
    log = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    told = [f"log group {log}"] if log else []
    if event.get("RequestType") == "Create" and event.get("ResourceType") == custom_resources.PERSISTENT_CHAT_PROOF:
        told.append("the roll-back of a creation deletes the logs; cdk deploy --no-rollback keeps them")
    return f" ({'; '.join(told)})" if told else ""


def _told_of(log: str) -> str:
    lines = [line for line in without_secrets(log).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(_UNIMPORTANT)]
    return "\nThe end of the function's log:\n" + "\n".join(told) if told else ""


def _response(event: Event, reason: str, data: Mapping[str, str] | None = None) -> Mapping[str, object]:
    """As the framework answers CloudFormation."""
    named = {name: event.get(name, "") for name in ("StackId", "RequestId", "LogicalResourceId")}
    physical_id = event.get("PhysicalResourceId") or max(_CREATE_FAILED, physical_id_of(event), key=len)
    return {"Status": "SUCCESS", "Reason": reason, **named, "PhysicalResourceId": physical_id, "Data": data or {}}


def physical_id_of(event: Event) -> str:
    """The resource's, which never changes."""
    return str(event.get("PhysicalResourceId") or f"{event.get('ResourceType')}/{event.get('LogicalResourceId')}")


def head(text: str, room: int) -> str:
    """The text, or its beginning if the text needs more bytes of JSON than there is room."""
    if _size(text) <= room:
        return text
    return _beginning(text, room - len(_CUT)) + _CUT


def _tail(text: str, room: int) -> str:
    """A log, or its title and its last lines if there is too little room."""
    if _size(text) <= room:
        return text
    title, _, log = text.lstrip("\n").partition("\n")
    room -= _size(f"\n{title}\n")
    kept = _beginning(log[::-1], room)[::-1]
    first, end, rest = kept.partition("\n")
    # A single line that is too long is better than nothing.
    return f"\n{title}\n{rest if end else first}" if room > 0 and kept else ""


def _beginning(text: str, room: int) -> str:
    """As many characters as fit. Each takes at least one byte."""
    ends = list(accumulate(map(_size, text[: max(0, room)])))
    return text[: bisect(ends, room)]


def _size(text: str) -> int:
    """Its bytes within JSON."""
    return _size_of(text) - 2


def _size_of(document: object) -> int:
    """Its bytes as JSON, as JavaScript writes it."""
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
