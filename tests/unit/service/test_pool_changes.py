"""What of pools can be changed and when, what is refused, and quotas; on nodes that run nothing."""

from __future__ import annotations

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.options import QuotaOptions, ServiceOptions
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue
from tests.unit.service.nodes import START, codes, live_nodes, pool_of

METADATA: list[JsonValue] = [{"name": "a", "value": "1"}]
WHEN_EMPTY: list[JsonObject] = [
    {"vmSize": "standard_d4s_v3"},
    {"taskSlotsPerNode": 2},
    {"taskSchedulingPolicy": {"nodeFillType": "pack"}},
    {"enableInterNodeCommunication": True},
    {"networkConfiguration": {"subnetId": "/subnet"}},
    {"userAccounts": [{"name": "user", "password": "p"}]},
    {"upgradePolicy": {"mode": "manual"}},
]


def quota_bench(**quotas: int) -> Bench:
    """Return an account with quotas."""
    return Bench(options=ServiceOptions(quotas=QuotaOptions(**quotas)))


def without_password(change: JsonObject) -> JsonObject:
    """Return a change as a pool shows it."""
    return {"userAccounts": [{"name": "user"}]} if "userAccounts" in change else change


@pytest.mark.parametrize("change", WHEN_EMPTY)
def test_most_of_a_pool_changes_only_while_it_has_no_nodes(change: JsonObject) -> None:
    """With a node it is refused, without one it is done and shown."""
    bench = Bench()
    bench.add_pool()
    with pytest.raises(BatchError, match="only while the pool has no nodes"):
        bench.call("update_pool", change, poolId="pool")
    bench.call("begin_resize_pool", {"targetDedicatedNodes": 0}, poolId="pool")
    bench.settle()
    bench.call("update_pool", change, poolId="pool")
    assert without_password(change).items() <= pool_of(bench).items()


@pytest.mark.parametrize("name", ["id", "targetDedicatedNodes", "enableAutoScale", "autoScaleFormula"])
def test_what_cannot_be_changed_is_refused_by_name(bench: Bench, name: str) -> None:
    """Sizes have operations of their own."""
    with pytest.raises(BatchError, match=name):
        bench.call("update_pool", {name: "x"}, poolId="pool")


def test_update_keeps_what_it_does_not_give(bench: Bench) -> None:
    """A PATCH of the metadata leaves the start task; unknown properties are kept."""
    bench.call("update_pool", {"startTask": START}, poolId="pool")
    bench.call("update_pool", {"metadata": METADATA, "unknown": 1}, poolId="pool")
    pool = pool_of(bench)
    assert (pool["startTask"], pool["metadata"], pool["unknown"]) == (START, METADATA, 1)


def test_replacement_drops_what_it_does_not_give(bench: Bench) -> None:
    """Start task and metadata go; what the operation is not about stays."""
    bench.call("update_pool", {"startTask": START, "metadata": METADATA, "displayName": "x"}, poolId="pool")
    bench.call("replace_pool_properties", {"applicationPackageReferences": [], "metadata": []}, poolId="pool")
    pool = pool_of(bench)
    assert ("startTask" in pool, pool["metadata"], pool["displayName"]) == (False, [], "x")


@pytest.mark.parametrize("body", [{}, {"metadata": []}, {"applicationPackageReferences": []}])
def test_replacement_without_its_lists_is_refused(bench: Bench, body: JsonObject) -> None:
    """Both must be there, though they may be empty."""
    with pytest.raises(BatchError, match="MissingRequiredProperty"):
        bench.call("replace_pool_properties", body, poolId="pool")


@pytest.mark.parametrize(
    "properties",
    [
        {"vmSize": "standard_d2s_v3", "taskSlotsPerNode": 9},
        {"vmSize": "unknown", "taskSlotsPerNode": 257},
        {"resizeTimeout": "PT4M"},
        {"userAccounts": [{"name": "a", "password": "p"}, {"name": "A", "password": "p"}]},
        {"userAccounts": [{"name": "a"}]},
        {"cloudServiceConfiguration": {"osFamily": "6"}},
        {"certificateReferences": [{"thumbprint": "0", "thumbprintAlgorithm": "sha1"}]},
        {"enableInterNodeCommunication": "yes"},
        {"applicationPackageReferences": [{"applicationId": "app"}]},
    ],
)
def test_bad_pool_is_refused(properties: JsonObject) -> None:
    """No pool is made."""
    bench = Bench()
    with pytest.raises(BatchError):
        bench.add_pool("pool", **properties)
    with pytest.raises(BatchError, match="PoolNotFound"):
        pool_of(bench)


def test_slots_are_four_for_each_core() -> None:
    """As many as 256, where the name of the size does not say how many cores it has."""
    bench = Bench()
    bench.add_pool("small", vmSize="standard_d2s_v3", taskSlotsPerNode=8)
    bench.add_pool("unknown", vmSize="large", taskSlotsPerNode=256)


def test_pools_beyond_the_quota_are_refused() -> None:
    """With 409; a pool that is gone makes room."""
    bench = quota_bench(pools=1)
    bench.add_pool()
    with pytest.raises(BatchError, match="PoolQuotaReached") as caught:
        bench.add_pool("other")
    assert caught.value.status == 409
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    bench.add_pool("other")


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("targetDedicatedNodes", "AccountCoreQuotaReached"),
        ("targetLowPriorityNodes", "AccountLowPriorityCoreQuotaReached"),
    ],
)
def test_resize_stops_at_the_core_quota(target: str, code: str) -> None:
    """The pool has what the account may have, of all its pools together, is steady and says why."""
    bench = quota_bench(dedicated_cores=5, low_priority_cores=5)
    bench.add_pool("pool", **{"targetDedicatedNodes": 0, target: 3})
    pool = pool_of(bench)
    assert (pool["allocationState"], len(live_nodes(bench)), codes(pool["resizeErrors"])) == ("steady", 2, [code])
    bench.add_pool("other", **{"targetDedicatedNodes": 0, target: 1})
    assert codes(bench.read("get_pool", poolId="other")["resizeErrors"]) == [code]


def test_every_operation_on_a_pool_that_is_being_deleted_is_refused(bench: Bench) -> None:
    """With PoolBeingDeleted, whatever the operation."""
    bench.call("begin_delete_pool", poolId="pool")
    calls: list[tuple[str, JsonObject]] = [
        ("update_pool", {}),
        ("replace_pool_properties", {"metadata": [], "applicationPackageReferences": []}),
        ("begin_resize_pool", {"targetDedicatedNodes": 1}),
        ("begin_remove_nodes", {"nodeList": ["x"]}),
        ("enable_pool_auto_scale", {"autoScaleFormula": "$x = 1;"}),
        ("disable_pool_auto_scale", {}),
        ("begin_delete_pool", {}),
    ]
    for operation, body in calls:
        with pytest.raises(BatchError, match="PoolBeingDeleted"):
            bench.call(operation, body, poolId="pool")


def test_engine_is_looked_for_only_where_containers_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes half a second of the one thread, and other pools have no use for it."""
    bench = Bench()
    monkeypatch.setattr(bench.nodes, "containers_problem", lambda: pytest.fail("an engine was looked for"))
    bench.add_pool()
    assert bench.read("get_pool", poolId="pool")["state"] == "active"
