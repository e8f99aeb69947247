"""From tasks, nodes, times and prices to a plan: figures that can be counted by hand, and what is said where one is
missing."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batch_manager.definitions import MAX_REQUEST_BYTES
from batch_manager.errors import InputError, SpecificationError
from batch_manager.factory import BatchClientFactory
from batch_manager.planning import Machines, Plan, PlanRequest, Surroundings, parse_durations, plan_document
from batch_manager.planning.plan import OTHERS
from batch_manager.planning.planning_jobs import plan_workload
from batch_manager.prices import NodePrice, Prices
from tests.unit.batch_manager.planning.conftest import Make

PRICES = Prices(
    currency="EUR",
    region="westeurope",
    date=date(2026, 11, 1),
    sizes={"big": NodePrice(dedicated=Decimal("0.50"), spot=Decimal("0.10")), "odd": NodePrice(spot=Decimal(1))},
)


def _plan(make: Make, *, asked: PlanRequest | None = None, job: dict[str, Any] | None = None, **parts: str) -> Plan:
    return plan_workload(
        make(**parts).module,
        job or {},
        Surroundings(unchecked=()),
        asked or PlanRequest(),
        job_id="job-1",
        body_length=BatchClientFactory.create_task_measure(),
    )


def _asked(*minutes: str, **machines: Any) -> PlanRequest:
    chosen = Machines(**{"dedicated": 0, **machines}) if machines else None
    return PlanRequest(durations=parse_durations(minutes), machines=chosen, prices=PRICES)


def test_plan_has_a_row_for_each_type(make: Make, tmp_path: Path) -> None:
    """Counts, levels, slots, retries, inputs and outputs of its tasks together."""
    (tmp_path / "a").write_bytes(b"12345")
    plan = _plan(
        make,
        local_inputs=f"return {{'in/a': Path({str(tmp_path / 'a')!r})}}",
        create_job="""
        for number in (1, 2, 3):
            task = self.add_workload_task(Step, {}, self.tasks[-1:] if number == 3 else [])
            task.required_slots = number
            task.retry = RetryPolicy(max_retries=4) if number == 1 else None
            task.input_files += [InputFileSpecification(source_blob_path=blob) for blob in ("in/", "in/a", "else")]
            task.output_files.append(OutputFileSpecification(source_file_path="out", target_blob_path=f"o/{number}"))
        """,
    )
    (row,) = plan.rows
    assert (row.name, row.tasks, row.levels, row.slots, row.retries, row.outputs) == (
        "Step",
        3,
        (1, 2),
        (1, 3),
        (0, 4),
        3,
    )
    assert (row.inputs.files, row.inputs.known_bytes, row.inputs.unknown) == (9, 30, 3)
    assert (plan.sending.uploads, plan.sending.upload_bytes) == (1, 5)


def test_plan_tells_time_and_cost_of_the_nodes(make: Make) -> None:
    """Three steps of 30 minutes on two slots and a last task of 60: two hours on two nodes."""
    plan = _plan(make, asked=_asked("30", "Last=60", dedicated=1, spot=1, vm_size="Big"))
    assert plan.estimate is not None
    assert plan.estimate.run is not None
    assert (plan.estimate.task_hours, plan.estimate.run.seconds, plan.estimate.node_hours) == (2.5, 7200, 4)
    assert plan.estimate.busy == pytest.approx(0.625)
    assert plan.chain.seconds == 5400
    assert plan.cost is not None
    assert (plan.cost.amount, plan.cost.on_dedicated, plan.cost.on_spot) == (Decimal("1.2"), Decimal(2), Decimal("0.4"))


def test_cost_with_a_price_that_is_missing_is_not_guessed(make: Make) -> None:
    """It is said instead, and what is known is told."""
    plan = _plan(make, asked=_asked("60", dedicated=1, vm_size="odd"))
    assert plan.cost is not None
    assert (plan.cost.amount, plan.cost.on_dedicated, plan.cost.on_spot) == (None, None, Decimal(4))
    assert "the price file does not say what a dedicated odd costs" in plan.notes


def test_time_that_is_missing_makes_the_estimate_a_least(make: Make) -> None:
    """And the note names the type."""
    plan = _plan(make, asked=_asked("Step=60"))
    assert plan.estimate is not None
    assert (plan.estimate.is_at_least, plan.estimate.task_hours, plan.estimate.run) == (True, 3, None)
    assert any("no time is known of Last" in note for note in plan.notes)


def test_plan_without_times_says_what_to_give(make: Make) -> None:
    """The longest chain is then the one of the most tasks."""
    plan = _plan(make)
    assert (plan.estimate, plan.cost, plan.chain.tasks, plan.chain.seconds) == (None, None, 2, None)
    assert any("--minutes-per-task" in note for note in plan.notes)


def test_task_that_does_not_fit_the_nodes_is_refused(make: Make) -> None:
    """With the task, what it takes and what there is."""
    with pytest.raises(
        InputError, match="task '1' \\(Step\\) takes 2 slots of a node, and the plan is for 1 nodes with 1"
    ):
        _plan(make, asked=_asked("1", dedicated=1), create_job="self.add_workload_task(Step).required_slots = 2")


def test_time_of_a_name_that_no_task_has_is_refused(make: Make) -> None:
    """A slip of the hand would be counted as nothing."""
    with pytest.raises(InputError, match="names 'Setp', and the job has no such task; it has Step, Last"):
        _plan(make, asked=_asked("Setp=3"))


def test_plan_of_a_wrong_job_is_refused_with_every_problem(make: Make) -> None:
    """As a submission would be."""
    with pytest.raises(SpecificationError) as raised:
        _plan(make, create_job="for slots in (0, 999): self.add_workload_task(Step).required_slots = slots")
    assert [problem.task_id for problem in raised.value.problems] == ["1", "2"]


@pytest.mark.parametrize("word", ["x", "Step=", "Step=-1", "=3", "nan", "inf", "Step=1e9"])
def test_time_that_is_none_is_refused(word: str) -> None:
    """The message repeats the word."""
    with pytest.raises(InputError, match="--minutes-per-task"):
        parse_durations([word])


def test_time_that_is_given_twice_is_refused() -> None:
    """Which of the two would count is nobody's guess."""
    for words in (["1", "2"], ["A=1", "A=1"]):
        with pytest.raises(InputError, match="once"):
            parse_durations(words)


