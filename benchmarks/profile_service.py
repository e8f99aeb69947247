"""``python -m benchmarks.profile_service [TASKS]``: where the CPU of a task goes, thread by thread.

Threads of the service and of the processes that it started and that live on, and the client; what ended within
the run, the tasks themselves above all, is summed in one line.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from benchmarks.machine import describe
from benchmarks.processes import Thread, command, cpu_seconds, threads
from benchmarks.service import add_plain, no_ops, running_service
from benchmarks.service_rate import POOL, start_pool

TASKS = 5_000
LEAST_MICROSECONDS = 5.0


def main() -> None:
    """Print the cost of a task in each thread, the dearest first."""
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else TASKS
    print(*describe(), sep="\n")
    with running_service() as service:
        start_pool(service)
        before, used, own = threads(service.process), cpu_seconds(service.process), time.process_time()
        began = time.perf_counter()
        service.create_job("profile", POOL)
        add_plain(service, "profile", no_ops(tasks))
        added = time.perf_counter()
        service.await_success("profile", tasks)
        ended = time.perf_counter()
        took = ended - began
        print(f"{tasks} tasks: added in {added - began:.2f} s, done in {took:.2f} s, {tasks / took:.0f}/s")
        print("microseconds of CPU a task:")
        print(f"  {(time.process_time() - own) / tasks * 1e6:8.0f} client")
        after = threads(service.process)
        print(*_lines(before, after, tasks), sep="\n")
        living = _sum(after) - _sum(before)
        print(f"  {(cpu_seconds(service.process) - used - living) / tasks * 1e6:8.0f} processes and threads that ended")


def _lines(before: dict[int, Thread], after: dict[int, Thread], tasks: int) -> Iterator[str]:
    nothing = Thread(process=0, number=0, name="", user=0.0, system=0.0)
    for number, now in sorted(after.items(), key=lambda item: -(item[1].user + item[1].system)):
        then = before.get(number, nothing)
        user, system = ((now.user - then.user) / tasks * 1e6, (now.system - then.system) / tasks * 1e6)
        if user + system >= LEAST_MICROSECONDS:
            what = f"{now.name} of {now.process}: {command(now.process)[-50:]}"
            yield (f"  {user + system:8.0f} (user {user:.0f}, system {system:.0f}) {what}")


def _sum(found: dict[int, Thread]) -> float:
    return sum(thread.user + thread.system for thread in found.values())


if __name__ == "__main__":
    main()
