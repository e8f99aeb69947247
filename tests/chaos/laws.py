"""What must hold when a run is over, whatever the weather was. Pure; each law yields what breaks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from batch_manager.definitions import TaskRecord, TaskState
from batch_manager.exit_codes import ExitCode
from tests.chaos import diary
from tests.chaos.evidence import Evidence
from tests.chaos.storm.shape import Step

Law = Callable[[Evidence], Iterator[str]]


def job_has_ended(seen: Evidence) -> Iterator[str]:
    """Every task and the job itself, and nothing of them runs."""
    if seen.job_state != "completed":
        yield f"the job is {seen.job_state}"
    yield from (f"task {r.id} is {r.state.value}" for r in seen.records.values() if r.state is not TaskState.COMPLETED)
    yield from (f"still runs: {line}" for line in seen.processes)


def every_task_is_there_once(seen: Evidence) -> Iterator[str]:
    """However often the job manager began."""
    expected = {str(step.number) for step in seen.steps} | {"job-manager", "finalize"}
    if missing := expected - seen.records.keys():
        yield f"not added: {sorted(missing)}"
    if more := seen.records.keys() - expected:
        yield f"nobody asked for: {sorted(more)}"


def one_outcome_is_delivered(seen: Evidence) -> Iterator[str]:
    """At least one callback, all with one key and one body."""
    if not seen.deliveries:
        yield "no callback arrived"
        return
    if len(keys := {delivery.key for delivery in seen.deliveries}) > 1:
        yield f"callbacks with {len(keys)} keys: {sorted(keys)}"
    told = [delivery.body["Output"]["counts"] for delivery in seen.deliveries]
    if any(counts != told[0] for counts in told):
        yield "callbacks that contradict one another"
    if seen.outcome_blob is None:
        yield "no outcome was kept"
    elif seen.outcome_blob["counts"] != seen.deliveries[0].body["Output"]["counts"]:
        yield "the outcome that was kept is not the one that was told"


def outcome_agrees_with_the_tasks(seen: Evidence) -> Iterator[str]:
    """Counted anew from Batch's records, by this file's own reading of them."""
    if not seen.deliveries:
        return
    output = seen.deliveries[0].body["Output"]
    mine = Counter(end for _, end in _ends(seen))
    told = {end: output["counts"][end] for end in ("succeeded", "failed", "skipped")}
    if told != {end: mine[end] for end in told}:
        yield f"the callback tells {told}, the tasks {dict(mine)}"
    all_good = mine["succeeded"] + mine["skipped"] == len(seen.steps)
    if (output["outcome"] == "succeeded") != (all_good and output["cause"] is None):
        yield f"the callback tells {output['outcome']} ({output['cause']}) of {dict(mine)}"


def success_left_its_files(seen: Evidence) -> Iterator[str]:
    """A task that succeeded says so itself, and its output is where it belongs."""
    for step, end in _ends(seen):
        if end != "succeeded":
            continue
        if diary.WELL not in seen.diary[step.number]:
            yield f"task {step.number} succeeded without having run to its end"
        if seen.outputs.get(step.number) != f"{step.number}\n":
            yield f"task {step.number} succeeded and its output is {seen.outputs.get(step.number)!r}"


def planned_failures_failed(seen: Evidence) -> Iterator[str]:
    """And a task that ran well failed for a reason from outside only."""
    for step, end in _ends(seen):
        if step.behaviour == "fail" and end == "succeeded":
            yield f"task {step.number} was to fail and succeeded"


def rules_were_kept(seen: Evidence) -> Iterator[str]:
    """Who runs and who is skipped follows from how the parents ended, and a task that was skipped never ran."""
    ends = {step.number: end for step, end in _ends(seen)}
    for step in seen.steps:
        bad, runs = _bad_parents(step, ends), _runs(step, ends)
        ran, end = diary.BEGAN in seen.diary[step.number], ends.get(step.number)
        if ran and not runs:
            yield f"task {step.number} ({step.rule}) ran with {bad} parents that did not succeed"
        if end == "skipped" and (runs or ran):
            yield f"task {step.number} ({step.rule}) was skipped with {bad} parents that did not succeed"
        if end == "succeeded" and not runs:
            yield f"task {step.number} ({step.rule}) succeeded with {bad} parents that did not succeed"


def nothing_ran_twice_at_once(seen: Evidence) -> Iterator[str]:
    """Two processes of one task never had its code at the same time."""
    yield from (f"task {number} ran twice at once" for number, lines in seen.diary.items() if diary.OVERLAP in lines)


LAWS: tuple[Law, ...] = (
    job_has_ended,
    every_task_is_there_once,
    one_outcome_is_delivered,
    outcome_agrees_with_the_tasks,
    success_left_its_files,
    planned_failures_failed,
    rules_were_kept,
    nothing_ran_twice_at_once,
)


def broken_laws(seen: Evidence) -> list[str]:
    """Everything that does not hold, each with the law's name."""
    return [f"{law.__name__.replace('_', ' ')}: {what}" for law in LAWS for what in law(seen)]


def _ends(seen: Evidence) -> list[tuple[Step, str]]:
    """How each step ended that is there; parents come before their children."""
    ends: dict[int, str] = {}
    for step in seen.steps:
        record = seen.records.get(str(step.number))
        if record is not None:
            ends[step.number] = _end(record, runs=_runs(step, ends))
    return [(step, ends[step.number]) for step in seen.steps if step.number in ends]


def _bad_parents(step: Step, ends: dict[int, str]) -> int:
    return sum(ends.get(parent) != "succeeded" for parent in step.parents)


def _runs(step: Step, ends: dict[int, str]) -> bool:
    bad = _bad_parents(step, ends)
    return {"all_succeeded": bad == 0, "any_failed": bad > 0, "all_ended": True}[step.rule] or not step.parents


def _end(record: TaskRecord, *, runs: bool) -> str:
    """One that failed before its process began, and would not have run, counts as skipped."""
    if record.state is not TaskState.COMPLETED:
        return "not ended"
    if record.exit_code == ExitCode.SKIPPED or (record.exit_code is None and not record.succeeded and not runs):
        return "skipped"
    return "succeeded" if record.succeeded else "failed"
