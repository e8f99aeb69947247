"""The service that is measured: a process of its own on an empty folder, asked by the official client."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.rest import HttpRequest, HttpResponse

COMMAND = "/bin/true"
SLOTS = 2
_API_VERSION = "2025-06-01"
_JSON = {"Content-Type": "application/json; odata=minimalmetadata", "Accept": "application/json"}
_MOST_OF_A_COLLECTION = 100
_LONGEST_SLEEP = 0.1
_SHORTEST_SLEEP = 0.005
_PATIENCE = 60.0

Task = dict[str, Any]
"""A task as the body of a request has it."""


class StalledError(Exception):
    """A service ran no more tasks; the message says how many it had run."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running service.

    Attributes:
        process: the id of its first process.
        client: the official client, which signs with the account's key.
    """

    process: int
    client: BatchClient

    def create_pool(self, pool_id: str, nodes: int = 1) -> None:
        """Make a pool of nodes with two slots each and wait until they are idle."""
        self.client.create_pool(models.BatchPoolCreateOptions(_pool(pool_id, nodes)))
        while sum(node.state == models.BatchNodeState.IDLE for node in self.client.list_nodes(pool_id)) < nodes:
            time.sleep(0.05)

    def create_job(self, job_id: str, pool_id: str) -> None:
        """Make a job whose tasks may depend on one another."""
        pool = models.BatchPoolInfo(pool_id=pool_id)
        self.client.create_job(models.BatchJobCreateOptions(id=job_id, pool_info=pool, uses_task_dependencies=True))

    def await_success(self, job_id: str, tasks: int) -> None:
        """Return once so many tasks of a job have succeeded.

        It asks the sooner the fewer are left at the rate so far: the last answer is not late, and asking costs little.

        Raises:
            StalledError: none succeeded for a minute.
        """
        began = moved = time.perf_counter()
        seen = 0
        while (done := self._succeeded(job_id)) < tasks:
            now = time.perf_counter()
            if done > seen:
                seen, moved = done, now
            if now - moved > _PATIENCE:
                raise StalledError(f"{done} of {tasks} tasks succeeded, and no further one within {_PATIENCE:.0f} s")
            left = (now - began) * (tasks - done) / max(done, 1)
            time.sleep(min(max(left / 2, _SHORTEST_SLEEP), _LONGEST_SLEEP))

    def request(self, method: str, url: str, body: object = None, **parameters: str) -> HttpResponse:
        """Send a request of plain JSON through the official client's own pipeline; the answer is a success."""
        request = HttpRequest(
            method,
            url,
            params={} if "api-version=" in url else {"api-version": _API_VERSION, **parameters},
            headers=_JSON,
            content=None if body is None else json.dumps(body, separators=(",", ":")).encode(),
        )
        response = self.client.send_request(request)
        response.raise_for_status()
        return response

    def _succeeded(self, job_id: str) -> int:
        counts = self.client.get_job_task_counts(job_id).task_counts
        assert counts.failed == 0, counts
        return counts.succeeded


@contextmanager
def running_service() -> Iterator[Service]:
    """Start a service on an empty folder, which goes with it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, start(Path(folder) / "data") as process:
        yield Service(process=process.pid, client=connect(Path(folder) / "data"))
        stop(process)


def start(data: Path, *options: str) -> subprocess.Popen[str]:
    """Start a service and return once it says that it is ready."""
    command = [sys.executable, "-P", "-m", "dispatcher.service", "--data", str(data), "--exit-on-stdin-eof", *options]
    log = data.with_name("service.log")
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready "), log.read_text()
    return process


def stop(process: subprocess.Popen[str]) -> None:
    """Let a service end in good order."""
    process.communicate()


def connect(data: Path) -> BatchClient:
    """Return a client of the service that runs on a folder."""
    facts = json.loads((data / "endpoint.json").read_text())
    key = (data / "secrets" / "batch_account_key").read_text()
    return BatchClient(facts["endpoint"], AzureNamedKeyCredential(facts["account"], key))


def no_ops(count: int) -> list[Task]:
    """Return tasks that do nothing, with the ids 1 to count."""
    return [{"id": str(number), "commandLine": COMMAND} for number in range(1, count + 1)]


def add_plain(service: Service, job_id: str, tasks: Sequence[Task]) -> None:
    """Add tasks as plain JSON, a hundred a request, as ``batch_manager`` does (ADR 3)."""
    for first in range(0, len(tasks), _MOST_OF_A_COLLECTION):
        reply = service.request(
            "POST", f"/jobs/{job_id}/addtaskcollection", {"value": tasks[first : first + _MOST_OF_A_COLLECTION]}
        )
        results = reply.json()["value"]
        assert all(result["status"].lower() == "success" for result in results), results


def add_models(service: Service, job_id: str, tasks: Sequence[Task]) -> None:
    """Add tasks with the SDK's ``create_tasks`` and a model for each, which is made here."""
    made = [models.BatchTaskCreateOptions(id=task["id"], command_line=task["commandLine"]) for task in tasks]
    service.client.create_tasks(job_id, made)


SUBMISSIONS: dict[str, Callable[[Service, str, Sequence[Task]], None]] = {
    "plain JSON": add_plain,
    "SDK models": add_models,
}
"""How tasks are added, by what it is called in what is printed."""


def _pool(pool_id: str, nodes: int) -> dict[str, object]:
    return {
        "id": pool_id,
        "vmSize": "standard_d2s_v5",
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204"},
            "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        },
        "targetDedicatedNodes": nodes,
        "taskSlotsPerNode": SLOTS,
    }
