"""Pools: their life, their size, their formula."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from tests.clients.suites.sdk15.support import code_of, idle_node, pool_options, present, steady
from tests.clients.suites.support import shell, wait_until

FORMULA = "$TargetDedicatedNodes = 1; $NodeDeallocationOption = taskcompletion;"


@pytest.fixture
def own(client: BatchClient, name: str) -> Iterator[str]:
    """The id of a pool that the case makes itself; it is deleted at the end."""
    yield name
    with suppress(ResourceNotFoundError):  # the case did not come so far
        client.begin_delete_pool(name, polling_interval=0).wait()


def test_pool_has_a_life(client: BatchClient, name: str) -> None:
    """Made, steady, listed, resized, deleted, gone."""
    client.create_pool(pool_options(name, metadata=[models.BatchMetadataItem(name="who", value="me")]))
    assert steady(client, name).current_dedicated_nodes == 1
    assert [p.id for p in client.list_pools(filter=f"id eq '{name}'")] == [name]
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=2)
    client.begin_resize_pool(name, options, polling_interval=0).wait()
    wait_until(lambda: client.get_pool(name).current_dedicated_nodes == 2)
    client.begin_delete_pool(name, polling_interval=0).wait()
    with pytest.raises(ResourceNotFoundError, match=r"\(PoolNotFound\) The specified pool does not exist\."):
        wait_until(lambda: not client.get_pool(name))


def test_pool_exists_raises_where_there_is_none(client: BatchClient, pool: str) -> None:
    """This client's own mistake: it cannot say no."""
    assert client.pool_exists(pool)
    with pytest.raises(ResourceNotFoundError):
        client.pool_exists("none")


def test_selected_fields_are_the_only_ones(client: BatchClient, pool: str) -> None:
    """Spaces and unknown names do no harm."""
    found = client.get_pool(pool, select=["id", " allocationState", "noSuchThing"])
    assert found.id == pool
    assert found.vm_size is None
    assert found.allocation_state is not None


def test_pool_is_updated_and_replaced(client: BatchClient, own: str) -> None:
    """A patch leaves what it does not name; a replacement does not."""
    client.create_pool(pool_options(own, metadata=[models.BatchMetadataItem(name="a", value="1")]))
    start = models.BatchStartTask(command_line="true")
    client.update_pool(own, models.BatchPoolUpdateOptions(start_task=start))
    found = client.get_pool(own)
    assert (present(found.start_task).command_line, len(present(found.metadata))) == ("true", 1)
    client.replace_pool_properties(own, models.BatchPoolReplaceOptions(application_package_references=[], metadata=[]))
    found = client.get_pool(own)
    assert (found.start_task, found.metadata or []) == (None, [])


def test_resize_is_stopped(client: BatchClient, own: str) -> None:
    """The pool is steady afterwards."""
    client.create_pool(pool_options(own))
    steady(client, own)
    client.begin_resize_pool(own, models.BatchPoolResizeOptions(target_dedicated_nodes=3), polling_interval=0)
    with suppress(ResourceExistsError):  # it was over already
        client.begin_stop_pool_resize(own, polling_interval=0).wait()
    assert steady(client, own).allocation_state == "steady"


def test_node_is_removed(client: BatchClient, own: str) -> None:
    """The one that was named, and the target follows."""
    client.create_pool(pool_options(own, target_dedicated_nodes=2))
    steady(client, own)
    node = idle_node(client, own)
    options = models.BatchNodeRemoveOptions(node_ids=[node], resize_timeout=timedelta(minutes=5))
    client.begin_remove_nodes(own, options, polling_interval=0).wait()
    wait_until(lambda: len(list(client.list_nodes(own))) == 1)
    assert node not in [found.id for found in client.list_nodes(own)]
    assert client.get_pool(own).target_dedicated_nodes == 1


