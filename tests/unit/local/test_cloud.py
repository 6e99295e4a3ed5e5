"""A local cloud as what uses it sees it: each failure is a sentence, and nothing of the user's own account leaks in."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import cloud as module
from local.cloud import Cloud, CloudError
from tests.unit.local.web import Web, web


@pytest.fixture
def answering() -> Iterator[tuple[Cloud, Web]]:
    """A cloud, played by a web server."""
    with web() as server:
        cloud = Cloud()
        cloud.url = server.url
        yield cloud, server


def test_a_call_of_the_control_path_is_a_call_of_json(answering: tuple[Cloud, Web]) -> None:
    """Without fields it has no body, so that a GET is one."""
    cloud, server = answering
    server.body = b'{"now": 7}'
    assert cloud.control("POST", "clock", {"advance": 1}) == {"now": 7}
    assert cloud.control("GET", "calls") == {"now": 7}
    posted, got = server.asked
    assert (posted.method, posted.target, posted.body) == ("POST", "/_connect/clock", b'{"advance": 1}')
    assert (got.method, got.target, got.body) == ("GET", "/_connect/calls", b"")
    assert posted.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, b'{"message": "advance: missing"}', 'POST /_connect/clock: {"message": "advance: missing"}'),
        (500, b"", "POST /_connect/clock: "),
        (200, b"<html>", "http://127.0.0.1:[0-9]+ does not answer: "),
        (404, b"\xff", "POST /_connect/clock: "),
    ],
)
def test_what_is_no_answer_is_one_sentence(answering: tuple[Cloud, Web], status: int, body: bytes, said: str) -> None:
    """With the cloud's own words, where it has any; something else may listen on the port."""
    cloud, server = answering
    server.status, server.body = status, body
    with pytest.raises(CloudError, match=f"^{said}"):
        cloud.control("POST", "clock", {})


@pytest.mark.parametrize("port", [-1, 65536, 10**30])
def test_a_port_that_is_none_is_told_with_what_to_do(port: int) -> None:
    """`make deploy CLOUD_PORT=...` with a typing error in it."""
    with pytest.raises(CloudError, match=f"No local cloud answers at http://127.0.0.1:{port}. Start one"):
        Cloud.at(port)


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.6\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
def test_something_else_on_the_port_is_no_cloud(said: bytes) -> None:
    """Whatever protocol it speaks, and if it ends in the middle: no stack trace."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(CloudError, match="No local cloud answers"):
            Cloud.at(listener.getsockname()[1])
        thread.join()


def test_a_proxy_is_never_asked(answering: tuple[Cloud, Web]) -> None:
    """It would ask its own machine for 127.0.0.1. In a process of its own: it is read when Python starts."""
    _, server = answering
    server.body = b'{"InstanceSummaryList": []}'
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    proxies = dict.fromkeys(["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"], "http://127.0.0.1:1")
    code = (
        f"from local.cloud import Cloud; cloud = Cloud(); cloud.url = {server.url!r}; "
        "cloud.control('GET', 'calls'); cloud.client('connect').list_instances()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=module._ROOT, env={**kept, **proxies}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert [asked.target for asked in server.asked] == ["/_connect/calls", "/instance"]


@pytest.mark.parametrize("before", [None, "", "example.com,10.0.0.1"])
def test_a_child_works_on_this_cloud_and_on_nothing_else(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever profile, region, role or endpoint the user has; what is none of AWS's stays."""
    theirs = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "token",
        "AWS_ENDPOINT_URL_CONNECT": "https://connect.us-east-1.amazonaws.com",
        "AWS_ACCESS_KEY_ID": "theirs",
        "CDK_DEFAULT_ACCOUNT": "999999999999",
    }
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MINE", "kept")
    if before is None:
        monkeypatch.delenv("NO_PROXY", raising=False)
    else:
        monkeypatch.setenv("NO_PROXY", before)
    monkeypatch.setenv("no_proxy", "internal,127.0.0.1")
    cloud = Cloud()
    cloud.url = "http://127.0.0.1:4566"
    environment = cloud.environment()
    assert not set(theirs.values()) & set(environment.values())
    assert environment["MINE"] == "kept"
    assert environment["AWS_ENDPOINT_URL"] == cloud.url
    assert environment["CDK_DISABLE_CLI_TELEMETRY"] == "true", "the CDK's command line would call AWS"
    assert {environment["AWS_CONFIG_FILE"], environment["AWS_SHARED_CREDENTIALS_FILE"]} == {os.devnull}
    expected = f"{before},internal,127.0.0.1" if before else "internal,127.0.0.1"
    assert environment["NO_PROXY"] == environment["no_proxy"] == expected


IDS = st.from_regex("[a-z0-9]{1,10}", fullmatch=True)


@given(IDS, st.sampled_from(["us-east-1.amazonaws.com", "cn-north-1.amazonaws.com.cn"]), st.lists(IDS, max_size=5))
def test_an_api_answers_here_below_its_id(api: str, rest: str, path: list[str]) -> None:
    """The stack's output names a host of AWS; stage and path stay as they are."""
    cloud = Cloud()
    cloud.url = "http://127.0.0.1:4566"
    below = "".join(f"/{part}" for part in path)
    expected = f"http://127.0.0.1:4566/_aws/execute-api/{api}{below}"
    assert cloud.execute_api_url(f"https://{api}.execute-api.{rest}{below}") == expected


def python(tmp_path: Path, code: str) -> str:
    """A command that stands in for the cloud's own process."""
    command = tmp_path / "python"
    command.write_text(f"#!{sys.executable}\nimport sys, time\n{code}\n", encoding="utf-8")
    command.chmod(0o755)
    return str(command)


def test_a_cloud_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of what it printed is all that anybody has."""
    monkeypatch.setattr(sys, "executable", python(tmp_path, "sys.exit('Error: no module named ministack')"))
    cloud = Cloud()
    with pytest.raises(CloudError, match="did not start within 180 s:\nError: no module named ministack"):
        cloud.__enter__()
    assert cloud._process is None


def test_a_cloud_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever, and nothing is left behind."""
    monkeypatch.setattr(sys, "executable", python(tmp_path, "time.sleep(600)"))
    monkeypatch.setattr(module, "_START_SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises(CloudError, match="did not start within"):
        Cloud().__enter__()
    assert time.monotonic() - began < 120


@pytest.mark.parametrize("stubborn", [False, True])
def test_it_ends_with_its_context_however_stubborn_it_is(
    stubborn: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ending twice is ending once."""
    ignores = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if stubborn else ""
    code = f"{ignores}print('The local cloud answers at http://127.0.0.1:1 .', flush=True)\ntime.sleep(600)"
    monkeypatch.setattr(sys, "executable", python(tmp_path, code))
    monkeypatch.setattr(module, "_STOP_SECONDS", 0.3)
    cloud = Cloud()
    with cloud:
        process = cloud._process
        assert process is not None
        assert (cloud.url, process.poll()) == ("http://127.0.0.1:1", None)
        began = time.monotonic()
    assert time.monotonic() - began < 120
    assert process.returncode is not None
    cloud.__exit__(None, None, None)
