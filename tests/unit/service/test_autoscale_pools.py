"""Pools that formulas scale, on nodes that run nothing and with a clock that the test moves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.options import ServiceOptions
from dispatcher.service.store import Store
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject
from tests.unit.service.nodes import advance, live_nodes, pool_of

PENDING = "$TargetDedicatedNodes = min(5, $PendingTasks.GetSample(1));$NodeDeallocationOption = taskcompletion;"
SCALED: JsonObject = {"enableAutoScale": True, "targetDedicatedNodes": None}


def scaled(formula: str, *, options: ServiceOptions | None = None, **properties: str) -> Bench:
    """Return an account whose pool is scaled by a formula, and a job."""
    bench = Bench(options=options)
    bench.add_pool("pool", **SCALED, autoScaleFormula=formula, **properties)
    bench.add_job()
    return bench


def run_of(bench: Bench) -> JsonObject:
    """Return the pool's latest run."""
    run = pool_of(bench)["autoScaleRun"]
    assert isinstance(run, dict)
    return run


def code_of(run: JsonObject) -> object:
    """Return the code of a run's error; None where it has none."""
    error = run.get("error")
    return error["code"] if isinstance(error, dict) else None


def pass_time(bench: Bench, time: timedelta, *, finish_each: bool = False) -> None:
    """Move the clock from deadline to deadline; with ``finish_each`` every task ends at the next one."""
    end = bench.clock.now() + time
    while (deadline := bench.service.worker.next_deadline()) is not None and deadline <= end:
        bench.clock.advance(deadline - bench.clock.now())
        bench.settle()
        for task_id in bench.running() if finish_each else []:
            bench.finish(task_id)
    bench.clock.advance(max(timedelta(0), end - bench.clock.now()))
    bench.settle()


def test_formula_runs_when_the_pool_is_made() -> None:
    """The pool has what its formula says, and shows the run."""
    bench = scaled("$TargetDedicatedNodes = 2; $TargetLowPriorityNodes = 1;")
    pool = pool_of(bench)
    assert (pool["enableAutoScale"], pool["targetDedicatedNodes"], len(live_nodes(bench))) == (True, 2, 3)
    assert "$TargetDedicatedNodes=2" in str(run_of(bench)["results"])
    assert pool["autoScaleEvaluationInterval"] == "PT15M"


def test_formula_runs_on_its_interval_against_samples() -> None:
    """Tasks that wait bring nodes, as many as the formula lets them, at the next run and not before."""
    bench = scaled("$TargetDedicatedNodes = $PendingTasks.Count() > 0 ? min(5, $PendingTasks.GetSample(1)) : 0;")
    for number in range(7):
        bench.add_task(f"t{number}")
    pass_time(bench, timedelta(minutes=14))
    assert live_nodes(bench) == []
    pass_time(bench, timedelta(minutes=1))
    assert (len(live_nodes(bench)), len(bench.running())) == (5, 5)


def test_day_of_automatic_scaling() -> None:
    """Nodes come with work and go when there is none, whole day long; samples are taken every 30 seconds."""
    formula = "$n = $PendingTasks.Count() > 0 ? max($PendingTasks.GetSample(TimeInterval_Minute * 5)) : 0;"
    bench = scaled(f"{formula}$TargetDedicatedNodes = min(5, $n);", autoScaleEvaluationInterval="PT5M")
    sizes = []
    for hour in range(24):
        for number in range(3 if hour in {8, 9, 20} else 0):
            bench.add_task(f"t{hour}-{number}")
        pass_time(bench, timedelta(minutes=20), finish_each=True)
        sizes.append(len(live_nodes(bench)))
        pass_time(bench, timedelta(minutes=40), finish_each=True)
        assert live_nodes(bench) == []
    assert bench.job()["state"] == "active"
    assert {bench.state(f"t{hour}-{number}") for hour in (8, 9, 20) for number in range(3)} == {"completed"}
    assert bench.service.core.store.autoscale.scan()[0].runs == 24 * 12 + 1


def test_run_that_fails_changes_nothing() -> None:
    """The pool keeps its size and shows Batch's code."""
    bench = scaled("$TargetDedicatedNodes = $PendingTasks.GetSample(1);")
    assert (pool_of(bench)["targetDedicatedNodes"], code_of(run_of(bench)) is not None) == (0, True)


def test_formula_cannot_ask_for_more_than_a_machine_carries() -> None:
    """The run says so, and the pool stays as it is."""
    bench = scaled("$TargetDedicatedNodes = 101;")
    assert (code_of(run_of(bench)), live_nodes(bench)) == ("InvalidPropertyValue", [])


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({}, "MissingRequiredProperty"),
        ({"autoScaleFormula": "$TargetDedicatedNodes = ;"}, "AutoScalingFormulaSyntaxError"),
        ({"autoScaleFormula": "$x = 1;" + " " * 9000}, "AutoScaleFormulaTooLong"),
        ({"autoScaleFormula": "$x = 1;", "autoScaleEvaluationInterval": "PT4M"}, "InvalidPropertyValue"),
        ({"autoScaleFormula": "$x = 1;", "autoScaleEvaluationInterval": "P8D"}, "InvalidPropertyValue"),
        ({"autoScaleFormula": "$x = 1;", "targetDedicatedNodes": 1}, "InvalidPropertyValue"),
        ({"enableAutoScale": False, "autoScaleFormula": "$x = 1;"}, "InvalidPropertyValue"),
    ],
)
def test_pool_with_bad_scaling_is_refused(properties: JsonObject, code: str) -> None:
    """No pool is made."""
    with pytest.raises(BatchError, match=code):
        Bench().add_pool("pool", **{**SCALED, **properties})


