"""A local cloud for those who use it: one that is started here, or one that runs already."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import boto3
from botocore.config import Config

from . import ACCOUNT, REGION
from .connect.service import INSTANCE_ID

_START_SECONDS = 180
_STOP_SECONDS = 30
_ANSWER_SECONDS = 60
_ROOT = Path(__file__).resolve().parents[1]
_API = re.compile(r"https://([a-z0-9]+)\.execute-api\.[a-z0-9.-]+")
_ANY_SECRET = "any"  # noqa: S105 - the local cloud takes any of its root
# No proxy leads to this machine.
_open = build_opener(ProxyHandler({})).open


class CloudError(Exception):
    """The local cloud does not start, does not answer, or refuses a call; the text is for people."""


class Cloud:
    """A local cloud. As a context manager it starts one, which ends with this process."""

    account = ACCOUNT
    region = REGION
    instance_id = INSTANCE_ID

    def __init__(self, port: int = 0) -> None:
        """One that does not run yet; it will answer on this port (default: a free one)."""
        self._port = port
        # Before it runs, nothing answers.
        self.url = f"http://127.0.0.1:{port or 1}"
        self._process: subprocess.Popen[str] | None = None
        # Each session reads the services' models anew; and no two threads may ask one for a client at once.
        self._session: boto3.session.Session | None = None
        self._asking = threading.Lock()

    @classmethod
    def at(cls, port: int) -> "Cloud":
        """The one that runs on this port. Raises CloudError if none does."""
        cloud = cls()
        cloud.url = f"http://127.0.0.1:{port}"
        try:
            cloud.control("GET", "calls")
        except CloudError:
            raise CloudError(
                f"No local cloud answers at {cloud.url}. Start one in another terminal: "
                f"persistent-chat local --port {port}, or in a checkout make cloud CLOUD_PORT={port}"
            ) from None
        return cloud

    def __enter__(self) -> "Cloud":
        with tempfile.TemporaryFile("w+") as log:
            self._process = subprocess.Popen(
                # In the wheel the package has another name than in a checkout.
                [sys.executable, "-m", __package__, "--port", str(self._port), "--until-stdin-closes"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is for the process in front, which then ends this one in order.
                start_new_session=True,
            )
            too_long = threading.Timer(_START_SECONDS, self._process.kill)
            too_long.start()
            try:
                assert self._process.stdout is not None
                line = self._process.stdout.readline()
            except BaseException:
                self.__exit__(None, None, None)
                raise
            finally:
                too_long.cancel()
            found = re.search(r"http://\S+", line)
            if found is None:
                self.__exit__(None, None, None)
                log.seek(0)
                raise CloudError(f"The local cloud did not start within {_START_SECONDS} s:\n{log.read()[-2000:]}")
        self.url = found[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, with every function that runs in it."""
        process = self._process
        if process is None:
            return
        self._process = None
        with process:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def environment(self) -> dict[str, str]:
        """All environment variables of a process that calls only this cloud, as its root."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
        hosts = (os.environ.get("NO_PROXY", ""), os.environ.get("no_proxy", ""), "127.0.0.1")
        direct = ",".join(dict.fromkeys(filter(None, ",".join(hosts).split(","))))
        return {
            **kept,
            "NO_PROXY": direct,
            "no_proxy": direct,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": _ANY_SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            # The CDK's command line would call AWS.
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }

    def client(
        self,
        service: str,
        access_key: str | None = None,
        secret: str | None = None,
        *,
        endpoint_url: str | None = None,
        config: Config | None = None,
    ) -> Any:
        """boto3's client for a service: with these keys, or as the cloud's root if there are none."""
        direct = Config(proxies={}, read_timeout=_ANSWER_SECONDS)
        with self._asking:
            self._session = self._session or boto3.session.Session()
            return self._session.client(
                service,
                region_name=REGION,
                endpoint_url=endpoint_url or self.url,
                aws_access_key_id=access_key or ACCOUNT,
                aws_secret_access_key=secret or _ANY_SECRET,
                config=direct.merge(config) if config else direct,
            )

    def control(self, method: str, path: str, fields: dict[str, Any] | None = None, *, of: str = "_connect") -> Any:
        """Call a control path: `/_connect/<path>`, or `/<of>/<path>`. Raises CloudError with the cloud's answer."""
        request = Request(  # noqa: S310 - always http to 127.0.0.1
            f"{self.url}/{of}/{path}",
            data=None if fields is None else json.dumps(fields).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            with _open(request, timeout=_ANSWER_SECONDS) as answer:
                return json.loads(answer.read())
        except HTTPError as refused:
            with refused:
                raise CloudError(f"{method} /{of}/{path}: {refused.read().decode(errors='replace')}") from None
        # Whatever listens there may speak anything; and a port may be none.
        except (URLError, HTTPException, OSError, ValueError, OverflowError) as error:
            raise CloudError(f"{self.url} does not answer: {error}") from None

    def execute_api_url(self, url: str) -> str:
        """Where a deployed API answers on this machine, for its address in AWS. Other texts stay as they are."""
        return _API.sub(rf"{self.url}/_aws/execute-api/\1", url)
