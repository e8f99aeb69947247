"""Tasks a second of the local service, beside a plain loop that starts the same processes."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from dispatcher.stack import LocalStack

TASKS = 1_000
SLOTS = 2
ROUNDS = 3
COMMAND = "/bin/true"


def main() -> None:
    """Print both rates and their ratio, for each round; the service first, the loop after it."""
    with LocalStack() as stack:
        client = BatchClient(stack.batch_endpoint, AzureNamedKeyCredential(stack.batch_account, stack.batch_key))
        client.create_pool(models.BatchPoolCreateOptions(_pool()))
        for number in range(ROUNDS):
            service = _service_rate(client, f"rate-{number}")
            loop = _loop_rate()
            print(f"service {service:.0f} tasks/s, plain loop {loop:.0f} tasks/s, ratio {service / loop:.2f}")


def _service_rate(client: BatchClient, job_id: str) -> float:
    started = time.perf_counter()
    client.create_job(models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id="rate")))
    client.create_tasks(job_id, [models.BatchTaskCreateOptions(id=str(n), command_line=COMMAND) for n in range(TASKS)])
    for counts in _counts(client, job_id):
        if counts.succeeded == TASKS:
            return TASKS / (time.perf_counter() - started)
        assert counts.failed == 0, counts
    raise AssertionError


def _counts(client: BatchClient, job_id: str) -> Iterator[models.BatchTaskCounts]:
    while True:
        yield client.get_job_task_counts(job_id).task_counts
        time.sleep(0.02)


def _loop_rate() -> float:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with ThreadPoolExecutor(SLOTS) as pool:
            codes = list(pool.map(lambda n: _run(Path(folder) / str(n)), range(TASKS)))
        assert not any(codes)
        return TASKS / (time.perf_counter() - started)


def _run(folder: Path) -> int:
    folder.mkdir()
    with (folder / "stdout.txt").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
        return subprocess.run([COMMAND], stdout=out, stderr=err, cwd=folder, check=False).returncode


def _pool() -> dict[str, object]:
    return {
        "id": "rate",
        "vmSize": "standard_d2s_v5",
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204"},
            "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        },
        "targetDedicatedNodes": 1,
        "taskSlotsPerNode": SLOTS,
    }
