"""How tasks end, and what follows: the truth table. ``truth_table_jobs`` has the jobs.

The acceptance test runs every row on a real service, the unit test in memory, and the page ``docs/how-a-job-ends.md``
shows them. ``python -m tests.support.truth_table_page`` prints its tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any

from batch_manager import DependencyRule, Outcome
from batch_manager.outcome import ErrorCode


class Child(Enum):
    """What becomes of a child."""

    RUNS = "runs"
    SKIPPED = "skipped"
    LATE = "cancelled"
    """It does not begin, since the job's time is over."""

    @property
    def exit_code(self) -> int:
        """Of its process."""
        return {Child.RUNS: 0, Child.SKIPPED: 80, Child.LATE: 81}[self]

    @property
    def outcome(self) -> Outcome:
        """How it ends."""
        return {Child.RUNS: Outcome.SUCCEEDED, Child.SKIPPED: Outcome.SKIPPED, Child.LATE: Outcome.CANCELLED}[self]


Children = tuple[Child, Child, Child]
"""With the rules ``all_succeeded``, ``all_ended`` and ``any_failed``."""

AFTER_SUCCESS: Children = (Child.RUNS, Child.RUNS, Child.SKIPPED)
AFTER_FAILURE: Children = (Child.SKIPPED, Child.RUNS, Child.RUNS)
TOO_LATE: Children = (Child.LATE, Child.LATE, Child.LATE)

BY_EXIT_CODE = "FailureExitCode"
ENDED = "TaskEnded"


