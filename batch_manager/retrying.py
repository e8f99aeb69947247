"""Which failures of a task are worth another try, and when. Pure and light: imported on a node after a failure alone.

Batch does the repeating (``maxTaskRetryCount``); the process that failed judges. If the failure is not worth another
try it tells Batch so before it ends.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from batch_manager.errors import UsageError
from batch_manager.exit_codes import ExitCode

if TYPE_CHECKING:
    from batch_manager.specification import RetryPolicy

NEVER_RETRIED = frozenset(
    {
        ExitCode.SUCCEEDED,
        ExitCode.USAGE,
        ExitCode.BAD_INPUT,
        ExitCode.SOFTWARE,
        ExitCode.NO_PERMISSION,
        ExitCode.CONFIGURATION,
        ExitCode.SKIPPED,
        ExitCode.TIME_LIMIT,
    }
)
"""Exit codes that no policy tries again: another try would end in the same way."""

_MOST_DOUBLINGS = 60


class RetryRules(NamedTuple):
    """What a task's process is told of its ``RetryPolicy``."""

    max_retries: int
    """Tries after the first; -1 without limit."""
    exit_codes: tuple[int, ...] = ()
    exceptions: tuple[str, ...] = ()
    """Full names of types: ``package.module.Name``. So none has to be imported to be compared."""
    any_failure: bool = False
    """Whether every failure is worth another try but those of ``NEVER_RETRIED``."""
    delay: float = 0.0
    """Seconds before the first retry; each later one waits twice as long."""
    max_delay: float = 0.0


class Failure(NamedTuple):
    """How an attempt at a task failed."""

    exit_code: int
    """0 to 255; 128 and a signal's number for a process that one ended."""
    cause: str
    """In one line."""
    exceptions: tuple[str, ...] = ()
    """The full names of the exception's type and of its bases; none for a command."""


class Verdict(NamedTuple):
    """What follows from a failure."""

    retried: bool
    """Whether Batch tries the task again."""
    stop: bool = False
    """Whether Batch has to be told not to."""
    delay: float = 0.0
    """Seconds to wait before the process ends."""


def judge(rules: RetryRules | None, failure: Failure, *, retries_used: int, time_left: float | None = None) -> Verdict:
    """Whether a failure is worth another try.

    Args:
        rules: the task's; None if Batch tries it once only.
        failure: how the attempt failed.
        retries_used: tries after the first that there were already, this one included.
        time_left: seconds until the job's time is over; a try that could not begin before is none. None for no limit.
    """
    if rules is None:
        return Verdict(retried=False)
    if not _is_worth_it(rules, failure):
        return Verdict(retried=False, stop=True)
    if 0 <= rules.max_retries <= retries_used:
        return Verdict(retried=False)
    delay = min(rules.max_delay, rules.delay * 2.0 ** min(retries_used, _MOST_DOUBLINGS))
    if time_left is not None and delay >= time_left:
        return Verdict(retried=False, stop=True)
    return Verdict(retried=True, delay=delay)


def full_names(kind: type[BaseException]) -> tuple[str, ...]:
    """The full names of a type and of all its bases."""
    return tuple(_full_name(base) for base in kind.__mro__)


def encode_policy(policy: RetryPolicy | None, max_task_retry_count: int | None) -> str | None:
    """What travels in ``BATCH_MANAGER_RETRY``; None if Batch tries the task once only.

    Args:
        policy: the task's policy, which goes before the count; None for none.
        max_task_retry_count: what the task's constraints say.
    """
    if policy is None:
        if not max_task_retry_count:
            return None
        return _encode(RetryRules(max_retries=max_task_retry_count, any_failure=True))
    rules = RetryRules(
        max_retries=policy.max_retries,
        exit_codes=tuple(policy.exit_codes),
        exceptions=tuple(_full_name(kind) for kind in policy.exceptions),
        delay=policy.delay.total_seconds(),
        max_delay=policy.max_delay.total_seconds(),
    )
    return _encode(rules)


def decode_policy(text: str) -> RetryRules | None:
    """The reverse, from the environment; None for an empty text.

    Raises:
        UsageError: the text is not one that ``encode_policy`` writes.
    """
    if not text:
        return None
    try:
        values = json.loads(text)
        rules = RetryRules(**values)
        return rules._replace(exit_codes=tuple(rules.exit_codes), exceptions=tuple(rules.exceptions))
    except (ValueError, TypeError) as error:
        raise UsageError(f"the retry policy {text!r} is not one that this project writes: {error}") from error


def _is_worth_it(rules: RetryRules, failure: Failure) -> bool:
    if failure.exit_code in NEVER_RETRIED:
        return False
    named = failure.exit_code in rules.exit_codes or any(name in rules.exceptions for name in failure.exceptions)
    return named or rules.any_failure


def _full_name(kind: type[BaseException]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _encode(rules: RetryRules) -> str:
    defaults = RetryRules._field_defaults
    values = {name: value for name, value in rules._asdict().items() if value != defaults.get(name)}
    return json.dumps(values, separators=(",", ":"))
