"""Automatic scaling of pools: switch on, switch off, evaluate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from dispatcher.service.autoscale import evaluate_text
from dispatcher.service.calls import Call, Handler, Reply, stamp_headers, stamp_of
from dispatcher.service.documents.autoscale import AutoscaleSpec, read_autoscale
from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.handlers.pools import active_pool
from dispatcher.service.records import PoolRecord
from dispatcher.service.rendering.autoscale import run_body
from dispatcher.service.states import AllocationState
from dispatcher.service.store.autoscale import AutoscaleRecord

_SPACING = timedelta(seconds=30)


def enable(call: Call) -> Reply:
    """Scale a pool by a formula, which runs at once; where it is scaled already, by another one or more often."""
    pool = active_pool(call)
    before = call.core.store.autoscale.find(pool.id)
    fields = Fields(values=call.body)
    spec = read_autoscale(fields, None if before is None else _spec(before))
    if before is None and pool.allocation_state is not AllocationState.STEADY:
        raise BatchError(Refusal.POOL_BEING_RESIZED)
    if before is not None and not (fields.has("autoScaleFormula") or fields.has("autoScaleEvaluationInterval")):
        raise BatchError(Refusal.MISSING_REQUIRED_PROPERTY, values=(("PropertyName", "autoScaleFormula"),))
    if before is not None and call.now - before.enabled < _SPACING:
        raise BatchError(Refusal.TOO_MANY_ENABLE_AUTO_SCALE_REQUESTS)
    with call.core.store.transaction():
        call.core.store.autoscale.put(pool.id, spec.formula, spec.interval, call.now)
        call.core.store.pools.touch(pool, call.now)
    call.core.wake()
    return _reply(call, pool)


def disable(call: Call) -> Reply:
    """Let a pool keep the targets it has. Chosen: a pool that is not scaled by a formula is left as it is."""
    pool = active_pool(call)
    if call.core.store.autoscale.find(pool.id) is not None:
        with call.core.store.transaction():
            call.core.store.autoscale.remove(pool.id)
            call.core.store.pools.touch(pool, call.now)
    return _reply(call, pool)


def evaluate(call: Call) -> Reply:
    """Work a formula out against the pool's samples, and change nothing."""
    pool = active_pool(call)
    formula = Fields(values=call.body).required_text("autoScaleFormula")
    if call.core.store.autoscale.find(pool.id) is None:
        message = "Automatic scaling of the specified pool is not enabled."
        raise BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, message)
    evaluation = evaluate_text(formula, call.core.samples.context(call.core.store, call.core.fleet, pool, call.now))
    return Reply(body=run_body(evaluation, call.now))


def _spec(before: AutoscaleRecord) -> AutoscaleSpec:
    return AutoscaleSpec(formula=before.formula, interval=before.interval)


def _reply(call: Call, pool: PoolRecord) -> Reply:
    now = call.core.store.pools.get(pool.id)
    return Reply(headers=stamp_headers(stamp_of(now.version, now.modified)))


HANDLERS: Mapping[str, Handler] = {
    "enable_pool_auto_scale": enable,
    "disable_pool_auto_scale": disable,
    "evaluate_pool_auto_scale": evaluate,
}
