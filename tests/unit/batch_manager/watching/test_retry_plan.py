"""Which tasks a retry reactivates, and in which order."""

from batch_manager.definitions import TaskDetail, TaskRecord, TaskState
from batch_manager.dependencies import IdRange, TaskDependencies, compress
from batch_manager.exit_codes import ExitCode
from batch_manager.gates import GATE_DISPLAY_NAME
from batch_manager.unstarted import TASK_ENDED
from batch_manager.watching.retry_plan import left_behind, next_wave, plan_retry


def task(
    task_id: str,
    *after: str,
    code: int | None = ExitCode.SKIPPED,
    failure_code: str | None = None,
    display_name: str | None = None,
) -> TaskDetail:
    record = TaskRecord(
        id=task_id,
        state=TaskState.COMPLETED,
        succeeded=False,
        exit_code=code,
        failure_code=failure_code,
        display_name=display_name,
    )
    return TaskDetail(record=record, depends_on=compress(after))


def test_skipped_tasks_follow_what_they_depend_on() -> None:
    """However far they are, and nothing else."""
    tasks = [task("4", "1", "3"), task("3", "2"), task("2", "1"), task("1", code=3), task("9", "8"), task("8", code=1)]
    plan = plan_retry(["1"], tasks)
    assert (plan.first, set(plan.dependents)) == (("1",), {"2", "3", "4"})


def test_task_may_run_once_all_that_it_depends_on_has_succeeded() -> None:
    """Not while one of them runs, nor after it failed again."""
    tasks = [task("4", "1", "3"), task("3", "2"), task("2", "1")]
    wanted = {"2", "3", "4"}
    assert next_wave(wanted, tasks, ["1"]) == ((), ("1",))
    assert next_wave(wanted, tasks, []) == (("2",), ())
    assert next_wave(wanted, tasks[:2], ["2", "5"]) == ((), ("2",))
    assert next_wave(wanted, [*tasks, task("1", code=3)], []) == ((), ())


def test_what_an_interrupted_retry_left_is_found() -> None:
    """Skipped, and nothing that it depends on is without success any more."""
    assert left_behind([task("3", "2"), task("5", "4"), task("4", code=1), task("6")]) == ("3",)


def test_dependents_that_failed_by_themselves_stay() -> None:
    """They ran, and were not asked for."""
    assert plan_retry(["1"], [task("1", code=3), task("2", "1", code=4)]).dependents == ()


def test_task_that_never_began_follows() -> None:
    """Batch could not bring the file that its parent had not written."""
    plan = plan_retry(["1"], [task("1", code=3), task("2", "1", code=None, failure_code="BlobNotFound")])
    assert plan.dependents == ("2",)


def test_task_that_somebody_ended_stays() -> None:
    """That was no skip."""
    assert plan_retry(["1"], [task("1", code=3), task("2", "1", code=None, failure_code=TASK_ENDED)]).dependents == ()


def test_task_that_a_gate_ended_follows_its_gate() -> None:
    """A gate that stays closed ends the task behind it."""
    gate = task("3", "1", display_name=f"{GATE_DISPLAY_NAME}2")
    guarded = task("2", "3", code=None, failure_code=TASK_ENDED)
    assert plan_retry(["1"], [task("1", code=3), gate, guarded]).dependents == ("3", "2")


def test_asked_for_tasks_follow_one_another() -> None:
    """What was asked for together is not reactivated before what it depends on."""
    plan = plan_retry(["2", "1"], [task("2", "1"), task("1", code=3)])
    assert (plan.first, plan.dependents, plan.blocked_by) == (("1",), (), {})


def test_skipped_task_alone_is_blocked() -> None:
    """It would be skipped again; its parent is named."""
    assert plan_retry(["2"], [task("2", "1"), task("1", code=3)]).blocked_by == {"2": ("1",)}


def test_task_that_has_succeeded_since_leads_to_what_was_skipped() -> None:
    """A retry that was interrupted half-way is finished by the next one."""
    assert plan_retry(["1"], [task("2", "1")]).dependents == ("2",)


def test_circle_ends() -> None:
    """Batch lets a job have one, of tasks that are ended together."""
    assert plan_retry(["1"], [task("1", "2"), task("2", "1")]).dependents == ("2",)


def test_wide_range_costs_no_more_than_its_members() -> None:
    """A range says nothing of how many tasks there are."""
    wide = TaskDetail(
        record=task("2000000000").record, depends_on=TaskDependencies(ranges=(IdRange(1, 1_999_999_999),))
    )
    assert plan_retry(["1"], [task("1", code=3), wide]).dependents == ("2000000000",)
