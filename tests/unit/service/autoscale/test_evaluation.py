"""What a run as a whole comes to."""

from __future__ import annotations

import pytest

from dispatcher.service.autoscale import DeallocationOption
from tests.unit.service.autoscale.support import refusal, run, value

UNTOUCHED = "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"


def test_results_name_the_pools_variables_first_and_the_users_by_name() -> None:
    """As Azure's recorded results do, with a variable of the user as the user wrote it."""
    evaluation = run("b = 1; $a = 2; $TargetDedicatedNodes = 3; $NodeDeallocationOption = taskcompletion")
    assert evaluation.results == (
        "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=taskcompletion;$a=2;b=1"
    )
    assert (evaluation.target_dedicated, evaluation.target_low_priority) == (3, None)
    assert evaluation.deallocation_option is DeallocationOption.TASK_COMPLETION


def test_formula_that_assigns_nothing_leaves_the_pool() -> None:
    """Its targets and option are not said, and shown as they are."""
    evaluation = run("1 + 1")
    assert (evaluation.target_dedicated, evaluation.target_low_priority) == (None, None)
    assert evaluation.deallocation_option is None
    assert evaluation.results == UNTOUCHED


@pytest.mark.parametrize("text", ["$something_useless", "something_useless", "x = ", "%"])
def test_text_that_is_no_formula_is_an_evaluation_with_an_error(text: str) -> None:
    """Recorded on Azure: the pool's own values, and the error's code."""
    evaluation = run(text)
    assert evaluation.results == UNTOUCHED
    assert evaluation.error is not None
    assert evaluation.error.code == "AutoScalingFormulaEvaluationError"


def test_failed_run_assigns_nothing_and_shows_the_users_variables() -> None:
    """What was assigned before the failure does not reach the pool."""
    evaluation = run("$TargetDedicatedNodes = 9; x = 1; y = nobody")
    assert evaluation.results == UNTOUCHED + ";x=1"
    assert (evaluation.target_dedicated, evaluation.error is None) == (None, False)


def test_target_is_cut_to_whole_nodes() -> None:
    """Halves do not round up; the formula itself still sees the exact number."""
    evaluation = run("$TargetDedicatedNodes = 3.9; x = $TargetDedicatedNodes * 2")
    assert evaluation.target_dedicated == 3
    assert evaluation.results.startswith("$TargetDedicatedNodes=3;")
    assert evaluation.results.endswith(";x=7.8")


@pytest.mark.parametrize("target", ["-1", "1/0", "0/0", "1e10"])
def test_target_that_is_no_number_of_nodes_fails(target: str) -> None:
    """Negative, infinite, undefined and too large ones."""
    assert "$TargetLowPriorityNodes must be between 0 and" in refusal(f"$TargetLowPriorityNodes = {target}")[1]


def test_target_may_be_negative_in_between() -> None:
    """What counts is the last value."""
    formula = "$TargetDedicatedNodes = -5; $TargetDedicatedNodes = max(0, $TargetDedicatedNodes)"
    assert run(formula).target_dedicated == 0


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("$TargetDedicatedNodes = [1]", "$TargetDedicatedNodes must be a double, not a doubleVec"),
        ("$NodeDeallocationOption = 1", "must be one of requeue, retaineddata, taskcompletion, terminate"),
        ('$NodeDeallocationOption = "later"', "must be one of"),
    ],
)
def test_pool_variable_of_the_wrong_type_fails(formula: str, reason: str) -> None:
    """At the statement that assigns it."""
    detail = refusal(formula)[1]
    assert detail.startswith("Line 1, Col 1: ")
    assert reason in detail


def test_old_name_of_a_target_sets_it_unless_the_new_name_does() -> None:
    """The new name wins in either order."""
    assert run("$TargetDedicated = 5; $TargetLowPriority = 6").target_low_priority == 6
    assert run("$TargetDedicated = 5; x = $TargetDedicatedNodes").results.endswith(";x=5")
    assert run("$TargetDedicatedNodes = 4; $TargetDedicated = 5").target_dedicated == 4


def test_stop_ends_the_run_and_keeps_what_was_assigned() -> None:
    """What follows is not worked out, even inside the statement."""
    evaluation = run("$TargetDedicatedNodes = 4; 1 ? stop() : 0; x = nobody")
    assert (evaluation.error, evaluation.target_dedicated) == (None, 4)


def test_sampled_variable_alone_is_the_figure_of_now() -> None:
    """``$CurrentDedicatedNodes`` keeps a pool as it is before there is any sample."""
    assert run("$TargetDedicatedNodes = $CurrentDedicatedNodes", 0).target_dedicated == 2
    assert value("$ActiveTasks + $RunningTasks == $PendingTasks", 0) == "1"
    assert value("$SampleNodeCount", 0) == "3"


def test_figure_that_is_not_measured_is_insufficient_data() -> None:
    """It is never silently zero."""
    assert refusal("x = $CPUPercent") == (
        "InsufficientSampleData",
        "Line 1, Col 5: Insufficient data from data set: $CPUPercent",
    )


@pytest.mark.parametrize("expression", ["a" + "+a" * 4000, "sum(" + "+".join(["round(a)"] * 800) + ")"])
def test_formula_that_works_too_long_is_stopped(expression: str) -> None:
    """A formula of the longest length over a day of samples does not keep the service busy."""
    code, detail = refusal(f"a = $ActiveTasks.GetSample(TimeInterval_Day); b = {expression}", samples=2880)
    assert code == "AutoScalingFormulaEvaluationError"
    assert "1000000 elements" in detail
