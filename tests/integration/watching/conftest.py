"""A local account with a pool, and jobs whose tasks are commands of the test's own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from shlex import quote

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from batch_manager import BatchClient, BatchClientFactory, BatchClientSettings, JobRequest, submit_job
from batch_manager.cli.main import app
from batch_manager.definitions import JobState, PoolDefinition, TaskState
from batch_manager.job_operations import JobOperations
from batch_manager.node_files import NodeFiles
from tests.support.local_account import LocalAccount, local_account

WORKLOADS = Path(__file__).parents[2] / "acceptance" / "workloads"
POOL = "pool"
SECONDS = 60

_numbers = count(1)


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; fail with its name if it does not in time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in {SECONDS} s: {what}"
        time.sleep(0.05)


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account, as commands and as functions see it."""

    local: LocalAccount
    settings: BatchClientSettings
    client: BatchClient
    operations: JobOperations
    files: NodeFiles

    def submit(self, commands: dict[str, str], **more: object) -> str:
        """Submit a job with a task for each command; its id."""
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(WORKLOADS)
            from errands.workload import ErrandsWorkload

        job_id = f"errands-{next(_numbers)}"
        request = JobRequest(
            job_id=job_id,
            pool_id=POOL,
            module="errands",
            launcher=quote(sys.executable),
            parameters=commands,
            environment_settings={"PYTHONPATH": str(WORKLOADS)},
            **more,  # type: ignore[arg-type]
        )
        submit_job(ErrandsWorkload(batch_client=self.client), self.client, request)
        return job_id

    def is_over(self, job_id: str) -> bool:
        """Whether the job has ended."""
        return self.client.get_job(job_id).state is JobState.COMPLETED

    def has_ended(self, job_id: str, *task_ids: str) -> bool:
        """Whether these tasks of a job have ended."""
        tasks = {record.id: record.state for record in self.client.list_tasks(job_id)}
        return all(tasks.get(task_id) is TaskState.COMPLETED for task_id in task_ids)

    def run(self, *words: str) -> Result:
        """Run ``batch-manager`` in this process: the process of its own costs a second each time."""
        return CliRunner().invoke(app, [*words], env=dict(self.local.variables))


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account whose pool has one node with three slots."""
    with local_account(tmp_path_factory.mktemp("account")) as local:
        settings = BatchClientSettings(
            batch_endpoint=local.variables["AZURE_BATCH_ENDPOINT"],
            batch_account_name=local.variables["AZURE_BATCH_ACCOUNT"],
            batch_account_key=SecretStr(local.variables["AZURE_BATCH_ACCESS_KEY"]),
            storage_connection_string=SecretStr(local.variables["AZURE_STORAGE_CONNECTION_STRING"]),
            identity_reference=local.variables["BATCH_MANAGER_IDENTITY_REFERENCE"],
        )
        client = BatchClientFactory.create(settings)
        client.create_pool(PoolDefinition(id=POOL, target_dedicated_nodes=1, task_slots_per_node=3))
        yield Account(
            local=local,
            settings=settings,
            client=client,
            operations=BatchClientFactory.create_job_operations(settings),
            files=BatchClientFactory.create_node_files(settings),
        )


@pytest.fixture(scope="session")
def failed(account: Account) -> str:
    """A job that has failed: a task wrote and failed, its child was skipped."""
    job_id = account.submit(
        {"bad": "echo first; echo last; echo no licence >&2; exit 3", "child": "echo never", "child-after": "bad"},
        owner="ada",
        tags={"study": "north"},
    )
    wait_for(lambda: account.is_over(job_id), "the job ended")
    return job_id
