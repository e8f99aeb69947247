"""A real service with Azurite, pools of every kind of misery, and jobs on them that tell a receiver how they ended."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from shlex import quote
from typing import Any

import pytest
from azure.batch import BatchClient as SdkBatchClient
from azure.batch import models
from azure.core.credentials import AzureNamedKeyCredential

from batch_manager import BatchClient, environment
from batch_manager._azure.requests import job_body
from batch_manager.adding import add_all
from batch_manager.compilation import JobFrame
from batch_manager.definitions import JobDefinition, TaskDefinition
from batch_manager.dependencies import compress
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.naming import CALLBACK_BLOB, WORKLOAD_METADATA, container_name
from batch_manager.outcome import JobOutcome
from batch_manager.supervision import ObstacleKind, SupervisionLimits, parse_limits, supervise_job
from dispatcher.local import LOCAL_IDENTITY, local_client
from dispatcher.receiver import CallbackReceiver
from dispatcher.stack import LocalStack
from tests.service.support import pool_options

LAUNCHER = quote(sys.executable)
LIMITS = parse_limits(
    SupervisionLimits(), [*(f"{kind.value}=1s" for kind in ObstacleKind), "termination=30s", "preparation-tries=1"]
)
WAIT_SECONDS = 30.0

_FAULTS = "break-node pool=broken; slow-boot:1h pool=slow"
_numbers = count(1)


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """An account without a single spot core."""
    with LocalStack(service_options=("--quota-low-priority-cores", "1", "--faults", _FAULTS)) as running:
        yield running


@pytest.fixture(scope="session")
def sdk(stack: LocalStack) -> Iterator[SdkBatchClient]:
    """Microsoft's client, which makes the pools."""
    credential = AzureNamedKeyCredential(stack.batch_account, stack.batch_key)
    with SdkBatchClient(stack.batch_endpoint, credential) as client:
        client.create_pool(pool_options("good", task_slots_per_node=8))
        client.create_pool(pool_options("narrow", task_slots_per_node=1, enable_inter_node_communication=True))
        client.create_pool(pool_options("empty", target_dedicated_nodes=0))
        client.create_pool(pool_options("quota", target_dedicated_nodes=0, target_low_priority_nodes=1))
        client.create_pool(pool_options("broken"))
        client.create_pool(pool_options("slow"))
        fails = models.BatchStartTask(command_line="/bin/sh -c 'exit 7'", wait_for_success=True)
        client.create_pool(pool_options("unstartable", target_dedicated_nodes=2, start_task=fails))
        yield client


@pytest.fixture(scope="session")
def account(stack: LocalStack, sdk: SdkBatchClient) -> BatchClient:
    """The framework's client of it."""
    return local_client(stack)


@dataclass(frozen=True, kw_only=True)
class MadeJob:
    """A job whose callback goes to a receiver of its own."""

    id: str
    client: BatchClient
    receiver: CallbackReceiver

    def supervise(self, limits: SupervisionLimits = LIMITS) -> JobOutcome:
        """Wait for its end, impatiently."""
        return supervise_job(self.client, self.id, limits, interval=0.1)

    def callback(self) -> dict[str, Any]:
        """What the receiver was told; it was told once."""
        body = self.receiver.wait(WAIT_SECONDS)
        assert body is not None
        assert len(self.receiver.deliveries) == 1
        return body


MakeJob = Callable[..., MadeJob]


@pytest.fixture
def make_job(stack: LocalStack, sdk: SdkBatchClient, account: BatchClient) -> Iterator[MakeJob]:
    """Makes a job with the given tasks, and FinalizeTask unless told otherwise; what is left of it is ended."""
    made: list[str] = []
    with CallbackReceiver() as receiver:

        def make(
            pool: str,
            tasks: Sequence[TaskDefinition] = (TaskDefinition(id="1", command_line="/bin/true"),),
            *,
            manager: str = "/bin/true",
            finalize: bool = True,
            inputs: FinalizeInputs = FinalizeInputs(),
            preparation: dict[str, Any] | None = None,
            wall_clock: timedelta | None = None,
        ) -> MadeJob:
            job_id = f"stuck-{next(_numbers)}"
            made.append(job_id)
            frame = JobFrame(
                job_id=job_id,
                module="no_such_workload",
                launcher=LAUNCHER,
                storage_account_url=account.storage.account_url,
                identity_reference=LOCAL_IDENTITY,
            )
            common = {
                environment.LAUNCHER: LAUNCHER,
                environment.STORAGE_ACCOUNT_URL: account.storage.account_url,
                environment.IDENTITY_REFERENCE: LOCAL_IDENTITY,
                environment.SECRETS_DIRECTORY: str(stack.secrets_folder),
            }
            account.storage.create_container(container_name(job_id))
            account.storage.upload(
                container_name(job_id), CALLBACK_BLOB, json.dumps({"callBackUri": receiver.url}).encode()
            )
            definition = JobDefinition(
                id=job_id,
                pool_id=pool,
                job_manager=TaskDefinition(id="job-manager", command_line=manager),
                common_environment=common,
                metadata={WORKLOAD_METADATA: "no_such_workload"},
                max_wall_clock_time=wall_clock,
            )
            body = job_body(definition)
            if preparation is not None:
                body["jobPreparationTask"] = preparation
            sdk.create_job(models.BatchJobCreateOptions(body))
            add_all(account, job_id, tasks)
            if finalize:
                last = frame.compile_finalize(compress(task.id for task in tasks), inputs)
                add_all(account, job_id, [last])
                account.terminate_job_when_tasks_complete(job_id)
            return MadeJob(id=job_id, client=account, receiver=receiver)

        yield make
        for job_id in made:
            account.terminate_job(job_id, "the test is over")
