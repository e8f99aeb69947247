"""How jobs as a whole end, and what is told: the other part of the truth table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from batch_manager import Outcome
from batch_manager.outcome import ErrorCode


class Where(Enum):
    """The place at which a job as a whole goes wrong."""

    NOWHERE = ""
    IMPORT = "import"
    MAIN = "main"
    CREATE_JOB = "create_job"
    FINALIZE = "finalize"
    """The workload's own finalize work."""


class Hand(Enum):
    """What somebody does to a job while its task or its job manager runs."""

    NONE = "nothing"
    CANCEL = "cancels the job"
    TERMINATE = "terminates the job"
    END_MANAGER = "ends the job manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The counts of an outcome."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    not_ended: int = 0

    @property
    def told(self) -> dict[str, int]:
        """Those that are not zero, by the names that the outcome has for them."""
        told = {"succeeded": self.succeeded, "failed": self.failed, "skipped": self.skipped}
        told |= {"cancelled": self.cancelled, "notEnded": self.not_ended}
        return {name: number for name, number in told.items() if number}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """One way for a job as a whole to end, and what is told.

    Attributes:
        name: one word.
        words: what happens.
        outcome: how the job ended.
        error: the callback's error code; None for none.
        says: a part of the callback's message.
        counts: of its tasks.
        manager: the job manager's exit code; None if it has none.
        finalize: that of FinalizeTask; None if it did not run, and the supervisor told the end.
        ends: the tasks that it is to have, by name.
        where: the place at which it goes wrong.
        how: the way, as the workload ``ends`` calls it.
        hand: what somebody does to it.
        pool: where it runs.
        has_work: whether the workload has finalize work of its own.
        seconds: its time limit; None for none.
        answers: what the receiver of the callback answers, one after the other.
        faults: what the service puts in, as ``docs/faults.md`` has it.
    """

    name: str
    words: str
    outcome: Outcome
    error: ErrorCode | None
    says: str = ""
    counts: Counts = Counts()
    manager: int | None = 0
    finalize: int | None = 0
    ends: tuple[str, ...] = ()
    where: Where = Where.NOWHERE
    how: str = ""
    hand: Hand = Hand.NONE
    pool: str = "common"
    has_work: bool = False
    seconds: int | None = None
    answers: tuple[int, ...] = ()
    faults: str = ""

    @property
    def is_told_from_outside(self) -> bool:
        """Whether FinalizeTask did not come to its end, so that the supervisor told it."""
        return self.finalize in (None, KILLED)


KILLED = 137
ONE = Counts(succeeded=1)


def _good(name: str, words: str, **fields: Any) -> JobEnd:
    values: dict[str, Any] = {"counts": ONE, "ends": ("success",), **fields}
    return JobEnd(name=name, words=words, outcome=Outcome.SUCCEEDED, error=None, **values)


def _bad(name: str, words: str, error: ErrorCode, says: str, **fields: Any) -> JobEnd:
    outcome = Outcome.CANCELLED if error is ErrorCode.CANCELLED else Outcome.FAILED
    return JobEnd(name=name, words=words, outcome=outcome, error=error, says=says, **fields)


def _manager(name: str, words: str, code: int, says: str, **fields: Any) -> JobEnd:
    values: dict[str, Any] = {"where": Where.CREATE_JOB, **fields}
    return _bad(name, words, ErrorCode.JOB_MANAGER_FAILED, says, manager=code, **values)


_WORK: dict[str, Any] = {"has_work": True, "where": Where.FINALIZE, "ends": ("success",), "counts": ONE}
_SLEEPER: dict[str, Any] = {"ends": ("by-hand", "waits")}

