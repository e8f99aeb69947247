"""Where a task's files lie."""

import pytest

from dispatcher.service.node.launch import TaskKey
from dispatcher.service.node.layout import task_folder, working_folder


def test_task_folder_is_where_azure_has_it() -> None:
    """Below ``workitems``, with the run ``job-1`` between job and task."""
    folder = task_folder("/mnt/batch", TaskKey(job_id="job", task_id="task"))
    assert folder == "/mnt/batch/workitems/job/job-1/task"
    assert working_folder(folder) == "/mnt/batch/workitems/job/job-1/task/wd"


def test_task_folder_of_a_scheduled_job_names_the_schedule() -> None:
    """Such a job's id is ``<schedule>:<job>``."""
    folder = task_folder("/mnt/batch", TaskKey(job_id="nightly:job-7", task_id="task"))
    assert folder == "/mnt/batch/workitems/nightly/job-7/task"


@pytest.mark.parametrize(
    ("job", "task"), [("..", "t"), ("j", "../x"), ("j", ""), ("j", "a/b"), ("a:b:c", "t"), ("j", "x" * 65)]
)
def test_task_folder_refuses_ids_that_name_another_folder(job: str, task: str) -> None:
    """Whatever let them through before."""
    with pytest.raises(ValueError, match="an id is"):
        task_folder("/mnt/batch", TaskKey(job_id=job, task_id=task))
