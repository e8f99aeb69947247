"""The POST that tells the outcome of a job.

The body is what the WebHook activity of Azure Data Factory reads with ``reportStatusOnCallBack`` (Azure Data Factory
documentation, "webhook activity"): ``Output``, ``Error`` for a failure, and ``StatusCode``, where 400 and more fails
the activity.
"""

from __future__ import annotations

import json
import logging

import httpx
import stamina

from batch_manager.errors import CallbackError
from batch_manager.outcome import JobOutcome, Outcome, outcome_document

CALLBACK_FIELD = "callBackUri"
"""Where the callback blob, like the request of Data Factory, holds the URL."""

REQUEST_TIMEOUT = 30.0
"""Seconds one POST may take."""

_log = logging.getLogger(__name__)


class _TryAgainError(Exception):
    """The receiver was out of reach or asked to be called later. Its text holds no URL."""


def callback_body(outcome: JobOutcome) -> dict[str, object]:
    """The body, as JSON values."""
    good = outcome.outcome is Outcome.SUCCEEDED
    body: dict[str, object] = {"Output": outcome_document(outcome), "StatusCode": "200" if good else "500"}
    if not good:
        code = "JobManagerFailed" if outcome.cause is not None else "TasksFailed"
        body["Error"] = {"ErrorCode": code, "Message": outcome.summary}
    return body


def read_callback_url(blob: bytes) -> str:
    """The URL in a callback blob.

    Raises:
        CallbackError: the blob is not ``{"callBackUri": "http(s)://..."}``. The message does not repeat it: it is a
            secret.
    """
    try:
        url = json.loads(blob)[CALLBACK_FIELD]
    except (ValueError, KeyError, TypeError):
        url = None
    if not isinstance(url, str) or not is_callback_url(url):
        text = f'the callback blob is not {{"{CALLBACK_FIELD}": "https://..."}}; write it again and re-run'
        raise CallbackError(text)
    return url


def is_callback_url(text: str) -> bool:
    """Whether a text is a URL that can be called."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host)


def deliver(url: str, outcome: JobOutcome, *, idempotency_key: str, timeout: float) -> None:
    """POST the outcome, with growing pauses while the receiver is out of reach or answers 408, 429 or 5xx.

    Args:
        url: where to; never logged.
        outcome: what to tell.
        idempotency_key: the same for every delivery of this job, so that a receiver can drop a second one.
        timeout: seconds to go on trying.

    Raises:
        CallbackError: it was not accepted in time, or was refused for good. The message does not name the URL.
    """
    body = json.dumps(callback_body(outcome)).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
    try:
        for attempt in stamina.retry_context(on=_TryAgainError, attempts=None, timeout=timeout, wait_max=30.0):
            with attempt:
                _post(url, body, headers)
    except _TryAgainError as error:
        raise CallbackError(f"the callback was not accepted within {timeout:g} s: {error}") from None
    _log.info("callback delivered", extra={"idempotency_key": idempotency_key})


def _post(url: str, body: bytes, headers: dict[str, str]) -> None:
    try:
        response = httpx.post(url, content=body, headers=headers, timeout=REQUEST_TIMEOUT)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise CallbackError(
            "the callback URL is not one that can be called; check what the job was started with"
        ) from None
    except httpx.TransportError as error:
        raise _TryAgainError(f"no answer ({type(error).__name__})") from None
    if response.status_code in (408, 429) or response.status_code >= 500:
        raise _TryAgainError(f"the receiver answered {response.status_code}")
    if not response.is_success:
        raise CallbackError(f"the receiver refused the callback with status {response.status_code}")
