"""Failed tasks of a job that goes on are retried, on a real service, and the outcome counts them once."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_manager.errors import InputError
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


def test_retry_of_a_failed_task_lets_the_job_succeed(account: Account, mended: tuple[str, Path]) -> None:
    """It and what was skipped because of it run again, and the outcome knows of no failure."""
    job_id, folder = mended
    (folder / "repaired").touch()
    retried = retry_tasks(account.operations, account.client, job_id, ["Bad 1"])
    assert (retried.tasks, retried.dependents, retried.too_late) == (("1",), ("2", "3"), False)
    wait_for(lambda: account.has_ended(job_id, "1", "2", "3"), "they ended again")
    (folder / "go").touch()
    outcome = supervise_job(account.client, job_id, interval=0.1)
    assert (outcome.succeeded, outcome.failed, outcome.skipped) == (4, 0, 0)
    assert (folder / "ran").read_text() == "child\ngrandchild\n"
