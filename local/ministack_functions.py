"""How Python functions run: they start as on AWS, they leave the processor to the cloud, and their logs are whole."""

import queue
import time

from ministack.core import lambda_runtime

# What the worker writes after all that a function printed: a character that no line of a log has.
_END = "\x1e"
# If the end came later than this, it would be taken for the end of the next execution.
_LONGEST_WAIT_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_drain = lambda_runtime.Worker._drain_stderr_bounded


def install() -> None:
    """Change MiniStack's worker for Python, and how the cloud reads what it prints.

    MiniStack has each import botocore, to count how deep functions call functions: more than the whole cold start of
    one that does not use it. Hundreds at once would also share two processors with the cloud, which answers all.
    MiniStack takes a log for ended after 5 ms without a line: on a busy machine its end would be missing.
    """
    _change("    _ms_install_invoke_depth()\n", "    os.nice(10)\n")
    answered = "        _real_stdout.flush()\n\nrun()\n"
    _change(answered, f"        sys.stderr.write({_END!r} + chr(10))\n        sys.stderr.flush()\n{answered}")
    lambda_runtime.Worker._drain_stderr_bounded = _read_to_end


def _change(text: str, new: str) -> None:
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(text) != 1:
        raise RuntimeError(f"MiniStack's worker for Python is another than this version's: expected {text!r} once.")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(text, new)


def _read_to_end(worker: lambda_runtime.Worker, *bounds: float, **more: float) -> str:
    """All that a function printed in one execution."""
    if not worker.config["Runtime"].startswith("python"):
        return str(_drain(worker, *bounds, **more))
    lines = []
    until = time.monotonic() + _LONGEST_WAIT_SECONDS
    while time.monotonic() < until:
        # Looked at before the wait: what comes in between is read.
        is_open = worker._stderr_thread is not None and worker._stderr_thread.is_alive()
        try:
            line, ended, _ = worker._stderr_queue.get(timeout=_LOOK_SECONDS).partition(_END)
        except queue.Empty:
            # A function that crashed writes no end.
            if not is_open:
                break
            continue
        # What the function printed last may have no end of a line.
        if line or not ended:
            lines.append(line)
        if ended:
            break
    return "\n".join(lines)
