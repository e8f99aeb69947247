"""Pools and nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from azure.batch import BatchServiceClient, models

from tests.clients.suites.sdk14.support import pool_parameter, refused, text
from tests.clients.suites.support import shell, wait_until


@pytest.fixture
def own(client: BatchServiceClient, name: str) -> Iterator[str]:
    """The id of a pool that the case makes itself; it is deleted at the end."""
    yield name
    with suppress(models.BatchErrorException):  # it is gone, or was never there
        client.pool.delete(name)


def idle_node(client: BatchServiceClient, pool_id: str) -> str:
    """Return the id of a node once one is idle."""
    return wait_until(lambda: next((n.id for n in client.compute_node.list(pool_id) if n.state == "idle"), None))


def test_pool_has_a_life(client: BatchServiceClient, own: str) -> None:
    """Made, listed, resized, deleted, gone: this client can tell that it is."""
    client.pool.add(pool_parameter(own, target_dedicated_nodes=1))
    wait_until(lambda: client.pool.get(own).allocation_state == "steady")
    only = models.PoolListOptions(filter=f"id eq '{own}'", select="id, state")
    assert [(pool.id, pool.vm_size) for pool in client.pool.list(only)] == [(own, None)]
    client.pool.resize(own, models.PoolResizeParameter(target_dedicated_nodes=2))
    wait_until(lambda: client.pool.get(own).current_dedicated_nodes == 2)
    client.pool.delete(own)
    wait_until(lambda: not client.pool.exists(own))
    with refused(404, "PoolNotFound"):
        client.pool.get(own)


def test_second_pool_of_an_id_is_refused(client: BatchServiceClient, pool: str) -> None:
    """With Azure's code and words."""
    with pytest.raises(models.BatchErrorException) as caught:
        client.pool.add(pool_parameter(pool))
    assert caught.value.error.code == "PoolExists"
    assert caught.value.error.message.value.startswith("The specified pool already exists.")


def test_pool_is_patched_and_updated(client: BatchServiceClient, own: str) -> None:
    """A patch leaves what it does not name; an update needs everything that an older API wants."""
    client.pool.add(pool_parameter(own, metadata=[models.MetadataItem(name="a", value="1")]))
    start = models.StartTask(command_line="true")
    client.pool.patch(own, models.PoolPatchParameter(start_task=start))
    found = client.pool.get(own)
    assert (found.start_task.command_line, found.metadata[0].value) == ("true", "1")
    nothing = models.PoolUpdatePropertiesParameter(
        certificate_references=[], application_package_references=[], metadata=[]
    )
    client.pool.update_properties(own, nothing)
    assert client.pool.get(own).start_task is None


def test_formula_is_enabled_evaluated_and_disabled(client: BatchServiceClient, own: str) -> None:
    """An evaluation tells what every variable became."""
    client.pool.add(pool_parameter(own, target_dedicated_nodes=0))
    wait_until(lambda: client.pool.get(own).allocation_state == "steady")
    client.pool.enable_auto_scale(own, "$TargetDedicatedNodes = 0;", timedelta(minutes=5))
    result = client.pool.evaluate_auto_scale(own, "$TargetDedicatedNodes = 3;")
    assert "$TargetDedicatedNodes=3" in result.results
    client.pool.disable_auto_scale(own)
    wait_until(lambda: not client.pool.get(own).enable_auto_scale)


def test_start_task_runs(client: BatchServiceClient, own: str) -> None:
    """Its output lies on the node."""
    start = models.StartTask(command_line=shell("echo ready"), wait_for_success=True)
    client.pool.add(pool_parameter(own, target_dedicated_nodes=1, start_task=start))
    node = idle_node(client, own)
    assert client.compute_node.get(own, node).start_task_info.exit_code == 0
    assert text(client.file.get_from_compute_node(own, node, "startup/stdout.txt")) == "ready\n"


def test_node_obeys_its_verbs(client: BatchServiceClient, own: str) -> None:
    """Scheduling, reboot, reimage, removal."""
    client.pool.add(pool_parameter(own, target_dedicated_nodes=1))
    node = idle_node(client, own)
    client.compute_node.disable_scheduling(own, node)
    assert client.compute_node.get(own, node).scheduling_state == "disabled"
    client.compute_node.enable_scheduling(own, node)
    client.compute_node.reboot(own, node)
    assert idle_node(client, own) == node
    client.compute_node.reimage(own, node, "requeue")
    assert idle_node(client, own) == node
    client.pool.remove_nodes(own, models.NodeRemoveParameter(node_list=[node]))
    wait_until(lambda: not list(client.compute_node.list(own)))


def test_user_and_remote_login(client: BatchServiceClient, own: str) -> None:
    """A user comes and goes; Windows has a desktop, Linux has none."""
    client.pool.add(pool_parameter(own, target_dedicated_nodes=1))
    node = idle_node(client, own)
    client.compute_node.add_user(own, node, models.ComputeNodeUser(name="ann", password="Secret-1"))
    client.compute_node.update_user(own, node, "ann", models.NodeUpdateUserParameter(password="Secret-2"))
    client.compute_node.delete_user(own, node, "ann")
    assert client.compute_node.get_remote_login_settings(own, node).remote_login_ip_address.startswith("127.")
    with pytest.raises(models.BatchErrorException) as caught:
        client.compute_node.get_remote_desktop(own, node)
    assert caught.value.response.status_code in {400, 409}


def test_node_counts_and_images_are_listed(client: BatchServiceClient, pool: str) -> None:
    """By the account's operations."""
    assert pool in {counts.pool_id for counts in client.account.list_pool_node_counts()}
    assert list(client.account.list_supported_images())
    assert list(client.application.list()) is not None


def test_account_has_no_certificates(client: BatchServiceClient) -> None:
    """Azure has retired them; only this client and older ones still ask."""
    with suppress(models.BatchErrorException):
        assert list(client.certificate.list()) == []
    with pytest.raises(models.BatchErrorException) as caught:
        client.certificate.get("sha1", "0" * 40)
    assert 400 <= caught.value.response.status_code < 500


@pytest.mark.parametrize("form", ["{}", '"{}"'])
def test_stale_etag_is_refused(client: BatchServiceClient, pool: str, form: str) -> None:
    """Quoted or not, a tag is compared by what it says."""
    tag = form.format(client.pool.get(pool).e_tag)
    nothing = models.PoolPatchParameter(metadata=[])
    client.pool.patch(pool, nothing, models.PoolPatchOptions(if_match=tag))
    with refused(412, "ConditionNotMet"):
        client.pool.patch(pool, nothing, models.PoolPatchOptions(if_match=tag))
