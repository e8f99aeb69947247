"""FinalizeTask in a process that does not import the workload; the workload's own finalize work is a child of it."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING

from batch_manager.command_line import Role, encode_child
from batch_manager.environment import OUTCOME_FILE, NodeEnvironment, read_inputs, read_node_environment
from batch_manager.errors import BatchManagerError
from batch_manager.exit_codes import ExitCode
from batch_manager.finalize import FinalizeTask
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.finalize_work import BEGUN_SUFFIX
from batch_manager.finishing import NoOwnWorkError, OwnWork
from batch_manager.naming import REPORT_FILE
from batch_manager.node.children import ChildEnd, watch_child
from batch_manager.outcome_document import encode_outcome
from batch_manager.reports import read_attempts

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.outcome import JobOutcome

FINALIZE_WORK_TIMEOUT = 1800.0
"""Seconds that the workload's own finalize work may take. What takes longer belongs into a task of the job."""

OUTCOME_NAME = "batch-manager-outcome.json"
"""The file in FinalizeTask's working directory that tells the finalize work how the job ended."""

_SIGNAL_BASE = 128

_NOT_BEGUN = "its process ended without beginning it: its __main__.py must end with Application(...).run()"

_log = logging.getLogger(__name__)


class EndedFromOutsideError(BatchManagerError):
    """This process was asked to end while the finalize work ran: nothing is told, since FinalizeTask runs again."""

    exit_code = ExitCode.CANCELLED


def finalize_job(module: str, environ: Mapping[str, str], client: BatchClient, work: OwnWork | None = None) -> int:
    """Tell how the job ended.

    Args:
        module: the workload's package.
        environ: the environment of this process.
        client: the job's account.
        work: does the workload's own finalize work; None means a child process that does.

    Raises:
        CallbackError: the callback could not be delivered.
        ServiceError: Batch or Blob Storage could not be asked.
    """
    node = read_node_environment(environ)
    inputs = FinalizeInputs.from_values(read_inputs(node))
    FinalizeTask(
        client=client,
        job_id=node.job_id,
        inputs=inputs,
        work=work or ChildWork(module, node, environ, is_known=inputs.has_work is True),
        tell=lambda outcome: _tell(node, outcome),
    ).run()
    return ExitCode.SUCCEEDED


class ChildWork:
    """The workload's own finalize work, in a process of its own: ``python -m <workload> finalize``.

    Its standard output and error are FinalizeTask's.
    """

    def __init__(
        self,
        module: str,
        node: NodeEnvironment,
        environ: Mapping[str, str],
        *,
        is_known: bool = True,
        timeout: float = FINALIZE_WORK_TIMEOUT,
    ) -> None:
        """
        Args:
            module: the workload's package.
            node: where this runs.
            environ: what the child inherits.
            is_known: whether the workload is known to have finalize work.
            timeout: seconds until it is ended.
        """
        self._module = module
        self._node = node
        self._environ = environ
        self._is_known = is_known
        self._timeout = timeout

    def __call__(self, outcome: JobOutcome) -> str | None:
        """Do the work, and say why it failed; None if it did not.

        Raises:
            EndedFromOutsideError: this process was asked to end meanwhile.
            NoOwnWorkError: the workload has none, or ended before anybody could know.
        """
        folder = Path(self._node.working_directory)
        path, begun = folder / OUTCOME_NAME, folder / f"{OUTCOME_NAME}{BEGUN_SUFFIX}"
        for leftover in (folder / REPORT_FILE, begun):  # of an earlier attempt
            leftover.unlink(missing_ok=True)
        path.write_bytes(encode_outcome(outcome))
        words = encode_child([sys.executable], self._module, Role.FINALIZE)
        started = time.monotonic()
        end = watch_child(words, {**self._environ, OUTCOME_FILE: str(path)}, timeout=self._timeout)
        if end.asked_to_end:
            raise EndedFromOutsideError("ended from outside while the workload's finalize work ran")
        reason = self._reason(end, has_begun=begun.exists())
        seconds = round(time.monotonic() - started, 1)
        extra = {"reason": reason, "seconds": seconds, "begun": begun.exists()}
        _log.info("the workload's finalize work ended", extra=extra)
        if not begun.exists() and not self._is_known:
            raise NoOwnWorkError
        return reason

    def _reason(self, end: ChildEnd, *, has_begun: bool) -> str | None:
        if end.out_of_time:
            return f"it was ended after {self._timeout:g} s"
        if end.exit_code == ExitCode.SUCCEEDED:
            return None if has_begun else _NOT_BEGUN
        attempts = read_attempts(self._node.working_directory)
        if attempts and attempts[-1].cause.strip():
            return attempts[-1].cause
        number = end.exit_code - _SIGNAL_BASE
        if number in list(Signals):
            return f"its process was ended by signal {number} ({Signals(number).name})"
        return f"its process ended with exit code {end.exit_code}; see stderr.txt"


def _tell(node: NodeEnvironment, outcome: JobOutcome) -> None:
    if node.progress_url:
        from batch_manager.events import tell_job_ended  # only a job that is watched needs it

        tell_job_ended(outcome, progress_url=node.progress_url, storage_account_url=node.storage_account_url)
