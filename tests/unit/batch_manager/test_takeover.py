"""What a job that runs another one again takes over, and what it does not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.definitions import TaskDetail, TaskRecord, TaskState
from batch_manager.dependencies import DependencyRule
from batch_manager.errors import DefinitionError, InputError
from batch_manager.specification import OutputFileSpecification, TaskSpecification
from batch_manager.takeover import (
    Takeover,
    added_digest,
    draft_digest,
    encode_takeover,
    read_takeover,
    stale_outputs,
    tasks_to_run,
)


def _task(number: int, *parents: TaskSpecification, rule: str = "all_succeeded", output: str = "") -> TaskSpecification:
    task = TaskSpecification(task_name="Part", inputs=f'{{"n":{number}}}', id=str(number), dependencies=parents)
    task.run_when = DependencyRule(rule)
    if output:
        source, target = output.split(" ")
        task.output_files.append(OutputFileSpecification(source_file_path=source, target_blob_path=target))
    return task


def _takeover(*done: TaskSpecification) -> Takeover:
    return Takeover(job_id="night", done={task.id: draft_digest(task) for task in done})


def test_what_succeeded_is_left_out_with_the_edges_to_it() -> None:
    """What is left depends on what is left."""
    one, two = _task(1), _task(2)
    three = _task(3, one, two)
    assert tasks_to_run([one, two, three], _takeover(one)) == [two, three]
    assert three.dependencies == (two,)


def test_task_for_a_failure_that_cannot_come_is_left_out() -> None:
    """All its parents are done; with one that runs again it stays."""
    one, two = _task(1), _task(2)
    needless, needed = _task(3, one, rule="any_failed"), _task(4, one, two, rule="any_failed")
    assert tasks_to_run([one, two, needless, needed], _takeover(one)) == [two, needed]


@given(st.sets(st.integers(1, 6)), st.lists(st.sets(st.integers(1, 6), max_size=3), min_size=6, max_size=6))
def test_left_out_and_kept_are_the_whole_job(done: set[int], edges: list[set[int]]) -> None:
    """No task is lost, none waits for one that is not there, and none is taken over whose parents run again."""
    tasks: list[TaskSpecification] = []
    expected: set[int] = set()
    for number, parents in enumerate(edges, start=1):
        before = [parent for parent in sorted(parents) if parent < number]
        tasks.append(_task(number, *(tasks[parent - 1] for parent in before)))
        if number not in done or expected.intersection(before):
            expected.add(number)
    kept = tasks_to_run(tasks, _takeover(*(tasks[number - 1] for number in done)))
    assert {int(task.id) for task in kept} == expected
    assert all(parent in kept for task in kept for parent in task.dependencies)


def test_summary_of_what_there_was_runs_again_with_what_was_made_of_it() -> None:
    """In whatever order they were added; what was done about the failure stays done."""
    failed, fine = _task(1), _task(2)
    summary = _task(3, failed, fine, rule="all_ended")
    printed, alarm = _task(4, summary), _task(5, failed, rule="any_failed")
    tasks = [printed, summary, failed, fine, alarm]
    assert tasks_to_run(tasks, _takeover(fine, summary, printed, alarm)) == [printed, summary, failed]
    assert summary.dependencies == (failed,)


def test_job_manager_that_adds_other_tasks_now_is_refused() -> None:
    """The task, and what to do."""
    done = _task(1)
    with pytest.raises(DefinitionError, match=r"task '1' of job 'night' .* other inputs .* submit the job anew"):
        tasks_to_run([replace(_task(1), inputs="{}")], _takeover(done))
    with pytest.raises(DefinitionError, match="it adds no such task"):
        tasks_to_run([], _takeover(done))


@pytest.mark.parametrize(
    ("output", "is_stale"),
    [
        ("out.txt parts/1.txt", True),
        ("out.txt parts/2.txt", False),
        ("out/*.txt parts", True),
        ("out/*.csv parts", False),
        ("out/**/*.txt parts", True),
    ],
)
def test_output_of_an_earlier_try_is_stale(output: str, is_stale: bool) -> None:
    """By the name it has as a blob."""
    task = _task(1, output=output)
    assert stale_outputs([task], [], "job-night-r2", ["parts/1.txt"]) == (["parts/1.txt"] if is_stale else [])


def test_output_that_a_finished_task_may_have_written_stays() -> None:
    """Two tasks write to one folder; nobody can say whose a file is."""
    again, done = _task(1, output="out/*.txt parts"), _task(2, output="out/*.txt parts")
    assert stale_outputs([again], [done], "job-night-r2", ["parts/1.txt"]) == []


def test_document_comes_back_as_it_was() -> None:
    """And one that is none is refused."""
    takeover = _takeover(_task(1), _task(2))
    assert read_takeover(encode_takeover(takeover)) == takeover
    with pytest.raises(InputError, match="takes over"):
        read_takeover(b"[]")


def test_task_of_batch_has_the_digest_of_its_draft() -> None:
    """By its command line and its settings."""
    task = _task(1)
    detail = TaskDetail(
        record=TaskRecord(id="1", state=TaskState.COMPLETED),
        command_line="python3 -m night task Part",
        environment={"BATCH_MANAGER_INPUTS": task.inputs},
    )
    assert added_digest(detail) == draft_digest(task)
    assert added_digest(replace(detail, environment={"BATCH_MANAGER_INPUTS_FILE": "x"})) == ""
