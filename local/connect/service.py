"""Amazon Connect as one service: faults, then permission, then quota, then validation, then the operation."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import NamedTuple

from local.connect import model
from local.connect.associations import Associations
from local.connect.clock import Clock
from local.connect.contacts import Contacts
from local.connect.conversations import Conversations
from local.connect.errors import ConnectError
from local.connect.events import Events
from local.connect.faults import Fault, Faults
from local.connect.instances import Instances
from local.connect.operations import Operations, permissions_of
from local.connect.quotas import OLD_SEARCH, Quotas
from local.connect.sockets import Sockets
from local.connect.transcripts import Transcripts

INSTANCE_ID = "11111111-1111-4111-8111-111111111111"
ALIAS = "local"
# A search is recent if it begins at most this long ago. Older searches have another quota.
_RECENT_SECONDS = 14 * 86_400


class Request(NamedTuple):
    """A signed request."""

    method: str
    path: str
    query: Mapping[str, list[str]] | str
    body: bytes
    region: str


class Response(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    # "whole": the connection ends instead of this answer. "half": it ends in the middle of this answer.
    cut: str = ""


# Whether the caller may do an action on a resource. Returns None if so, or else the refusal.
Authorize = Callable[[str, str], Response | None]
# Makes an operation's refusal. The status is None if it is the error's own.
Refused = Callable[[str, ConnectError, int | None], Response]


class Connect:
    """Amazon Connect in one account and region, with one instance that works."""

    def __init__(self, account: str, region: str) -> None:
        self.clock = Clock()
        self.instances = Instances(account, region)
        self.events = Events(account, region)
        self.contacts = Contacts(self.events.tell)
        self.associations = Associations(self.contacts)
        self.transcripts = Transcripts(self.contacts, self.associations)
        self.conversations = Conversations(self.contacts, self.transcripts)
        self.quotas = Quotas()
        self.faults = Faults()
        # For each operation: how often its calls ended with each status or error.
        self.calls: dict[str, Counter[str]] = {}
        self.sockets = Sockets(self.faults)
        self.conversations.deliver = self.sockets.deliver
        self.operations = Operations(
            self.instances,
            self.contacts,
            self.associations,
            self.transcripts,
            self.conversations,
            self.clock,
            self.quotas,
        )
        self.instances.add(self.clock.now(), id=INSTANCE_ID, alias=ALIAS)

    @property
    def supported(self) -> tuple[str, ...]:
        """The names of the supported operations."""
        return tuple(self.operations.supported)

    async def answer(self, request: Request, authorize: Authorize) -> Response:
        """Answer a request of Connect's own API."""
        try:
            call = model.read(request.method, request.path, request.query, request.body)
        except ConnectError as refused:
            return self._refused("", refused)
        if call is None:
            return self._refused(
                "",
                ConnectError("UnknownOperationException", f"No operation: {request.method} {request.path}."),
            )
        return await self.counted(call.operation, lambda: self._answer(call, request.region, authorize), self._refused)

    async def counted(self, operation: str, answer: Callable[[], Response], refused: Refused) -> Response:
        """The answer of an operation, or what a fault makes of it. Counts how the call ended."""
        response = await self._with_faults(operation, answer, refused)
        ended = "cut" if response.cut else response.headers.get("x-amzn-ErrorType", str(response.status))
        self.calls.setdefault(operation, Counter())[ended] += 1
        return response

    async def _with_faults(self, operation: str, answer: Callable[[], Response], refused: Refused) -> Response:
        fault = self.faults.next(operation)
        if fault is None:
            return answer()
        await asyncio.sleep(fault.seconds)
        instead = _instead(operation, fault, refused)
        if instead is not None:
            return instead
        response = answer()
        if fault.kind == "cut_after":
            return response._replace(cut="whole")
        if fault.kind == "cut_half":
            return response._replace(cut="half")
        if fault.kind == "garbage":
            return Response(200, response.headers, b"<html>no answer of Amazon Connect</html>")
        return response

    def _answer(self, call: model.Call, region: str, authorize: Authorize) -> Response:
        operation = self.operations.supported.get(call.operation)
        if operation is None:
            message = f"The local cloud does not support {call.operation}. It supports {', '.join(self.supported)}."
            return self._refused(call.operation, ConnectError("InvalidRequestException", message))
        for action, resource in permissions_of(call.operation, call.fields, self.instances):
            denied = authorize(action, resource)
            if denied is not None:
                return denied
        try:
            if not self.quotas.admits(region, self._quota_of(call)):
                raise _throttled(call.operation)
            model.validate(call)
            result = operation(call.fields, region)
        except ConnectError as refused:
            return self._refused(call.operation, refused)
        return Response(200, self.headers(), model.shaped(call.operation, result))

    def _quota_of(self, call: model.Call) -> str:
        time_range = call.fields.get("TimeRange")
        start = time_range.get("StartTime") if isinstance(time_range, dict) else None
        is_old = isinstance(start, int | float) and start < self.clock.now().timestamp() - _RECENT_SECONDS
        return OLD_SEARCH if call.operation == "SearchContacts" and is_old else call.operation

    def _refused(self, operation: str, error: ConnectError, status: int | None = None) -> Response:
        headers = {**self.headers(), "x-amzn-ErrorType": error.error_type}
        body = json.dumps({"Message": error.message}).encode()
        return Response(status or model.status_of(operation, error.error_type), headers, body)

    def headers(self) -> dict[str, str]:
        """The answer's Date is Connect's, not the machine's."""
        return {
            "Content-Type": "application/json",
            "Date": format_datetime(self.clock.now(), usegmt=True),
        }


def _instead(operation: str, fault: Fault, refused: Refused) -> Response | None:
    """The answer of a fault that replaces the operation, or None."""
    if fault.kind == "cut_before":
        return Response(0, {}, b"", cut="whole")
    if fault.kind == "throttle":
        return refused(operation, _throttled(operation), None)
    if fault.kind == "error":
        kind = "ServiceUnavailableException" if fault.status == 503 else "InternalServiceException"
        return refused(operation, ConnectError(kind, "A fault that was asked for."), fault.status)
    return None


def _throttled(operation: str) -> ConnectError:
    # API Reference, StartChatContact: over its rate it answers TooManyRequestsException. The service model lacks it.
    kind = "TooManyRequestsException" if operation == "StartChatContact" else "ThrottlingException"
    return ConnectError(kind, "Rate exceeded")