class Setting(Enum):
    """The job that a row of ``TASK_ENDS`` is tried in."""

    COMMON = "ends"
    """One job for all of them."""
    LIMITED = "late"
    """One with a time limit."""
    LOSSY = "lossy"
    """One whose nodes are lost under its tasks."""
    GANG = "gang"
    """One on a pool for multi-instance tasks."""
    BOX = "box"
    """One on a pool for containers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnd:
    """One way for a task to end, and what follows.

    Attributes:
        name: what the workload ``ends`` calls it.
        words: what happens.
        outcome: how the task ended.
        exit_code: of the last attempt; None if there is none.
        code: Batch's failure code; None for a success.
        reason: what the callback tells of it, or a part; empty where it tells nothing.
        children: what becomes of its children.
        retries: tries after the first.
        requeues: runs after a node was lost.
        setting: the job it is tried in.
    """

    name: str
    words: str
    outcome: Outcome
    exit_code: int | None
    code: str | None = BY_EXIT_CODE
    reason: str = ""
    children: Children = AFTER_FAILURE
    retries: int = 0
    requeues: int = 0
    setting: Setting = Setting.COMMON

    def child(self, rule: DependencyRule) -> Child:
        """What becomes of a child with this rule."""
        return self.children[list(DependencyRule).index(rule)]


def _succeeds(name: str, words: str, **fields: Any) -> TaskEnd:
    values: dict[str, Any] = {"exit_code": 0, "code": None, "children": AFTER_SUCCESS, **fields}
    return TaskEnd(name=name, words=words, outcome=Outcome.SUCCEEDED, **values)


def _fails(name: str, words: str, exit_code: int | None, reason: str = BY_EXIT_CODE, **fields: Any) -> TaskEnd:
    return TaskEnd(name=name, words=words, outcome=Outcome.FAILED, exit_code=exit_code, reason=reason, **fields)


def _cancelled(name: str, words: str, exit_code: int | None, reason: str, **fields: Any) -> TaskEnd:
    return TaskEnd(name=name, words=words, outcome=Outcome.CANCELLED, exit_code=exit_code, reason=reason, **fields)


def _skipped(name: str, words: str, exit_code: int | None, **fields: Any) -> TaskEnd:
    return TaskEnd(name=name, words=words, outcome=Outcome.SKIPPED, exit_code=exit_code, **fields)


_LATE: dict[str, Any] = {"children": TOO_LATE, "setting": Setting.LIMITED}

TASK_ENDS = (
    _succeeds("success", "it succeeds"),
    _succeeds("exit-0", "its code calls `sys.exit(0)`"),
    _fails("exit-code", "its code calls `sys.exit(3)`", 3, "sys.exit(3)"),
    _fails("own-80", "its code calls `sys.exit(80)`, a code that is kept for skips", 1, "sys.exit(80)"),
    _fails("exception", "its code raises an exception", 1, "ValueError: no such pipe"),
    _fails("builder", "its builder raises an exception", 1, "LookupError"),
    _fails("input-error", "its code raises `InputError`", 65, "the network has no pipes"),
    _fails("killed", "its process is killed", 137),
    _fails("gives-up", "it raises `RetryableError` until its retries are used up", 75, "the licence server", retries=2),
    _succeeds("comes-right", "it raises `RetryableError` twice, then succeeds", retries=2),
    _fails("not-worth-it", "it has retries, and raises `InputError`", 65, "the network has no pipes"),
    _fails("not-named", "it has retries, but not for its exception", 1, "ValueError: no such pipe"),
    _fails("no-input", "a blob that it needs is missing", None, "nobody-wrote-this", code="BlobNotFound"),
    _fails("no-upload", "it succeeds, but its files cannot be uploaded", 0, code="FileUploadContainerNotFound",
           reason="FileUploadContainerNotFound"),
    _fails("wall-clock", "it runs for longer than its own time limit", 143, "maximum execution time", code=ENDED),
    _cancelled("by-hand", "somebody ends it while it runs", 143, "ended on request", code=ENDED),
    _cancelled("by-hand-early", "somebody ends it before it begins", None, "ended on request", code=ENDED),
    _skipped("skipped", "it is skipped itself", 80),
    _skipped("skipped-before", "it lacks the file that its failed parent was to write", None, code="BlobNotFound"),
    _fails("command-fails", "a plain command exits with 7", 7),
    _fails("command-80", "a plain command exits with 80", 80),
    _fails("command-80-behind", "a plain command with a rule exits with 80", 1, "exit code 80"),
    _fails("command-killed", "a plain command is killed", 137),
    _fails("command-killed-behind", "a plain command with a rule is killed", 137, "SIGKILL"),
    _fails("command-missing", "a plain command's program is missing", None, "/no/such/program",
           code="CommandProgramNotFound"),
    _fails("command-missing-behind", "the program of a plain command with a rule is missing", 70, "No such file"),
    _succeeds("node-lost", "its node is lost; it runs again on another", requeues=1, setting=Setting.LOSSY),
    _succeeds("preempted", "its node is preempted; it runs again", requeues=1, setting=Setting.LOSSY),
    _cancelled("late", "it runs when the job's time is over", 81, "the job's time limit", **_LATE),
    _cancelled("command-late", "a plain command runs when the job's time is over", 81, "the job's time limit", **_LATE),
    _fails("gang-fails", "a multi-instance task exits with 3", 3, setting=Setting.GANG),
    _fails("box-fails", "a task in a container exits with 3", 3, setting=Setting.BOX),
)  # fmt: skip
"""Every way for a task to end; one that another depends on stands before it."""


CLAIMS_80 = _fails("claims-80", "its process ends with `os._exit(80)`, though it was to run", 80)
"""A row of its own: FinalizeTask looks into it where nothing else failed, so that no job succeeds by it."""

KINDS = {
    Setting.COMMON: ("python", "command"),
    Setting.LIMITED: ("python", "command"),
    Setting.LOSSY: ("python",),
    Setting.GANG: ("python", "gang"),
    Setting.BOX: ("box",),
}
"""The kinds of children that each parent has, by the job it is in."""

GUARDED = ("gang", "box")
"""Those that have a gate before them: multi-instance tasks and tasks in containers, as plain commands."""


def rows_of(setting: Setting) -> tuple[TaskEnd, ...]:
    """The rows that a job of this setting has, each with its children; where those have gates, two more."""
    rows = tuple(end for end in TASK_ENDS if end.setting is setting)
    if setting in (Setting.GANG, Setting.BOX):
        rows = (*(end for end in TASK_ENDS if end.name in ("success", "exit-code")), *rows)
    return rows


ERRORS = {
    Setting.COMMON: ErrorCode.TASKS_FAILED,
    Setting.LIMITED: ErrorCode.TIME_LIMIT,
    Setting.LOSSY: None,
    Setting.GANG: ErrorCode.TASKS_FAILED,
    Setting.BOX: ErrorCode.TASKS_FAILED,
}
"""The callback's error code for such a job; where all parents succeed, children are skipped but nothing fails."""


def counts_of(setting: Setting, kinds: Collection[str]) -> dict[str, int]:
    """What the outcome of such a job counts, where its children are of these kinds."""
    counts: Counter[str] = Counter()
    for end in rows_of(setting):
        counts[end.outcome.value] += 1
        counts.update(child.outcome.value for child in end.children for _ in kinds)
    return dict(counts)
