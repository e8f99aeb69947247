"""What the end of a job means to whoever waited: one exit code."""

import pytest

from batch_manager.definitions import JobDefinition, TaskDefinition
from batch_manager.errors import CallbackError
from batch_manager.exit_codes import ExitCode
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from batch_manager.outcome import JobOutcome, Standstill
from batch_manager.supervision import job_end
from batch_manager.testing import InMemoryBatchClient

STUCK = Standstill(code="pool_missing", message="there is no pool")


def ended(manager: int = 0, finalize: int | None = 0) -> InMemoryBatchClient:
    """A job whose own tasks ended so."""
    client = InMemoryBatchClient()
    definition = TaskDefinition(id=JOB_MANAGER_TASK_ID, command_line="manage")
    client.create_job(JobDefinition(id="job", pool_id="pool", job_manager=definition))
    client.end_task("job", JOB_MANAGER_TASK_ID, manager)
    if finalize is not None:
        client.add_tasks("job", [TaskDefinition(id=FINALIZE_TASK_ID, command_line="finalize")])
        client.end_task("job", FINALIZE_TASK_ID, finalize)
    return client


@pytest.mark.parametrize(
    ("outcome", "manager", "finalize", "code"),
    [
        (JobOutcome(job_id="job", succeeded=3), 0, 0, 0),
        (JobOutcome(job_id="job", failed=1), 0, 0, 1),
        (JobOutcome(job_id="job", cause="KeyError"), 1, 0, 1),
        (JobOutcome(job_id="job", cause="no such file"), 65, 0, 65),
        (JobOutcome(job_id="job", cause="it was killed"), 137, None, 1),
        (JobOutcome(job_id="job", standstill=STUCK), 0, None, 69),
        (JobOutcome(job_id="job", cancelled_because="asked to"), 143, 0, 130),
        (JobOutcome(job_id="job", cancelled=2, timed_out=2), 0, 0, 81),
        (JobOutcome(job_id="job", succeeded=3), 0, 69, 69),
        (JobOutcome(job_id="job", succeeded=3), 0, 137, 0),
    ],
)
def test_exit_code_says_how_the_job_ended(outcome: JobOutcome, manager: int, finalize: int | None, code: int) -> None:
    """The worst that happened, with the job manager's own code where it is one of ours."""
    assert job_end(ended(manager, finalize), "job", outcome).exit_code == code


def test_callback_that_could_not_be_sent_from_outside_is_told() -> None:
    """Though every task succeeded."""
    good = JobOutcome(job_id="job", succeeded=1)
    end = job_end(ended(), "job", good, delivery_failure=CallbackError("the receiver answered 500"))
    assert (end.exit_code, end.untold) == (ExitCode.UNAVAILABLE, "the receiver answered 500")
