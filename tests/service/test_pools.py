"""Pools and nodes, through the official client."""

from __future__ import annotations

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from tests.service.support import code_of, pool_options, present, wait_until


def node_states(client: BatchClient, pool_id: str) -> list[str]:
    """Return the states of a pool's nodes."""
    return [models.BatchNodeState(present(node.state)).value for node in client.list_nodes(pool_id)]


def test_created_pool_gets_its_nodes(client: BatchClient, name: str) -> None:
    """A pool grows to its targets, is steady then, and echoes what was asked for."""
    client.create_pool(pool_options(name, target_dedicated_nodes=2, target_low_priority_nodes=1))
    wait_until(lambda: client.get_pool(name).allocation_state == models.AllocationState.STEADY)
    pool = client.get_pool(name)
    assert (pool.current_dedicated_nodes, pool.current_low_priority_nodes, pool.vm_size) == (2, 1, "standard_d2s_v3")
    assert [node.is_dedicated for node in client.list_nodes(name)].count(True) == 2


def test_second_pool_of_an_id_is_refused(client: BatchClient) -> None:
    """Ids are unique, whatever their letters' case."""
    with pytest.raises(ResourceExistsError, match=r"\(PoolExists\) The specified pool already exists\."):
        client.create_pool(pool_options("POOL"))


def test_unknown_pool_is_not_found(client: BatchClient) -> None:
    """The client sees Azure's code and words."""
    with pytest.raises(ResourceNotFoundError, match=r"\(PoolNotFound\) The specified pool does not exist\."):
        client.get_pool("unknown")


def test_pool_exists(client: BatchClient) -> None:
    """A pool that is there exists."""
    assert client.pool_exists("pool")


@pytest.mark.parametrize("pool_id", ["a b", "a" * 65, "a/b", ""])
def test_bad_pool_id_is_refused(client: BatchClient, pool_id: str) -> None:
    """Ids have at most 64 letters, digits, hyphens and underscores."""
    with pytest.raises(HttpResponseError) as caught:
        client.create_pool(pool_options(pool_id))
    assert code_of(caught.value) == "InvalidPropertyValue"


def test_unsupported_pool_property_is_refused_by_name(client: BatchClient, name: str) -> None:
    """What the service does not act on is refused, never ignored."""
    options = pool_options(name)
    options["certificateReferences"] = [{"thumbprint": "0", "thumbprintAlgorithm": "sha1"}]
    with pytest.raises(HttpResponseError, match="certificateReferences is not yet supported"):
        client.create_pool(options)


def test_pool_is_resized_and_deleted(client: BatchClient, name: str) -> None:
    """The long-running helpers see the pool resize, and then vanish."""
    client.create_pool(pool_options(name))
    wait_until(lambda: client.get_pool(name).allocation_state == models.AllocationState.STEADY)
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=3)
    client.begin_resize_pool(name, options, polling_interval=0).wait()
    assert len(node_states(client, name)) == 3
    client.begin_delete_pool(name, polling_interval=0).wait()
    wait_until(lambda: name not in [pool.id for pool in client.list_pools()])


def test_pool_shrinks_to_nothing(client: BatchClient, name: str) -> None:
    """Nodes leave a pool whose target falls."""
    client.create_pool(pool_options(name))
    wait_until(lambda: client.get_pool(name).allocation_state == models.AllocationState.STEADY)
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=0)
    client.begin_resize_pool(name, options, polling_interval=0).wait()
    wait_until(lambda: node_states(client, name) == [])


def test_changed_metadata_is_kept_and_changes_the_etag(client: BatchClient, name: str) -> None:
    """A patch keeps what it does not name; the ETag is a new one."""
    client.create_pool(pool_options(name, target_dedicated_nodes=0, display_name="kept"))
    before = client.get_pool(name)
    metadata = [models.BatchMetadataItem(name="team", value="flow")]
    client.update_pool(name, models.BatchPoolUpdateOptions(metadata=metadata))
    after = client.get_pool(name)
    assert (after.display_name, present(after.metadata)[0].value) == ("kept", "flow")
    assert after.etag != before.etag


