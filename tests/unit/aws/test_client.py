"""The connection: whole answers, cuts, silence, nonsense and TLS, against a server that plays a script."""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from aws import trust
from aws.client import Client
from aws.endpoint import Endpoint
from aws.http import Response
from aws.no_answer import DeadlineExceeded, Stale, TooLarge, Unreachable, Unreadable
from local.tls import Authority

# What a front end may say of its own accord to a connection that nobody uses.
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Odd: yes\r\n\r\n{}"
CLOSE = object()


class Server:
    """Plays one list of steps a connection: bytes to send after a request, or now and a while later, or CLOSE."""

    def __init__(self, *connections: list[object], tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self._tls = tls
        self._script = connections
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def client(self) -> Client:
        """A client of this server."""
        port = self._listener.getsockname()[1]
        scheme = "http" if self._tls is None else "https"
        return Client("connect", Endpoint.parse(f"{scheme}://127.0.0.1:{port}"))

    def _serve(self) -> None:
        for steps in self._script:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._tls is not None:
                try:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                except OSError:
                    # The client did not like the certificate.
                    connection.close()
                    continue
            # The client may be gone.
            with connection, suppress(OSError):
                for step in steps:
                    if step is CLOSE:
                        break
                    received = connection.recv(65536)
                    if not received:
                        break
                    self.requests.append(received)
                    for number, part in enumerate(step if isinstance(step, tuple) else (step,)):
                        self._done.wait(0.05 * number)
                        connection.sendall(part)
                else:
                    while not self._done.wait(0.01) and not select.select([connection], [], [], 0)[0]:
                        pass

    def close(self) -> None:
        """End the server."""
        self._done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Start servers, and end them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "x")
    servers: list[Server] = []

    def start(*connections: list[object], tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(*connections, tls=tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is a thread beside the client: on a busy machine it may get its turn late."""
    monkeypatch.setattr("aws.client._CONNECT_SECONDS", 60)
    monkeypatch.setattr("aws.client._CONNECT_FAR_SECONDS", 60)


def send(client: Client, seconds: float = 60) -> Response:
    """A request with this much time."""
    return client.send("POST", "/path", b"{}", time.monotonic() + seconds)


def test_an_answer_is_read_and_the_connection_kept(serve: Callable[..., Server]) -> None:
    """Two requests, one connection: the second call of a warm function makes no new one."""
    server = serve([OK, OK])
    client = server.client
    assert send(client) == Response(200, {"content-length": "2", "x-odd": "yes"}, b"{}")
    assert send(client).status == 200
    assert len(server.requests) == 2
    assert b"Authorization: AWS4-HMAC-SHA256 " in server.requests[0]
    client.close()


@pytest.mark.parametrize("meanwhile", [[OK, CLOSE], [OK + TOO_LATE, CLOSE], [OK + TOO_LATE], [(OK, TOO_LATE)]])
def test_what_happened_to_a_kept_connection_meanwhile_is_nobodys_business(
    meanwhile: list[object], serve: Callable[..., Server]
) -> None:
    """It was closed, or something came that nobody had asked for: that is no answer to the next request."""
    server = serve(meanwhile, [OK])
    client = server.client
    assert send(client).status == 200
    if client._sock is not None:
        # Until it has come.
        assert select.select([client._sock], [], [], 60)[0]
    assert send(client).status == 200
    assert len(server.requests) == 2
    client.close()


def test_a_connection_that_is_closed_while_it_is_used_again_is_told_apart(serve: Callable[..., Server]) -> None:
    """The request and the end met: nothing is wrong, and the next attempt opens a new one."""
    server = serve([OK, b"", CLOSE], [OK])
    client = server.client
    send(client)
    with pytest.raises(Stale):
        send(client)
    assert send(client).status == 200
    client.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ([CLOSE], Unreachable),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", CLOSE], Unreachable),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", CLOSE], Unreachable),
        ([b"nonsense\r\n\r\n", CLOSE], Unreadable),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n "], TooLarge),
        ([b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"], Unreadable),
    ],
    ids=["no answer", "half a body", "half a chunk", "no HTTP", "too much", "too many headers"],
)
def test_what_is_no_whole_answer_is_told_apart(
    serve: Callable[..., Server], answer: list[object], error: type[Exception]
) -> None:
    """A cut may be tried again; nonsense is no answer either, and neither passes for one."""
    client = serve(answer).client
    with pytest.raises(error):
        send(client)


def test_the_deadline_holds_for_silence_and_for_a_trickle(serve: Callable[..., Server]) -> None:
    """A server that answers byte by byte would stretch any limit that is counted from byte to byte."""
    silent = serve([b""]).client
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        send(silent, 0.2)
    assert 0.15 < time.monotonic() - began < 30
    # The pause before each byte is 50 ms longer than the last one. A limit for each byte would hold for ten seconds.
    trickling = serve([(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", *[b" "] * 30)]).client
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        send(trickling, 1)
    assert time.monotonic() - began < 8


def test_a_deadline_that_has_passed_sends_nothing(serve: Callable[..., Server]) -> None:
    """No quota is spent on an answer that nobody waits for."""
    server = serve([OK])
    with pytest.raises(DeadlineExceeded):
        send(server.client, -1)
    assert server.requests == []


def test_a_connection_that_takes_long_is_given_up_before_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another connection may do better, and there is time for it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setattr("aws.client._CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        began = time.monotonic()
        with pytest.raises(Unreachable, match="no connection within"):
            send(Client("connect", Endpoint.parse(f"http://127.0.0.1:{address[1]}")))
        assert time.monotonic() - began < 30
        for one in waiting:
            one.close()


def test_every_address_of_a_name_is_tried(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first may be of a family that the system does not have, or lead nowhere."""
    client = serve([OK]).client
    port = client._endpoint.port
    found = [
        (999, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)),
        (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1)),
        (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)),
    ]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    assert send(client).status == 200
    client.close()


