"""What Batch would refuse or could never run is found before anything is sent, all at once, with its task and field."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager import (
    ApplicationPackageReference,
    DependencyRule,
    InputFileSpecification,
    OutputFileSpecification,
    TaskConstraints,
    UploadCondition,
)
from batch_manager.errors import SpecificationError
from batch_manager.preflight import find_problems
from batch_manager.preflight.check import RULES
from batch_manager.specification import ContainerSettings, MultiInstanceSettings, TaskSpecification
from tests.support.planted import PLANTED, PLANTED_JOBS, POOL, SECRET, Planted, PlantedJob, a_task, facts

_INDEPENDENT = [each for each in PLANTED if not each.facts and "id" not in each.fields]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.rule}-{planted.said}")
def test_problem_of_a_task_names_task_field_value_and_limit(planted: Planted) -> None:
    """Each rule, broken once: nothing else is told, and no secret."""
    task = a_task(**planted.fields)
    (problem,) = find_problems([task], facts(**planted.facts))
    assert (problem.task_id, problem.field, problem.rule) == (str(task.id), planted.field, planted.rule)
    assert planted.said in problem.message
    assert SECRET not in str(problem)


@pytest.mark.parametrize("planted", PLANTED_JOBS, ids=lambda planted: f"{planted.rule}-{planted.said}")
def test_problem_of_a_job_names_task_field_value_and_limit(planted: PlantedJob) -> None:
    """What only the tasks together show, or the job."""
    (problem,) = find_problems(planted.make(), facts(**planted.facts))
    assert (problem.task_id, problem.field, problem.rule) == (planted.task_id, planted.field, planted.rule)
    assert planted.said in problem.message


def test_every_rule_has_its_planted_problem() -> None:
    """A rule that nothing breaks may be one that finds nothing."""
    assert {each.rule for each in PLANTED} | {each.rule for each in PLANTED_JOBS} == {rule.name for rule in RULES}


def test_every_message_says_what_to_do() -> None:
    """In the words of its rule, after the value and the limit."""
    remedies = {rule.name: rule.remedy for rule in RULES}
    found = [problem for each in PLANTED for problem in find_problems([a_task(**each.fields)], facts(**each.facts))]
    assert all(problem.message.endswith(f"; {remedies[problem.rule]}") for problem in found)


@given(st.lists(st.sampled_from(_INDEPENDENT), min_size=1, max_size=8))
def test_all_of_several_problems_are_found(planted: Sequence[Planted]) -> None:
    """However many tasks are wrong, each is told, in the order of the tasks."""
    tasks = [a_task(**(each.fields | {"id": str(number)})) for number, each in enumerate(planted)]
    told = [(problem.task_id, problem.field, problem.rule) for problem in find_problems(tasks, facts())]
    wanted = [(str(number), each.field, each.rule) for number, each in enumerate(planted)]
    assert [each for each in told if each in wanted] == wanted


def test_a_task_has_all_its_problems_told() -> None:
    """Not one field at a time."""
    task = a_task(
        id="a.b", required_slots=0, display_name="x" * 2000, environment_settings={"A=": "", "AZ_BATCH_A": ""}
    )
    fields = [problem.field for problem in find_problems([task], facts())]
    assert fields == ["id", "display_name", "environment_settings", "environment_settings", "required_slots"]


def test_a_task_of_wrong_types_hides_no_problem_of_another() -> None:
    """Nor is it missing to the tasks that wait for it."""
    strange = a_task(display_name=5)
    found = find_problems([strange, a_task(id="2", dependencies=(strange,), required_slots=0)], facts())
    assert [(problem.task_id, problem.field) for problem in found] == [("1", "display_name"), ("2", "required_slots")]


def test_limits_themselves_are_allowed() -> None:
    """Up to and including what Batch takes."""
    first = a_task(id="a" * 64, display_name="x" * 1024, required_slots=256)
    limits = TaskConstraints(max_wall_clock_time=timedelta(days=180), max_task_retry_count=-1)
    second = a_task(id="b", dependencies=(first,), constraints=limits, environment_settings={"A": "x" * 130_999})
    assert find_problems([first, second], facts()) == ()


def test_all_that_a_pool_has_is_allowed() -> None:
    """As many slots as a node has, as many nodes as there are, packages that are active, ten of them."""
    single = replace(POOL, task_slots_per_node=1, inter_node_communication=True, has_containers=True)
    several = MultiInstanceSettings(number_of_instances=POOL.target_nodes, coordination_command_line="x")
    packages = [ApplicationPackageReference(application_id="tool", version="2.0")]
    packages += [ApplicationPackageReference(application_id=f"other{n}") for n in range(9)]
    assert find_problems([a_task(required_slots=POOL.task_slots_per_node)], facts(pool=POOL)) == ()
    tasks = [
        a_task(multi_instance=several, application_package_references=packages),
        a_task(id="2", container=ContainerSettings(image_name="busybox:1", run_options="--rm -e 'A=b c'")),
    ]
    assert find_problems(tasks, facts(pool=single)) == ()


def test_what_is_not_known_is_not_checked() -> None:
    """Without a pool and packages nothing is said of them."""
    several = MultiInstanceSettings(number_of_instances=100, coordination_command_line="x")
    tasks = [
        a_task(required_slots=256),
        a_task(id="2", multi_instance=several),
        a_task(id="3", container=ContainerSettings(image_name="a")),
    ]
    assert find_problems(tasks, facts(packages={})) == ()


def test_another_account_is_another_place() -> None:
    """The callback is in the job's own; and the same path elsewhere is another blob."""
    task = a_task(
        input_files=[InputFileSpecification("other", None, "")],
        output_files=[OutputFileSpecification("a"), OutputFileSpecification("a", storage_account_name="other")],
    )
    assert find_problems([task], facts()) == ()


