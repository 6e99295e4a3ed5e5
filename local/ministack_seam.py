"""The seam: MiniStack with Amazon Connect added, served on one socket.

Only this module and its siblings, `ministack_*`, import MiniStack. They use internals of it and of Hypercorn,
so both are pinned, and tests/local/test_seam.py holds what is relied upon. MiniStack reads the environment when it
is imported: import this only once that is in place.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from hypercorn.events import Closed
from hypercorn.protocol.events import Data
from ministack import app as ministack_app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime, router
from wsproto.events import TextMessage
from wsproto.frame_protocol import CloseReason

from . import (
    guard,
    issuer,
    ministack_actions,
    ministack_answers,
    ministack_authorizers,
    ministack_checks,
    ministack_events,
    ministack_functions,
    ministack_gateway,
    ministack_signatures,
    ministack_transcripts,
)
from .connect.control import PREFIX, Control
from .connect.participant_service import SERVICE, SOCKET, ParticipantService
from .connect.participant_service import Asked as AskedByParticipant
from .connect.service import Connect, Request, Response
from .control import json_response
from .issuer import Asked, Issuer

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
# Says to `_LocalCloud` where the connection ends.
_CUT = "x-local-cut"
# Hosts that MiniStack takes for a service of its own before it looks at the path: no custom domain has such a name.
_NAMES_OF_SERVICES = (
    ministack_app._EXECUTE_API_RE,
    ministack_app._CLOUDFRONT_HOST_RE,
    ministack_app._AOSS_COLLECTION_HOST_RE,
)
_resolve_domain = ministack_app._resolve_custom_domain_request
_KEEP_ALIVE_SECONDS = 75
_GRACEFUL_SECONDS = 0.5
# Of a body that comes to what is not MiniStack; the largest that the participant service takes is far smaller.
_LARGEST_BODY = 1024 * 1024
_WRITE_EVERY_SECONDS = 1


async def serve(
    file_descriptor: int, account: str, region: str, ready: Callable[[], None], stop: asyncio.Event
) -> None:
    """Serve the cloud on a listening socket until `stop` is set. Every function that runs then is ended."""
    connect = Connect(account, region)
    router.SERVICE_PATTERNS["connect"] = {}
    ministack_app.SERVICE_HANDLERS["connect"] = _handler_of(connect)
    ministack_checks.install()
    ministack_gateway.install()
    ministack_authorizers.install()
    ministack_signatures.install(account, region)
    ministack_answers.install()
    ministack_actions.install()
    ministack_events.install(connect.events)
    connect.transcripts.store = ministack_transcripts.Buckets(account, region)
    # `_addressed` does it; here even 127.0.0.1 could be deployed as somebody's domain.
    ministack_app._resolve_custom_domain_request = lambda *_: None
    ministack_functions.install()
    # Hypercorn's type for an application is narrower than ASGI's.
    cloud: Any = _LocalCloud(connect, ready)
    config = Config()
    config.bind = [f"fd://{file_descriptor}"]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    config.graceful_timeout = _GRACEFUL_SECONDS
    config.loglevel = ministack_app.LOG_LEVEL
    asyncio.get_running_loop().set_exception_handler(_say_what_ended)

    async def stopped() -> None:
        await stop.wait()
        # Hypercorn would cancel those that chat, with a stack trace for each.
        connect.sockets.close()

    writing = asyncio.create_task(_write_transcripts(connect))
    try:
        await hypercorn_serve(cloud, config, shutdown_trigger=stopped)
    finally:
        writing.cancel()
        # MiniStack leaves its workers to notice by themselves.
        await asyncio.to_thread(lambda_runtime.reset)


async def _write_transcripts(connect: Connect) -> None:
    """Also while nobody asks for them."""
    while True:
        await asyncio.sleep(_WRITE_EVERY_SECONDS)
        connect.transcripts.write(connect.clock.now())


def _say_what_ended(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One sentence for a connection that breaks HTTP/2's rules: Hypercorn ends it with a stack trace."""
    if context["message"] == "Unhandled exception in client_connected_cb":
        print("A connection ended: what came on it is no request of HTTP.", file=sys.stderr, flush=True)
    # Python 3.11 takes it for an error when a connection is ended because the cloud stops.
    elif not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def _handler_of(connect: Connect) -> Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]:
    """Amazon Connect as MiniStack's dispatcher calls its services; the signature was checked by then."""

    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> tuple[int, dict[str, str], bytes]:
        region = router.extract_region(headers)
        access_key = router.extract_access_key_id(headers, query)

        def authorize(action: str, resource: str) -> Response | None:
            return _denied(access_key, action, resource, region)

        response = await connect.answer(Request(method, path, query, body, region), authorize)
        headers = dict(response.headers)
        if response.cut:
            headers[_CUT] = response.cut
        return response.status or 500, headers, response.body

    return handler


