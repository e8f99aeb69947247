"""How many nodes a pool has."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batch_manager.errors import ConflictError, InputError
from batch_manager.pools.scaling import autoscale, autoscale_off, evaluate, resize
from batch_manager.pools.waiting import Waiting
from tests.support.pools_in_memory import PoolsInMemory, detail

NO_WAIT = Waiting(sleep=lambda _: None)


def _resize(pools: PoolsInMemory, dedicated: int | None = None, spot: int | None = None) -> bool:
    done = resize(pools, "p", dedicated=dedicated, spot=spot, deallocation="requeue", waiting=NO_WAIT)
    return done.changed


def test_resize_asks_for_what_is_not_asked_for_yet() -> None:
    """The other kind of nodes stays as it is."""
    pools = PoolsInMemory(detail(target_low_priority_nodes=1, current_low_priority_nodes=1))
    assert _resize(pools, dedicated=2)
    assert not _resize(pools, dedicated=2, spot=1)
    assert pools.changes == ["resize 2+1"]


def test_resize_stops_one_that_goes_on() -> None:
    """Batch takes none beside it."""
    pools = PoolsInMemory(detail(target_dedicated_nodes=9, allocation_state="resizing"))
    assert _resize(pools, dedicated=2)
    assert pools.changes == ["stop", "resize 2+0"]


def test_resize_that_failed_can_be_asked_for_again() -> None:
    """The numbers are the same and the nodes are not there."""
    pools = PoolsInMemory(detail(target_dedicated_nodes=2))
    assert _resize(pools, dedicated=2)


def test_resize_whose_reply_was_lost_is_done() -> None:
    """Batch refuses the second try, since the first goes on."""

    def refuse(change: str) -> None:
        raise ConflictError("it is being resized", operation="resize", code="PoolBeingResized")

    assert _resize(PoolsInMemory(detail(), resizes_end=False, after=refuse), dedicated=2)


def test_resize_of_a_pool_with_a_formula_is_refused() -> None:
    """The formula is to go first."""
    with pytest.raises(InputError, match="--off"):
        _resize(PoolsInMemory(detail(formula="f")), dedicated=1)


def test_formula_is_changed_only_if_it_is_another() -> None:
    """Or another interval; without one, that of now stays."""
    pools = PoolsInMemory(detail(formula="f", interval=timedelta(minutes=7)))
    assert not autoscale(pools, "p", "f\n", None)
    assert not autoscale(pools, "p", "f", timedelta(minutes=7))
    assert autoscale(pools, "p", "g", None)
    assert pools.get_pool("p").auto_scale_interval == timedelta(minutes=7)
    assert autoscale(pools, "p", "g", timedelta(minutes=8))


@pytest.mark.parametrize("minutes", [4, 7 * 24 * 60 + 1])
def test_interval_out_of_its_limits_is_refused(minutes: int) -> None:
    """As Batch would."""
    with pytest.raises(InputError, match="5m to 7d"):
        autoscale(PoolsInMemory(detail()), "p", "f", timedelta(minutes=minutes))


def test_formula_is_taken_away_once() -> None:
    """And evaluated only while there is one."""
    pools = PoolsInMemory(detail(formula="f"))
    assert evaluate(pools, "p", None).results == {"$TargetDedicatedNodes": "1"}
    assert [autoscale_off(pools, "p") for _ in range(2)] == [True, False]
    with pytest.raises(InputError, match="no formula scales"):
        evaluate(pools, "p", "g")
