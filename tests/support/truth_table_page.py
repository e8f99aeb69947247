"""The truth table as ``docs/how-a-job-ends.md`` shows it: ``python -m tests.support.truth_table_page`` prints it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from batch_manager import DependencyRule, ExitCode
from tests.support.truth_table import TASK_ENDS, TaskEnd
from tests.support.truth_table_jobs import JOB_ENDS, JobEnd


def render_tasks() -> str:
    """The table of tasks."""
    head = ["what happens", "exit code", "outcome", *(f"child: `{rule.value}`" for rule in DependencyRule)]
    return _table(head, [_task_row(end) for end in TASK_ENDS])


def render_jobs() -> str:
    """The table of jobs."""
    head = ["what happens", "outcome", "error code", "told by"]
    return _table(head, [_job_row(end) for end in JOB_ENDS])


def _task_row(end: TaskEnd) -> list[str]:
    code = "none" if end.exit_code is None else str(end.exit_code)
    return [end.words, code, end.outcome.value, *(child.value for child in end.children)]


def _job_row(end: JobEnd) -> list[str]:
    teller = "the supervisor" if end.is_told_from_outside else "FinalizeTask"
    if end.finalize == ExitCode.UNAVAILABLE:
        teller = "nobody; the body is kept"
    return [end.words, end.outcome.value, "none" if end.error is None else f"`{end.error.value}`", teller]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(f"{render_tasks()}\n\n{render_jobs()}\n")