def test_a_named_own_account_is_the_same_place() -> None:
    """Whether account and container are named or not."""
    task = a_task(
        output_files=[
            OutputFileSpecification("a"),
            OutputFileSpecification("a", storage_account_name="account", container_name="job-j"),
        ]
    )
    assert [problem.rule for problem in find_problems([task], facts())] == ["output-shared"]


def _pair(condition: UploadCondition, rule: DependencyRule, *, waits: bool = True) -> list[TaskSpecification]:
    first = a_task(output_files=[OutputFileSpecification("a", upload_condition=condition)])
    after = (first,) if waits else (a_task(id="3"),)
    return [
        *after,
        *(() if waits else (first,)),
        a_task(id="2", dependencies=after, run_when=rule, output_files=[OutputFileSpecification("a")]),
    ]


@pytest.mark.parametrize(
    ("condition", "rule", "waits", "is_shared"),
    [
        (UploadCondition.TASK_SUCCESS, DependencyRule.ANY_FAILED, True, False),
        (UploadCondition.TASK_FAILURE, DependencyRule.ALL_SUCCEEDED, True, False),
        (UploadCondition.TASK_SUCCESS, DependencyRule.ANY_FAILED, False, True),
        (UploadCondition.TASK_FAILURE, DependencyRule.ANY_FAILED, True, True),
        (UploadCondition.TASK_SUCCESS, DependencyRule.ALL_ENDED, True, True),
        (UploadCondition.TASK_COMPLETION, DependencyRule.ALL_SUCCEEDED, True, True),
    ],
)
def test_two_tasks_share_a_blob_only_if_never_both_write_it(
    condition: UploadCondition, rule: DependencyRule, waits: bool, is_shared: bool
) -> None:
    """One that replaces a failed one may; one that comes after a good one would write over its result."""
    found = find_problems(_pair(condition, rule, waits=waits), facts())
    assert [problem.rule for problem in found] == ["output-shared"] * is_shared


def test_one_that_runs_for_another_s_failure_may_write_over_a_good_result() -> None:
    """With two parents it may run though the one that writes succeeded."""
    first, other = _pair(UploadCondition.TASK_SUCCESS, DependencyRule.ANY_FAILED)
    other.dependencies = (first, parent := a_task(id="3"))
    assert [problem.rule for problem in find_problems([first, parent, other], facts())] == ["output-shared"]


def test_outputs_of_a_task_that_exclude_one_another_share_a_blob() -> None:
    """One is uploaded if it succeeds, the other if it fails."""
    made = [
        OutputFileSpecification(
            "good.json", target_blob_path="end.json", upload_condition=UploadCondition.TASK_SUCCESS
        ),
        OutputFileSpecification("bad.json", target_blob_path="end.json", upload_condition=UploadCondition.TASK_FAILURE),
    ]
    assert find_problems([a_task(output_files=made)], facts()) == ()


def test_patterns_may_go_to_one_folder() -> None:
    """Their files' names are not known."""
    made = OutputFileSpecification("out/*.csv", target_blob_path="results")
    assert find_problems([a_task(output_files=[made]), a_task(id="2", output_files=[made])], facts()) == ()


def test_a_pool_that_grows_has_as_many_nodes_as_are_asked_for() -> None:
    """How far its formula goes is not known."""
    pool = replace(POOL, task_slots_per_node=1, inter_node_communication=True, target_nodes=0)
    task = a_task(multi_instance=MultiInstanceSettings(number_of_instances=50, coordination_command_line="x"))
    assert find_problems([task], facts(pool=replace(pool, enable_auto_scale=True))) == ()
    assert len(find_problems([task], facts(pool=pool))) == 1


def test_error_shows_every_kind_of_problem_though_one_is_in_every_task() -> None:
    """A hundred thousand of one kind do not hide another."""
    tasks = [a_task(id=str(n + 1), required_slots=0) for n in range(1000)] + [a_task(id="x", display_name="x" * 2000)]
    text = str(SpecificationError(find_problems(tasks, facts())))
    assert "task '1', required_slots: is 0" in text
    assert "task 'x', display_name" in text
    assert len(text.splitlines()) < 25


def test_packages_of_the_job_count_with_those_of_the_task() -> None:
    """Batch sees them together; what both ask for is there once."""
    names = [ApplicationPackageReference(application_id=f"other{n}") for n in range(10)]
    task = a_task(application_package_references=names)
    assert find_problems([task], facts(packages={}, job_packages=(names[0],))) == ()
    (problem,) = find_problems([task], facts(packages={}, job_packages=(names[0], replace(names[0], version="1"))))
    assert problem.rule == "packages-too-many"
