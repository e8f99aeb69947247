"""Jobs of a few lines, as drafts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from batch_manager.planning.job_graph import JobGraph, build_graph
from batch_manager.specification import TaskSpecification


def job(*rows: tuple[str, Iterable[int]], **fields: Any) -> list[TaskSpecification]:
    """Tasks, each with its name and the places of its parents."""
    tasks: list[TaskSpecification] = []
    for number, (name, parents) in enumerate(rows, 1):
        dependencies = tuple(tasks[place] for place in parents)
        tasks.append(
            TaskSpecification(task_name=name, inputs="{}", id=str(number), dependencies=dependencies, **fields)
        )
    return tasks


def graph_of(tasks: Sequence[TaskSpecification]) -> JobGraph:
    """Their graph."""
    return build_graph(tasks, [task.task_name for task in tasks])


@st.composite
def jobs(draw: st.DrawFn, most: int = 25) -> list[TaskSpecification]:
    """Any job: each task has any of the earlier ones as parents."""
    size = draw(st.integers(1, most))
    rows = [
        (draw(st.sampled_from("ABC")), draw(st.sets(st.integers(0, number - 1), max_size=4)) if number else set())
        for number in range(size)
    ]
    return job(*rows)
