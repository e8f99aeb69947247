"""Why a job is where it is, in words, with what to do: from one look, the most telling reason first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from batch_manager.definitions import JobState, NodeRecord, TaskDetail, TaskRecord, TaskState
from batch_manager.dependencies import membership
from batch_manager.job_operations import JobSummary
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, WORKLOAD_METADATA
from batch_manager.outcome import Outcome
from batch_manager.supervision import ObstacleKind
from batch_manager.watching.facts import MAX_LISTED, Facts, Reason
from batch_manager.watching.next_steps import next_step
from batch_manager.watching.words import counted, in_words

MAX_NAMED = 3
"""Tasks, nodes and jobs that a reason names."""

_BROKEN = frozenset({"unusable", "starttaskfailed", "unknown", "offline"})
_COMING = frozenset({"creating", "starting", "waitingforstarttask", "rebooting", "reimaging"})


def explain(facts: Facts) -> tuple[Reason, ...]:
    """Why the job is where it is; never nothing."""
    if facts.job.state is JobState.COMPLETED:
        return (_ended(facts),)
    if facts.job.state in (JobState.TERMINATING, JobState.DELETING):
        return (_leaving(facts.job),)
    rules: Sequence[Callable[[Facts], Iterator[Reason]]] = (
        _blocked,
        _obstacles,
        _packages,
        _silent,
        _finalizing,
        _managing,
        _without_slot,
        _after_others,
        _broken_nodes,
        _preempted,
    )
    found = tuple(reason for rule in rules for reason in rule(facts))
    return found or (_going_on(facts),)


def _ended(facts: Facts) -> Reason:
    job, ended = facts.job.id, facts.ended
    if ended is None:
        why = facts.job.terminate_reason or "no reason given"
        message = f"it has ended ({why}), and nobody has told how"
        step = f"batch-manager wait {job}" if WORKLOAD_METADATA in facts.job.metadata else ""
        return Reason(code="untold", message=message, next_step=step)
    if ended.outcome is Outcome.SUCCEEDED:
        return Reason(code="succeeded", message=f"it has succeeded: {ended.summary}")
    failures = tuple(
        f"task {task.task_id} ({task.display_name or 'no name'}) {task.outcome.value}: {task.reason}"
        for task in ended.failures[:MAX_NAMED]
    )
    return Reason(
        code=ended.outcome.value,
        message=f"it has {'been cancelled' if ended.outcome is Outcome.CANCELLED else 'failed'}: {ended.summary}",
        next_step=f"batch-manager logs {job}, then batch-manager rerun --failed {job}",
        details=failures,
    )


def _leaving(job: JobSummary) -> Reason:
    doing = "ended" if job.state is JobState.TERMINATING else "deleted"
    why = f" ({job.terminate_reason})" if job.terminate_reason else ""
    return Reason(
        code=job.state.value,
        message=f"it is being {doing}{why}: Batch ends its tasks and runs its release tasks, 15 minutes at most",
    )


def _obstacles(facts: Facts) -> Iterator[Reason]:
    is_blocked = any(_blocked(facts))
    for suspect in facts.suspects:
        code = suspect.kind.value
        if is_blocked and suspect.kind is ObstacleKind.NOTHING_STARTS:  # which is then no riddle
            continue
        others = ""
        if code == "nothing_starts" and facts.other_jobs:
            others = f". On the same pool: {_named(facts.other_jobs)}"
        yield Reason(
            code=code,
            message=suspect.message + others,
            next_step=next_step(suspect.kind, job_id=facts.job.id, pool_id=facts.job.pool_id),
            details=facts.logs.get(code, ()),
        )


def _packages(facts: Facts) -> Iterator[Reason]:
    said = [f"node {node.id}: {error}" for node in facts.nodes for error in node.errors if _names_package(error)]
    said += [
        f"task {record.id}: {record.failure_code}: {record.failure_message or ''}".rstrip(": ")
        for record in facts.unsuccessful
        if record.exit_code is None and _names_package(record.failure_code or "")
    ]
    if said:
        yield Reason(
            code="package_fails",
            message=f"an application package cannot be installed ({counted(len(said), 'time')})",
            next_step="is the version there and active (batch-manager packages)? Nodes that failed need a new start: "
            f"batch-manager pool restart {facts.job.pool_id}",
            details=tuple(said[:MAX_NAMED]),
        )


def _silent(facts: Facts) -> Iterator[Reason]:
    silent = {task_id: quiet for task_id, quiet in facts.quiet.items() if quiet >= facts.silent}
    if silent:
        longest = max(silent, key=lambda task_id: silent[task_id])
        of = f" of {len(facts.quiet)} that were looked at" if len(facts.quiet) > len(silent) else ""
        nodes = {task.record.id: task.node_id for task in facts.running}
        yield Reason(
            code="silent",
            message=f"{counted(len(silent), 'task')}{of}, still running, wrote nothing for {in_words(facts.silent)} or "
            f"longer: {_named(sorted(silent, key=lambda task_id: -silent[task_id]))}; {longest!r} for "
            f"{in_words(silent[longest])}, on node {nodes.get(longest) or 'unknown'}",
            next_step=f"batch-manager logs {facts.job.id} {longest}; a time limit of the task "
            "(max_wall_clock_time) would end it",
        )


def _blocked(facts: Facts) -> Iterator[Reason]:
    """By a failed task whose dependency action is to block, which this project's own tasks never have."""
    if WORKLOAD_METADATA in facts.job.metadata:
        return
    failed = [record.id for record in facts.unsuccessful]
    blocked = {task.record.id: [one for one in failed if membership(task.depends_on)(one)] for task in facts.waiting}
    blocked = {task_id: parents for task_id, parents in blocked.items() if parents}
    if blocked:
        first, parents = next(iter(blocked.items()))
        yield Reason(
            code="blocked",
            message=f"{counted(len(blocked), 'task')} can never begin, such as {first!r}: {_named(parents)}, on which "
            "it depends, failed",
            next_step=f"batch-manager retry {facts.job.id} {parents[0]}, or end what waits",
        )


