"""What a starter must not forget when it is killed: a blob for each job it was asked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum

from batch_manager.client import BlobStorage
from batch_manager.environment import JsonValue
from batch_manager.errors import NotFoundError
from starter.body import StartBody

CONTAINER = "batch-manager-starter"
"""Private, as every container of the account should be: a record that is not done holds a callback URL."""

_log = logging.getLogger(__name__)


class StartState(Enum):
    """How far a start is."""

    PENDING = "pending"
    """Accepted; the job is not created yet."""
    STARTED = "started"
    """The job is there; FinalizeTask is to tell its end."""
    FAILING = "failing"
    """There is no job, and Data Factory is to be told so."""
    REFUSED = "refused"
    """It was answered with an error after all: nothing was started. The same request makes a new record."""
    ENDED = "ended"
    """Nothing is left to do."""


_NEXT = {
    StartState.PENDING: {StartState.STARTED, StartState.FAILING, StartState.REFUSED},
    StartState.STARTED: {StartState.ENDED},
    StartState.FAILING: {StartState.ENDED},
    StartState.REFUSED: set[StartState](),
    StartState.ENDED: set[StartState](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecord:
    """A job that was asked for.

    Attributes:
        job_id: the job.
        digest: of the request, to tell a repeat from another one.
        state: how far it is.
        accepted_at: when it was accepted, UTC.
        workload: the package.
        pool_id: the pool.
        parameters: for the job manager.
        time_limit: of the job; None for none.
        progress_url: where its events go; None for nowhere.
        callback_url: where Data Factory waits; None once the job, which has its own, is there or nobody waits.
        cause: why it failed, in one sentence; None while it has not.
    """

    job_id: str
    digest: str
    state: StartState
    accepted_at: datetime
    workload: str
    pool_id: str
    parameters: Mapping[str, JsonValue]
    time_limit: timedelta | None
    progress_url: str | None
    callback_url: str | None = field(repr=False)
    cause: str | None = None

    @classmethod
    def of(cls, body: StartBody, now: datetime) -> StartRecord:
        """A new one."""
        return cls(
            job_id=body.job_id,
            digest=body.digest,
            state=StartState.PENDING,
            accepted_at=now,
            workload=body.workload,
            pool_id=body.pool_id,
            parameters=body.parameters,
            time_limit=body.time_limit,
            progress_url=body.progress_url,
            callback_url=body.callback_url,
        )

    def moved(self, state: StartState, *, cause: str | None = None) -> StartRecord:
        """The record in its next state; the callback's URL stays for as long as it is needed here.

        Raises:
            ValueError: that is none of the states that may follow.
        """
        if state not in _NEXT[self.state]:
            raise ValueError(f"a start that is {self.state.value} does not become {state.value}")
        is_needed = state is StartState.FAILING
        return replace(self, state=state, cause=cause, callback_url=self.callback_url if is_needed else None)

    def to_json(self) -> bytes:
        """As a blob."""
        values = {
            "jobId": self.job_id,
            "digest": self.digest,
            "state": self.state.value,
            "acceptedAt": self.accepted_at.isoformat(),
            "workload": self.workload,
            "poolId": self.pool_id,
            "parameters": dict(self.parameters),
            "timeLimitSeconds": None if self.time_limit is None else self.time_limit.total_seconds(),
            "progressUrl": self.progress_url,
            "callBackUri": self.callback_url,
            "cause": self.cause,
        }
        return json.dumps(values).encode()

    @classmethod
    def from_json(cls, content: bytes) -> StartRecord:
        """The reverse."""
        values = json.loads(content)
        seconds = values["timeLimitSeconds"]
        return cls(
            job_id=values["jobId"],
            digest=values["digest"],
            state=StartState(values["state"]),
            accepted_at=datetime.fromisoformat(values["acceptedAt"]),
            workload=values["workload"],
            pool_id=values["poolId"],
            parameters=values["parameters"],
            time_limit=None if seconds is None else timedelta(seconds=seconds),
            progress_url=values["progressUrl"],
            callback_url=values["callBackUri"],
            cause=values["cause"],
        )


class RecordStore:
    """The records, in the storage account of the jobs.

    ``jobs/<job-id>.json`` holds a record; ``days/<date>/<job-id>`` lists those of a day, so that a starter that
    begins again need not read all that ever were.
    """

    def __init__(self, storage: BlobStorage) -> None:
        self._storage = storage

    def prepare(self) -> None:
        """Make the container; success if it is there."""
        self._storage.create_container(CONTAINER)

    def read(self, job_id: str) -> StartRecord | None:
        """The record of a job; None if there is none."""
        try:
            return StartRecord.from_json(self._storage.read(CONTAINER, f"jobs/{job_id}.json"))
        except NotFoundError:
            return None

    def _read_or_pass_over(self, job_id: str) -> StartRecord | None:
        """One record that cannot be read must not keep a starter from all others."""
        try:
            return self.read(job_id)
        except (ValueError, KeyError, TypeError) as error:
            _log.error("the record of a start cannot be read", extra={"job": job_id, "why": type(error).__name__})
            return None

    def add(self, record: StartRecord) -> None:
        """Write a new record, listed first: a record that is not listed would not be found again."""
        day = record.accepted_at.astimezone(UTC).date()
        self._storage.upload(CONTAINER, f"days/{day.isoformat()}/{record.job_id}", b"")
        self.write(record)

    def write(self, record: StartRecord) -> None:
        """Write a record over what it was."""
        self._storage.upload(CONTAINER, f"jobs/{record.job_id}.json", record.to_json())

    def unfinished(self, today: date, days: int) -> Iterator[StartRecord]:
        """The records of the last so many days with which something is to be done."""
        for back in range(days + 1):
            prefix = f"days/{(today - timedelta(days=back)).isoformat()}/"
            for name in self._storage.list_blobs(CONTAINER, prefix):
                record = self._read_or_pass_over(name.removeprefix(prefix))
                if record is not None and record.state not in (StartState.ENDED, StartState.REFUSED):
                    yield record
