"""Bodies of where a job's preparation and release tasks ran, and how they ended."""

from __future__ import annotations

from dispatcher.service.documents.job_tasks import job_tasks_of
from dispatcher.service.records import JobNodeRecord, JobRecord, JobTaskRun
from dispatcher.service.rendering.parts import failure_info, node_url, set_time
from dispatcher.service.rendering.tasks import root_directory
from dispatcher.service.wire import JsonObject, format_time


def job_node_body(record: JobNodeRecord, job: JobRecord, base_url: str) -> JsonObject:
    """Return what the job's own tasks did on a node, which may have left its pool."""
    tasks = job_tasks_of(job.document)
    url = node_url(base_url, record.pool_id, record.node_id)
    body: JsonObject = {"poolId": record.pool_id, "nodeId": record.node_id, "nodeUrl": url}
    if tasks.preparation is not None:
        info = _run(record.preparation, root_directory(job.id, tasks.preparation.id), url)
        info["retryCount"] = record.preparation.retries
        set_time(info, "lastRetryTime", record.preparation.last_retry)
        body["jobPreparationTaskExecutionInfo"] = info
    if tasks.release is not None and record.release is not None:
        info = _run(record.release, root_directory(job.id, tasks.release.id), url)
        body["jobReleaseTaskExecutionInfo"] = info
    return body


def _run(run: JobTaskRun, root: str, node: str) -> JsonObject:
    info: JsonObject = {
        "startTime": format_time(run.started),
        "state": "running" if run.ended is None else "completed",
        "taskRootDirectory": root,
        "taskRootDirectoryUrl": f"{node}/files/{root}",
    }
    set_time(info, "endTime", run.ended)
    if run.ended is None:
        return info
    if run.exit_code is not None:
        info["exitCode"] = run.exit_code
    if run.failure is not None:
        info["failureInfo"] = failure_info(run.failure)
    info["result"] = "success" if run.has_succeeded else "failure"
    return info
