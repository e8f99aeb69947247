"""The truth table in memory: what follows from every end, without a node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batch_manager import DependencyRule
from batch_manager.cancelling import cancel_job
from batch_manager.definitions import JobState
from batch_manager.outcome import ErrorCode
from batch_manager.supervision import ObstacleKind, SupervisionLimits, parse_limits, supervise_job
from dispatcher.receiver import Answer, CallbackReceiver
from tests.support.ends_in_memory import JOB, JobInMemory
from tests.support.json_schema import find_faults
from tests.support.truth_table import CLAIMS_80, ERRORS, GUARDED, TASK_ENDS, Child, Setting, counts_of, rows_of
from tests.support.truth_table_jobs import JOB_ENDS, Hand, JobEnd, Where

ROOT = Path(__file__).parents[3]
WORKLOADS = ROOT / "tests" / "acceptance" / "workloads"
SCHEMA = json.loads((ROOT / "docs" / "callback.schema.json").read_text())
IMPATIENT = parse_limits(SupervisionLimits(), [f"{kind.value}=0s" for kind in ObstacleKind])

KINDS = {
    Setting.COMMON: ("python",),
    Setting.LIMITED: ("python",),
    Setting.LOSSY: ("python",),
    Setting.GANG: ("python", "gang"),
    Setting.BOX: ("box",),
}
"""Plain commands need processes."""

HERE = [
    end
    for end in JOB_ENDS
    if end.where in (Where.NOWHERE, Where.CREATE_JOB, Where.FINALIZE)
    and (end.where is not Where.CREATE_JOB or end.how in ("raise", "input error", "exit 0"))
    and end.pool == "common"
    and 503 not in end.answers
    and not end.faults
]
"""The rows that need neither a process that dies, nor a node, nor time."""


@pytest.fixture(autouse=True)
def workloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workload ``ends`` can be imported."""
    monkeypatch.syspath_prepend(WORKLOADS)


@pytest.fixture
def job(tmp_path: Path) -> JobInMemory:
    """A job that is not there yet."""
    return JobInMemory(tmp_path)


@pytest.mark.parametrize("setting", Setting, ids=lambda setting: setting.value)
def test_children_follow_their_rules(job: JobInMemory, setting: Setting) -> None:
    """Whether their own code ran, and their exit codes; FinalizeTask counts each task once, and tells it once."""
    rows, kinds = rows_of(setting), KINDS[setting]
    with CallbackReceiver() as receiver:
        job.submit(_parameters(rows, kinds), receiver.url, has_limit=setting is Setting.LIMITED)
        job.end_all({end.name: end for end in rows})
        assert job.finalize() == 0
    for end in rows:
        for kind in kinds:
            for rule in DependencyRule:
                name = f"{end.name}/{kind}/{rule.value}"
                assert job.child(name) == _expected(end.child(rule), kind), name
    assert _counted(job) == counts_of(setting, kinds)
    assert_told(job, receiver, ERRORS[setting])


def _parameters(rows: Any, kinds: Any) -> dict[str, Any]:
    return {"ends": [end.name for end in rows], "kinds": list(kinds), "image": "box:1"}


def _expected(child: Child, kind: str) -> tuple[int | None, bool]:
    """What is ended by its gate has no exit code; what Batch runs as it is, nobody here sees running."""
    if kind in GUARDED:
        return (0 if child is Child.RUNS else None, False)
    return (child.exit_code, child is Child.RUNS)


@pytest.mark.parametrize("end", HERE, ids=lambda end: end.name)
def test_job_ends_as_it_is_told(job: JobInMemory, monkeypatch: pytest.MonkeyPatch, end: JobEnd) -> None:
    """One outcome says how, and one callback, unless it was refused for good."""
    if end.where is Where.CREATE_JOB:
        monkeypatch.setenv("ENDS_WHERE", end.where.value)
        monkeypatch.setenv("ENDS_HOW", end.how)
    with CallbackReceiver([Answer(status=status) for status in end.answers]) as receiver:
        job.has_work = end.has_work
        manager = job.submit({"ends": list(end.ends)}, receiver.url)
        finalize = _go_on(job, end)
    assert [manager, finalize] == [end.manager, end.finalize]
    assert job.outcome()["outcome"] == end.outcome.value
    assert end.says in job.outcome()["summary"]
    assert _counted(job) == end.counts.told
    assert_told(job, receiver, end.error)


def _go_on(job: JobInMemory, end: JobEnd) -> int | None:
    """From the end of the job manager to the end of the job; the exit code of FinalizeTask."""
    if end.hand is not Hand.NONE:
        job.client.start_task(JOB, "1")
    if end.hand is Hand.TERMINATE:
        job.client.terminate_job(JOB, "no longer needed")
        supervise_job(job.client, JOB, IMPATIENT, sleep=lambda seconds: None)
        return None
    if end.hand is Hand.CANCEL:
        cancel_job(job.client, JOB, "no longer needed", sleep=lambda seconds: None)
    else:
        job.end_all({row.name: row for row in (*TASK_ENDS, CLAIMS_80)})
    return job.finalize(end.says if end.where is Where.FINALIZE else None)


def _counted(job: JobInMemory) -> dict[str, int]:
    return {name: number for name, number in job.outcome()["counts"].items() if number}


def assert_told(job: JobInMemory, receiver: CallbackReceiver, error: ErrorCode | None) -> None:
    """The job has ended, and its receiver was called once, in the form that is documented."""
    assert job.client.get_job(JOB).state is JobState.COMPLETED
    (delivery,) = receiver.deliveries
    assert find_faults(delivery.body, SCHEMA) == []
    assert delivery.body["Output"] == job.outcome()
    assert delivery.body["StatusCode"] == ("200" if error is None else "500")
    assert delivery.body.get("Error", {}).get("ErrorCode") == (None if error is None else error.value)
