"""`persistent-chat verify`, as people run it on the local cloud, without the minutes that a transcript takes."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from local.chats import Chats
from local.cloud import Cloud
from local.connect.instances import FLOW_ID

COMMAND = Path(sys.executable).with_name("persistent-chat")
WAITING = "Waiting for the transcript"


class Verified(NamedTuple):
    """How a run ended."""

    status: int
    lines: list[str]
    errors: str
    report: dict[str, Any]

    @property
    def results(self) -> dict[str, str]:
        """What came of each promise."""
        return {one["step"]: one["result"] for one in self.report["promises"]}

    @property
    def timeless(self) -> dict[str, Any]:
        """The report without the one assumption that this machine may break: how long a call takes."""
        kept = [one for one in self.report["connect"] if "less than three seconds" not in one["assumption"]]
        assert len(kept) == len(self.report["connect"]) - 1
        return {**self.report, "connect": kept}

    @property
    def assumptions(self) -> set[str]:
        """What came of the assumptions about Amazon Connect."""
        return {one["result"] for one in self.timeless["connect"]}

    def broken(self) -> list[str]:
        """The promises that did not hold."""
        return [step for step, result in self.results.items() if result == "did not hold"]


def verify(
    cloud: Cloud,
    folder: Path,
    *arguments: str,
    typed: str = "",
    flow: str = FLOW_ID,
    when: Callable[["subprocess.Popen[str]", str], object] = lambda *_: None,
    variables: Mapping[str, str] | None = None,
) -> Verified:
    """A run. `when` hears of each of its lines, on both streams, as it comes."""
    report = folder / "report.json"
    command = [str(COMMAND), "verify", "--flow", flow, "--report", str(report), *arguments]
    with subprocess.Popen(
        [*command, "--yes"],
        env={**cloud.environment(), "PATH": os.environ["PATH"], **(variables or {})},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        said: dict[Any, list[str]] = {process.stdout: [], process.stderr: []}

        def read(stream: Any) -> None:
            for line in stream:
                said[stream].append(line.rstrip("\n"))
                when(process, line)
                if line.startswith(WAITING):
                    # The history has heard of the chat. Connect's clock goes on, and the transcript is there.
                    Chats(cloud).told(300)
                    cloud.control("POST", "clock", {"advance": 100})

        readers = [threading.Thread(target=read, args=[stream]) for stream in said]
        for reader in readers:
            reader.start()
        assert process.stdin is not None
        process.stdin.write(typed)
        process.stdin.close()
        try:
            for reader in readers:
                reader.join(300)
            process.wait(120)
        finally:
            # Else the end of this block would wait for ever.
            process.kill()
    errors = "\n".join(line for line in said[process.stderr] if not line.startswith(WAITING))
    assert "Traceback" not in errors, errors
    text = report.read_text(encoding="utf-8") if report.exists() else ""
    return Verified(process.returncode, said[process.stdout], errors, json.loads(text) if text else {})


def running(cloud: Cloud) -> list[str]:
    """The chats of this command that run."""
    return [one["ContactId"] for one in cloud.control("GET", "chats") if one["DisplayName"] == "persistent-chat verify"]