JOB_ENDS = (
    _good("all-well", "every task succeeds"),
    _good("no-tasks", "there is no task", ends=(), counts=Counts()),
    _bad("one-fails", "a task fails, and one that depends on it is skipped", ErrorCode.TASKS_FAILED,
         "of 3 tasks 1 failed, 1 skipped", ends=("success", "exit-code", "skipped"),
         counts=Counts(succeeded=1, failed=1, skipped=1)),
    _bad("claims-80", "a task's code calls `os._exit(80)`, as if it had been skipped", ErrorCode.TASKS_FAILED,
         "of 2 tasks 1 failed", ends=("success", "claims-80"), counts=Counts(succeeded=1, failed=1)),
    _good("nothing-to-mend", "a task with `any_failed` is skipped, since nothing failed", ends=("success", "mends"),
          counts=Counts(succeeded=1, skipped=1)),
    _manager("manager-raises", "`create_job` raises an exception", 1, "ValueError: no such pipe", how="raise"),
    _manager("manager-refuses", "`create_job` raises `InputError`", 65, "the network has no pipes", how="input error"),
    _manager("manager-exits", "`create_job` calls `sys.exit(0)`", 70, "sys.exit(0)", how="exit 0"),
    _manager("manager-dies", "the job manager's process ends without a word", 7, "exit code 7", how="exit at once"),
    _manager("manager-killed", "the job manager is killed at each of its tries", 137, "SIGKILL", how="killed"),
    _manager("import-raises", "the workload cannot be imported", 1, "ValueError: no such pipe",
             where=Where.IMPORT, how="raise"),
    _manager("main-exits", "`__main__.py` ends before the `Application` runs", 70, "Application",
             where=Where.MAIN, how="exit 0"),
    _manager("bad-job", "the pre-flight refuses the job", 70, "nobody-has-this", ends=("bad-job",),
             where=Where.NOWHERE),
    _manager("manager-ended", "somebody ends the job manager", 143, "FinalizeTask", how="sleep",
             hand=Hand.END_MANAGER, finalize=None),
    _manager("guard-killed", "the job manager is killed each time, and what watches over it", 137, "FinalizeTask",
             where=Where.NOWHERE, finalize=None, faults="kill-task:0s task=job-manager"),
    _bad("manager-late", "the job manager still runs when the job's time is over", ErrorCode.TIME_LIMIT,
         "time limit", manager=81, where=Where.CREATE_JOB, how="sleep", seconds=2),
    _bad("cancelled", "somebody cancels the job", ErrorCode.CANCELLED, "cancelled: no longer needed",
         hand=Hand.CANCEL, counts=Counts(cancelled=2), **_SLEEPER),
    _bad("terminated", "somebody terminates the job in Batch itself", ErrorCode.CANCELLED, "no longer needed",
         hand=Hand.TERMINATE, finalize=None, counts=Counts(cancelled=1, not_ended=1), **_SLEEPER),
    _bad("no-nodes", "the pool has no node, and none comes", ErrorCode.STUCK, "has no node", pool="empty",
         manager=None, finalize=None),
    _bad("no-start", "the pool's start task fails on every node", ErrorCode.STUCK, "the start task of pool",
         pool="unstartable", manager=None, finalize=None),
    _good("work-done", "the workload's finalize work succeeds", has_work=True),
    _bad("work-raises", "the workload's finalize work raises an exception", ErrorCode.FINALIZE_WORK_FAILED,
         "ValueError: no such pipe", how="raise", **_WORK),
    _bad("work-killed", "the process of the workload's finalize work is killed", ErrorCode.FINALIZE_WORK_FAILED,
         "SIGKILL", how="killed", **_WORK),
    _good("busy-receiver", "the receiver of the callback is busy twice", answers=(503, 429)),
    _good("gone-receiver", "the receiver refuses the callback for good", answers=(410,), finalize=69),
    _good("killed-manager", "the job manager is killed, and tried again", faults="kill-task:0s task=job-manager max=1"),
    _good("lost-manager", "the job manager's node is lost", pool="lossy",
          faults="lose-node lasting=500ms task=job-manager max=1"),
    _good("lost-finalize", "FinalizeTask's node is lost after the callback", pool="lossy",
          faults="preempt:1h lasting=500ms dedicated=yes task=finalize max=1"),
    _good("killed-finalize", "FinalizeTask is killed, and tried again", faults="kill-task:0s task=finalize max=1"),
    _good("dead-finalize", "FinalizeTask is killed at each of its tries", finalize=KILLED,
          faults="kill-task:0s task=finalize"),
)  # fmt: skip
"""Every way for a job to end; ``Setting`` has the jobs of the tasks that end in every way."""
