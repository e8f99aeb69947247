"""Whatever a workload does, its job ends, and tells why: in the exit code, the outcome, and the task's own log."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from shlex import quote
from typing import Any

import pytest

from batch_manager import BatchClient, JobRequest, submit_job
from batch_manager.definitions import JobState, PoolDefinition, TaskRecord
from batch_manager.environment import SECRETS_DIRECTORY
from batch_manager.naming import OUTCOME_BLOB, container_name
from dispatcher.local import local_client
from dispatcher.stack import LocalStack
from tests.acceptance.conftest import WORKLOADS, wait_for
from tests.support.sample import SampleWorkload

Deed = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class EndedJob:
    """A job that has ended."""

    records: dict[str, TaskRecord]
    outcome: dict[str, Any]
    container: str
    client: BatchClient

    def reasons(self) -> dict[str, str]:
        """Why each of its tasks failed."""
        return {failure["taskId"]: failure["reason"] for failure in self.outcome["failures"]}

    def codes(self) -> list[int | None]:
        """The exit codes of its deeds, in order."""
        own = ("job-manager", "finalize")
        return [record.exit_code for record in self.records.values() if record.id not in own]

    def log(self, task_id: str) -> str:
        """What a task wrote to its standard error."""
        return self.client.storage.read(self.container, f"logs/{task_id}/stderr.txt").decode()


RunUnruly = Callable[..., EndedJob]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A service with a pool of one node."""
    with LocalStack() as running:
        local_client(running).create_pool(PoolDefinition(id="pool", task_slots_per_node=4))
        yield running


@pytest.fixture
def run_unruly(stack: LocalStack, request: pytest.FixtureRequest) -> RunUnruly:
    """Runs the workload as a job of its own."""
    client = local_client(stack)
    job_id = f"t{zlib.crc32(request.node.name.encode())}"

    def run(*deeds: Deed, time_limit: timedelta | None = None, **parameters: str) -> EndedJob:
        job = JobRequest(
            job_id=job_id,
            pool_id="pool",
            module="unruly",
            launcher=quote(sys.executable),
            parameters={"deeds": [dict(deed) for deed in deeds], **parameters},
            time_limit=time_limit,
            environment_settings={"PYTHONPATH": str(WORKLOADS), SECRETS_DIRECTORY: str(stack.secrets_folder)},
        )
        submit_job(SampleWorkload(batch_client=client), client, job)
        wait_for(lambda: client.get_job(job_id).state is JobState.COMPLETED, "the job has ended", seconds=120)
        return EndedJob(
            records={record.id: record for record in client.list_tasks(job_id)},
            outcome=json.loads(client.storage.read(container_name(job_id), OUTCOME_BLOB)),
            container=container_name(job_id),
            client=client,
        )

    return run


def _deeds(ways: Sequence[tuple[str, str]]) -> list[Deed]:
    return [{"where": where, "how": how} for where, how in ways]


WAYS: dict[tuple[str, str], tuple[int, str]] = {
    # where, how: exit code, beginning of the reason
    ("run", "raise"): (1, "ValueError: told to; break"),
    ("run", "input-error"): (65, "told to refuse"),
    ("run", "exit-3"): (3, "it called sys.exit(3)"),
    ("run", "exit-80"): (1, "it called sys.exit(80)"),
    ("run", "exit-81"): (1, "it called sys.exit(81)"),
    ("run", "exit-text"): (1, "it called sys.exit('no licence')"),
    ("run", "recurse"): (1, "RecursionError: maximum recursion depth exceeded"),
    ("run", "mute"): (1, "MuteError: its message cannot be shown (RuntimeError)"),
    ("run", "odd"): (1, "OSError: no file b\\udcff xxx"),
    ("run", "no-memory"): (1, "MemoryError"),
    ("run", "interrupt"): (130, "it was interrupted"),
    ("builder", "raise"): (1, "ValueError: told to; break"),
    ("constructor", "raise"): (1, "ValueError: told to; break"),
    ("constructor", "registration-error"): (70, "told to clash"),
    ("import", "raise"): (1, "ValueError: told to; break"),
    ("import", "input-error"): (65, "told to refuse"),
    ("main", "raise"): (1, "ValueError: told to; break"),
    ("run", "abrupt"): (7, "FailureExitCode"),
    ("run", "segfault"): (139, "FailureExitCode"),
    ("package", "raise"): (1, "FailureExitCode"),
}

FORESEEN = ("input-error", "registration-error", "exit-3", "exit-80", "exit-81", "exit-text", "interrupt")


def test_task_that_fails_in_any_way_is_told_with_its_code_and_its_reason(run_unruly: RunUnruly) -> None:
    """And with its traceback in its own log, once, unless it is a user's mistake."""
    ended = run_unruly(*_deeds(list(WAYS)))
    assert ended.outcome["outcome"] == "failed"
    assert ended.codes() == [code for code, _ in WAYS.values()]
    for number, ((where, how), (_, reason)) in enumerate(WAYS.items(), 1):
        assert ended.reasons()[str(number)].startswith(reason), (where, how)
        told = ended.log(str(number)).count("Traceback (most recent call last)")
        assert (told <= 1) if how == "mute" else (told == (how not in (*FORESEEN, "abrupt", "segfault"))), (where, how)