def _finalizing(facts: Facts) -> Iterator[Reason]:
    finalize = facts.finalize
    if finalize is None or not _has_begun(finalize):
        return
    step = f"batch-manager logs {facts.job.id} {FINALIZE_TASK_ID} --stderr"
    tries = f", try {finalize.retry_count + 1}" if finalize.retry_count else ""
    if facts.callback_waits:
        yield Reason(
            code="callback",
            message=f"every task has ended, the outcome is settled, and FinalizeTask delivers the callback{tries}: it "
            "goes on until the receiver accepts it, for some minutes in each of its tries",
            next_step=step,
        )
    else:
        yield Reason(
            code="finalizing", message=f"every task has ended and FinalizeTask tells how{tries}", next_step=step
        )


def _managing(facts: Facts) -> Iterator[Reason]:
    manager = facts.manager
    if manager is None or manager.state is TaskState.COMPLETED or facts.suspects:
        return
    step = f"batch-manager logs {facts.job.id} {JOB_MANAGER_TASK_ID} --stderr"
    if manager.state is TaskState.ACTIVE:
        again = " again, after it failed" if manager.retry_count else ""
        yield Reason(code="job_manager_waits", message=f"the job manager waits for a node{again}")
    else:
        yield Reason(code="job_manager_runs", message="the job manager runs and adds the tasks", next_step=step)


def _without_slot(facts: Facts) -> Iterator[Reason]:
    """Tasks that may begin, while no node has room."""
    if facts.suspects or not facts.running:
        return
    ready = [task.record.id for task in facts.waiting if not _waits_for_others(facts, task)]
    states = Counter(node.state for node in facts.nodes)
    if ready and not states["idle"]:
        others = f"; other jobs on the pool: {_named(facts.other_jobs)}" if facts.other_jobs else ""
        coming = sum(states[state] for state in _COMING)
        more = f"; {counted(coming, 'node')} on the way" if coming else ""
        yield Reason(
            code="no_free_slot",
            message=f"{_at_least(len(ready), facts.waiting)} could begin, and no node of pool {facts.job.pool_id!r} is "
            f"idle ({_states(facts.nodes)}){others}{more}",
            next_step=f"wait, or give the pool more nodes: batch-manager pool resize {facts.job.pool_id} --dedicated N",
        )


def _after_others(facts: Facts) -> Iterator[Reason]:
    if facts.suspects:
        return
    later = [task for task in facts.waiting if task.record.id != FINALIZE_TASK_ID and _waits_for_others(facts, task)]
    if later and facts.running:
        names = _named([task.record.id for task in facts.running if task.record.id not in (JOB_MANAGER_TASK_ID,)])
        yield Reason(
            code="dependencies",
            message=f"{_at_least(len(later), facts.waiting, 'wait')} for tasks that have not ended; running: {names}",
        )


def _broken_nodes(facts: Facts) -> Iterator[Reason]:
    broken = [node for node in facts.nodes if node.state in _BROKEN]
    if broken and not facts.suspects:
        said = next((node.start_task_failure or error for node in broken for error in (*node.errors, "")), "")
        yield Reason(
            code="nodes_broken",
            message=f"{counted(len(broken), 'node')} of {len(facts.nodes)} cannot be used ({_states(broken)})"
            + (f": {said}" if said else ""),
            next_step=f"batch-manager pool restart {facts.job.pool_id}",
            details=facts.logs.get("start_task_fails", ()),
        )


def _preempted(facts: Facts) -> Iterator[Reason]:
    gone = [node for node in facts.nodes if node.state == "preempted"]
    again = [task.record.id for task in (*facts.running, *facts.waiting) if task.record.requeue_count]
    if gone or again:
        parts = [f"{counted(len(gone), 'spot node')} preempted"] if gone else []
        parts += [f"{counted(len(again), 'task', 'run')} again after a node was lost: {_named(again)}"] if again else []
        yield Reason(
            code="preempted",
            message="; ".join(parts),
            next_step="spot nodes come back when Azure has room; dedicated ones stay: batch-manager pool resize "
            f"{facts.job.pool_id} --dedicated N",
        )


def _going_on(facts: Facts) -> Reason:
    if facts.counts.running or facts.running:
        return Reason(code="running", message=f"nothing is in its way: {counted(facts.counts.running, 'task', 'run')}")
    return Reason(code="starting", message="nothing is in its way: a task is just about to begin or has just ended")


def _waits_for_others(facts: Facts, task: TaskDetail) -> bool:
    is_parent = membership(task.depends_on)
    return any(is_parent(other.record.id) for other in (*facts.running, *facts.waiting))


def _has_begun(record: TaskRecord) -> bool:
    is_again = record.state is TaskState.ACTIVE and (record.retry_count > 0 or record.requeue_count > 0)
    return is_again or record.state in (TaskState.PREPARING, TaskState.RUNNING)


def _names_package(text: str) -> bool:
    return "applicationpackage" in text.replace(" ", "").lower()


def _at_least(number: int, looked_at: Sequence[object], verb: str = "") -> str:
    """As many tasks as were found; of a list that was cut, at least so many."""
    return f"{'at least ' if len(looked_at) >= MAX_LISTED else ''}{counted(number, 'task', verb)}"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:MAX_NAMED])
    return shown if len(names) <= MAX_NAMED else f"{shown} and {len(names) - MAX_NAMED} more"


def _states(nodes: Sequence[NodeRecord]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(Counter(node.state for node in nodes).items()))
