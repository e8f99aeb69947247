"""The last task of every job: tells how it ended, whatever the end was."""

from __future__ import annotations

import logging
from collections.abc import Callable

from batch_manager.cancelling import end_other_tasks, read_cancellation
from batch_manager.client import BatchClient
from batch_manager.delivery import Clock, DeliveryLimits
from batch_manager.errors import CallbackRefusedError, ConflictError, ServiceError
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.finishing import OwnWork, finish_job
from batch_manager.naming import FINALIZE_TASK_ID
from batch_manager.outcome import JobOutcome
from batch_manager.task import WorkloadTask

MAX_LOOKS = 30
"""How often FinalizeTask of a cancelled job looks whether the other tasks have ended; then it tells that some have
not."""

LOOK_INTERVAL = 2.0
"""Seconds between two looks."""

_log = logging.getLogger(__name__)


class FinalizeTask(WorkloadTask):
    """Tells how the job ended: the outcome as a blob, the workload's own finalize work, and the callback.

    The framework adds it to every job; it depends on all other tasks and they let it go however they end. Run again
    after it has delivered, it delivers nothing: the marker says so. A crash between the POST and the marker is the
    one case in which the receiver is called twice, with the same idempotency key and the same body.
    """

    def __init__(
        self,
        *,
        client: BatchClient,
        job_id: str,
        inputs: FinalizeInputs = FinalizeInputs(),
        work: OwnWork | None = None,
        tell: Callable[[JobOutcome], None] | None = None,
        limits: DeliveryLimits = DeliveryLimits(),
        clock: Clock = Clock(),
    ) -> None:
        """
        Args:
            client: lists the job's tasks and holds its blobs.
            job_id: the job that ends.
            inputs: what the job manager left.
            work: does the workload's own finalize work, if the inputs say that there is any.
            tell: is given the outcome before the callback.
            limits: how long to go on trying to deliver.
            clock: time and chance.
        """
        self._client = client
        self._job_id = job_id
        self._inputs = inputs
        self._work = work
        self._tell = tell
        self._limits = limits
        self._clock = clock

    def run(self) -> None:
        """Tell the outcome.

        Raises:
            CallbackError: the callback could not be delivered; its body lies in ``batch-manager/callback-body.json``.
            ServiceError: Batch or Blob Storage could not be asked.
        """
        if read_cancellation(self._client.storage, self._job_id) is not None:
            self._end_what_is_left()
        self._let_job_complete()
        try:
            finish_job(
                self._client,
                self._job_id,
                self._inputs,
                work=self._work,
                tell=self._tell,
                limits=self._limits,
                clock=self._clock,
            )
        except CallbackRefusedError:
            self._stop_retries()
            raise

    def _end_what_is_left(self) -> None:
        """A task that a job manager was adding while the job was cancelled may have slipped through."""
        for look in range(MAX_LOOKS):
            if not end_other_tasks(self._client, self._job_id):
                return
            if look < MAX_LOOKS - 1:
                self._clock.sleep(LOOK_INTERVAL)
        _log.error("some tasks of the cancelled job have not ended; the outcome counts them")

    def _let_job_complete(self) -> None:
        """A job manager that was killed after it had added this task could not say so."""
        try:
            self._client.terminate_job_when_tasks_complete(self._job_id)
        except ConflictError as error:
            _log.info("the job has ended already", extra={"answer": error.code})

    def _stop_retries(self) -> None:
        try:
            self._client.stop_retries(self._job_id, FINALIZE_TASK_ID)
        except ServiceError as error:
            _log.error("Batch could not be told not to try again: %s", error)