def test_task_that_exits_with_success_has_succeeded(run_unruly: RunUnruly) -> None:
    """As in any program."""
    ended = run_unruly({"where": "run", "how": "exit-0"})
    assert (ended.codes(), ended.outcome["outcome"]) == ([0], "succeeded")


@pytest.mark.parametrize(
    ("where", "how", "code", "cause"),
    [
        ("create_job", "raise", 1, "ValueError: told to; break"),
        ("create_job", "input-error", 65, "told to refuse"),
        ("create_job", "exit-0", 70, "it called sys.exit(0) instead of returning"),
        ("create_job", "exit-3", 3, "it called sys.exit(3) instead of returning"),
        ("create_job", "segfault", 139, "its process was ended by signal 11 (SIGSEGV)"),
        ("create_job", "interrupt", 130, "it was interrupted"),
        ("manager-builder", "raise", 1, "ValueError: told to; break"),
        ("constructor", "registration-error", 70, "told to clash"),
        ("import", "raise", 1, "ValueError: told to; break"),
        ("main", "exit-0", 70, "its process ended well but added no job"),
        ("package", "raise", 1, "ValueError: told to"),
    ],
)
def test_job_manager_that_fails_in_any_way_leaves_a_job_that_tells_it(
    run_unruly: RunUnruly, where: str, how: str, code: int, cause: str
) -> None:
    """The outcome's cause is one line; the job manager's exit code says it too."""
    ended = run_unruly({"where": None}, where=where, how=how)
    assert ended.outcome["outcome"] == "failed"
    assert ended.outcome["cause"].startswith(cause)
    assert ended.records["job-manager"].exit_code == code
    assert "1" not in ended.records


def test_task_that_asks_for_another_try_has_it(run_unruly: RunUnruly) -> None:
    """At the third it succeeds, and what comes after it runs."""
    flaky = {"where": "run", "how": "flaky", "policy": "at-once"}
    ended = run_unruly(flaky, {"after": [1]})
    assert (ended.codes(), ended.outcome["outcome"]) == ([0, 0], "succeeded")
    assert ended.records["1"].retry_count == 2
    report = json.loads(ended.client.storage.read(ended.container, "logs/1/batch-manager-report.json"))
    told = [(attempt["cause"], attempt["exit_code"], attempt["retried"]) for attempt in report["attempts"]]
    assert told == [(f"the licence server was busy at try {n}", 75, True) for n in (1, 2)]


def test_task_is_tried_again_for_what_its_policy_names_and_nothing_else(run_unruly: RunUnruly) -> None:
    """By the types of exceptions and by exit codes; a count alone means any failure but those no retry can mend."""
    ended = run_unruly(
        {"where": "run", "how": "raise", "policy": "values"},
        {"where": "run", "how": "exit-3", "policy": "codes"},
        {"where": "run", "how": "raise", "policy": "codes"},
        {"where": "run", "how": "exit-3", "retries": 1},
        {"where": "run", "how": "input-error", "retries": -1},
        {"where": "constructor", "how": "registration-error", "retries": 3},
        {"where": "import", "how": "raise", "policy": "at-once"},
        {"where": "run", "how": "segfault", "retries": 1},
    )
    assert [ended.records[str(n)].retry_count for n in range(1, 9)] == [2, 2, 0, 1, 0, 0, 0, 1]
    attempts = {failure["taskId"]: failure["attempts"] for failure in ended.outcome["failures"]}
    assert [attempt["retried"] for attempt in attempts["1"]] == [True, True, False]
    assert [attempt["retried"] for attempt in attempts["5"]] == [False]


def test_skipped_task_without_limit_of_retries_is_skipped_once(run_unruly: RunUnruly) -> None:
    """To Batch it is a failure."""
    ended = run_unruly({"where": "run", "how": "raise"}, {"after": [1], "retries": -1})
    assert ended.codes() == [1, 80]
    assert ended.records["2"].retry_count == 0


def test_time_limit_ends_what_runs_and_what_waits(run_unruly: RunUnruly) -> None:
    """One that runs, one that does not heed the interrupt, one with retries without limit, one that waits for
    them, and one whose thread goes on after it; then FinalizeTask tells it."""
    ended = run_unruly(
        {},
        {"where": "run", "how": "sleep"},
        {"where": "run", "how": "swallow"},
        {"where": "run", "how": "sleep", "retries": -1},
        {"after": [2]},
        {"where": "run", "how": "linger"},
        time_limit=timedelta(seconds=12),
    )
    assert ended.codes() == [0, 81, 81, 81, 81, 81]
    assert ended.records["finalize"].exit_code == 0
    assert ended.outcome["counts"]["cancelled"] == 5
    assert ended.outcome["outcome"] == "failed"
    assert "the job's time limit was over at " in ended.log("2")


def test_time_limit_of_a_job_manager_leaves_a_job_that_tells_it(run_unruly: RunUnruly) -> None:
    """It adds no task but the one that ends the job."""
    ended = run_unruly({}, where="create_job", how="sleep", time_limit=timedelta(seconds=8))
    assert ended.outcome["cause"].startswith("the job's time limit was over at ")
    assert ended.records["job-manager"].exit_code == 81
    assert list(ended.records) == ["job-manager", "finalize"]