def test_pool_is_scaled_from_when_it_is_asked_for(bench: Bench) -> None:
    """The formula runs at once; a pool that was scaled by hand keeps what the formula does not say."""
    bench.call("enable_pool_auto_scale", {"autoScaleFormula": "$TargetLowPriorityNodes = 2;"}, poolId="pool")
    bench.settle()
    pool = pool_of(bench)
    assert (pool["targetDedicatedNodes"], pool["targetLowPriorityNodes"], len(live_nodes(bench))) == (1, 2, 3)


def test_scaling_is_changed_at_most_every_30_seconds(bench: Bench) -> None:
    """A second request must wait; it may name the interval alone, and keeps the formula then."""
    bench.call("enable_pool_auto_scale", {"autoScaleFormula": "$TargetDedicatedNodes = 2;"}, poolId="pool")
    bench.settle()
    change: JsonObject = {"autoScaleEvaluationInterval": "PT1H"}
    with pytest.raises(BatchError, match="TooManyEnableAutoScaleRequests"):
        bench.call("enable_pool_auto_scale", change, poolId="pool")
    advance(bench, 30)
    bench.call("enable_pool_auto_scale", change, poolId="pool")
    pool = pool_of(bench)
    assert (pool["autoScaleFormula"], pool["autoScaleEvaluationInterval"]) == ("$TargetDedicatedNodes = 2;", "PT1H")


def test_scaling_is_not_switched_on_while_the_pool_resizes() -> None:
    """As Azure has it."""
    bench = Bench(options=ServiceOptions(allocation_seconds=60))
    bench.add_pool()
    with pytest.raises(BatchError, match="PoolBeingResized"):
        bench.call("enable_pool_auto_scale", {"autoScaleFormula": "$x = 1;"}, poolId="pool")


def test_scaled_pool_is_not_resized_by_hand() -> None:
    """Until automatic scaling is switched off; the pool keeps its targets then."""
    bench = scaled("$TargetDedicatedNodes = 2;")
    with pytest.raises(BatchError, match="automatic scaling") as caught:
        bench.call("begin_resize_pool", {"targetDedicatedNodes": 1}, poolId="pool")
    assert caught.value.status == 409
    bench.call("disable_pool_auto_scale", poolId="pool")
    pool = pool_of(bench)
    assert (pool["enableAutoScale"], pool["targetDedicatedNodes"], "autoScaleFormula" in pool) == (False, 2, False)
    bench.call("begin_resize_pool", {"targetDedicatedNodes": 1}, poolId="pool")


def test_evaluation_changes_nothing() -> None:
    """It answers what a formula comes to, and with an error where it is none."""
    bench = scaled("$TargetDedicatedNodes = 0;")
    for formula, error in (("$TargetDedicatedNodes = 3;", None), ("3 =", "AutoScalingFormulaEvaluationError")):
        body = bench.call("evaluate_pool_auto_scale", {"autoScaleFormula": formula}, poolId="pool").body
        assert body is not None
        assert code_of(body) == error
    assert live_nodes(bench) == []


def test_evaluation_needs_automatic_scaling(bench: Bench) -> None:
    """As Azure has it."""
    with pytest.raises(BatchError, match="not enabled"):
        bench.call("evaluate_pool_auto_scale", {"autoScaleFormula": "$x = 1;"}, poolId="pool")


def test_formula_replaces_the_targets_of_a_resize_that_goes_on() -> None:
    """Nodes that wait for their tasks do not keep a pool from growing again."""
    bench = scaled(PENDING.replace("$PendingTasks.GetSample(1)", "$ActiveTasks + $RunningTasks"))
    for task_id in ("a", "b"):
        bench.add_task(task_id)
    pass_time(bench, timedelta(minutes=15))
    bench.finish("a")
    pass_time(bench, timedelta(minutes=15))
    for task_id in ("c", "d", "e"):
        bench.add_task(task_id)
    pass_time(bench, timedelta(minutes=15))
    assert len(bench.running()) == 4


def test_restart_goes_on_scaling(tmp_path: Path) -> None:
    """The formula and the time of its next run are kept, and runs that were missed are not made up for."""
    before = Bench(Store(tmp_path / "state"))
    before.add_pool("pool", **SCALED, autoScaleFormula="$TargetDedicatedNodes = 1;")
    before.service.close()
    after = Bench(Store(tmp_path / "state"))
    after.clock.advance(timedelta(minutes=50))
    after.service.worker.recover()
    after.settle()
    record = after.service.core.store.autoscale.scan()[0]
    assert (record.runs, record.due - after.clock.now()) == (2, timedelta(minutes=10))


def test_samples_of_a_deleted_pool_are_forgotten() -> None:
    """A pool of the same id begins without any."""
    bench = scaled("$TargetDedicatedNodes = 0;")
    pass_time(bench, timedelta(minutes=5))
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    bench.add_pool("pool", **SCALED, autoScaleFormula="$TargetDedicatedNodes = 0; $n = $ActiveTasks.Count();")
    assert "$n=1" in str(run_of(bench)["results"]).split(";")
