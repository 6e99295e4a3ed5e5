"""A handler in a process of its own, measured from within: `child.py <folder> <module> <events.json> <started>`.

Prints one JSON object. The first event is the first answer; the others are the warm ones.
"""

import sys
import time

folder, module, events_file, started = sys.argv[1:5]
sys.path.insert(0, folder)
handle = __import__(module, fromlist=["handle"]).handle
ready, ready_cpu = time.time(), time.process_time()

import json  # noqa: E402 - only what a handler needs is imported before it is ready
import resource  # noqa: E402

with open(events_file, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would be one import more
    events = json.load(file)
begin, begin_cpu = time.time(), time.process_time()
answer = handle(events[0], None)
assert answer["statusCode"] == 200, answer
first, first_cpu = time.time(), time.process_time()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
walls = []
warm_cpu = time.process_time()
for event in events[1:]:
    began = time.perf_counter()
    answer = handle(event, None)
    walls.append(time.perf_counter() - began)
    assert answer["statusCode"] == 200, answer
warm_cpu = time.process_time() - warm_cpu
print(
    "\n"
    + json.dumps(
        {
            "ready_wall": ready - float(started),
            "ready_cpu": ready_cpu,
            "first_wall": ready - float(started) + first - begin,
            "first_cpu": ready_cpu + first_cpu - begin_cpu,
            "peak_mb": peak / 1024,
            "last_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "warm_walls": walls,
            "warm_cpu": warm_cpu / len(walls) if walls else 0.0,
        }
    )
)
