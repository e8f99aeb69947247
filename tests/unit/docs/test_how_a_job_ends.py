"""The page "How a job ends" says what the truth table says, which tests bring about."""

import re
from pathlib import Path

from batch_manager import DependencyRule
from batch_manager.outcome import ErrorCode, Outcome
from tests.support.truth_table import TASK_ENDS
from tests.support.truth_table_jobs import JOB_ENDS
from tests.support.truth_table_page import render_jobs, render_tasks

PAGE = (Path(__file__).parents[3] / "docs" / "how-a-job-ends.md").read_text()


def test_tables_of_the_page_are_the_truth_table() -> None:
    """Run ``python -m tests.support.truth_table_page`` when this fails, and put its tables between the marks."""
    for name, table in (("tasks", render_tasks()), ("jobs", render_jobs())):
        assert PAGE.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- /{name} -->")[0] == table


def test_page_has_every_rule_and_error_code() -> None:
    """In the order of the code."""
    assert re.findall(r"^\| `([A-Z_]+)`", PAGE, re.MULTILINE) == [rule.name for rule in DependencyRule]
    order = PAGE.split("the first in this order is told:")[1].split(".")[0]
    assert re.findall(r"`(\w+)`", order) == [code.value for code in ErrorCode]


def test_pictures_of_the_page_end_in_every_outcome() -> None:
    """And nowhere else; a job is never skipped."""
    pictures = re.findall(r"^```mermaid\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    ends = []
    for picture in pictures:
        steps = re.findall(r"^    (\S+) --> (\w+)", picture, re.MULTILINE)
        ends.append({after for _, after in steps} - {before for before, _ in steps})
    outcomes = {outcome.value for outcome in Outcome}
    assert ends == [outcomes, outcomes - {Outcome.SKIPPED.value}]


def test_truth_table_has_every_outcome_and_error_code() -> None:
    """A new one needs a row."""
    assert {end.outcome for end in TASK_ENDS} == set(Outcome)
    assert {end.error for end in JOB_ENDS} | {ErrorCode.TASKS_FAILED} == {None, *ErrorCode}
    for rows in (TASK_ENDS, JOB_ENDS):
        assert len({end.name for end in rows}) == len({end.words for end in rows}) == len(rows)
