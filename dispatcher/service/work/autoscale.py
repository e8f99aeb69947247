"""Formulas of pools: samples are taken, and formulas run, when their time has come."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatcher.service.autoscale import DeallocationOption, Evaluation, evaluate_text
from dispatcher.service.autoscale.context import RunError
from dispatcher.service.documents.pools import ResizeSpec, check_size
from dispatcher.service.errors import BatchError
from dispatcher.service.pool_creation import allocated_from
from dispatcher.service.records import Deallocation, PoolRecord
from dispatcher.service.rendering.autoscale import run_body
from dispatcher.service.states import AllocationState, PoolState
from dispatcher.service.store.autoscale import AutoscaleRecord
from dispatcher.service.work.parts import WorkContext

_NO_TIMEOUT = timedelta(days=3650)
"""A pool's resize timeout is for sizes set by hand (REST reference)."""


class AutoscalePart:
    """Scales pools by their formulas. A formula's targets replace those of a resize that goes on."""

    def __init__(self, context: WorkContext) -> None:
        self._core = context.core
        self._next: datetime | None = None
        """When something is due; nothing is looked at before, except what clients have changed."""
        self._known: int | None = None

    def step(self, now: datetime) -> bool:
        """Take samples and run formulas that are due."""
        version = self._core.store.autoscale.version
        if version == self._known and (self._next is None or now < self._next):
            return False
        worked = False
        scaled = self._scaled()
        self._core.samples.keep_only(pool for _, pool in scaled)
        for record, pool in scaled:
            self._core.samples.take(self._core.store, self._core.fleet, pool, now)
            worked |= self._run(record, pool, now)
        self._known = version
        times = [
            time for record, pool in self._scaled() for time in (record.due, self._core.samples.next_time(pool, now))
        ]
        self._next = min(times, default=None)
        return worked

    def next_deadline(self) -> datetime | None:
        """Return when a sample or a run is next due."""
        return self._next

    def _scaled(self) -> list[tuple[AutoscaleRecord, PoolRecord]]:
        store = self._core.store
        pairs = [(record, store.pools.get(record.pool_id)) for record in store.autoscale.scan()]
        return [(record, pool) for record, pool in pairs if pool.state is PoolState.ACTIVE]

    def _run(self, record: AutoscaleRecord, pool: PoolRecord, now: datetime) -> bool:
        """Run a formula if it is due; return whether the pool is to change."""
        if record.due > now:
            return False
        core = self._core
        context = core.samples.context(core.store, core.fleet, pool, now, seed=record.runs)
        evaluation = evaluate_text(record.formula, context)
        error = evaluation.error or _beyond_this_machine(evaluation, pool)
        if error is None:
            self._resize(pool, evaluation, now)
        body = run_body(_with_error(evaluation, error), now)
        core.store.autoscale.ran(pool.id, body, _after(record, now))
        return error is None

    def _resize(self, pool: PoolRecord, evaluation: Evaluation, now: datetime) -> None:
        """Give a pool the targets of a formula, unless it has as many nodes or is on its way there."""
        if pool.allocation_state is AllocationState.STOPPING:
            return
        dedicated, low_priority = _targets(evaluation, pool)
        is_same = (dedicated, low_priority) == (pool.target_dedicated, pool.target_low_priority)
        nodes = len(self._core.fleet.of_pool(pool.id))
        if is_same and (pool.allocation_state is AllocationState.RESIZING or nodes == dedicated + low_priority):
            return
        spec = ResizeSpec(
            target_dedicated=dedicated,
            target_low_priority=low_priority,
            deallocation=_deallocation(evaluation.deallocation_option),
            timeout=_NO_TIMEOUT,
        )
        self._core.store.pools.resize(pool, spec, now, allocated_from=allocated_from(self._core, now))


def _targets(evaluation: Evaluation, pool: PoolRecord) -> tuple[int, int]:
    dedicated, low_priority = evaluation.target_dedicated, evaluation.target_low_priority
    return (
        pool.target_dedicated if dedicated is None else dedicated,
        pool.target_low_priority if low_priority is None else low_priority,
    )


def _beyond_this_machine(evaluation: Evaluation, pool: PoolRecord) -> RunError | None:
    """Return why a pool cannot have the targets of a formula here; None where it can."""
    try:
        check_size(sum(_targets(evaluation, pool)), pool.slots)
    except BatchError as error:
        return RunError(code=error.code, message=error.message)
    return None


def _with_error(evaluation: Evaluation, error: RunError | None) -> Evaluation:
    return Evaluation(results=evaluation.results, error=error)


def _deallocation(option: DeallocationOption | None) -> Deallocation:
    return Deallocation.REQUEUE if option is None else Deallocation(option.value)


def _after(record: AutoscaleRecord, now: datetime) -> datetime:
    """Return when a formula is due again: times that passed while the service did not run are not made up for."""
    missed = (now - record.due) // record.interval
    return record.due + (missed + 1) * record.interval
