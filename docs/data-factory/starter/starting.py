"""Starts the jobs that are asked for, so that each comes to an end that Data Factory is told.

A start is written down before it is answered, and every step after that may be done again: a starter that is killed
goes on where it was when it is started next.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus

from batch_manager import BatchClient, InputError, JobRequest, WorkloadBase, submit_job
from batch_manager.errors import BatchManagerError, BusyError, CallbackError, ConflictError, NotFoundError
from batch_manager.found_workload import FoundWorkload
from batch_manager.supervision import SupervisionLimits
from batch_manager.supervision.supervising import POLL_INTERVAL, supervise_job
from starter.body import StartBody, read_body
from starter.records import RecordStore, StartRecord, StartState
from starter.telling import tell_failure

ANSWER_SECONDS = 45.0
"""Data Factory takes a starter that has not answered within a minute for failed: what was accepted later is not
started."""

RESUME_DAYS = 8
"""Days for which a starter that begins again looks for what is not done: a WebHook activity waits for at most seven."""

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0

_log = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request that is right in itself is not accepted.

    Attributes:
        status: of the answer.
        code: one word for programs.
    """

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterOptions:
    """What a starter starts, and how patiently.

    Attributes:
        workloads: by module, those that may be asked for.
        pools: ids of those that may be asked for; the first is meant when none is named.
        launcher: the command-line prefix that starts Python on a node with the workload importable.
        environment_settings: set for every task of every job.
        start_within: how long a submission may go on failing because a service is busy, or wait for a starter to
            come back, until Data Factory is told that it failed.
        limits: of supervision.
        look_interval: seconds between two looks at a job.
    """

    workloads: Mapping[str, FoundWorkload]
    pools: tuple[str, ...]
    launcher: str = "python3"
    environment_settings: Mapping[str, str] = field(default_factory=dict)
    start_within: timedelta = timedelta(minutes=30)
    limits: SupervisionLimits = field(default_factory=SupervisionLimits)
    look_interval: float = POLL_INTERVAL


