"""What the pre-flight asks the service, and what it does where it is not told."""

import logging
from typing import Any

import pytest

from batch_manager import ApplicationPackageReference
from batch_manager.compilation import JobFrame
from batch_manager.definitions import JobDefinition, PoolRecord, TaskDefinition
from batch_manager.errors import AccessDeniedError, BusyError, NotFoundError, ServiceError, SpecificationError
from batch_manager.preflight import gather_facts
from batch_manager.submission import JobSubmission
from batch_manager.testing import TEST_IDENTITY, InMemoryBatchClient
from tests.support.planted import POOL, a_task

FRAME = JobFrame(
    job_id="j",
    module="m",
    launcher="python3",
    storage_account_url="https://account.blob.core.windows.net",
    identity_reference=TEST_IDENTITY,
)


class Account(InMemoryBatchClient):
    """Counts what it is asked, and may refuse it."""

    def __init__(self, refusal: ServiceError | None = None) -> None:
        super().__init__()
        self.put_pool(POOL)
        manager = TaskDefinition(id="job-manager", command_line="x")
        self.create_job(JobDefinition(id="j", pool_id="pool", job_manager=manager))
        self.refusal = refusal
        self.asked: list[str] = []

    def get_pool(self, pool_id: str) -> PoolRecord:
        self._ask(pool_id)
        return super().get_pool(pool_id)

    def list_package_versions(self, application_id: str) -> tuple[str, ...]:
        self._ask(application_id)
        return super().list_package_versions(application_id)

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if self.refusal is not None:
            raise self.refusal


def _packages(*names: str) -> dict[str, Any]:
    return {"application_package_references": [ApplicationPackageReference(application_id=name) for name in names]}


def test_nothing_is_asked_for_tasks_that_need_nothing() -> None:
    """Most jobs."""
    account = Account()
    known = gather_facts(account, FRAME, [a_task()])
    assert (account.asked, known.pool, known.container) == ([], None, "job-j")


def test_pool_and_each_application_are_asked_for_once() -> None:
    """However many tasks want something of them, and however they spell it."""
    account = Account()
    account.put_package("tool", ["1.0"])
    tasks = [a_task(required_slots=2), a_task(required_slots=3, **_packages("tool", "/x/applications/TOOL", "none"))]
    known = gather_facts(account, FRAME, tasks)
    assert sorted(map(str.lower, account.asked)) == ["none", "pool", "tool"]
    assert known.pool == POOL
    assert known.packages["none"] is None


def test_what_may_not_be_read_is_not_known_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The job manager's identity need not be allowed to read pools."""
    account = Account(AccessDeniedError("no", operation="it"))
    with caplog.at_level(logging.WARNING):
        known = gather_facts(account, FRAME, [a_task(required_slots=2, **_packages("tool"))])
    assert (known.pool, dict(known.packages)) == (None, {})
    assert len(caplog.records) == 2


def test_service_that_is_out_of_reach_is_an_error() -> None:
    """A check that could not be made found nothing, which must not pass for nothing to find."""
    with pytest.raises(BusyError):
        gather_facts(Account(BusyError("busy", operation="it")), FRAME, [a_task(required_slots=2)])


def test_tasks_of_wrong_types_are_left_to_the_check() -> None:
    """It tells them."""
    tasks = [a_task(required_slots="2"), a_task(application_package_references=5), a_task(**_packages(), id="x")]
    assert gather_facts(Account(), FRAME, tasks).packages == {}


def test_job_with_a_problem_has_nothing_sent() -> None:
    """Not even its container is made; the pool is asked for what the task wants."""
    account = Account()
    with pytest.raises(SpecificationError, match="a node of pool 'pool' has 4"):
        JobSubmission(client=account, frame=FRAME).submit([a_task(), a_task(id="2", required_slots=5)])
    assert [task.id for task in account.task_definitions("j")] == ["job-manager"]
    with pytest.raises(NotFoundError):
        account.storage.read("job-j", "x")
