"""Failed tasks of a job that goes on are retried, on a real service, and the outcome counts them once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from batch_manager._azure.connect import batch_sdk
from batch_manager.job_operations import JobOperations
from batch_manager.supervision import supervise_job
from batch_manager.watching.retry import retry_tasks
from tests.integration.watching.conftest import Account, wait_for


@pytest.fixture
def mended(account: Account, tmp_path: Path) -> tuple[str, Path]:
    """A job whose first task has failed for good, whose second was skipped, and whose third goes on."""
    here = tmp_path.as_posix()
    job_id = account.submit(
        {
            "bad": f"test -e {here}/repaired || exit 3",
            "child": f"echo child >> {here}/ran",
            "child-after": "bad",
            "grandchild": f"echo grandchild >> {here}/ran",
            "grandchild-after": "child",
            "slow": f"while [ ! -e {here}/go ]; do sleep 0.05; done",
        }
    )
    wait_for(lambda: account.has_ended(job_id, "1", "2", "3"), "three tasks ended")
    return job_id, tmp_path


def test_retry_that_was_interrupted_is_finished_by_the_next(account: Account, mended: tuple[str, Path]) -> None:
    """What was skipped runs again too, each with its retries, and the outcome knows of no failure."""
    job_id, folder = mended
    (folder / "repaired").touch()
    with pytest.raises(KeyboardInterrupt):
        retry_tasks(_Interrupted(account.operations), account.client, job_id, ["bad"])
    wait_for(lambda: account.has_ended(job_id, "1"), "the first ended again")
    retried = retry_tasks(account.operations, account.client, job_id, ["Bad 1"], sleep=lambda seconds: time.sleep(0.05))
    assert (retried.succeeded, retried.dependents, retried.too_late) == (("1",), ("2", "3"), False)
    wait_for(lambda: account.has_ended(job_id, "1", "2", "3"), "they ended again")
    (folder / "go").touch()
    outcome = supervise_job(account.client, job_id, interval=0.1)
    assert (outcome.succeeded, outcome.failed, outcome.skipped) == (4, 0, 0)
    assert (folder / "ran").read_text() == "child\ngrandchild\n"
    assert [_retries(account, job_id, task_id) for task_id in ("2", "3")] == [1, 1]


class _Interrupted:
    """An account, until the first task was reactivated."""

    def __init__(self, operations: JobOperations) -> None:
        self._operations = operations

    def __getattr__(self, name: str) -> Any:
        return getattr(self._operations, name)

    def reactivate_task(self, job_id: str, task_id: str) -> None:
        self._operations.reactivate_task(job_id, task_id)
        raise KeyboardInterrupt


def _retries(account: Account, job_id: str, task_id: str) -> int | None:
    constraints = batch_sdk(account.settings).get_task(job_id, task_id).constraints
    return None if constraints is None else constraints.max_task_retry_count
