"""What the pre-flight lets pass the account takes: no task is refused."""

import logging
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from batch_manager import TaskSpecification
from batch_manager.client import BatchClient
from batch_manager.compilation import JobFrame
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from batch_manager.submission import JobSubmission
from tests.support.sound_jobs import sound_jobs


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(tasks=sound_jobs())
def test_job_without_problems_is_taken(
    client: BatchClient, new_job: Callable[[], str], caplog: pytest.LogCaptureFixture, tasks: list[TaskSpecification]
) -> None:
    """Every task of it is there, and FinalizeTask, which waits for them and for their gates."""
    caplog.set_level(logging.CRITICAL)
    frame = JobFrame(
        job_id=new_job(),
        module="workload",
        launcher="python3",
        storage_account_url=client.storage.account_url,
        identity_reference=client.storage.identity_reference,
    )
    JobSubmission(client=client, frame=frame).submit(tasks)
    ids = {record.id for record in client.list_tasks(frame.job_id)}
    assert ids >= {JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID, *(task.id for task in tasks)}
