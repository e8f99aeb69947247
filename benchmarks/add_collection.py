"""How fast tasks are added when none of them runs."""

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.processes import cpu_seconds
from benchmarks.service import SUBMISSIONS, no_ops, running_service

TASKS = 10_000
QUICK_TASKS = 1_000
ROUNDS = 3


def measure(quick: bool) -> Iterator[str]:
    """Yield the rate of each form of submission, to a job whose pool has no nodes."""
    count = QUICK_TASKS if quick else TASKS
    seconds: dict[str, list[float]] = {form: [] for form in SUBMISSIONS}
    used: dict[str, list[float]] = {form: [] for form in SUBMISSIONS}
    with running_service() as service:
        service.create_pool("empty", nodes=0)
        for number in range(ROUNDS):
            for at, (form, add) in enumerate(SUBMISSIONS.items()):
                service.create_job(f"{number}-{at}", "empty")
                before, began = cpu_seconds(service.process), time.perf_counter()
                add(service, f"{number}-{at}", no_ops(count))
                seconds[form].append(time.perf_counter() - began)
                used[form].append(cpu_seconds(service.process) - before)
    for form in SUBMISSIONS:
        rate, cpu = count / median(seconds[form]), median(used[form]) / count
        aim = " (aim: at least 5000/s)" if form == "plain JSON" else ""
        yield f"{count} tasks, {form}: {rate:.0f}/s, {cpu * 1e6:.0f} us of the service's CPU a task{aim}"
