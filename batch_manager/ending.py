"""How a process of a job ends that failed: told once, judged for another try, reported, with the right exit code.

Imported after a failure alone. ``end_with`` is for exceptions, ``end_failed`` for whatever else fails, such as a plain
command.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from batch_manager.causes import cause_of, exit_code_of
from batch_manager.environment import NodeEnvironment, attempt_number, read_node_environment
from batch_manager.errors import BatchManagerError, UsageError
from batch_manager.exit_codes import ExitCode
from batch_manager.reports import Attempt, add_attempt, read_attempts
from batch_manager.retrying import Failure, RetryRules, Verdict, decode_policy, full_names, judge
from batch_manager.time_limit import read_time_limit

if TYPE_CHECKING:
    from batch_manager.client import BatchClient

_log = logging.getLogger(__name__)


def end_with(error: BaseException, environ: Mapping[str, str], client: BatchClient) -> int:
    """The exit code of a process that ends with this exception, once it is told and everything done that follows.

    A user's mistake is one line. Anything unforeseen comes with its traceback, which lies in the process's standard
    error wherever else the log goes.
    """
    code = exit_code_of(error)
    if code == ExitCode.SUCCEEDED:
        _tell_success(environ)
        return code
    cause = cause_of(error)
    tell(error, cause)
    return end_failed(Failure(code, cause, full_names(type(error))), environ, client)


def end_failed(
    failure: Failure,
    environ: Mapping[str, str],
    client: BatchClient,
    *,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """The failure's exit code, once it is reported and Batch knows whether to try again.

    If it is worth another try this waits for the delay that the task's policy asks for. The report is written before
    that, so that a kill meanwhile loses nothing. It never raises: what goes wrong here is logged.
    """
    try:
        node = read_node_environment(environ)
        limit = read_time_limit(node.time_limit)
    except UsageError:
        return failure.exit_code  # no task of a job: nobody reads a report
    time_left = None if limit is None else limit - now()
    verdict = _judge(_rules(node), failure, node, client, time_left)
    attempt = Attempt(
        number=attempt_number(node.working_directory),
        node_id=node.node_id,
        ended_at=now(),
        exit_code=failure.exit_code,
        cause=failure.cause,
        retried=verdict.retried,
        delay=verdict.delay,
    )
    add_attempt(node.working_directory, attempt)
    if node.progress_url:
        from batch_manager.events import tell_task_ended  # only a job that is watched needs it

        tell_task_ended(node, exit_code=failure.exit_code, cause=failure.cause, is_retried=verdict.retried)
    if verdict.retried:
        _log.warning("the task is tried again", extra={"delay": verdict.delay, "cause": failure.cause})
        sleep(verdict.delay)
    elif verdict.stop:
        stop_retries(node, client)
    return failure.exit_code


def _tell_success(environ: Mapping[str, str]) -> None:
    """Of a task that called ``sys.exit(0)``."""
    try:
        node = read_node_environment(environ)
    except UsageError:
        return
    if node.progress_url:
        from batch_manager.events import tell_task_ended  # only a job that is watched needs it

        tell_task_ended(node, exit_code=ExitCode.SUCCEEDED)


def stop_retries(node: NodeEnvironment, client: BatchClient) -> None:
    """Tell Batch not to try this task again. If that fails it is logged: the process ends all the same.

    A process of a node that Batch has given up tells nothing: the task runs again elsewhere, and what that comes to is
    judged there.
    """
    try:
        if _runs_elsewhere(node, client):
            _log.warning("this task is another node's by now, so its retries are left as they are")
            return
        client.stop_retries(node.job_id, node.task_id)
    except Exception as error:  # noqa: BLE001 - the end of a process is not the place for another failure
        _log.error("Batch could not be told not to try this task again: %s", cause_of(error))


def _runs_elsewhere(node: NodeEnvironment, client: BatchClient) -> bool:
    from batch_manager.definitions import TaskState  # dataclasses: 3 ms, where Microsoft's client is needed anyway

    found = client.get_task(node.job_id, node.task_id)
    waits_again = found.record.state is TaskState.ACTIVE and found.record.requeue_count > 0
    return waits_again or (bool(node.node_id) and found.node_id not in (None, node.node_id))


def tell(error: BaseException, cause: str) -> None:
    """Log an exception once. Whatever the logging does, the traceback of one that nobody foresaw is on standard
    error; if the task has closed that, nobody is told here, and nothing is raised."""
    with suppress(Exception):
        _tell(error, cause)


def _tell(error: BaseException, cause: str) -> None:
    foreseen = isinstance(error, BatchManagerError | SystemExit | KeyboardInterrupt)
    try:
        if foreseen:
            _log.error("%s", _message(error, cause))
        else:
            _log.error("unhandled %s", cause, exc_info=error)
    except Exception:  # noqa: BLE001 - a broken logging configuration must not hide what happened
        print(cause, file=sys.stderr)
    if not foreseen and not _reaches_standard_error():
        import traceback

        traceback.print_exception(error)


def _message(error: BaseException, cause: str) -> str:
    """An error of ours may have several lines, which a log shows as they are."""
    try:
        return str(error) if isinstance(error, BatchManagerError) else cause
    except Exception:  # noqa: BLE001 - a user's subclass may do anything
        return cause


def _reaches_standard_error() -> bool:
    logger: logging.Logger | None = _log
    found = False
    while logger is not None:
        for handler in logger.handlers:
            found = True
            if getattr(handler, "stream", None) is sys.stderr and handler.level <= logging.ERROR:
                return True
        logger = logger.parent if logger.propagate else None
    return not found  # without handlers, Python writes to standard error


def _rules(node: NodeEnvironment) -> RetryRules | None:
    try:
        return decode_policy(node.retry)
    except UsageError as error:
        _log.error("%s", error)
        return None


def _judge(
    rules: RetryRules | None, failure: Failure, node: NodeEnvironment, client: BatchClient, time_left: float | None
) -> Verdict:
    """The verdict by the tries that this node has seen; where those leave none, and some were no retries, by what
    Batch has counted."""
    tries = max(attempt_number(node.working_directory) - 1, 0)
    verdict = judge(rules, failure, retries_used=tries, time_left=time_left)
    if rules is None or verdict.retried or verdict.stop:
        return verdict
    told = sum(attempt.retried for attempt in read_attempts(node.working_directory))
    if told == tries:
        return verdict
    try:
        counted = client.get_task(node.job_id, node.task_id).record.retry_count
    except Exception as error:  # noqa: BLE001 - Batch goes by its own count whatever is said here
        _log.warning("Batch could not be asked how often this task was tried: %s", cause_of(error))
        return verdict
    return judge(rules, failure, retries_used=counted, time_left=time_left)
