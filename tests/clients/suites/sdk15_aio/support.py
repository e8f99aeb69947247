"""Small things that the cases share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from azure.batch import models
from azure.batch.aio import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from tests.clients.suites.support import DEADLINE, Account

T = TypeVar("T")


def connect(account: Account, endpoint: str = "") -> BatchClient:
    """Return a client with the account's key, over plain http unless told otherwise."""
    return BatchClient(endpoint or account.http, AzureNamedKeyCredential(account.name, account.key))


def present(value: T | None) -> T:
    """Return what the client types as optional and must be there."""
    assert value is not None
    return value


async def wait_for(holds: Callable[[], Awaitable[object]]) -> None:
    """Return once a condition holds; fail if it does not within the deadline."""
    async with asyncio.timeout(DEADLINE):
        while not await holds():
            await asyncio.sleep(0.05)


def pool_options(pool_id: str, **options: Any) -> models.BatchPoolCreateOptions:
    """Return a pool of one node, unless told otherwise."""
    image = models.BatchVmImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04")
    values: dict[str, Any] = {"target_dedicated_nodes": 1, **options}
    return models.BatchPoolCreateOptions(
        id=pool_id, vm_size="standard_d2s_v3", virtual_machine_configuration=machine, **values
    )


@asynccontextmanager
async def job_of(client: BatchClient, job_id: str, pool: str, **options: Any) -> AsyncIterator[str]:
    """Make a job and delete it at the end."""
    info = models.BatchPoolInfo(pool_id=pool)
    await client.create_job(models.BatchJobCreateOptions(id=job_id, pool_info=info, **options))
    yield job_id
    await (await client.begin_delete_job(job_id, polling_interval=0)).wait()


async def run(
    client: BatchClient, job_id: str, command: str, task_id: str = "task", **options: Any
) -> models.BatchTask:
    """Run a command as a task of a job and return the completed task."""
    await client.create_task(job_id, models.BatchTaskCreateOptions(id=task_id, command_line=command, **options))

    async def has_ended() -> bool:
        return (await client.get_task(job_id, task_id)).state == models.BatchTaskState.COMPLETED

    await wait_for(has_ended)
    return await client.get_task(job_id, task_id)


async def text_of(client: BatchClient, job_id: str, task_id: str, path: str = "stdout.txt", **options: Any) -> str:
    """Return the contents of a task's file."""
    chunks = await client.download_task_file(job_id, task_id, path, **options)
    return b"".join([chunk async for chunk in chunks]).decode()
