"""A restart brings the pool's scale back, whatever happens on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from batch_manager.errors import BusyError, InputError
from batch_manager.pool_operations import PoolDetail
from batch_manager.pools.restart_steps import RESTART_METADATA, FormerScale, Phase, Step, kept_scale
from batch_manager.pools.restarting import restart
from batch_manager.pools.waiting import Waiting
from tests.support.pools_in_memory import PoolsInMemory, detail

NODES: dict[str, Any] = {"current_dedicated_nodes": 2, "target_dedicated_nodes": 2, "target_low_priority_nodes": 1}
FIXED = detail(**NODES, current_low_priority_nodes=1, metadata={"mine": "1"})
STUCK = detail(**NODES, allocation_state="resizing", metadata={"mine": "1"})
SCALED = detail(**NODES, current_low_priority_nodes=1, formula="$A = 1;", interval=timedelta(minutes=7))
KINDS = pytest.mark.parametrize("pool", [FIXED, STUCK, SCALED], ids=["fixed", "stuck", "scaled"])


def _waiting(looks: int = 20) -> Waiting:
    """One that has time for so many looks."""
    now = iter(range(looks * 10))
    return Waiting(limit=timedelta(seconds=looks), interval=1, monotonic=lambda: next(now), sleep=lambda _: None)


def _run(pools: PoolsInMemory) -> bool:
    return restart(pools, "p", _waiting(), lambda step: None)


def _is_as_before(pools: PoolsInMemory, before: PoolDetail) -> bool:
    after = pools.get_pool("p")
    same = ("target_dedicated_nodes", "target_low_priority_nodes", "enable_auto_scale", "metadata")
    scale = (after.auto_scale_formula, after.auto_scale_interval)
    return scale == (before.auto_scale_formula, before.auto_scale_interval) and all(
        getattr(after.summary, name) == getattr(before.summary, name) for name in same
    )


@KINDS
def test_restart_takes_all_nodes_away_and_brings_the_scale_back(pool: PoolDetail) -> None:
    """The scale is kept first, and the formula comes last."""
    pools = PoolsInMemory(pool)
    assert _run(pools)
    assert pools.changes[0] == pools.changes[-1] == "metadata"
    assert pools.changes.index("resize 0+0") < pools.changes.index("resize 2+1")
    assert _is_as_before(pools, pool)


class Killed(BaseException):
    """The process is no more."""


@KINDS
@pytest.mark.parametrize("line", range(8))
def test_restart_that_was_killed_goes_on(pool: PoolDetail, line: int) -> None:
    """After any of its changes, the second run comes to the end that the first was to come to."""

    def kill(change: str) -> None:
        if len(pools.changes) == line + 1:
            raise Killed

    pools = PoolsInMemory(pool, after=kill)
    try:
        _run(pools)
    except Killed:
        assert _run(pools)
    assert _is_as_before(pools, pool)
    assert "resize 0+0" in pools.changes


def test_restart_that_was_killed_while_restoring_does_not_empty_the_pool_again() -> None:
    """The nodes that have come since stay."""
    kept = FormerScale(phase=Phase.RESTORING, dedicated=2)
    pools = PoolsInMemory(detail(metadata={RESTART_METADATA: kept.as_text()}))
    assert _run(pools)
    assert pools.changes == ["resize 2+0", "metadata"]


@KINDS
def test_restart_whose_last_reply_was_lost_has_restored_the_pool(pool: PoolDetail) -> None:
    """The pool is as before, though nobody was told so."""

    def lose(change: str) -> None:
        if change == "metadata" and len(pools.changes) > 4:
            raise BusyError("no answer", operation="write")

    pools = PoolsInMemory(pool, after=lose)
    with pytest.raises(BusyError):
        _run(pools)
    assert _is_as_before(pools, pool)


def test_restart_that_has_no_time_keeps_the_scale() -> None:
    """So that another restart can go on."""
    pools = PoolsInMemory(FIXED, resizes_end=False)
    assert not _run(pools)
    kept = kept_scale(pools.pools["p"].summary.metadata)
    assert kept is not None
    assert (kept.dedicated, kept.low_priority) == (2, 1)


def test_restart_of_a_pool_without_nodes_is_refused() -> None:
    """There is nothing to bring anew."""
    with pytest.raises(InputError, match="has no nodes"):
        _run(PoolsInMemory(detail()))


def test_restart_of_a_pool_that_goes_is_refused() -> None:
    """It would not come back."""
    with pytest.raises(InputError, match="being deleted"):
        _run(PoolsInMemory(detail(**NODES, state="deleting")))


def test_kept_scale_is_read_as_it_was_written() -> None:
    """A formula with its lines too."""
    scale = FormerScale(formula='a = "1";\n', interval=timedelta(hours=1), dedicated=3, timeout=timedelta(minutes=5))
    assert kept_scale({RESTART_METADATA: scale.as_text()}) == scale


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"phase":"odd"}', "no JSON"])
def test_kept_scale_that_was_changed_beyond_reading_is_none(text: str) -> None:
    """It is as if no restart had begun."""
    assert kept_scale({RESTART_METADATA: text}) is None


def test_every_step_has_words() -> None:
    """For who watches."""
    assert len({step.value for step in Step}) == len(Step)
