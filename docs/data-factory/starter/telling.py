"""Tells Data Factory that a job could not be submitted, in the form in which FinalizeTask tells how one ended."""

from __future__ import annotations

import logging

from batch_manager.callback import CallbackTarget, callback_body
from batch_manager.delivery import deliver
from batch_manager.errors import CallbackError
from batch_manager.outcome import JobOutcome, Standstill
from batch_manager.outcome_document import outcome_document
from starter.records import StartRecord

SUBMISSION_FAILED = "submission_failed"

MAX_CAUSE_LENGTH = 1000

_log = logging.getLogger(__name__)


def tell_failure(record: StartRecord) -> None:
    """Call back. A failure to do so is logged: there is nobody else to tell.

    The callback's URL is of use once, and the key is the same each time, so that doing this again does no harm.
    """
    if record.callback_url is None:
        return
    message = f"it could not be submitted: {record.cause or 'no reason given'}"[:MAX_CAUSE_LENGTH]
    outcome = JobOutcome(job_id=record.job_id, standstill=Standstill(code=SUBMISSION_FAILED, message=message))
    key = f"{record.job_id}-start-{record.accepted_at:%Y%m%dT%H%M%S%f}"
    try:
        deliver(CallbackTarget(url=record.callback_url), callback_body(outcome_document(outcome)), key=key)
    except CallbackError as error:
        _log.error("%s", error, extra={"job": record.job_id})
