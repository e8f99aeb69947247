"""A job's graph as text: its levels for a terminal, Mermaid and Graphviz for a file. Pure.

A small graph has a box for each task, a larger one for each type on each level, a deep one for each run of levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from batch_manager.errors import InputError
from batch_manager.planning.job_graph import Group, JobGraph

MOST_BOXES = 60
"""Tasks of a graph that has a box for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRun:
    """Levels one after another that have the same tasks.

    Attributes:
        first: the first of them.
        last: the last of them.
        tasks: of each level, how many of each type.
    """

    first: int
    last: int
    tasks: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Boxes and arrows.

    Attributes:
        boxes: their texts.
        arrows: from which box to which, with a text that may be empty.
    """

    boxes: Sequence[str]
    arrows: Sequence[tuple[int, int, str]]


def level_runs(graph: JobGraph) -> list[LevelRun]:
    """The levels, folded."""
    by_level = [
        {group.task_name: count for group, count in own}
        for _, own in groupby(graph.groups.items(), key=lambda item: item[0].level)
    ]
    runs: list[LevelRun] = []
    for level, tasks in enumerate(by_level, 1):
        if runs and runs[-1].tasks == tasks:
            runs[-1] = LevelRun(first=runs[-1].first, last=level, tasks=tasks)
        else:
            runs.append(LevelRun(first=level, last=level, tasks=tasks))
    return runs


def check_suffix(path: Path) -> None:
    """Refuse a file whose suffix names no form of a graph.

    Raises:
        InputError: it does not.
    """
    if path.suffix.lower() not in _WRITERS:
        raise InputError(
            f"--graph {str(path)!r}: the suffix {path.suffix!r} is not known; give one of {', '.join(_WRITERS)}"
        )


def draw(suffix: str, graph: JobGraph, labels: Sequence[str]) -> str:
    """The graph as a file of that suffix has it.

    Args:
        suffix: one that ``check_suffix`` lets pass.
        graph: the job's.
        labels: what to call each task, where each has a box.
    """
    return _WRITERS[suffix.lower()](picture(graph, labels))


def picture(graph: JobGraph, labels: Sequence[str]) -> Picture:
    """What is drawn."""
    if graph.size > MOST_BOXES:
        return _folded(graph)
    arrows = [(number, child, "") for number in range(graph.size) for child in graph.children_of(number)]
    return Picture(boxes=labels, arrows=arrows)


def _folded(graph: JobGraph) -> Picture:
    runs = level_runs(graph)
    at = {level: run for run in runs for level in range(run.first, run.last + 1)}
    boxes: dict[Group, str] = {}
    for run in runs:
        levels = f"level {run.first}" if run.first == run.last else f"each of the levels {run.first} to {run.last}"
        for name, count in run.tasks.items():
            boxes[Group(run.first, name)] = f"{count:,} {name}, {levels}"
    numbers = {group: number for number, group in enumerate(boxes)}
    arrows: dict[tuple[int, int], int] = {}
    for (source, target), count in graph.edges.items():
        ends = (
            numbers[Group(at[source.level].first, source.task_name)],
            numbers[Group(at[target.level].first, target.task_name)],
        )
        arrows[ends] = arrows.get(ends, 0) + count
    return Picture(boxes=list(boxes.values()), arrows=[(*ends, f"{count:,}") for ends, count in arrows.items()])


def _mermaid(shown: Picture) -> str:
    return "\n".join(["flowchart TD", *_mermaid_lines(shown)]) + "\n"


def _mermaid_lines(shown: Picture) -> Iterator[str]:
    for number, text in enumerate(shown.boxes):
        safe = _one_line(text).replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
        yield f'  t{number}["{safe}"]'
    for source, target, text in shown.arrows:
        yield f"  t{source} -->{f'|{text}|' if text else ''} t{target}"


def _markdown(shown: Picture) -> str:
    return f"```mermaid\n{_mermaid(shown)}```\n"


def _dot(shown: Picture) -> str:
    lines = [f"  t{number} [label={_quoted(text)}];" for number, text in enumerate(shown.boxes)]
    for source, target, text in shown.arrows:
        lines.append(f"  t{source} -> t{target}{f' [label={_quoted(text)}]' if text else ''};")
    return "\n".join(["digraph job {", "  node [shape=box];", *lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return '"' + _one_line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _one_line(text: str) -> str:
    return " ".join(text.split())


_WRITERS: Mapping[str, Callable[[Picture], str]] = {
    ".mmd": _mermaid,
    ".mermaid": _mermaid,
    ".md": _markdown,
    ".dot": _dot,
    ".gv": _dot,
}
