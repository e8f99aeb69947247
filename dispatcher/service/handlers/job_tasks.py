"""Where a job's preparation and release tasks ran, and how they ended."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.documents.job_tasks import job_tasks_of
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.handlers.jobs import find
from dispatcher.service.paging import page, read_listing
from dispatcher.service.rendering.job_tasks import job_node_body


def list_status(call: Call) -> Reply:
    """List the nodes that a job was prepared on, those that left their pool included, in the order of first runs.

    Raises:
        BatchError: JobPreparationTaskNotSpecified, for a job without such tasks.
    """
    job = find(call)
    if job_tasks_of(job.document).preparation is None:
        raise BatchError(Refusal.JOB_PREPARATION_TASK_NOT_SPECIFIED)
    listing = read_listing(call)
    return page(
        call,
        listing,
        call.core.store.job_tasks.scan(job.key, listing.after_number()),
        render=lambda record: job_node_body(record, job, call.base_url),
        cursor=lambda record: str(record.key),
    )


HANDLERS: Mapping[str, Handler] = {"list_job_preparation_and_release_task_status": list_status}
