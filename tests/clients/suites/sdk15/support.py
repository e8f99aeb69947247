"""Small things that the cases share."""

from __future__ import annotations

from typing import Any, TypeVar

from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.clients.suites.support import wait_until

T = TypeVar("T")


def present(value: T | None) -> T:
    """Return what the client types as optional and must be there."""
    assert value is not None
    return value


def code_of(error: HttpResponseError) -> str | None:
    """Return Batch's code of an error."""
    return present(error.error).code


def machine(**options: Any) -> models.VirtualMachineConfiguration:
    """Return a Linux machine."""
    image = models.BatchVmImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
    return models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04", **options
    )


def pool_options(pool_id: str, **options: Any) -> models.BatchPoolCreateOptions:
    """Return a pool of one node, unless told otherwise."""
    values: dict[str, Any] = {"vm_size": "standard_d2s_v3", "virtual_machine_configuration": machine(), **options}
    if "enable_auto_scale" not in values:
        values.setdefault("target_dedicated_nodes", 1)
    return models.BatchPoolCreateOptions(id=pool_id, **values)


def steady(client: BatchClient, pool_id: str) -> models.BatchPool:
    """Return a pool once its size is what was asked for."""
    wait_until(lambda: client.get_pool(pool_id).allocation_state == models.AllocationState.STEADY)
    return client.get_pool(pool_id)


def idle_node(client: BatchClient, pool_id: str) -> str:
    """Return the id of a node once one is idle."""
    return wait_until(lambda: next((n.id for n in client.list_nodes(pool_id) if n.state == "idle"), None))


def text_of(client: BatchClient, job_id: str, task_id: str, path: str = "stdout.txt") -> str:
    """Return the contents of a task's file."""
    return b"".join(client.download_task_file(job_id, task_id, path)).decode()
