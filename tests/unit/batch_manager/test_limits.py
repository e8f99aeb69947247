"""Batch's limits are found before anything is sent, all at once, each with its task and field."""

from datetime import timedelta
from typing import Any

import pytest

from batch_manager import InputFileSpecification, OutputFileSpecification, TaskConstraints, TaskSpecification
from batch_manager.limits import find_problems


def _task(**fields: Any) -> TaskSpecification:
    return TaskSpecification(**({"task_name": "T", "inputs": "{}", "id": "1"} | fields))


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"id": "a" * 65}, "id", "65 characters, at most 64"),
    ({"id": "a.b"}, "id", "letters, digits"),
    ({"id": "Finalize"}, "id", "kept for the framework"),
    ({"id": "JobPreparation"}, "id", "kept for the framework or for Batch"),
    ({"display_name": "x" * 1025}, "display_name", "1025 characters, at most 1024"),
    ({"constraints": TaskConstraints(max_task_retry_count=-2)}, "constraints.max_task_retry_count", "-2"),
    ({"constraints": TaskConstraints(max_wall_clock_time=timedelta(0))}, "constraints.max_wall_clock_time", "over 0"),
    (
        {"constraints": TaskConstraints(max_wall_clock_time=timedelta(days=181))},
        "constraints.max_wall_clock_time",
        "180 days",
    ),
    ({"constraints": TaskConstraints(retention_time=timedelta(-1))}, "constraints.retention_time", "negative"),
    ({"required_slots": 0}, "required_slots", "from 1 to 256"),
    ({"environment_settings": {"AZ_BATCH_X": "1"}}, "environment_settings", "AZ_BATCH_"),
    ({"environment_settings": {"A=B": "1"}}, "environment_settings", "not a name"),
    (
        {"input_files": [InputFileSpecification(source_blob_path="a", target_file_path="../x")]},
        "input_files",
        "leaves the working",
    ),
    (
        {"input_files": [InputFileSpecification(source_blob_path="a", container_name="A_B")]},
        "input_files",
        "lower-case",
    ),
    ({"output_files": [OutputFileSpecification(source_file_path="")]}, "output_files", "empty"),
    ({"output_files": [OutputFileSpecification("a", task_id="2")]}, "output_files", "'2'"),
    ({"input_files": [InputFileSpecification()]}, "input_files", "a secret"),
    ({"input_files": [InputFileSpecification(source_blob_path="batch-manager/")]}, "input_files", "a secret"),
    ({"input_files": [InputFileSpecification(None, "job-j", "")]}, "input_files", "a secret"),
    ({"environment_settings": {"A": "x" * 131_000}}, "environment_settings", "131000 characters"),
    ({"environment_settings": {"A": "x\0"}}, "environment_settings", "NUL"),
    ({"environment_settings": {"A": 3}}, "environment_settings", "a string"),
    ({"id": 5}, "id", "a string"),
    ({"required_slots": None}, "required_slots", "a whole number"),
    ({"dependencies": ("1",)}, "dependencies", "what add_workload_task returned"),
]


@pytest.mark.parametrize(("fields", "field", "said"), WRONG)
def test_problem_names_task_field_value_and_limit(fields: dict[str, Any], field: str, said: str) -> None:
    """Each limit, broken once."""
    task = _task(**fields)
    (problem,) = find_problems([task], container="job-j")
    assert (problem.task_id, problem.field) == (str(task.id), field)
    assert said in problem.message


def test_find_problems_of_a_sound_job_is_empty() -> None:
    """The limits themselves are allowed."""
    first = _task(id="a" * 64, display_name="x" * 1024, required_slots=256)
    second = _task(id="b", dependencies=(first,), constraints=TaskConstraints(max_wall_clock_time=timedelta(days=180)))
    assert find_problems([first, second]) == ()


def test_find_problems_tells_all_of_them() -> None:
    """Nobody fixes a job one message at a time."""
    found = find_problems([_task(id="a.b", required_slots=0), _task(id="c", display_name="x" * 2000)])
    assert [(p.task_id, p.field) for p in found] == [("a.b", "id"), ("a.b", "required_slots"), ("c", "display_name")]


def test_find_problems_sees_ids_that_differ_by_case_alone() -> None:
    """Batch keeps the case of an id but does not tell ids apart by it."""
    (problem,) = find_problems([_task(id="Mesh"), _task(id="mesh")])
    assert "'Mesh'" in problem.message


def test_find_problems_sees_the_same_id_twice() -> None:
    """One string object or two, one of the tasks would be lost."""
    same = "mesh"
    assert len(find_problems([_task(id=same), _task(id=same)])) == 1


def test_find_problems_sees_a_parent_that_comes_later() -> None:
    """A parent is added first, so there can be no cycle."""
    late = _task(id="2")
    (problem,) = find_problems([_task(id="1", dependencies=(late,)), late])
    assert (problem.task_id, problem.field) == ("1", "dependencies")


def test_find_problems_sees_a_dependency_list_that_is_too_long() -> None:
    """Ids of the user's own making can be too long together; numbers never are."""
    parents = [_task(id=f"{n:064d}") for n in range(1001)]
    problems = find_problems([*parents, _task(id="last", dependencies=tuple(parents))])
    assert [problem.task_id for problem in problems] == ["finalize", "last"]
    assert all("characters together, at most 64000" in problem.message for problem in problems)
