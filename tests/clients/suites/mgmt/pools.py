"""Pools of the management plane, which are those of the data plane."""

from __future__ import annotations

import pytest
from azure.batch import BatchClient
from azure.batch import models as batch
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient, models

from tests.clients.suites.mgmt.support import Place, pool_of, refused
from tests.clients.suites.support import wait_until


def test_pool_has_a_life(client: BatchManagementClient, data_plane: BatchClient, place: Place, name: str) -> None:
    """Made here, seen there, resized, listed, deleted, gone on both sides."""
    made = client.pool.create(*place, name, pool_of(1))
    assert (made.name, made.properties.vm_size.lower()) == (name, "standard_d2s_v3")
    wait_until(lambda: data_plane.get_pool(name).current_dedicated_nodes == 1)
    assert client.pool.get(*place, name).properties.allocation_state == "Steady"
    client.pool.update(*place, name, models.Pool(properties=models.PoolProperties(scale_settings=scaled(2))))
    wait_until(lambda: client.pool.get(*place, name).properties.current_dedicated_nodes == 2)
    assert name in [found.name for found in client.pool.list_by_batch_account(*place)]
    client.pool.begin_delete(*place, name).wait()
    with pytest.raises(ResourceNotFoundError):
        wait_until(lambda: not data_plane.get_pool(name))
    with refused(404):
        client.pool.get(*place, name)


def scaled(nodes: int) -> models.ScaleSettings:
    """Return a size."""
    return models.ScaleSettings(fixed_scale=models.FixedScaleSettings(target_dedicated_nodes=nodes))


def test_pool_of_the_data_plane_is_seen(
    client: BatchManagementClient, data_plane: BatchClient, place: Place, name: str
) -> None:
    """In this plane's shape."""
    image = batch.BatchVmImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
    machine = batch.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04")
    options = batch.BatchPoolCreateOptions(
        id=name, vm_size="standard_d2s_v3", virtual_machine_configuration=machine, task_slots_per_node=4
    )
    data_plane.create_pool(options)
    found = client.pool.get(*place, name).properties
    assert found.task_slots_per_node == 4
    assert found.deployment_configuration.virtual_machine_configuration.image_reference.publisher == "canonical"
    assert client.pool.stop_resize(*place, name) if found.allocation_state == "Resizing" else True
    client.pool.begin_delete(*place, name).wait()


def test_formula_is_switched_off(client: BatchManagementClient, place: Place, name: str) -> None:
    """The pool keeps the size it had."""
    pool = pool_of(0)
    automatic = models.AutoScaleSettings(formula="$TargetDedicatedNodes = 1;", evaluation_interval="PT5M")
    pool.properties.scale_settings = models.ScaleSettings(auto_scale=automatic)
    client.pool.create(*place, name, pool)
    wait_until(lambda: client.pool.get(*place, name).properties.current_dedicated_nodes == 1)
    client.pool.disable_auto_scale(*place, name)
    settings = client.pool.get(*place, name).properties.scale_settings
    assert (settings.auto_scale, settings.fixed_scale.target_dedicated_nodes) == (None, 1)
    client.pool.begin_delete(*place, name).wait()


def test_bad_pool_is_refused(client: BatchManagementClient, place: Place, name: str) -> None:
    """With 400, and nothing is made."""
    with refused(400):
        client.pool.create(*place, name, pool_of(-1))
    with refused(404):
        client.pool.get(*place, name)
