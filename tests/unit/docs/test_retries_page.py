"""docs/retries.md: its example runs, and its lists are those of the code."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from batch_manager import (
    JobManager,
    JobManagerContext,
    RetryableError,
    RetryPolicy,
    TaskContext,
    TaskSpecification,
    WorkloadTask,
    WorkloadTaskBuilder,
)
from batch_manager.entry_points import EntryPointsRepository
from batch_manager.exit_codes import ExitCode
from batch_manager.reports import Attempt
from batch_manager.retrying import NEVER_RETRIED
from batch_manager.submit import JOB_GRACE
from batch_manager.testing import InMemoryBatchClient
from batch_manager.time_limit import CLEANUP_SECONDS

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "retries.md").read_text()


class Solve(WorkloadTask):
    """What the example adds."""

    def run(self) -> None:
        """Nothing."""


class SolveBuilder(WorkloadTaskBuilder[Solve]):
    """Makes one."""

    def build(self, context: TaskContext) -> Solve:
        """The task."""
        return Solve()


def _tasks_of_example() -> list[TaskSpecification]:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {
        "JobManager": JobManager,
        "RetryPolicy": RetryPolicy,
        "RetryableError": RetryableError,
        "Solve": Solve,
        "timedelta": timedelta,
    }
    exec(example, names)
    entry_points = EntryPointsRepository()
    entry_points.register_entry_point(Solve, SolveBuilder)
    context = JobManagerContext(
        job_id="j",
        parameters={},
        working_directory=Path(),
        batch_client=InMemoryBatchClient(),
        entry_points=entry_points,
    )
    manager: JobManager = names["BreakJobManager"](context)
    manager.create_job()
    return manager.tasks


def test_example_of_the_page_runs() -> None:
    """And gives its tasks the policies it shows."""
    solve, mesh = _tasks_of_example()
    assert solve.retry is not None
    assert solve.retry.exceptions == (RetryableError, ConnectionError)
    assert mesh.retry == RetryPolicy(max_retries=2, exit_codes=(75,))


def test_page_lists_what_is_never_tried_again() -> None:
    """No more and no less."""
    (sentence,) = re.findall(r"Some failures no policy tries again.*?\.\n", PAGE, re.DOTALL)
    assert {int(code) for code in re.findall(r"\d+", sentence)} == NEVER_RETRIED - {ExitCode.SUCCEEDED}
    codes = (DOCS / "exit-codes.md").read_text()
    (sentence,) = re.findall(r"Codes ([\d, and]*) are never tried again", codes)
    assert {int(code) for code in re.findall(r"\d+", sentence)} == NEVER_RETRIED - {ExitCode.SUCCEEDED}


def test_page_lists_the_fields_of_a_report() -> None:
    """In their order."""
    fields = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)))
    assert fields == list(Attempt._fields)


@pytest.mark.parametrize(
    ("words", "value", "meant"),
    [
        ("Before the first retry there are five seconds", RetryPolicy().delay, timedelta(seconds=5)),
        ("up to `max_delay`, five minutes", RetryPolicy().max_delay, timedelta(minutes=5)),
        ("It has ten seconds to clean up", timedelta(seconds=CLEANUP_SECONDS), timedelta(seconds=10)),
        ("An hour after the time limit", JOB_GRACE, timedelta(hours=1)),
    ],
)
def test_times_on_the_page_are_those_of_the_code(words: str, value: timedelta, meant: timedelta) -> None:
    """In words there, in numbers here."""
    assert words in PAGE
    assert value == meant
