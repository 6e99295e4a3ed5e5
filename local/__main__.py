"""`python -m local`: the local cloud in the foreground, on 127.0.0.1 only."""

import argparse
import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path

from local import ACCOUNT, REGION

_HOST = "127.0.0.1"
# What a process needs of its surroundings. Nothing else passes: AWS_PROFILE or a proxy would lead elsewhere.
_KEPT = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")


def settings(port: int, scratch: str) -> dict[str, str]:
    """The environment of the cloud's process; MiniStack reads it, and functions inherit it."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # The functions of the CDK's own Provider framework run on the virtual environment's Node.
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return {
        **kept,
        "PATH": path,
        "TMPDIR": scratch,
        "S3_DATA_DIR": str(Path(scratch, "s3")),
        "AUTH": "true",
        "BIND_HOST": _HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "MINISTACK_HOST": _HOST,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Where a function reaches deployed APIs: their public names lead nowhere.
        "AWS_ENDPOINT_URL_EXECUTE_API": f"http://{_HOST}:{port}/_aws/execute-api",
        # A function that checks tokens reaches the issuer here, because the issuer's name leads nowhere either.
        "LOCAL_ISSUER_URL": f"http://{_HOST}:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def main() -> int:
    """0 after a stop that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="0: a free one (default: 4566)")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop with the process that starts it")
    options = parser.parse_args()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, options.port))
            listener.listen(128)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            print(
                f"Error: the local cloud cannot listen on {_HOST}:{options.port}: {why}. "
                "Stop what listens there, or choose another port (make cloud CLOUD_PORT=...).",
                file=sys.stderr,
            )
            return 1
        scratch = tempfile.mkdtemp(prefix="local-cloud-")
        try:
            asyncio.run(_run(listener, scratch, until_stdin_closes=options.until_stdin_closes))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    sys.stdout.flush()
    # MiniStack's threads may sleep for minutes; nothing of theirs is worth waiting for.
    os._exit(0)


async def _run(listener: socket.socket, scratch: str, *, until_stdin_closes: bool) -> None:
    port = listener.getsockname()[1]
    environment = settings(port, scratch)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        threading.Thread(
            target=lambda: (sys.stdin.buffer.read(), loop.call_soon_threadsafe(stop.set)), daemon=True
        ).start()
    # MiniStack reads the environment when it is imported.
    from local.connect.instances import FLOW_ID
    from local.connect.service import INSTANCE_ID
    from local.issuer import ISSUER
    from local.ministack_seam import serve

    def ready() -> None:
        print(
            f"The local cloud answers at http://{_HOST}:{port} "
            f"(account {ACCOUNT}, {REGION}, Connect instance {INSTANCE_ID}, flow {FLOW_ID}, issuer {ISSUER}). "
            f"The agent's window: http://{_HOST}:{port}/_connect/agent. "
            "Web pages reach its deployed APIs, its issuer and its chats only. Ctrl-C ends it.",
            flush=True,
        )

    await serve(listener.detach(), ACCOUNT, REGION, ready, stop)


if __name__ == "__main__":
    sys.exit(main())
