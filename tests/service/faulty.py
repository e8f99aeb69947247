"""What tests of faults of nodes and files share."""

from __future__ import annotations

from typing import Any

from azure.batch import BatchClient, models

from tests.service.support import pool_options, present, wait_until

SPOT: dict[str, Any] = {"target_dedicated_nodes": 0, "target_low_priority_nodes": 1}


def shell(command: str) -> str:
    """Return the command line that lets a shell do something; it has no single quotes."""
    return f"/bin/sh -c '{command}'"


def add_job(client: BatchClient, **pool: Any) -> None:
    """Add a pool and a job on it."""
    client.create_pool(pool_options("pool", **pool))
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))


def add(client: BatchClient, command: str, task_id: str = "task", retries: int = 0, **options: Any) -> None:
    """Add a task."""
    constraints = models.BatchTaskConstraints(max_task_retry_count=retries)
    client.create_task(
        "job",
        models.BatchTaskCreateOptions(id=task_id, command_line=shell(command), constraints=constraints, **options),
    )


def completed(client: BatchClient, task_id: str = "task") -> models.BatchTaskExecutionInfo:
    """Return how a task went, once it is completed."""
    wait_until(lambda: client.get_task("job", task_id).state == models.BatchTaskState.COMPLETED)
    return present(client.get_task("job", task_id).execution_info)


def run(client: BatchClient, command: str, **options: Any) -> models.BatchTaskExecutionInfo:
    """Run a task; return how it went."""
    add(client, command, **options)
    return completed(client)


def the_node(client: BatchClient) -> models.BatchNode:
    """Return the pool's only node."""
    (node,) = client.list_nodes("pool")
    return node


def await_node(client: BatchClient, state: models.BatchNodeState) -> models.BatchNode:
    """Return the pool's only node, once it is in a state."""
    wait_until(lambda: [node.state for node in client.list_nodes("pool")] == [state])
    return the_node(client)
