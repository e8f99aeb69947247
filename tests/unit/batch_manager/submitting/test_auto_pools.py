"""A pool for one job: what it is made of, when its nodes go, and who may make or delete it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from batch_manager.errors import ConflictError, InputError, NotFoundError
from batch_manager.ownership import Ownership, read_ownership
from batch_manager.pool_operations import PoolDetail, PoolOperations, PoolSummary, SupportedImage
from batch_manager.submitting import AutoPool, delete_auto_pool, prepare_auto_pool
from batch_manager.submitting.auto_pools import FIRST_MINUTES, one_job_formula
from batch_manager.testing import TEST_IDENTITY
from dispatcher.service.autoscale import SampleHistory, evaluate_text, record
from tests.unit.service.autoscale.support import context, metrics

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
IMAGE = {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204"}
FILE: dict[str, Any] = {
    "vm_size": "standard_d2s_v5",
    "image": IMAGE,
    "scale": {"dedicated": 1, "spot": 2},
    "tags": {"a": "b"},
}


class Pools:
    """An account's pools, in memory."""

    def __init__(self) -> None:
        self.found: dict[str, PoolSummary] = {}
        self.bodies: list[Mapping[str, Any]] = []

    def list_supported_images(self) -> Iterator[SupportedImage]:
        agents = {"ubuntu-hpc": "batch.node.ubuntu 22.04", "windowsserver": "batch.node.windows amd64"}
        for offer, agent in agents.items():
            yield SupportedImage(
                publisher=IMAGE["publisher"], offer=offer, sku=IMAGE["sku"], node_agent=agent, os="any", verified=True
            )

    def get_pool(self, pool_id: str) -> PoolDetail:
        if pool_id not in self.found:
            raise NotFoundError("gone", operation="get pool", code="PoolNotFound")
        return PoolDetail(summary=self.found[pool_id], document={})

    def create_pool(self, body: Mapping[str, Any]) -> None:
        self.bodies.append(body)
        metadata = {item["name"]: item["value"] for item in body["metadata"]}
        self.put(str(body["id"]), metadata)

    def delete_pool(self, pool_id: str) -> None:
        del self.found[pool_id]

    def put(self, pool_id: str, metadata: Mapping[str, str] | None = None) -> None:
        self.found[pool_id] = PoolSummary(
            id=pool_id,
            state="active",
            allocation_state="steady",
            vm_size="s",
            creation_time=NOON,
            metadata=metadata or {},
        )


def _prepare(pools: Pools, *, identity: str | None = None, **changes: Any) -> AutoPool:
    return prepare_auto_pool(
        cast("PoolOperations", pools),
        [{**FILE, **changes}],
        job_id="night",
        owner="anna",
        tags={"c": "d"},
        identity_reference=identity,
        now=NOON,
    )


def _make(pool: AutoPool, pools: Pools) -> None:
    pool.make(cast("PoolOperations", pools), pytest.fail)


def _nodes(pending: list[int], minutes: float) -> tuple[int | None, int | None]:
    """What the formula wants so many minutes after noon, after these samples of pending tasks, 30 seconds apart."""
    now, history = NOON + timedelta(minutes=minutes), SampleHistory()
    for index, count in enumerate(pending):
        seen = replace(metrics(count), running_tasks=0)
        history = record(history, now - timedelta(seconds=30 * (len(pending) - 1 - index)), seen)
    formula = one_job_formula(dedicated=1, spot=2, now=NOON)
    done = evaluate_text(formula, context(now=now, target_dedicated=7, target_low_priority=8, history=history))
    assert done.error is None
    return done.target_dedicated, done.target_low_priority


def test_new_pool_has_its_nodes_before_any_task_is_seen() -> None:
    """The job is not there yet, and samples come late."""
    assert _nodes([], 0) == _nodes([0] * 20, FIRST_MINUTES - 1) == (1, 2)


def test_pool_has_its_nodes_while_a_task_is_pending() -> None:
    """However long."""
    assert _nodes([0] * 15 + [1] + [0] * 4, 600) == (1, 2)


def test_pool_without_a_pending_task_has_no_node() -> None:
    """After its job, and when the submission was killed before there was one."""
    assert _nodes([0] * 20, FIRST_MINUTES) == (0, 0)


