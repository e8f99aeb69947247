"""What a task costs, what the service holds and how fast it answers at 1,000 tasks and at 100,000."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.processes import cpu_seconds, peak_bytes
from benchmarks.service import Service, Task, add_plain, no_ops, running_service
from benchmarks.service_rate import POOL, start_pool

SMALL, LARGE = 1_000, 100_000
QUICK_LARGE = 3_000
REPEATS, QUICK_REPEATS = 4, 1
ASKED = 15
PAGE = 1_000
LIMIT_BYTES = 300 * 10**6
LIMIT_BYTES_A_TASK = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What each task of a job took, the task's own process included.

    Attributes:
        wall: seconds of the clock, from the first request to the last success.
        cpu: seconds of the CPU in the service and in all that it started; the client is not in it.
    """

    wall: float
    cpu: float


def measure(quick: bool) -> Iterator[str]:
    """Yield the cost of a task, memory and answers at both sizes.

    Small jobs run before the large one and after it, so that a machine that grows slower or faster spoils less.
    """
    large, repeats = (QUICK_LARGE, QUICK_REPEATS) if quick else (LARGE, REPEATS)
    with running_service() as service:
        start_pool(service)
        before = [run_job(service, f"before-{number}", no_ops(SMALL)) for number in range(repeats)]
        yield _memory_line(service, SMALL * repeats)
        whole = run_job(service, "large", no_ops(large))
        yield _memory_line(service, SMALL * repeats + large)
        after = [run_job(service, f"after-{number}", no_ops(SMALL)) for number in range(repeats)]
        cost = _median(before + after)
        yield f"before the large job, {_cost_text(SMALL, _median(before))}"
        yield f"after it, {_cost_text(SMALL, _median(after))}"
        yield _cost_text(large, whole)
        time_ratio, cpu_ratio = whole.wall / cost.wall, whole.cpu / cost.cpu
        yield f"{large} against {SMALL}: time {time_ratio:.2f}, CPU {cpu_ratio:.2f} (aim: at most 1.3)"
        yield from _answers(service, large)


def run_job(service: Service, job_id: str, tasks: list[Task]) -> Cost:
    """Run a job of such tasks and return what each of them took."""
    used, began = cpu_seconds(service.process), time.perf_counter()
    service.create_job(job_id, POOL)
    add_plain(service, job_id, tasks)
    service.await_success(job_id, len(tasks))
    wall = time.perf_counter() - began
    return Cost(wall=wall / len(tasks), cpu=(cpu_seconds(service.process) - used) / len(tasks))


def _median(costs: list[Cost]) -> Cost:
    return Cost(wall=median([each.wall for each in costs]), cpu=median([each.cpu for each in costs]))


def _cost_text(tasks: int, cost: Cost) -> str:
    return f"{tasks} tasks: {cost.wall * 1e3:.3f} ms a task, {cost.cpu * 1e3:.3f} ms of CPU a task"


def _memory_line(service: Service, tasks: int) -> str:
    peak, limit = peak_bytes(service.process), LIMIT_BYTES + LIMIT_BYTES_A_TASK * tasks
    aim = f"aim: under {limit / 1e6:.0f} MB"
    return f"{tasks} tasks in its folder: at most {peak / 1e6:.0f} MB resident, all its processes together ({aim})"


def _answers(service: Service, large: int) -> Iterator[str]:
    """Both jobs are asked in turn."""
    asks: dict[str, Callable[[str], object]] = {
        f"first page of {PAGE} tasks": lambda job: _first_page(service, job),
        "task counts": lambda job: service.request("GET", f"/jobs/{job}/taskcounts"),
    }
    for name, ask in asks.items():
        pairs = [(_seconds(ask, "before-0"), _seconds(ask, "large")) for _ in range(ASKED)]
        small, big = median([pair[0] for pair in pairs]), median([pair[1] for pair in pairs])
        ratio = median([pair[1] / pair[0] for pair in pairs])
        yield f"{name}: {small * 1e3:.2f} ms of {SMALL}, {big * 1e3:.2f} ms of {large}, ratio {ratio:.2f} (aim: 1)"
    first, last = _ends_of_walk(service, "large", large)
    yield f"pages of {PAGE} of {large} tasks one after another: first {first * 1e3:.2f} ms, last {last * 1e3:.2f} ms"


def _first_page(service: Service, job_id: str) -> str | None:
    page = service.request("GET", f"/jobs/{job_id}/tasks", maxresults=str(PAGE)).json()
    assert len(page["value"]) == PAGE
    link: str | None = page.get("odata.nextLink")
    return link


def _ends_of_walk(service: Service, job_id: str, tasks: int) -> tuple[float, float]:
    """Return the medians of the first and of the last pages of a whole list."""
    seconds, seen = [], 0
    link: str | None = f"/jobs/{job_id}/tasks?maxresults={PAGE}&api-version=2025-06-01"
    while link:
        began = time.perf_counter()
        page = service.request("GET", link).json()
        seconds.append(time.perf_counter() - began)
        seen += len(page["value"])
        link = page.get("odata.nextLink")
    assert seen == tasks
    return median(seconds[:5]), median(seconds[-5:])


def _seconds(ask: Callable[[str], object], job_id: str) -> float:
    began = time.perf_counter()
    ask(job_id)
    return time.perf_counter() - began
