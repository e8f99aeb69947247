"""POSTs the callback, with patience. Nothing here logs or raises a text that holds the URL or the secret.

The standard library sends it: it logs nothing, where HTTP clients log the URL of each request. Redirects are not
followed, since they would hand the body to somebody who was not named. A proxy of the environment is used.
"""

from __future__ import annotations

import http.client
import logging
import random
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from urllib.error import URLError

from batch_manager.callback import CallbackTarget, signature_headers
from batch_manager.errors import CallbackError, CallbackRefusedError

_BUSY = (408, 429)
_BACKOFF = 2.0
_LEAST_OF_A_PAUSE = 0.5
"""The part of a pause that chance leaves: receivers of many jobs are not called by all of them at once."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """How long to go on trying.

    Attributes:
        seconds: until it is given up, all tries and pauses together.
        request_seconds: for one POST, whatever it waits for.
        first_pause: seconds after the first try; each later one is twice as long.
        longest_pause: seconds; a receiver that says ``Retry-After`` may ask for more.
    """

    seconds: float = 300.0
    request_seconds: float = 30.0
    first_pause: float = 1.0
    longest_pause: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time and chance, so that a test can hold both."""

    now: Callable[[], float] = time.time
    """Seconds since 1970, UTC."""
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    """From 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What came of one POST: a status, or why there is none."""

    status: int | None = None
    retry_after: str | None = None
    problem: str = ""

    @property
    def text(self) -> str:
        return self.problem if self.status is None else f"the receiver answered {self.status}"

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def may_be_asked_again(self) -> bool:
        return self.status is None or self.status in _BUSY or self.status >= 500


def deliver(
    target: CallbackTarget,
    body: bytes,
    *,
    key: str,
    limits: DeliveryLimits = DeliveryLimits(),
    clock: Clock = Clock(),
) -> None:
    """POST a body, with growing pauses while the receiver is out of reach or answers 408, 429 or 5xx.

    Args:
        target: where to, and what signs it; never logged.
        body: JSON.
        key: the same for every delivery of this job, so that a receiver can drop a second one.
        limits: how long to go on.
        clock: time and chance.

    Raises:
        CallbackRefusedError: the receiver refused it for good (a redirect, or any other 4xx).
        CallbackError: it was not accepted in time; a later delivery may be.
    """
    deadline = clock.monotonic() + limits.seconds
    pause = limits.first_pause
    while True:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "azure-batch-manager"}
        if target.secret is not None:
            headers |= signature_headers(target.secret, key, body, timestamp=clock.now())
        answer = _post(target.url, body, headers, limits.request_seconds)
        if answer.is_accepted:
            _log.info("callback delivered", extra={"idempotency_key": key})
            return
        if not answer.may_be_asked_again:
            raise CallbackRefusedError(f"the receiver refused the callback with status {answer.status}")
        wait = pause * (_LEAST_OF_A_PAUSE + (1 - _LEAST_OF_A_PAUSE) * clock.chance())
        asked = _asked_pause(answer.retry_after, clock.now())
        wait, left = max(wait, asked), deadline - clock.monotonic()
        if wait > left:
            if asked > left > 0:
                clock.sleep(left)  # whoever tries again after this, such as Batch, does so at once
            raise CallbackError(f"the callback was not accepted within {limits.seconds:g} s: {answer.text}")
        _log.warning("the callback was not accepted yet", extra={"reason": answer.text, "pause": round(wait, 1)})
        clock.sleep(wait)
        pause = min(pause * _BACKOFF, limits.longest_pause)


def _asked_pause(retry_after: str | None, now: float) -> float:
    """Seconds that a ``Retry-After`` asks for, as a number or as a date; 0 if it is neither."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.fromtimestamp(now, UTC)).total_seconds(), 0.0)


def _post(url: str, body: bytes, headers: dict[str, str], seconds: float) -> _Answer:
    """One try in a thread of its own: a name that is never resolved, or a reply that comes a byte at a time, must not
    hold up the end of a job."""
    answers: SimpleQueue[_Answer] = SimpleQueue()
    work = threading.Thread(target=lambda: answers.put(_request(url, body, headers, seconds)), daemon=True)
    work.start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return _Answer(problem=f"no answer within {seconds:g} s")


def _request(url: str, body: bytes, headers: dict[str, str], seconds: float) -> _Answer:
    """One try. Whatever goes wrong is told by its kind alone: the words of some errors hold the URL."""
    try:
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")
        with _opener(url).open(request, timeout=seconds) as response:
            return _Answer(status=response.status, retry_after=response.headers.get("Retry-After"))
    except URLError as error:
        reason = error.reason
        return _Answer(problem=f"no answer ({_kind(reason) if isinstance(reason, Exception) else 'URLError'})")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _Answer(problem=f"no answer ({_kind(error)})")
    except Exception as error:  # noqa: BLE001 - in a thread of its own it would be lost, with the answer
        return _Answer(problem=f"it could not be sent ({_kind(error)})")


def _kind(error: Exception) -> str:
    return type(error).__name__


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Sends and reads, and nothing more: no redirects, no cookies, no error for a status."""
    opener = urllib.request.OpenerDirector()
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler(), urllib.request.HTTPHandler()]
    if url.startswith("https:"):
        handlers.append(urllib.request.HTTPSHandler(context=_trust()))
    for handler in handlers:
        opener.add_handler(handler)
    return opener


def _trust() -> ssl.SSLContext:
    """The authorities of this machine or of ``SSL_CERT_FILE``, and those of certifi where it is installed, since a
    node's image may have none."""
    context = ssl.create_default_context()
    with suppress(ImportError):
        import certifi

        context.load_verify_locations(certifi.where())
    return context
