"""The graphs whose edges are measured."""

from collections.abc import Callable

import pytest

from benchmarks.edges import LAYERS, dense_layers, fan, sparse_layers
from benchmarks.service import Task


def _parents(task: Task) -> list[int]:
    wanted = task.get("dependsOn", {})
    spans = [range(span["start"], span["end"] + 1) for span in wanted.get("taskIdRanges", [])]
    return [int(number) for number in wanted.get("taskIds", [])] + [number for span in spans for number in span]


@pytest.mark.parametrize(
    ("shape", "tasks", "edges"),
    [
        (fan, lambda width: width + 2, lambda width: 2 * width),
        (sparse_layers, lambda width: LAYERS * width, lambda width: 2 * (LAYERS - 1) * width),
        (dense_layers, lambda width: LAYERS * width, lambda width: (LAYERS - 1) * width * width),
    ],
)
@pytest.mark.parametrize("width", [2, 7, 30])
def test_shape_has_as_many_tasks_and_edges_as_is_printed(
    shape: Callable[[int], list[Task]], tasks: Callable[[int], int], edges: Callable[[int], int], width: int
) -> None:
    """And every parent is an earlier task, so that the job can end."""
    made = shape(width)
    parents = {int(task["id"]): _parents(task) for task in made}
    assert len(parents) == len(made) == tasks(width)
    assert sum(len(set(each)) for each in parents.values()) == edges(width)
    assert all(parent in parents and parent < child for child, each in parents.items() for parent in each)


@pytest.mark.parametrize("shape", [sparse_layers, dense_layers])
def test_layers_depend_on_the_layer_before_alone(shape: Callable[[int], list[Task]]) -> None:
    """The first on nothing."""
    width = 5
    for task in shape(width):
        layer = (int(task["id"]) - 1) // width
        assert {(parent - 1) // width for parent in _parents(task)} == ({layer - 1} if layer else set())
