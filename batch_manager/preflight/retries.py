"""A task's ``RetryPolicy``. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from batch_manager.errors import BatchManagerError
from batch_manager.preflight.limits import MAX_INT
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.retrying import NEVER_RETRIED
from batch_manager.specification import RetryPolicy, TaskSpecification

_CODES = ", ".join(str(int(code)) for code in sorted(NEVER_RETRIED))

COUNT = Rule(
    "retries-count", "retry.max_retries", f"less than 1 or more than {MAX_INT}", "give 1 or more, or no policy"
)
TWO_COUNTS = Rule(
    "retries-twice",
    "retry.max_retries",
    "another number than constraints.max_task_retry_count, where both are given",
    "give the number in the policy alone",
)
EXIT_CODES = Rule(
    "retries-exit-codes",
    "retry.exit_codes",
    f"a code that is never retried ({_CODES}), or one that is no exit code",
    "name codes of failures that pass",
)
EXCEPTIONS = Rule(
    "retries-exceptions",
    "retry.exceptions",
    f"an exception whose exit code is never retried ({_CODES}), such as InputError",
    "raise RetryableError, or a subclass of it, where another try may help",
)
NOTHING = Rule(
    "retries-nothing", "retry", "a policy without exit codes and without exceptions", "name some, or give no policy"
)
DELAY = Rule("retries-delay", "retry.delay", "less than 0, or more than max_delay", "give a time between")

RULES = (COUNT, TWO_COUNTS, EXIT_CODES, EXCEPTIONS, NOTHING, DELAY)


def check(task: TaskSpecification) -> Sequence[Finding]:
    """What is wrong with a task's retry policy, also beside its constraints."""
    return () if task.retry is None else tuple(_check(task.retry, task.constraints.max_task_retry_count))


def _check(policy: RetryPolicy, count: int | None) -> Iterator[Finding]:
    if not 1 <= policy.max_retries <= MAX_INT:
        yield COUNT.broken(f"is {policy.max_retries}, from 1 to {MAX_INT} is allowed")
    if count is not None and count != policy.max_retries:
        yield TWO_COUNTS.broken(f"is {policy.max_retries}, but constraints.max_task_retry_count is {count}")
    wrong = [code for code in policy.exit_codes if code in NEVER_RETRIED or not -MAX_INT <= code <= MAX_INT]
    if wrong:
        yield EXIT_CODES.broken(f"holds {shown(wrong)}; {_CODES} are never retried, and a code has 32 bits")
    never = [kind.__name__ for kind in policy.exceptions if _is_never_retried(kind)]
    if never:
        yield EXCEPTIONS.broken(f"holds {', '.join(never)}, which ends with an exit code that is never retried")
    if not (policy.exit_codes or policy.exceptions):
        yield NOTHING.broken("names no exit code and no exception, so nothing would be tried again")
    if policy.delay < timedelta(0) or policy.max_delay < policy.delay:
        yield DELAY.broken(f"is {policy.delay}; it must be from 0 to max_delay, {policy.max_delay}")


def _is_never_retried(kind: type[BaseException]) -> bool:
    return issubclass(kind, BatchManagerError) and kind.exit_code in NEVER_RETRIED