def test_nobody_who_listens_is_unreachable(serve: Callable[..., Server]) -> None:
    """A refused connection is told as such, with its cause."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        client = Client("connect", Endpoint.parse(f"http://127.0.0.1:{bound.getsockname()[1]}"))
        with pytest.raises(Unreachable, match="ConnectionRefusedError"):
            send(client)


def test_amazons_authorities_are_believed_and_the_connection_is_kept(
    serve: Callable[..., Server], trusted: Callable[..., None]
) -> None:
    """Two requests, one handshake, and of all authorities only the one that it takes was read."""
    amazon, other = Authority("Amazon"), Authority("Somebody")
    trusted(other, amazon)
    assert len(trust.amazons().get_ca_certs()) == 1
    server = serve([OK, OK], tls=amazon.server())
    client = server.client
    assert [send(client).status, send(client).status] == [200, 200]
    assert len(server.requests) == 2
    client.close()


def test_another_authority_of_the_system_is_believed_too(
    serve: Callable[..., Server], trusted: Callable[..., None]
) -> None:
    """A proxy or an endpoint of one's own: within the same attempt, and from then on at once."""
    other = Authority("Somebody")
    trusted(Authority("Amazon"), other)
    # The first connection ends in its handshake; then one request, and one on a new connection.
    server = serve([], [OK, CLOSE], [OK], tls=other.server())
    client = server.client
    assert send(client).status == 200
    client.close()
    assert send(client).status == 200
    assert len(server.requests) == 2
    client.close()


def test_another_authority_is_believed_whatever_the_next_address_does(
    serve: Callable[..., Server], trusted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name with two addresses: that the second cannot be reached says nothing of the first's certificate."""
    other = Authority("Somebody")
    trusted(Authority("Amazon"), other)
    server = serve([], [OK], tls=other.server())
    client = server.client
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in (client._endpoint.port, 1)
    ]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: addresses)
    assert send(client).status == 200
    client.close()


@pytest.mark.parametrize("wrong", ["authority", "host", "time", "stranger beside Amazon"])
def test_who_cannot_prove_itself_is_sent_nothing(
    wrong: str, serve: Callable[..., Server], trusted: Callable[..., None]
) -> None:
    """Not a byte of a request: it is signed, and names contacts."""
    amazon = Authority("Amazon")
    trusted(amazon)
    context = {
        "authority": lambda: Authority("Somebody").server(),
        "host": lambda: amazon.server("127.0.0.2"),
        "time": lambda: amazon.server(expired=True),
        "stranger beside Amazon": lambda: Authority("Amazon").server(),
    }[wrong]()
    server = serve([OK], [OK], tls=context)
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        send(server.client)
    assert server.requests == []


@pytest.mark.parametrize(("service", "limit"), [("connect", "_CONNECT_SECONDS"), (None, "_CONNECT_FAR_SECONDS")])
def test_a_handshake_that_stalls_is_given_up(
    trusted: Callable[..., None], monkeypatch: pytest.MonkeyPatch, service: str | None, limit: str
) -> None:
    """As a connection that takes long: another may do better. A server that is not of AWS may be far away."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "x")
    trusted(Authority("Amazon"))
    monkeypatch.setattr(f"aws.client.{limit}", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(service, Endpoint.parse(f"https://127.0.0.1:{silent.getsockname()[1]}"))
        began = time.monotonic()
        with pytest.raises(Unreachable, match="no connection within"):
            send(client)
        assert time.monotonic() - began < 30
