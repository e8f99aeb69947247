"""What a conditional request is compared with: the entity that its path names."""

from __future__ import annotations

from dispatcher.service.calls import Call, Reply, stamp_headers, stamp_of
from dispatcher.service.handlers import files, jobs, tasks
from dispatcher.service.preconditions import Stamp, Verdict, check, is_conditional


def answer_condition(call: Call) -> Reply | None:
    """Return the answer to a read of what the client has already; None where the operation is to be done.

    Raises:
        BatchError: ConditionNotMet, InvalidHeaderValue, or the entity does not exist.
    """
    if not is_conditional(call.operation, call.headers):
        return None
    stamp = find_stamp(call)
    if stamp is None or check(call.operation, call.headers, stamp) is Verdict.PROCEED:
        return None
    return Reply(status=304, headers=stamp_headers(stamp))


def find_stamp(call: Call) -> Stamp | None:
    """Return the stamp of the call's file, task, job, job schedule or pool; None where the path names none of them.

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
