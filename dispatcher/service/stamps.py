"""What a conditional request is compared with: the entity that its path names."""

from __future__ import annotations

from dispatcher.service.calls import Call, stamp_of
from dispatcher.service.handlers import files, jobs, tasks
from dispatcher.service.preconditions import Stamp


def find_stamp(call: Call) -> Stamp | None:
    """Return the stamp of the call's file, task, job or pool; None where the path names none of them.

    Raises:
        BatchError: it does not exist.
    """
    names = call.parameters
    if "filePath" in names:
        root = files.task_root(call) if "taskId" in names else files.node_root(call)
        return Stamp(etag=None, modified=files.find_file(root, call).entry.modified)
    if "taskId" in names:
        _, task = tasks.find(call)
        return stamp_of(task.version, task.modified)
    if "jobId" in names:
        job = jobs.find(call)
        return stamp_of(job.version, job.modified)
    if "jobScheduleId" in names:
        schedule = call.core.store.schedules.get(names["jobScheduleId"])
        return stamp_of(schedule.version, schedule.modified)
    if "poolId" in names:
        pool = call.core.store.pools.get(names["poolId"])
        return stamp_of(pool.version, pool.modified)
    return None
