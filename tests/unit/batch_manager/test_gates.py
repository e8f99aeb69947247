"""Which tasks have a gate before them, and what the gates' ids are."""

from hypothesis import given, settings
from hypothesis import strategies as st

from batch_manager import DependencyRule, TaskSpecification
from batch_manager.dependencies import count_members
from batch_manager.gates import guarded_task_of, needs_gate, pair, plan_gates
from batch_manager.specification import ContainerSettings, MultiInstanceSettings

BOX = ContainerSettings(image_name="alpine")
GANG = MultiInstanceSettings(number_of_instances=2, coordination_command_line="/bin/true")
PARENT = TaskSpecification(task_name="P", inputs="{}", id="1")


@st.composite
def _jobs(draw: st.DrawFn) -> list[TaskSpecification]:
    """Tasks with ids of all kinds, some of which cannot ask themselves."""
    ids = draw(st.lists(st.from_regex(r"[a-c0-9]{1,3}", fullmatch=True), unique=True, max_size=12))
    return [
        TaskSpecification(
            task_name="T",
            inputs="{}",
            id=task_id,
            dependencies=(PARENT,) * draw(st.integers(0, 1)),
            run_when=draw(st.sampled_from(DependencyRule)),
            command_line=draw(st.sampled_from([None, "/bin/true"])),
            container=draw(st.sampled_from([None, BOX])),
            multi_instance=draw(st.sampled_from([None, GANG])),
        )
        for task_id in ids
    ]


@settings(deadline=None)
@given(tasks=_jobs(), has_time_limit=st.booleans())
def test_gates_are_one_range_after_the_largest_number(tasks: list[TaskSpecification], has_time_limit: bool) -> None:
    """So they travel in a few characters, and no task has the id of a gate."""
    plan = plan_gates(tasks, has_time_limit=has_time_limit)
    guarded = [task.id for task in tasks if needs_gate(task, has_time_limit=has_time_limit)]
    assert set(plan.gate_ids) == set(guarded)
    assert len(plan.gates.ranges) + len(plan.gates.task_ids) == min(len(guarded), 1)
    assert not count_members(plan.gates, [task.id for task in tasks])


@settings(deadline=None)
@given(tasks=_jobs())
def test_pair_gives_the_plan_back(tasks: list[TaskSpecification]) -> None:
    """FinalizeTask is told two lists of ids and finds which gate stands before which task."""
    plan = plan_gates(tasks, has_time_limit=True)
    assert pair(plan.gates, plan.guarded) == {gate: task for task, gate in plan.gate_ids.items()}


@settings(deadline=None)
@given(tasks=_jobs())
def test_plan_does_not_depend_on_the_order_of_the_tasks(tasks: list[TaskSpecification]) -> None:
    """It is derived from the ids."""
    assert plan_gates(tasks, has_time_limit=False) == plan_gates(tasks[::-1], has_time_limit=False)


def test_task_that_can_ask_itself_has_no_gate() -> None:
    """A registered task, in a container too, and a plain command."""
    boxed = TaskSpecification(task_name="T", inputs="{}", id="2", dependencies=(PARENT,), container=BOX)
    gang = TaskSpecification(task_name="T", inputs="{}", id="3", dependencies=(PARENT,), multi_instance=GANG)
    plain = TaskSpecification(task_name="T", inputs="{}", id="4", dependencies=(PARENT,), command_line="/bin/true")
    assert [needs_gate(task, has_time_limit=True) for task in (boxed, gang, plain)] == [False] * 3


def test_task_without_parents_or_that_runs_anyway_has_a_gate_for_the_time_limit_alone() -> None:
    """There is nothing else to ask."""
    alone = TaskSpecification(task_name="T", inputs="{}", id="2", command_line="x", container=BOX)
    anyway = TaskSpecification(
        task_name="T",
        inputs="{}",
        id="3",
        command_line="x",
        multi_instance=GANG,
        dependencies=(PARENT,),
        run_when=DependencyRule.ALL_ENDED,
    )
    assert list(plan_gates([alone, anyway], has_time_limit=False).gate_ids) == []
    assert plan_gates([alone, anyway], has_time_limit=True).gate_ids == {"2": "4", "3": "5"}


def test_gate_is_known_by_its_display_name() -> None:
    """Where nobody told which tasks are gates."""
    assert guarded_task_of("gate of task mesh-7") == "mesh-7"
    assert guarded_task_of("Throw 7") is guarded_task_of(None) is None
