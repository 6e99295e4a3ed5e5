"""TLS of our own making: whom a client believes, and that what goes through comes out the same."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.tls import Authority, bundle_of_system_and, port_of, tls_in_front_of

OURS, OTHER = Authority("Ours"), Authority("Other")


def client_of(authority: Authority) -> ssl.SSLContext:
    """A client that believes this authority and nobody else."""
    return ssl.create_default_context(cadata=authority.pem.decode())


@contextlib.contextmanager
def echo() -> Iterator[tuple[int, threading.Thread]]:
    """A plain server that sends back what it gets, to one connection: its port, and what ends with the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    while data := connection.recv(65536):
                        connection.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], thread
        # Wakes an accept that nobody came to.
        with contextlib.suppress(OSError), socket.create_connection(listening.getsockname(), 1):
            pass
        thread.join(10)


@contextlib.contextmanager
def connected(context: ssl.SSLContext, port: int, host: str = "127.0.0.1") -> Iterator[ssl.SSLSocket]:
    """A connection of a client that means this host."""
    plain = socket.create_connection(("127.0.0.1", port), 10)
    with plain, context.wrap_socket(plain, server_hostname=host) as connection:
        yield connection


async def echoed(port: int, sent: bytes) -> tuple[str, bytes]:
    """The version of TLS, and what comes back. One thread sends and receives: a socket with TLS does not bear two."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_of(OURS))
    try:
        writer.write(sent)
        got = await asyncio.wait_for(reader.readexactly(len(sent)), 30)
        return writer.get_extra_info("ssl_object").version(), got
    finally:
        writer.close()
        await writer.wait_closed()


def test_what_goes_through_comes_out_the_same_and_ends_on_both_sides() -> None:
    """More than fits into any buffer; and a server behind that was not told of the end would wait for ever."""
    sent = bytes(range(256)) * 2000
    with echo() as (port, served), tls_in_front_of(port, OURS.server()) as front:
        assert asyncio.run(echoed(front, sent)) == ("TLSv1.3", sent)
        served.join(10)
        assert not served.is_alive()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", front), 10)


@pytest.mark.parametrize(
    ("server", "host", "said"),
    [
        (OTHER.server(), "127.0.0.1", "unable to get local issuer certificate"),
        # The same name as ours, and another key.
        (Authority("Ours").server(), "127.0.0.1", "certificate verify failed"),
        (OURS.server(expired=True), "127.0.0.1", "certificate has expired"),
        (OURS.server("127.0.0.2"), "127.0.0.1", "IP address mismatch"),
        (OURS.server(), "localhost", "Hostname mismatch"),
    ],
    ids=["stranger", "namesake", "expired", "another address", "a name"],
)
def test_a_client_believes_only_what_it_should(server: ssl.SSLContext, host: str, said: str) -> None:
    """Other tests have connections refused: for this reason, and not because nothing here is ever believed."""
    with (
        echo() as (port, _),
        tls_in_front_of(port, server) as front,
        pytest.raises(ssl.SSLCertVerificationError, match=said),
        connected(client_of(OURS), front, host),
    ):
        pass


def test_a_bundle_adds_to_what_the_system_trusts(tmp_path: Path) -> None:
    """A command that gets it in place of the system's still reaches everybody else."""
    bundle = ssl.create_default_context(cafile=str(bundle_of_system_and(OURS, tmp_path)))
    trusted = set(bundle.get_ca_certs(binary_form=True))
    systems = set(ssl.create_default_context().get_ca_certs(binary_form=True))
    assert trusted == systems | {ssl.PEM_cert_to_DER_cert(OURS.pem.decode())}
    assert len(trusted) == len(systems) + 1


def test_a_port_is_the_one_in_the_address() -> None:
    """A default port would be somebody else's server."""
    assert port_of("https://[::1]:4566/x?y=http://a:1") == 4566
    with pytest.raises(AssertionError, match=r"http://127\.0\.0\.1/x"):
        port_of("http://127.0.0.1/x")