def test_command_names_may_hold_an_equals_sign() -> None:
    """The last one parts the name from the minutes."""
    assert parse_durations(["a=b=2"]).seconds("a=b") == 120


def test_names_beyond_the_most_numerous_are_one_row(make: Make) -> None:
    """Commands may each have a name of their own."""
    plan = _plan(make, create_job="for n in range(100): self.add_command_task(f'Mesh {n}', '/bin/true')")
    assert len(plan.rows) == 41
    assert {row.name: row.tasks for row in plan.rows}[OTHERS] == 60


def test_requests_are_counted_as_they_are_sent(make: Make) -> None:
    """A hundred tasks a request, fewer where they are long, and FinalizeTask by itself."""
    assert _plan(make, job={"n": 250}).sending.requests == 4
    long = _plan(
        make, create_job="for n in range(100): self.add_workload_task(Step).environment_settings['X'] = 'y' * 20_000"
    )
    assert long.sending.bytes > 2 * MAX_REQUEST_BYTES
    assert long.sending.requests == 4


def test_bytes_of_a_large_job_come_close_to_all_of_them(make: Make) -> None:
    """Some bodies stand for all: within a few hundredths of what each of them has."""
    small, large = (_plan(make, job={"n": count}).sending for count in (2_000, 4_000))
    assert large.is_estimate
    assert large.bytes == pytest.approx(2 * small.bytes, rel=0.03)


def test_large_inputs_are_uploads_of_their_own(make: Make) -> None:
    """They do not fit into a setting."""
    plan = _plan(make, create_job="self.add_workload_task(Step, {'x': 'y' * 10_000})")
    assert (plan.sending.uploads, plan.sending.upload_bytes) == (1, 10_008)


def test_plan_as_json_has_no_value_that_json_lacks(make: Make) -> None:
    """With everything asked for, and of a job without tasks."""
    whole = plan_document(_plan(make, asked=_asked("0", dedicated=2, vm_size="big")))
    empty = plan_document(_plan(make, create_job="pass", asked=_asked("1", dedicated=1)))
    assert json.loads(json.dumps(whole, allow_nan=False))["criticalPath"]["tasks"] == 2
    assert json.loads(json.dumps(empty, allow_nan=False))["levels"] == []
