"""Tasks a second of a workload's no-op task, by how far its process has come before the task is known.

Three services run at the same time, of which one works: the others wait for their turn.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.service import Service, Task, add_plain, connect, start, stop
from dispatcher.service.node.warm.options import WarmLevel
from dispatcher.warm_starts import service_words

ROUNDS = 3
TASKS = 300
WARM_UP = 60
POOL = "warm"
COMMAND = f"{sys.executable} -m noop task Noop"
SEARCH_PATH = {"name": "PYTHONPATH", "value": str(Path(__file__).parent / "workloads")}


def measure(quick: bool) -> Iterator[str]:
    """Yield the rate of each level, and the ratio to that of cold starts in the same round, as medians."""
    rounds, tasks = (2, 100) if quick else (ROUNDS, TASKS)
    with ExitStack() as stack:
        services = {level: _service(stack, level) for level in WarmLevel}
        for service in services.values():
            _seconds(service, "first", WARM_UP)
        measured = [
            {level: _seconds(service, f"round-{number}", tasks) for level, service in services.items()}
            for number in range(rounds)
        ]
    for level in WarmLevel:
        rate = tasks / median([each[level] for each in measured])
        ratio = median([each[WarmLevel.OFF] / each[level] for each in measured])
        aim = " (aim: at least 5)" if level is WarmLevel.IMPORTS else ""
        yield f"warm starts {level.value}: {rate:.0f} tasks/s, ratio {ratio:.1f}{aim}"


def _service(stack: ExitStack, level: WarmLevel) -> Service:
    data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "data"
    process = stack.enter_context(start(data, *service_words(level)))
    stack.callback(stop, process)
    service = Service(process=process.pid, client=connect(data))
    service.create_pool(POOL)
    return service


def _seconds(service: Service, job_id: str, tasks: int) -> float:
    began = time.perf_counter()
    service.create_job(job_id, POOL)
    add_plain(service, job_id, [_task(number) for number in range(tasks)])
    service.await_success(job_id, tasks)
    return time.perf_counter() - began


def _task(number: int) -> Task:
    return {"id": str(number), "commandLine": COMMAND, "environmentSettings": [SEARCH_PATH]}