def test_formula_is_enabled_evaluated_and_disabled(client: BatchClient, own: str) -> None:
    """An evaluation tells what every variable became, and changes nothing."""
    client.create_pool(pool_options(own))
    steady(client, own)
    options = models.BatchPoolEnableAutoScaleOptions(
        auto_scale_formula=FORMULA, auto_scale_evaluation_interval=timedelta(minutes=5)
    )
    client.enable_pool_auto_scale(own, options)
    assert client.get_pool(own).auto_scale_formula == FORMULA
    trial = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 2 + 1;")
    result = client.evaluate_pool_auto_scale(own, trial)
    assert "$TargetDedicatedNodes=3" in present(result.results)
    client.disable_pool_auto_scale(own)
    wait_until(lambda: not client.get_pool(own).enable_auto_scale)


def test_wrong_formula_is_an_error_of_the_evaluation(client: BatchClient, own: str) -> None:
    """The evaluation answers, and says what is wrong."""
    client.create_pool(
        pool_options(
            own,
            enable_auto_scale=True,
            auto_scale_formula=FORMULA,
            auto_scale_evaluation_interval=timedelta(minutes=5),
        )
    )
    trial = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = nothing;")
    result = client.evaluate_pool_auto_scale(own, trial)
    assert present(result.error).code is not None


def test_pool_with_a_formula_grows_by_it(client: BatchClient, own: str) -> None:
    """It is evaluated at once."""
    client.create_pool(pool_options(own, enable_auto_scale=True, auto_scale_formula="$TargetDedicatedNodes = 2;"))
    wait_until(lambda: client.get_pool(own).current_dedicated_nodes == 2)
    assert "$TargetDedicatedNodes=2" in present(present(client.get_pool(own).auto_scale_run).results)


def test_start_task_runs_before_the_node_is_idle(client: BatchClient, own: str) -> None:
    """Its outcome is on the node, its output among the node's files."""
    start = models.BatchStartTask(command_line=shell("echo ready $AZ_BATCH_POOL_ID"), wait_for_success=True)
    client.create_pool(pool_options(own, start_task=start))
    node = idle_node(client, own)
    info = present(client.get_node(own, node).start_task_info)
    assert (info.state, info.exit_code, info.result) == ("completed", 0, "success")
    assert b"".join(client.download_node_file(own, node, "startup/stdout.txt")) == f"ready {own}\n".encode()


def test_failed_start_task_spoils_the_node(client: BatchClient, own: str) -> None:
    """When the pool waits for its success."""
    start = models.BatchStartTask(command_line=shell("exit 4"), wait_for_success=True, max_task_retry_count=1)
    client.create_pool(pool_options(own, start_task=start))
    node = wait_until(lambda: next((n for n in client.list_nodes(own) if n.state == "starttaskfailed"), None))
    info = present(node.start_task_info)
    assert (info.exit_code, info.retry_count, info.result) == (4, 1, "failure")


def test_node_counts_tell_states(client: BatchClient, pool: str) -> None:
    """One entry for each pool."""
    steady(client, pool)
    counts = {found.pool_id: found for found in client.list_pool_node_counts(filter=f"poolId eq '{pool}'")}
    assert present(counts[pool].dedicated).total == 2


def test_supported_images_are_listed(client: BatchClient) -> None:
    """The list is paged, and can be filtered."""
    images = list(client.list_supported_images(filter="osType eq 'linux'", max_results=2))
    assert images
    assert {image.os_type for image in images} == {"linux"}


def test_usage_metrics_are_listed(client: BatchClient) -> None:
    """There may be none yet; those that are there are of a pool."""
    assert all(metrics.pool_id and metrics.vm_size for metrics in client.list_pool_usage_metrics())


def test_unquoted_etag_matches_what_the_client_sends(client: BatchClient, own: str) -> None:
    """The client quotes it; a stale one is refused, and one that still holds means nothing new."""
    client.create_pool(pool_options(own))
    tag = present(steady(client, own).etag)
    assert not tag.startswith('"')
    with pytest.raises(ResourceModifiedError) as caught:
        client.get_pool(own, etag=tag, match_condition=MatchConditions.IfModified)
    assert caught.value.status_code == 304
    update = models.BatchPoolUpdateOptions(metadata=[models.BatchMetadataItem(name="a", value="b")])
    client.update_pool(own, update, etag=tag, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError) as caught:
        client.update_pool(own, update, etag=tag, match_condition=MatchConditions.IfNotModified)
    assert (caught.value.status_code, code_of(caught.value)) == (412, "ConditionNotMet")
