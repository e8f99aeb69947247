"""What a job manager keeps of each task it adds, and whether adding is linear."""

import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from batch_manager import (
    EntryPointsRepository,
    JobManager,
    JobManagerContext,
    TaskContext,
    WorkloadTask,
    WorkloadTaskBuilder,
)
from batch_manager.testing import InMemoryBatchClient

COUNTS = (10_000, 100_000)
QUICK_COUNTS = (1_000, 10_000)


class _Noop(WorkloadTask):
    def run(self) -> None:
        """Nothing."""


class _NoopBuilder(WorkloadTaskBuilder[_Noop]):
    def build(self, context: TaskContext) -> _Noop:
        return _Noop()


class _Adder(JobManager):
    def create_job(self) -> None:
        for number in range(int(str(self.context.parameters["tasks"]))):
            self.add_workload_task(_Noop, {"case": f"case-{number}"})


def measure(quick: bool) -> Iterator[str]:
    """Yield bytes and microseconds a task at both sizes, and the ratio of the times."""
    _add(100)
    times = []
    counts = QUICK_COUNTS if quick else COUNTS
    for count in counts:
        started = time.perf_counter()
        _add(count)
        times.append((time.perf_counter() - started) / count)
        tracemalloc.start()
        manager = _add(count)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(manager.tasks) == count
        yield f"{count} tasks: {held / count:.0f} bytes a task, {times[-1] * 1e6:.2f} us a task"
    yield f"time a task at {counts[1]} against {counts[0]}: {times[1] / times[0]:.2f}"


def _add(count: int) -> _Adder:
    entry_points = EntryPointsRepository()
    entry_points.register_entry_point(_Noop, _NoopBuilder)
    context = JobManagerContext(
        job_id="j",
        parameters={"tasks": count},
        working_directory=Path(),
        batch_client=InMemoryBatchClient(),
        entry_points=entry_points,
    )
    manager = _Adder(context)
    manager.create_job()
    return manager
