"""The last task of every job: tells how it ended, whatever the end was."""

from __future__ import annotations

import json
import logging

from batch_manager import callback
from batch_manager.client import BatchClient
from batch_manager.errors import NotFoundError
from batch_manager.naming import CALLBACK_BLOB, CALLBACK_SENT_BLOB, OUTCOME_BLOB, container_name
from batch_manager.outcome import JobOutcome, job_outcome, outcome_document
from batch_manager.task import WorkloadTask

CALLBACK_TIMEOUT = 300.0
"""Seconds that the delivery of the callback is tried for."""

_log = logging.getLogger(__name__)


class FinalizeTask(WorkloadTask):
    """Counts the tasks, writes the outcome to a blob, and calls the callback URL if the job was given one.

    The framework adds it to every job; it depends on all other tasks and they let it go however they end. Run again
    after it has delivered, it delivers nothing: the marker says so. A crash between the POST and the marker is the
    one case in which the receiver is called twice, with the same idempotency key.
    """

    def __init__(
        self, *, client: BatchClient, job_id: str, cause: str | None, callback_timeout: float = CALLBACK_TIMEOUT
    ) -> None:
        """
        Args:
            client: lists the job's tasks and holds its blobs.
            job_id: the job that ends.
            cause: why the job manager failed, if it did.
            callback_timeout: seconds to go on trying to deliver.
        """
        self._client = client
        self._job_id = job_id
        self._cause = cause
        self._callback_timeout = callback_timeout
        self._container = container_name(job_id)

    def run(self) -> None:
        """Tell the outcome.

        Raises:
            CallbackError: the callback could not be delivered; the outcome lies in ``batch-manager/outcome.json``.
            ServiceError: Batch or Blob Storage could not be asked.
        """
        outcome = job_outcome(self._job_id, self._client.list_tasks(self._job_id), self._cause)
        document = json.dumps(outcome_document(outcome), indent=1).encode()
        self._client.storage.create_container(self._container)
        self._client.storage.upload(self._container, OUTCOME_BLOB, document)
        _log.info("job ended", extra={"outcome": outcome.outcome.value, "summary": outcome.summary})
        self._call_back(outcome)

    def _call_back(self, outcome: JobOutcome) -> None:
        given = self._read(CALLBACK_BLOB)
        if given is None:
            _log.info("the job was given no callback")
            return
        if self._read(CALLBACK_SENT_BLOB) is not None:
            _log.info("the callback was delivered before")
            return
        key = self._idempotency_key()
        callback.deliver(
            callback.read_callback_url(given), outcome, idempotency_key=key, timeout=self._callback_timeout
        )
        self._client.storage.upload(self._container, CALLBACK_SENT_BLOB, json.dumps({"idempotencyKey": key}).encode())

    def _read(self, blob: str) -> bytes | None:
        try:
            return self._client.storage.read(self._container, blob)
        except NotFoundError:
            return None

    def _idempotency_key(self) -> str:
        """The same for this job in every process, another for a later job with the same id."""
        return f"{self._job_id}-{self._client.get_job(self._job_id).creation_time:%Y%m%dT%H%M%S%f}"
