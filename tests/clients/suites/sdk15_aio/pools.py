"""Pools and their nodes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from azure.batch import models
from azure.batch.aio import BatchClient
from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from tests.clients.suites.sdk15_aio.support import connect, pool_options, present, wait_for
from tests.clients.suites.support import Account


async def test_pool_has_a_life(account: Account, name: str) -> None:
    """Made, resized, deleted, gone; the helpers see each end."""
    async with connect(account) as client:
        await client.create_pool(pool_options(name))
        await wait_for(lambda: _is_of(client, name, 1))
        options = models.BatchPoolResizeOptions(target_dedicated_nodes=2)
        await (await client.begin_resize_pool(name, options, polling_interval=0)).wait()
        await wait_for(lambda: _is_of(client, name, 2))
        await (await client.begin_delete_pool(name, polling_interval=0)).wait()
        with pytest.raises(ResourceNotFoundError, match="PoolNotFound"):
            await wait_for(lambda: _is_of(client, name, 99))


async def _is_of(client: BatchClient, name: str, nodes: int) -> bool:
    pool = await client.get_pool(name)
    return (pool.allocation_state, pool.current_dedicated_nodes) == (models.AllocationState.STEADY, nodes)


async def test_pool_exists_raises_where_there_is_none(account: Account, pool: str) -> None:
    """This client's own mistake: it cannot say no."""
    async with connect(account) as client:
        assert await client.pool_exists(pool)
        with pytest.raises(ResourceNotFoundError):
            await client.pool_exists("none")


async def test_pools_are_listed_page_by_page(account: Account, pool: str, name: str) -> None:
    """A link of its own leads to each next page."""
    async with connect(account) as client:
        await client.create_pool(pool_options(name, target_dedicated_nodes=0))
        found = [item.id async for item in client.list_pools(max_results=1, select=["id"])]
        assert {pool, name} <= set(found)
        await (await client.begin_delete_pool(name, polling_interval=0)).wait()


async def test_formula_is_evaluated(account: Account, name: str) -> None:
    """What each variable became is told."""
    options = pool_options(
        name,
        target_dedicated_nodes=None,
        enable_auto_scale=True,
        auto_scale_formula="$TargetDedicatedNodes = 0;",
        auto_scale_evaluation_interval=timedelta(minutes=5),
    )
    async with connect(account) as client:
        await client.create_pool(options)
        trial = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 4;")
        result = await client.evaluate_pool_auto_scale(name, trial)
        assert "$TargetDedicatedNodes=4" in present(result.results)
        await (await client.begin_delete_pool(name, polling_interval=0)).wait()


async def test_node_is_rebooted(account: Account, name: str) -> None:
    """The helper ends when it is up again, with its id."""
    async with connect(account) as client:
        await client.create_pool(pool_options(name))
        await wait_for(lambda: _is_of(client, name, 1))
        (node,) = [found async for found in client.list_nodes(name)]
        how: Any = {"nodeRebootOption": "requeue"}  # this client sends nothing at all without options
        await (await client.begin_reboot_node(name, node.id, how, polling_interval=0)).wait()
        assert (await client.get_node(name, node.id)).id == node.id
        await (await client.begin_delete_pool(name, polling_interval=0)).wait()


async def test_stale_etag_is_refused(account: Account, pool: str) -> None:
    """412, of which this client makes a class of its own."""
    async with connect(account) as client:
        update = models.BatchPoolUpdateOptions(metadata=[])
        with pytest.raises(ResourceModifiedError) as caught:
            await client.update_pool(pool, update, etag="0x1", match_condition=MatchConditions.IfNotModified)
    assert (caught.value.status_code, present(caught.value.error).code) == (412, "ConditionNotMet")
