"""Runs a workload's job on a local Batch service, from nothing to its results on this disk.

Whatever a job does here it does through Microsoft's clients against the Batch protocol, as it would on Azure.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote

from rich.console import Console

from batch_manager import (
    BatchClientFactory,
    BatchClientSettings,
    JobRequest,
    submit_job,
)
from batch_manager.definitions import PoolDefinition
from batch_manager.environment import SECRETS_DIRECTORY, JsonValue
from batch_manager.errors import ServiceError, StuckJobError
from batch_manager.events import check_progress_url
from batch_manager.exit_codes import ExitCode
from batch_manager.found_workload import FoundWorkload
from batch_manager.naming import container_name
from batch_manager.outcome import ErrorCode, JobOutcome
from batch_manager.submit import check_callback_url, check_job_id, new_job_id
from batch_manager.supervision import JobEnd, SupervisionLimits
from dispatcher.local import POOL_ID, local_client
from dispatcher.progress import progress_view
from dispatcher.receiver import CallbackReceiver
from dispatcher.report import print_report
from dispatcher.results import empty_folder, fetch_results, keep_fault_log
from dispatcher.service.node.warm.options import WarmLevel
from dispatcher.stack import LocalStack, StackError
from dispatcher.warm_starts import service_words
from dispatcher.watch import LOCAL_LIMITS, watch_job

CALLBACK_WAIT = 10.0
"""Seconds to wait for the callback once the job has completed: it was sent before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How to run a job here.

    Attributes:
        parameters: what the job manager is given.
        job_id: None means one made of the workload's name and the time.
        nodes: compute nodes of the pool, each a folder on this machine.
        slots: tasks that run at the same time on each node.
        callback_url: where FinalizeTask calls; None for none.
        callback_secret: what FinalizeTask signs the callback with; None for no signature.
        receive_callback: start a receiver on this machine and have FinalizeTask call that.
        progress_url: where the job's processes send events; None for nowhere.
        time_limit: how long the job may take until FinalizeTask begins; None for no limit.
        limits: how long something may keep the job from going on before it is ended.
        results: the folder for the job's blobs; None means ``runs/<job-id>`` in the current directory.
        keep: leave the service running and its files in place until interrupted.
        faults: a plan of faults for the service; its log joins the results.
        warm_starts: how far a task's process has come before the task is known.
    """

    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    job_id: str | None = None
    nodes: int = 1
    slots: int = field(default_factory=lambda: os.cpu_count() or 1)
    callback_url: str | None = field(default=None, repr=False)
    callback_secret: str | None = field(default=None, repr=False)
    receive_callback: bool = False
    progress_url: str | None = None
    time_limit: timedelta | None = None
    limits: SupervisionLimits = LOCAL_LIMITS
    results: Path | None = None
    keep: bool = False
    faults: str | None = None
    warm_starts: WarmLevel = WarmLevel.INTERPRETER


class Dispatcher:
    """Runs one workload on this machine.

    Args:
        found: the workload.
        console: where progress and the report go.
    """

    def __init__(self, found: FoundWorkload, *, console: Console) -> None:
        self._found = found
        self._console = console

    def run(self, options: RunOptions) -> ExitCode:
        """Start a local Batch service and Azurite, run the job, fetch its results, stop everything.

        Returns:
            What ``JobEnd.exit_code`` says.

        Raises:
            StuckJobError: the job could not go on; it was ended and reported.
            InputError: a parameter is wrong or a file is missing; nothing was started.
            StackError: the service or Azurite did not start, or ended early.
            BatchManagerError: the service or Azurite refused something.
        """
        job_id = options.job_id or new_job_id(self._found.module, datetime.now(UTC))
        check_job_id(job_id)
        if options.callback_url is not None:
            check_callback_url(options.callback_url)
        if options.progress_url is not None:
            check_progress_url(options.progress_url)
        results = empty_folder(options.results or Path("runs") / job_id)
        self._found.make(BatchClientFactory.create(BatchClientSettings())).local_inputs(options.parameters)
        with ExitStack() as stack:
            receiver = stack.enter_context(CallbackReceiver()) if options.receive_callback else None
            faults = () if options.faults is None else ("--faults", options.faults)
            words = (*service_words(options.warm_starts), *faults)
            local = stack.enter_context(LocalStack(keep=options.keep, service_options=words))
            if options.faults is not None:
                stack.callback(self._keep_fault_log, local.folder, results)
            job = _LocalJob(self._found, self._console, options, job_id, results, local, receiver)
            try:
                end = job.run()
            except ServiceError as error:
                reason = local.failure()
                if reason is None:
                    raise
                raise StackError(reason) from error
            if options.keep:
                local.wait_until_interrupted(self._console)
            _raise_if_stuck(end.outcome)
            return end.exit_code

    def _keep_fault_log(self, run_folder: Path, results: Path) -> None:
        """Tell how to have the same faults again, however the job ended."""
        if (kept := keep_fault_log(run_folder, results)) is not None:
            self._console.print(f"faults put in: {kept}; again with --faults replay={kept}", soft_wrap=True)


class _LocalJob:
    """One job on a running stack."""

    def __init__(
        self,
        found: FoundWorkload,
        console: Console,
        options: RunOptions,
        job_id: str,
        results: Path,
        local: LocalStack,
        receiver: CallbackReceiver | None,
    ) -> None:
        self._found = found
        self._console = console
        self._options = options
        self._job_id = job_id
        self._results = results
        self._local = local
        self._receiver = receiver

    def run(self) -> JobEnd:
        """Make a pool, submit the job, show how far it is, fetch its results, report."""
        console, options, local = self._console, self._options, self._local
        where = f"local Batch service at {local.batch_endpoint}, files in {local.folder}"
        console.print(where, soft_wrap=True, highlight=False)
        client = local_client(local)
        workload = self._found.make(client)
        client.create_pool(
            PoolDefinition(id=POOL_ID, target_dedicated_nodes=options.nodes, task_slots_per_node=options.slots)
        )
        started = time.monotonic()
        submit_job(workload, client, self._request())
        with progress_view(console, self._job_id) as view:
            end = watch_job(client, self._job_id, view, limits=options.limits)
        seconds = time.monotonic() - started
        missing = fetch_results(client.storage, container_name(self._job_id), self._results)
        print_report(console, workload, client, end, seconds=seconds, results=self._results, missing=missing)
        self._show_callback()
        return end

    def _request(self) -> JobRequest:
        return JobRequest(
            job_id=self._job_id,
            pool_id=POOL_ID,
            module=self._found.module,
            launcher=quote(sys.executable),
            parameters=self._options.parameters,
            callback_url=self._receiver.url if self._receiver is not None else self._options.callback_url,
            callback_secret=self._options.callback_secret,
            progress_url=self._options.progress_url,
            time_limit=self._options.time_limit,
            environment_settings={
                "PYTHONPATH": str(self._found.import_root),
                SECRETS_DIRECTORY: str(self._local.secrets_folder),
            },
        )

    def _show_callback(self) -> None:
        if self._receiver is None:
            return
        body = self._receiver.wait(CALLBACK_WAIT)
        if body is None:
            self._console.print("no callback arrived", style="bold red")
        else:
            outcome = body.get("Output", {}).get("outcome")
            said = f"callback received: StatusCode {body.get('StatusCode')}, outcome {outcome}"
            self._console.print(said, highlight=False)


def _raise_if_stuck(outcome: JobOutcome) -> None:
    standstill = outcome.standstill
    if outcome.error_code is ErrorCode.STUCK and standstill is not None:
        text = f"the job could not go on, so it was ended: {standstill.message}"
        raise StuckJobError(text, job_id=outcome.job_id, code=standstill.code)
