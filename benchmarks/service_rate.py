"""Tasks a second of the local service, beside a plain loop that starts the same processes."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.loop import loop_seconds
from benchmarks.service import SUBMISSIONS, Service, add_plain, no_ops, running_service

POOL = "rate"
ROUNDS = {1_000: 5, 10_000: 3}
QUICK_ROUNDS = {500: 2}
WARM_UP = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What each took for the same number of tasks, one after the other.

    Attributes:
        loop: seconds of the raw loop.
        service: seconds of the service by the form of submission.
    """

    loop: float
    service: dict[str, float]


def measure(quick: bool) -> Iterator[str]:
    """Yield the rates of each round and the medians, for each number of tasks."""
    for tasks, rounds in (QUICK_ROUNDS if quick else ROUNDS).items():
        with running_service() as service:
            start_pool(service)
            done = []
            for number in range(rounds):
                done.append(_round(service, f"{tasks}-{number}", tasks))
                yield f"{tasks} tasks, round {number + 1}: {_rates(tasks, done[-1:])}"
        yield f"{tasks} tasks, medians: {_rates(tasks, done)} (aim: at least 0.6)"


def service_seconds(service: Service, job_id: str, tasks: int, form: str) -> float:
    """Return the time from the first request to the answer that says that all have succeeded."""
    began = time.perf_counter()
    service.create_job(job_id, POOL)
    SUBMISSIONS[form](service, job_id, no_ops(tasks))
    service.await_success(job_id, tasks)
    return time.perf_counter() - began


def start_pool(service: Service) -> None:
    """Make the pool that `service_seconds` runs tasks on and run a few, so that nothing is done for the first time."""
    service.create_pool(POOL)
    service.create_job("first", POOL)
    add_plain(service, "first", no_ops(WARM_UP))
    service.await_success("first", WARM_UP)


def _round(service: Service, name: str, tasks: int) -> Round:
    loop = loop_seconds(tasks)
    seconds = {form: service_seconds(service, f"{name}-{at}", tasks, form) for at, form in enumerate(SUBMISSIONS)}
    return Round(loop=loop, service=seconds)


def _rates(tasks: int, rounds: Sequence[Round]) -> str:
    parts = [f"raw loop {tasks / median([each.loop for each in rounds]):.0f}/s"]
    for form in SUBMISSIONS:
        seconds = median([each.service[form] for each in rounds])
        ratio = median([each.loop / each.service[form] for each in rounds])
        parts.append(f"service, {form} {tasks / seconds:.0f}/s, ratio {ratio:.2f}")
    return "; ".join(parts)