def _spawn(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


class Starter:
    """Accepts requests and does what they ask for, each start in a thread of its own.

    Args:
        client: the account.
        options: what to start.
        now: the time, UTC.
        monotonic: seconds that never go back.
        sleep: waits.
        spawn: does something in a thread of the given name.
    """

    def __init__(
        self,
        client: BatchClient,
        options: StarterOptions,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        spawn: Callable[[str, Callable[[], None]], None] = _spawn,
    ) -> None:
        self._client = client
        self._options = options
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._spawn = spawn
        self._records = RecordStore(client.storage)
        self._guard = threading.Lock()
        self._accepting: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._driven: set[str] = set()

    def resume(self) -> int:
        """Go on with what an earlier starter left, and say how much that is.

        Raises:
            ServiceError: the storage account could not be asked.
        """
        self._records.prepare()
        unfinished = list(self._records.unfinished(self._now().date(), RESUME_DAYS))
        for record in unfinished:
            self._drive(record)
        return len(unfinished)

    def accept(self, text: bytes) -> StartRecord:
        """Take down what a request's body asks for, and see to it. The same body again changes nothing.

        Raises:
            InputError: the body or a parameter in it is wrong.
            RefusedError: there is such a job of another request, or it took too long.
            ServiceError: a service could not be asked; nothing was started.
        """
        began = self._monotonic()
        body = read_body(text, workloads=self._options.workloads, pools=self._options.pools)
        self._check_parameters(body)
        with self._guard:
            lock = self._accepting[body.job_id]
        with lock:
            record, is_new = self._take_down(body)
            if is_new and self._monotonic() - began > ANSWER_SECONDS:
                self._records.write(record.moved(StartState.REFUSED))
                raise RefusedError(
                    HTTPStatus.SERVICE_UNAVAILABLE, "TooSlow", "the storage account was too slow; nothing was started"
                )
        _log.info("accepted", extra={"job": record.job_id, "state": record.state.value})
        self._drive(record)
        return record

    def _check_parameters(self, body: StartBody) -> None:
        """Find a wrong parameter while Data Factory still listens."""
        workload = self._options.workloads[body.workload].make(self._client)
        for blob, source in workload.local_inputs(body.parameters).items():
            if not source.is_file():
                raise InputError(f"the input file for {blob!r} does not exist where the starter runs")

    def _take_down(self, body: StartBody) -> tuple[StartRecord, bool]:
        """The record of this request, and whether it is a new one."""
        record = self._records.read(body.job_id)
        if record is not None and record.digest != body.digest:
            raise _taken(body.job_id, "it was asked for before, with another body or callBackUri")
        if record is not None and record.state is not StartState.REFUSED:
            return record, False
        if self._job_exists(body.job_id):
            raise _taken(body.job_id, "there is a job with this id that this starter did not start")
        record = StartRecord.of(body, self._now())
        self._records.add(record)
        return record, True

    def _drive(self, record: StartRecord) -> None:
        with self._guard:
            if record.job_id in self._driven or record.state in (StartState.ENDED, StartState.REFUSED):
                return
            self._driven.add(record.job_id)
        self._spawn(record.job_id, partial(self._see_through, record))

    def _see_through(self, record: StartRecord) -> None:
        """Take a start from state to state; what fails for a time is tried again."""
        pause = _FIRST_PAUSE
        while record.state is not StartState.ENDED:
            try:
                following = self._step(record)
                self._records.write(following)
            except Exception as error:  # noqa: BLE001 - the outermost frame of a thread: the next try may do better
                _log_failure(record, error)
                self._sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                record, pause = following, _FIRST_PAUSE
                _log.info("a start went on", extra={"job": record.job_id, "state": record.state.value})
        with self._guard:
            self._driven.discard(record.job_id)

    def _step(self, record: StartRecord) -> StartRecord:
        if record.state is StartState.PENDING:
            return self._submit(record)
        if record.state is StartState.STARTED:
            self._supervise(record)
        else:
            tell_failure(record)
        return record.moved(StartState.ENDED, cause=record.cause)

    def _submit(self, record: StartRecord) -> StartRecord:
        """Create the job, unless it is there; what cannot be created is told."""
        is_late = self._now() - record.accepted_at > self._options.start_within
        try:
            if is_late and not self._job_exists(record.job_id):
                return record.moved(StartState.FAILING, cause="it could not be submitted in time")
            submit_job(self._workload(record), self._client, self._request(record))
        except BusyError as error:
            if is_late:
                return record.moved(StartState.FAILING, cause=str(error))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, Data Factory waits to be told
            if not isinstance(error, ConflictError) and self._job_exists(record.job_id):  # an earlier process made it
                return record.moved(StartState.STARTED)
            _log_failure(record, error)
            return record.moved(StartState.FAILING, cause=_cause(error))
        return record.moved(StartState.STARTED)

    def _workload(self, record: StartRecord) -> WorkloadBase:
        found = self._options.workloads.get(record.workload)
        if found is None:
            raise InputError(f"this starter no longer starts the workload {record.workload!r}")
        return found.make(self._client)

    def _supervise(self, record: StartRecord) -> None:
        try:
            outcome = supervise_job(
                self._client,
                record.job_id,
                self._options.limits,
                interval=self._options.look_interval,
                now=self._now,
                sleep=self._sleep,
            )
        except NotFoundError:
            _log.error("the job is gone, so nobody tells how it ended", extra={"job": record.job_id})
        except CallbackError as error:
            _log.error("%s", error, extra={"job": record.job_id})
        else:
            _log.info("job ended", extra={"job": record.job_id, "outcome": outcome.outcome.value})

    def _request(self, record: StartRecord) -> JobRequest:
        return JobRequest(
            job_id=record.job_id,
            pool_id=record.pool_id,
            module=record.workload,
            launcher=self._options.launcher,
            parameters=record.parameters,
            callback_url=record.callback_url,
            progress_url=record.progress_url,
            time_limit=record.time_limit,
            environment_settings=self._options.environment_settings,
        )

    def _job_exists(self, job_id: str) -> bool:
        try:
            self._client.get_job(job_id)
        except NotFoundError:
            return False
        return True


def _taken(job_id: str, why: str) -> RefusedError:
    return RefusedError(HTTPStatus.CONFLICT, "JobExists", f"job {job_id!r}: {why}; give a runId of its own")


def _cause(error: Exception) -> str:
    return str(error) if isinstance(error, BatchManagerError) else f"{type(error).__name__}: {error}"


def _log_failure(record: StartRecord, error: Exception) -> None:
    if isinstance(error, BatchManagerError):
        _log.warning("%s", error, extra={"job": record.job_id, "state": record.state.value})
    else:
        _log.error("unforeseen", extra={"job": record.job_id, "state": record.state.value}, exc_info=error)
