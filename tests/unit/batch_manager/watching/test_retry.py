"""What is not retried: in a job that is over, and what is the job's own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from batch_manager.definitions import JobDefinition, JobState, TaskDefinition, TaskDetail
from batch_manager.errors import BatchManagerError, ConflictError, InputError, NotFoundError
from batch_manager.job_operations import JobSummary
from batch_manager.testing import InMemoryBatchClient
from batch_manager.watching.naming_tasks import find_task
from batch_manager.watching.retry import Retried, retry_tasks


class World:
    """A job with a task that failed, and what is asked of the account as a whole."""

    def __init__(self) -> None:
        self.client = InMemoryBatchClient()
        manager = TaskDefinition(id="job-manager", command_line="m")
        self.client.create_job(JobDefinition(id="job", pool_id="pool", job_manager=manager, metadata={"workload": "w"}))
        self.client.storage.create_container("job-job")
        names = {"1": "Mesh 1", "2": "Mesh 2", "finalize": "finalize"}
        tasks = [TaskDefinition(id=name, display_name=shown, command_line="t") for name, shown in names.items()]
        self.client.add_tasks("job", tasks)
        self.client.end_task("job", "1", exit_code=3)
        self.reactivated: list[str] = []
        self.refuses_with = ""
        self.meanwhile: Callable[[World], None] = lambda world: None

    def get_job(self, job_id: str) -> JobSummary:
        found = self.client.get_job(job_id)
        return JobSummary(
            id=job_id, state=found.state, creation_time=datetime(2026, 1, 1, tzinfo=UTC), metadata=found.metadata
        )

    def list_unsuccessful(self, job_id: str) -> Iterator[TaskDetail]:
        return (self.client.get_task(job_id, task_id) for task_id in ("1",))

    def reactivate_task(self, job_id: str, task_id: str) -> None:
        self.reactivated.append(task_id)
        self.meanwhile(self)
        if self.refuses_with:
            raise ConflictError("no", operation="reactivate", status=409, code=self.refuses_with)

    def retry(self, *names: str) -> Retried:
        """Retry tasks of the job."""
        return retry_tasks(self, self.client, "job", names)  # type: ignore[arg-type]


def cancels(world: World) -> None:
    world.client.storage.upload("job-job", "batch-manager/cancel.json", b"{}")


def begins_to_finalize(world: World) -> None:
    world.client.start_task("job", "finalize")


def terminates(world: World) -> None:
    world.client.terminate_job("job", "by hand")


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (cancels, "was cancelled"),
        (begins_to_finalize, "too late"),
        (terminates, "starts nothing of it any more"),
    ],
)
def test_retry_in_a_job_that_is_over_is_refused(happens: Callable[[World], None], words: str) -> None:
    """With the command that makes a new job, and nothing is done."""
    world = World()
    happens(world)
    with pytest.raises(InputError, match=f"{words}.*rerun --failed job"):
        world.retry("1")
    assert world.reactivated == []


def test_finalize_task_that_begins_at_that_moment_is_told() -> None:
    """It may have listed the tasks before the retry."""
    world = World()
    world.meanwhile = begins_to_finalize
    assert world.retry("1").too_late
    assert not World().retry("1").too_late


@pytest.mark.parametrize("own", ["job-manager", "finalize"])
def test_retry_of_the_job_s_own_tasks_is_refused(own: str) -> None:
    """FinalizeTask has the cause of a failed job manager already."""
    with pytest.raises(InputError, match="is the job's own"):
        World().retry(own)


def test_retry_of_a_task_that_runs_again_is_no_error() -> None:
    """Batch's answer to the second of two is taken for what it is."""
    world = World()
    world.refuses_with = "TaskNotCompleted"
    world.retry("1")
    assert world.reactivated == ["1"]


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("mesh", InputError, "give an id, such as 1, 2"),
        ("", InputError, "the task's name is empty"),
        ("3", NotFoundError, "nor has a task this display name"),
        ("Mesh 3", NotFoundError, "nor has a task this display name"),
    ],
)
def test_task_that_a_name_does_not_tell_is_refused(name: str, error: type[BatchManagerError], words: str) -> None:
    """One that several have names them."""
    with pytest.raises(error, match=words):
        find_task(World().client, "job", name)


@pytest.mark.parametrize("name", ["2", "Mesh 2", "mesh 2"])
def test_task_is_found_by_id_or_display_name(name: str) -> None:
    """However the name is spelled."""
    assert find_task(World().client, "job", name).record.id == "2"


def test_job_of_the_world_is_active() -> None:
    """Or the refusals above would say nothing."""
    assert World().get_job("job").state is JobState.ACTIVE