def _denied(access_key: str, action: str, resource: str, region: str) -> Response | None:
    """None if IAM allows it; otherwise the refusal in AWS's words."""
    result = iam_evaluator.enforce(access_key, action, "connect", region, resource_arn=resource)
    if result is None:
        return None
    if isinstance(result, iam_evaluator.AuthError):
        error_type, message = "UnrecognizedClientException", result.message
    else:
        error_type = "AccessDeniedException"
        message = iam_actions.identity_denial_message(action, result.principal_arn, resource, result.decision == "Deny")
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error_type}
    return Response(403, headers, json.dumps({"Message": message}).encode())


class _LocalCloud:
    """The ASGI application: MiniStack's, with the guard and the control path before it."""

    def __init__(self, connect: Connect, ready: Callable[[], None]) -> None:
        self._connect = connect
        self._control = Control(connect)
        self._participants = ParticipantService(connect)
        self._issuer = Issuer()
        self._ready = ready

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await ministack_app.app(scope, receive, self._watched(send, readable=True))
            return
        try:
            await self._serve(scope, receive, send)
        except asyncio.CancelledError:
            # The cloud stops. A peer that does not read would hold its connection, and with it the cloud, for ever.
            _transport(send).abort()
            raise

    async def _serve(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        scope, by_domain = _addressed(scope)
        handshake = scope["type"] == "websocket"
        refused = guard.refusal(
            scope["raw_path"], scope["path"], scope["headers"], by_domain=by_domain, handshake=handshake
        )
        if refused is not None:
            await _refuse(scope, receive, send, refused)
        elif scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._answer(scope, receive, send, self._of_control)
        elif scope["type"] == "http" and scope["path"].startswith(issuer.PREFIX):
            await self._answer(scope, receive, send, self._of_issuer)
        elif scope["type"] == "http" and scope["path"].startswith(SERVICE):
            await self._answer(scope, receive, send, self._of_participants)
        elif handshake and scope["path"] == SOCKET:
            await self._serve_socket(scope, receive, send)
        else:
            ministack_gateway.by_domain.set(by_domain)
            await ministack_app.app(scope, receive, self._watched(send, readable=guard.takes_pages(scope["path"])))

    async def _of_control(self, scope: _Message, body: bytes) -> Response:
        return self._control.answer(scope["method"], scope["path"].removeprefix(PREFIX), body)

    async def _of_participants(self, scope: _Message, body: bytes) -> Response:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        return await self._participants.answer(AskedByParticipant(scope["method"], scope["path"], headers, body))

    async def _serve_socket(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        found = self._connect.conversations.participants.addressed(token, self._connect.clock.now())
        if found is None:
            await _refuse(scope, receive, send, "The address of this WebSocket is not valid, or not any more.")
            return
        await receive()
        await send({"type": "websocket.accept"})
        await self._connect.sockets.serve(found, receive, _Line(send))

    async def _of_issuer(self, scope: _Message, body: bytes) -> Response:
        path, query = scope["path"].removeprefix(issuer.PREFIX), scope["query_string"].decode("latin-1")
        return await self._issuer.answer(Asked(scope["method"], path, guard.host_of(scope["headers"]), query, body))

    async def _answer(
        self,
        scope: _Message,
        receive: _Receive,
        send: _Send,
        of: Callable[[_Message, bytes], Awaitable[Response]],
    ) -> None:
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                # Half a call is none.
                return
            # Of a body that is too large nothing more is kept, but it is read, so that its sender reads the answer.
            if len(body) <= _LARGEST_BODY:
                body += message.get("body", b"")
            more = message.get("more_body", False)
        if len(body) > _LARGEST_BODY:
            response = json_response(413, {"message": f"The body has more than {_LARGEST_BODY} bytes."})
        else:
            response = await of(scope, bytes(body))
        headers = {**response.headers, "Content-Length": str(len(response.body)), "x-amzn-RequestId": str(uuid.uuid4())}
        if response.cut:
            headers[_CUT] = response.cut
        send = self._watched(send, readable=guard.takes_pages(scope["path"]))
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": encoded})
        await send({"type": "http.response.body", "body": response.body})

    def _watched(self, send: _Send, *, readable: bool) -> _Send:
        """Say when MiniStack is up; end the connection where an answer asks for it; keep answers from pages."""
        cut = b""

        async def watching(message: _Message) -> None:
            nonlocal cut
            if message["type"] == "http.response.start":
                cut = dict(message["headers"]).get(_CUT.encode(), b"")
                if not readable:
                    message = {**message, "headers": guard.without_cors(message["headers"])}
            if cut == b"half" and message["type"] == "http.response.body":
                body = message.get("body", b"")
                await send({**message, "body": body[: len(body) // 2], "more_body": True})
            if cut == b"whole" or (cut == b"half" and message["type"] == "http.response.body"):
                await _end_connection(send)
                return
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self._ready()

        return watching


def _addressed(scope: _Message) -> tuple[_Message, bool]:
    """A request to a custom domain as one to the deployed API behind it, so that it reaches nothing else. A request to
    the issuer's name reaches the issuer's own addresses."""
    host = guard.host_of(scope["headers"])
    is_issuer = host == issuer.HOST and scope["path"].startswith(issuer.PREFIX) and guard.takes_pages(scope["path"])
    if is_issuer and scope["type"] == "http":
        return scope, True
    own = guard.is_own(host) or any(pattern.match(host.lower()) for pattern in _NAMES_OF_SERVICES)
    found = None if own else _resolve_domain(host, scope["path"])
    if found is None or scope["type"] != "http":
        return scope, False
    api, stage, rest = found
    # Without a stage of its own the domain's path begins with one.
    return {**scope, "path": f"/_aws/execute-api/{api}{'/' if stage else ''}{stage}{rest}"}, True


async def _refuse(scope: _Message, receive: _Receive, send: _Send, sentence: str) -> None:
    """403, of which a handshake gets the same."""
    kind = "http" if scope["type"] == "http" else "websocket.http"
    if kind != "http":
        await receive()
    body = json.dumps({"message": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{kind}.response.start", "status": 403, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body})


class _Line:
    """An accepted WebSocket."""

    def __init__(self, send: Any) -> None:
        self._send = send

    async def send(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def half(self, text: str) -> None:
        stream = self._send.__self__
        frame = stream.connection.send(TextMessage(data=text))
        await stream.send(Data(stream_id=stream.stream_id, data=frame[: len(frame) // 2]))
        await self.cut()

    async def cut(self) -> None:
        await _end_connection(self._send)

    async def close(self) -> None:
        await self._send({"type": "websocket.close", "code": CloseReason.GOING_AWAY})
        # Not every peer answers.
        await self.cut()

    def abort(self) -> None:
        _transport(self._send).abort()


async def _end_connection(send: Any) -> None:
    """Close the TCP connection of an ASGI `send` without a byte: ASGI itself has no word for that."""
    stream = send.__self__
    connection = stream.send.__self__
    await connection.send(Closed())


def _transport(send: Any) -> asyncio.Transport:
    """The TCP connection of an ASGI `send`."""
    transport: asyncio.Transport = send.__self__.send.__self__.send.__self__.writer.transport
    return transport
