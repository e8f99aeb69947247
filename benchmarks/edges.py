"""What a dependency costs: many into one, and layers, each at two sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.scale import run_job
from benchmarks.service import Service, Task, no_ops, running_service
from benchmarks.service_rate import start_pool

LAYERS = 10
FANS, WIDTHS = (1_000, 10_000), (100, 1_000)
QUICK_FANS, QUICK_WIDTHS = (100, 1_000), (10, 100)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A kind of graph.

    Attributes:
        name: what it is called; ``{}`` stands for its width.
        tasks: makes its tasks for a width.
        edges: how many dependencies it has then.
        widths: both widths.
    """

    name: str
    tasks: Callable[[int], list[Task]]
    edges: Callable[[int], int]
    widths: tuple[int, int]


def measure(quick: bool) -> Iterator[str]:
    """Yield the cost of a task and of an edge for each shape at both of its sizes."""
    fans, widths = (QUICK_FANS, QUICK_WIDTHS) if quick else (FANS, WIDTHS)
    shapes = (
        Shape(name="one to {}, into one", tasks=fan, edges=lambda width: 2 * width, widths=fans),
        Shape(
            name=f"{LAYERS} layers of {{}}, two parents each",
            tasks=sparse_layers,
            edges=lambda width: 2 * (LAYERS - 1) * width,
            widths=widths,
        ),
        Shape(
            name=f"{LAYERS} layers of {{}}, after the whole layer before",
            tasks=dense_layers,
            edges=lambda width: (LAYERS - 1) * width * width,
            widths=widths,
        ),
    )
    with running_service() as service:
        start_pool(service)
        for number, shape in enumerate(shapes):
            yield from _compare(service, f"shape-{number}", shape)


def fan(width: int) -> list[Task]:
    """Return a task, so many that depend on it and one that depends on all of these, by a range."""
    first, *middle, last = no_ops(width + 2)
    for task in middle:
        task["dependsOn"] = {"taskIds": [first["id"]]}
    last["dependsOn"] = _after(2, width + 1)
    return [first, *middle, last]


def sparse_layers(width: int) -> list[Task]:
    """Return layers in which each task depends on two of the layer before, by their ids."""
    tasks = no_ops(LAYERS * width)
    for at, task in enumerate(tasks[width:]):
        layer, place = divmod(at, width)
        parents = {layer * width + place, layer * width + (place + 1) % width}
        task["dependsOn"] = {"taskIds": [tasks[parent]["id"] for parent in sorted(parents)]}
    return tasks


def dense_layers(width: int) -> list[Task]:
    """Return layers in which each task depends on every one of the layer before, by a range."""
    tasks = no_ops(LAYERS * width)
    for at, task in enumerate(tasks[width:]):
        first = at // width * width + 1
        task["dependsOn"] = _after(first, first + width - 1)
    return tasks


def _after(first: int, last: int) -> Task:
    return {"taskIdRanges": [{"start": first, "end": last}]}


def _compare(service: Service, name: str, shape: Shape) -> Iterator[str]:
    edge_costs = []
    for width in shape.widths:
        tasks, edges = shape.tasks(width), shape.edges(width)
        cost = run_job(service, f"{name}-{width}", tasks)
        edge_costs.append(cost.cpu * len(tasks) / edges)
        yield (
            f"{shape.name.format(width)}: {edges} edges, {cost.wall * 1e3:.2f} ms a task, "
            f"{cost.cpu * 1e3:.2f} ms of CPU a task, {edge_costs[-1] * 1e6:.1f} us of CPU an edge"
        )
    yield f"  CPU an edge, large against small: {edge_costs[1] / edge_costs[0]:.2f} (aim: at most about 1)"
