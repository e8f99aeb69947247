"""A real service with Azurite, and jobs whose tasks are added without a job manager's process."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

import pytest
from azure.batch import BatchClient as SdkBatchClient
from azure.core.credentials import AzureNamedKeyCredential

from batch_manager import BatchClient, TaskSpecification, environment
from batch_manager.adding import add_all
from batch_manager.compilation import JobFrame
from batch_manager.definitions import JobDefinition, JobState, TaskDefinition, TaskRecord
from batch_manager.naming import OUTCOME_BLOB, container_name
from dispatcher.local import LOCAL_IDENTITY, local_client
from dispatcher.stack import LocalStack
from tests.acceptance.conftest import wait_for
from tests.integration.containers.conftest import engine, finder, image
from tests.service.support import pool_options

__all__ = ["engine", "finder", "image"]

LAUNCHER = quote(sys.executable)
JOB_SECONDS = 240


@dataclass(frozen=True, kw_only=True)
class EndedJob:
    """A job that has ended."""

    records: dict[str, TaskRecord]
    outcome: dict[str, Any]
    container: str
    client: BatchClient

    def codes(self) -> dict[str, int | None]:
        """The exit codes of all tasks but the job manager."""
        return {task_id: record.exit_code for task_id, record in self.records.items() if task_id != "job-manager"}

    def log(self, task_id: str, name: str = "stderr.txt") -> str:
        """What a task wrote."""
        return self.client.storage.read(self.container, f"logs/{task_id}/{name}").decode()


RunJob = Callable[..., EndedJob]


def sdk_client(stack: LocalStack) -> SdkBatchClient:
    """Microsoft's client of it, for what ours has not."""
    return SdkBatchClient(stack.batch_endpoint, AzureNamedKeyCredential(stack.batch_account, stack.batch_key))


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A service with a pool of three nodes that talk to each other, and one of a single node."""
    with LocalStack() as running:
        with sdk_client(running) as sdk:
            sdk.create_pool(pool_options("single", task_slots_per_node=4))
            sdk.create_pool(
                pool_options(
                    "gang", target_dedicated_nodes=3, task_slots_per_node=1, enable_inter_node_communication=True
                )
            )
        yield running


@pytest.fixture(scope="module")
def account(stack: LocalStack) -> BatchClient:
    """The framework's client of it."""
    return local_client(stack)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An id of the test's own."""
    return f"t{zlib.crc32(request.node.name.encode())}"


@pytest.fixture
def run_job(stack: LocalStack, account: BatchClient, name: str) -> RunJob:
    """Adds tasks and FinalizeTask to a job of its own, and waits for its end."""
    job_id = name

    def run(tasks: Sequence[TaskSpecification], *, pool: str = "single", time_limit: float | None = None) -> EndedJob:
        frame = JobFrame(
            job_id=job_id,
            module="no_such_workload",
            launcher=LAUNCHER,
            storage_account_url=account.storage.account_url,
            identity_reference=LOCAL_IDENTITY,
            has_time_limit=time_limit is not None,
        )
        common = {
            environment.LAUNCHER: LAUNCHER,
            environment.STORAGE_ACCOUNT_URL: account.storage.account_url,
            environment.IDENTITY_REFERENCE: LOCAL_IDENTITY,
            environment.SECRETS_DIRECTORY: str(stack.secrets_folder),
        }
        if time_limit is not None:
            common[environment.TIME_LIMIT] = str(time_limit)
        manager = TaskDefinition(id="job-manager", command_line="/bin/true")
        definition = JobDefinition(id=job_id, pool_id=pool, job_manager=manager, common_environment=common)
        account.storage.create_container(container_name(job_id))
        account.create_job(definition)
        add_all(account, job_id, [*frame.definitions(tasks), frame.finalize_definition(tasks, has_work=False)])
        account.terminate_job_when_tasks_complete(job_id)
        wait_for(lambda: account.get_job(job_id).state is JobState.COMPLETED, "the job ends", JOB_SECONDS)
        return EndedJob(
            records={record.id: record for record in account.list_tasks(job_id)},
            outcome=json.loads(account.storage.read(container_name(job_id), OUTCOME_BLOB)),
            container=container_name(job_id),
            client=account,
        )

    return run


def command(task_id: int, line: str, *parents: TaskSpecification, **fields: Any) -> TaskSpecification:
    """A plain command."""
    return TaskSpecification(
        task_name="Command", inputs="{}", id=str(task_id), dependencies=parents, command_line=line, **fields
    )