@pytest.mark.parametrize(("minutes", "nodes"), [(0, 1), (5, 1), (10, 1), (15, 0), (20, 0), (60, 0)])
def test_pool_of_a_submission_that_was_killed_loses_its_nodes(minutes: int, nodes: int) -> None:
    """At the evaluation after a quarter of an hour; ADR 27 has these figures."""
    assert _nodes([0] * 2 * minutes, minutes)[0] == nodes


def test_pool_of_which_nothing_is_known_stays_as_it_is() -> None:
    """It may be at work."""
    assert _nodes([], 600) == (7, 8)


def test_pool_carries_whose_it_is_and_its_job() -> None:
    """So that 'clean' finds what a killed submission left."""
    pools = Pools()
    _make(_prepare(pools), pools)
    owned = Ownership(owner="anna", tags={"a": "b", "c": "d"}, job_id="night")
    assert read_ownership(pools.found["auto-night"].metadata) == owned
    body = pools.bodies[0]
    assert (body["enableAutoScale"], body["autoScaleEvaluationInterval"]) == (True, "PT300S")
    assert "targetDedicatedNodes" not in body


def test_formula_of_the_file_is_taken() -> None:
    """Who writes one knows when it ends."""
    pools = Pools()
    _make(_prepare(pools, scale=None, autoscale={"name": "slots_aware", "parameters": {"max_nodes": 4}}), pools)
    assert "min(4, " in pools.bodies[0]["autoScaleFormula"]


def test_pool_that_would_never_have_a_node_is_refused() -> None:
    """The job would wait for ever."""
    for scale in (None, {"dedicated": 0}):
        with pytest.raises(InputError, match=r"never have a node: give scale.dedicated or scale.spot"):
            _prepare(Pools(), scale=scale)


def test_identity_of_the_settings_is_the_pools_unless_it_names_its_own() -> None:
    """Without one no node could read a file."""
    other = TEST_IDENTITY.replace("nodes", "other")
    assert _prepare(Pools(), identity=TEST_IDENTITY).request.identities == (TEST_IDENTITY,)
    assert _prepare(Pools(), identity=TEST_IDENTITY, identities=[other]).request.identities == (other,)


def test_windows_is_known_by_the_node_agent() -> None:
    """The launcher goes by it."""
    assert _prepare(Pools(), image={**IMAGE, "offer": "windowsserver"}).is_windows
    assert not _prepare(Pools()).is_windows


def test_pool_that_an_earlier_try_made_is_taken() -> None:
    """Though the time in its formula is another."""
    pools = Pools()
    _make(_prepare(pools), pools)
    _make(_prepare(pools), pools)
    assert len(pools.bodies) == 1


def test_pool_that_a_try_at_the_same_moment_made_is_taken() -> None:
    """Between the look and the request."""

    class Racing(Pools):
        def create_pool(self, body: Mapping[str, Any]) -> None:
            super().create_pool(body)
            raise ConflictError("there", operation="create pool", code="PoolExists")

    pools = Racing()
    _make(_prepare(pools), pools)
    assert list(pools.found) == ["auto-night"]


def test_pool_of_somebody_else_is_a_conflict_and_never_deleted() -> None:
    """Its name is no proof."""
    pools = Pools()
    pools.put("auto-night", Ownership(owner="anna").as_metadata())
    with pytest.raises(ConflictError, match="was not made for it"):
        _make(_prepare(pools), pools)
    assert not delete_auto_pool(cast("PoolOperations", pools), "night")
    assert list(pools.found) == ["auto-night"]


def test_pool_that_is_being_deleted_is_a_conflict() -> None:
    """The job would be without it."""
    pools = Pools()
    _make(_prepare(pools), pools)
    pools.found["auto-night"] = replace(pools.found["auto-night"], state="deleting")
    with pytest.raises(ConflictError, match="is being deleted: choose another id"):
        _make(_prepare(pools), pools)


def test_own_pool_of_a_job_is_deleted_once() -> None:
    """And one that is gone is no error."""
    pools = Pools()
    _make(_prepare(pools), pools)
    assert [delete_auto_pool(cast("PoolOperations", pools), "night") for _ in range(2)] == [True, False]
