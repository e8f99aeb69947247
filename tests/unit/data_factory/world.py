"""A world in which a starter can be killed at any request: its account outlives it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from batch_manager.definitions import JobState, PoolDefinition
from batch_manager.errors import BusyError
from batch_manager.found_workload import FoundWorkload
from batch_manager.testing import InMemoryBatchClient
from starter.starting import Starter, StarterOptions
from tests.support.sample import SampleWorkload

SECRET = "hush-hush"
JOB = "sample-run-1"

_COUNTED = {
    "create_container",
    "upload",
    "read",
    "list_blobs",
    "create_job",
    "get_job",
    "get_pool",
    "get_task_counts",
    "delete",
}


class KilledError(BaseException):
    """The process ends here; nothing catches it."""


class Faults:
    """Which request fails, and how: counted over Batch and Blob Storage together, from 1."""

    def __init__(self) -> None:
        self.count = 0
        self.at = 0
        self.after_effect = False
        self.raises: Callable[[], BaseException] = KilledError

    def arm(self, at: int, *, after_effect: bool, raises: Callable[[], BaseException] = KilledError) -> None:
        """Let the request with this number fail: before or after it took effect."""
        self.count, self.at, self.after_effect, self.raises = 0, at, after_effect, raises

    def call(self, method: Callable[..., Any], *given: Any, **more: Any) -> Any:
        """Make a request, or not."""
        self.count += 1
        if self.count == self.at and not self.after_effect:
            raise self.raises()
        result = method(*given, **more)
        if self.count == self.at:
            raise self.raises()
        return result


class Faulty:
    """Stands before a client or a storage account."""

    def __init__(self, behind: Any, faults: Faults) -> None:
        self._behind = behind
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._behind, name)
        if name == "storage":
            return Faulty(value, self._faults)
        if name not in _COUNTED:
            return value
        return lambda *given, **more: self._faults.call(value, *given, **more)


class World:
    """An account, and one starter after another.

    Args:
        callback_url: where Data Factory waits.
    """

    def __init__(self, callback_url: str) -> None:
        self.callback_url = callback_url
        self.account = InMemoryBatchClient()
        self.account.create_pool(PoolDefinition(id="pool"))
        self.faults = Faults()
        self.now = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
        self.threads: list[Callable[[], None]] = []
        self.seconds = 0.0
        self.on_sleep: Callable[[], None] = self.let_job_end

    def starter(self, **options: Any) -> Starter:
        """A new starter, as after the last one was killed: its threads are gone."""
        self.threads.clear()
        found = FoundWorkload(module="sample", workload_type=SampleWorkload, import_root=Path("/"))
        client: Any = Faulty(self.account, self.faults)
        return Starter(
            client,
            StarterOptions(workloads={"sample": found}, pools=("pool",), **options),
            now=lambda: self.now,
            monotonic=lambda: self.seconds,
            sleep=self._sleep,
            spawn=lambda name, work: self.threads.append(work),
        )

    def body(self, **change: Any) -> bytes:
        """A request's body, changed."""
        values = {"callBackUri": self.callback_url, "workload": "sample", "runId": "run-1", "parameters": {"parts": 2}}
        return json.dumps({**values, **change}).encode()

    def run_threads(self) -> None:
        """Do what the starter's threads do, one after the other."""
        while self.threads:
            self.threads.pop(0)()

    def let_job_end(self) -> None:
        """Nobody runs here: the job is ended from outside once somebody waits for it."""
        self.account.terminate_job(JOB, "by the test")

    def record(self) -> dict[str, Any]:
        """What is written down of the job."""
        content = self.account.storage.read("batch-manager-starter", f"jobs/{JOB}.json")
        return dict(json.loads(content))

    def job_state(self) -> JobState:
        """Of the job."""
        return self.account.get_job(JOB).state

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds
        self.on_sleep()


def busy() -> BusyError:
    """What a service that is busy for too long raises."""
    return BusyError("busy", operation="x", status=503)
