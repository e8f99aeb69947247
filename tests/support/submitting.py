"""A job manager's process that only submits: ``python -m tests.support.submitting TASKS``.

It says on standard output each request that it is about to make, so that whoever started it can kill it there. The
account is that of the settings; blobs are not looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, cast

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.client import BatchClient
from batch_manager.compilation import JobFrame
from batch_manager.patience import Patience
from batch_manager.specification import TaskSpecification
from batch_manager.submission import JobSubmission
from batch_manager.testing import TEST_IDENTITY, InMemoryBlobStorage

JOB_ID = "job"
EAGER = Patience(limit=60, first_pause=0.01, max_pause=0.05)


class _Telling:
    """A client that says what it is asked, and has its blobs in memory."""

    def __init__(self, client: BatchClient) -> None:
        self._client = client
        self.storage = InMemoryBlobStorage()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def tell(*arguments: Any, **named: Any) -> Any:
            print(name, flush=True)
            return getattr(self._client, name)(*arguments, **named)

        return tell


def drafts(count: int) -> list[TaskSpecification]:
    """A chain of ten tasks beside a chain of ten tasks."""
    tasks: list[TaskSpecification] = []
    for number in range(1, count + 1):
        parents = tuple(tasks[-1:]) if number % 10 else ()
        tasks.append(TaskSpecification(task_name="Part", inputs="{}", id=str(number), dependencies=parents))
    return tasks


def main(count: int) -> None:
    """Submit so many tasks."""
    client = _Telling(BatchClientFactory.create(BatchClientSettings()))
    frame = JobFrame(
        job_id=JOB_ID,
        module="m",
        launcher="python3",
        storage_account_url=client.storage.account_url,
        identity_reference=TEST_IDENTITY,
    )
    JobSubmission(client=cast("BatchClient", client), frame=frame, patience=EAGER).submit(drafts(count))


if __name__ == "__main__":
    main(int(sys.argv[1]))