def test_change_under_a_stale_etag_is_refused(client: BatchClient, name: str) -> None:
    """If-Match with another ETag answers 412, and nothing changes."""
    client.create_pool(pool_options(name, target_dedicated_nodes=0))
    with pytest.raises(ResourceModifiedError) as caught:
        client.update_pool(
            name,
            models.BatchPoolUpdateOptions(metadata=[]),
            etag="0x8D0",
            match_condition=MatchConditions.IfNotModified,
        )
    assert (caught.value.status_code, code_of(caught.value)) == (412, "ConditionNotMet")


def test_change_under_the_current_etag_is_made(client: BatchClient, name: str) -> None:
    """The client quotes the ETag that the service sends unquoted; both mean the same."""
    client.create_pool(pool_options(name, target_dedicated_nodes=0))
    wait_until(lambda: client.get_pool(name).allocation_state == models.AllocationState.STEADY)
    client.update_pool(
        name,
        models.BatchPoolUpdateOptions(metadata=[]),
        etag=client.get_pool(name).etag,
        match_condition=MatchConditions.IfNotModified,
    )
    assert client.get_pool(name).metadata == []


def test_node_is_found_by_its_id(client: BatchClient) -> None:
    """A node is idle where nothing runs, and names itself as its affinity."""
    (listed,) = client.list_nodes("pool")
    node = client.get_node("pool", listed.id)
    assert (node.affinity_id, node.is_dedicated) == (listed.id, True)


def test_unknown_node_is_not_found(client: BatchClient) -> None:
    """A node that is not in the pool answers 404."""
    with pytest.raises(ResourceNotFoundError, match="NodeNotFound"):
        client.get_node("pool", "unknown")


def test_node_counts_add_up(client: BatchClient) -> None:
    """The counts name every state and their total."""
    (counts,) = client.list_pool_node_counts(filter="poolId eq 'pool'")
    assert (present(counts.dedicated).total, present(counts.low_priority).total) == (1, 0)


def test_node_without_scheduling_takes_no_tasks(client: BatchClient, name: str) -> None:
    """A node is offline while its scheduling is disabled, and takes tasks again after."""
    client.create_pool(pool_options(name))
    wait_until(lambda: node_states(client, name) == ["idle"])
    (node,) = client.list_nodes(name)
    option = models.BatchNodeDisableSchedulingOption.TERMINATE
    options = models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option=option)
    client.disable_node_scheduling(name, node.id, options)
    assert client.get_node(name, node.id).state == models.BatchNodeState.OFFLINE
    client.enable_node_scheduling(name, node.id)
    assert client.get_node(name, node.id).state == models.BatchNodeState.IDLE


def test_properties_of_a_pool_are_replaced(client: BatchClient, name: str) -> None:
    """What the request leaves out goes; a PATCH leaves it."""
    client.create_pool(pool_options(name, start_task=models.BatchStartTask(command_line="/bin/true")))
    item = models.BatchMetadataItem(name="a", value="1")
    client.update_pool(name, models.BatchPoolUpdateOptions(metadata=[item]))
    assert present(client.get_pool(name).start_task).command_line == "/bin/true"
    empty = models.BatchPoolReplaceOptions(application_package_references=[], metadata=[])
    client.replace_pool_properties(name, empty)
    pool = client.get_pool(name)
    assert (pool.start_task, pool.metadata) == (None, [])


def test_size_of_a_pool_with_nodes_is_not_changed(client: BatchClient, name: str) -> None:
    """Most properties change only while there are none."""
    client.create_pool(pool_options(name))
    wait_until(lambda: client.get_pool(name).allocation_state == models.AllocationState.STEADY)
    with pytest.raises(ResourceExistsError) as caught:
        client.update_pool(name, models.BatchPoolUpdateOptions(vm_size="standard_d4s_v3"))
    assert code_of(caught.value) == "OperationInvalidForCurrentState"
