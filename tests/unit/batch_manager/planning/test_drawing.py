"""A graph as text: each task in a small one, types and levels in a large or a deep one."""

from pathlib import Path

import pytest

from batch_manager.errors import InputError
from batch_manager.planning.drawing import LevelRun, check_suffix, draw, level_runs, picture
from tests.unit.batch_manager.planning.jobs import graph_of, job

SMALL = graph_of(job(("A", ()), ("B", (0,))))
LABELS = ['first "one"', "second\n<two> \\ #2"]


def test_small_graph_has_a_box_for_each_task() -> None:
    """In Mermaid, with what it would read as markup written otherwise."""
    assert draw(".mmd", SMALL, LABELS).splitlines() == [
        "flowchart TD",
        '  t0["first #quot;one#quot;"]',
        '  t1["second #lt;two#gt; \\ #35;2"]',
        "  t0 --> t1",
    ]


def test_graph_for_graphviz_is_quoted() -> None:
    """Quotes and backslashes of a name do not end it."""
    assert draw(".DOT", SMALL, LABELS).splitlines() == [
        "digraph job {",
        "  node [shape=box];",
        '  t0 [label="first \\"one\\""];',
        '  t1 [label="second <two> \\\\ #2"];',
        "  t0 -> t1;",
        "}",
    ]


def test_graph_in_markdown_is_a_mermaid_block() -> None:
    """As pages on the web show it."""
    lines = draw(".md", SMALL, LABELS).splitlines()
    assert (lines[0], lines[1], lines[-1]) == ("```mermaid", "flowchart TD", "```")


def test_wide_graph_is_folded_by_type_and_level() -> None:
    """A box has a count, an arrow the number of edges."""
    shown = picture(graph_of(job(*[("Part", ())] * 1000, ("Merge", range(1000)))), ())
    assert shown.boxes == ["1,000 Part, level 1", "1 Merge, level 2"]
    assert shown.arrows == [(0, 1, "1,000")]


def test_deep_graph_is_folded_by_runs_of_levels() -> None:
    """A chain of a thousand is three boxes, one of which leads to itself."""
    rows = [("First", ()), *[("Step", (number,)) for number in range(998)], ("Last", (998,))]
    graph = graph_of(job(*rows))
    assert level_runs(graph) == [
        LevelRun(first=1, last=1, tasks={"First": 1}),
        LevelRun(first=2, last=999, tasks={"Step": 1}),
        LevelRun(first=1000, last=1000, tasks={"Last": 1}),
    ]
    assert picture(graph, ()).arrows == [(0, 1, "1"), (1, 1, "997"), (1, 2, "1")]


def test_suffix_that_names_no_form_is_refused() -> None:
    """Before anything is planned."""
    with pytest.raises(InputError, match=r"'graph.png': the suffix '.png' is not known; give one of .mmd"):
        check_suffix(Path("graph.png"))
