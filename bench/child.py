"""A handler in a process of its own, measured from within.

`child.py <folder> <module> <events.json> <times> <started>`

Prints one JSON object. The first event is the first answer; then come all of them, so many times.

First it imports what Lambda's runtime has imported before it loads a function. Then the function's own part of a cold
start begins.
"""

import importlib
import json
import sys
import time

# What awslambdaric 4.0.1 imports when it imports bootstrap.py, except its simplejson.
for name in ("decimal", "enum", "importlib", "json", "logging", "math", "os", "sys", "time", "traceback"):
    importlib.import_module(name)

folder, module, events_file, times, started = sys.argv[1:6]
sys.path.insert(0, folder)
runtime_cpu = time.process_time()
handle = importlib.import_module(module).handle
ready, ready_cpu = time.time(), time.process_time()


def check(answer: dict[str, object]) -> None:
    """It is a success, of an endpoint or of an authorizer."""
    assert answer.get("statusCode") == 200 or "policyDocument" in answer, answer


def memory_mb(kind: str) -> float:
    """VmHWM: the most that this process had, where getrusage would tell the parent's as well. VmRSS: what it has."""
    with open("/proc/self/status", encoding="utf-8") as status:  # noqa: PTH123 - pathlib would be one import more
        (line,) = (line for line in status if line.startswith(kind))
    return int(line.split()[1]) / 1024


with open(events_file, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would be one import more
    events = json.load(file)
begin = time.time()
answer = handle(events[0], None)
check(answer)
first, first_cpu = time.time(), time.process_time()
peak = memory_mb("VmHWM")
walls = []
early = 0.0
todo = events * int(times)
warm_cpu = time.process_time()
for number, event in enumerate(todo):
    if number == len(todo) // 10:
        # All events are in memory already: what is more in the end is the handler's.
        early = memory_mb("VmRSS")
    began = time.perf_counter()
    answer = handle(event, None)
    walls.append(time.perf_counter() - began)
    check(answer)
warm_cpu = time.process_time() - warm_cpu
print(
    "\n"
    + json.dumps(
        {
            "python": sys.version.split()[0],
            "ready_wall": ready - float(started),
            "ready_cpu": ready_cpu,
            "own_ready_cpu": ready_cpu - runtime_cpu,
            "own_first_cpu": first_cpu - runtime_cpu,
            "first_wall": ready - float(started) + first - begin,
            "peak_mb": peak,
            "early_mb": early,
            "last_mb": memory_mb("VmRSS"),
            "warm_walls": walls,
            "warm_cpu": warm_cpu / len(walls) if walls else 0.0,
        }
    )
)
