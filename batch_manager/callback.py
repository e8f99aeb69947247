"""What is sent to tell the outcome of a job: the body, its signature, and where it goes. Pure; ``delivery`` sends it.

The body is what the WebHook activity of Azure Data Factory reads with ``reportStatusOnCallBack`` (Azure Data Factory
documentation, "webhook activity"): ``Output``, ``Error`` for a failure, and ``StatusCode``, where 400 and more fails
the activity. The signature follows the Standard Webhooks convention. docs/callback.md tells receivers about both.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from batch_manager.errors import CallbackRefusedError, InputError

CALLBACK_FIELD = "callBackUri"
"""Where the callback blob, like the request of Data Factory, holds the URL."""

SECRET_FIELD = "secret"
"""Where the callback blob holds what the callback is signed with."""

SECRET_PREFIX = "whsec_"
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64
"""What the Standard Webhooks convention allows."""

TOLERANCE = 300.0
"""Seconds that a signature may be old, or that the receiver's clock may be wrong."""

_ID_HEADER, _TIME_HEADER, _SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"
_VERSION = "v1,"
_SECRET_FORM = f"'{SECRET_PREFIX}' and the base64 of {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} random bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTarget:
    """Where a callback goes and what signs it. Neither is ever shown.

    Attributes:
        url: http or https.
        secret: in the form of Standard Webhooks; None for no signature.
    """

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


def encode_callback(target: CallbackTarget | None) -> bytes:
    """The content of a callback blob; of a job that was given none it says so."""
    if target is None:
        return json.dumps({CALLBACK_FIELD: None}).encode()
    values = {CALLBACK_FIELD: target.url}
    if target.secret is not None:
        values[SECRET_FIELD] = target.secret
    return json.dumps(values).encode()


def read_callback(blob: bytes) -> CallbackTarget | None:
    """What a callback blob holds; None if the job was given no callback.

    Raises:
        CallbackRefusedError: it is not what ``encode_callback`` writes. The message does not repeat it: it is a secret.
    """
    try:
        values = json.loads(blob)
        url, secret = values[CALLBACK_FIELD], values.get(SECRET_FIELD)
    except (ValueError, KeyError, TypeError, AttributeError):
        url, secret = "", None
    if url is None:
        return None
    if not isinstance(url, str) or not is_callback_url(url):
        raise CallbackRefusedError(f'the callback blob is not {{"{CALLBACK_FIELD}": "https://..."}}; write it again')
    if secret is not None and (not isinstance(secret, str) or _key(secret) is None):
        raise CallbackRefusedError(f"the secret in the callback blob is not {_SECRET_FORM}; write it again")
    return CallbackTarget(url=url, secret=secret)


def is_callback_url(text: str) -> bool:
    """Whether a text is a URL that can be called: http or https, a host, nothing that would have to be escaped, and
    no user name or password."""
    try:
        url = urlsplit(text)
        has_host = bool(url.hostname) and url.username is None and url.password is None
        has_good_port = url.port is None or url.port > 0
    except ValueError:
        return False
    is_plain = all("!" <= character <= "~" for character in text)
    return url.scheme in ("http", "https") and has_host and has_good_port and is_plain


def check_callback_secret(secret: str) -> None:
    """Refuse what cannot sign. The message does not repeat it.

    Raises:
        InputError: it is not in the form of Standard Webhooks.
    """
    if _key(secret) is None:
        raise InputError(f"the callback secret is not {_SECRET_FORM}")


def callback_body(document: Mapping[str, Any]) -> bytes:
    """The body that tells an outcome, from the outcome's document."""
    code = document["errorCode"]
    body: dict[str, object] = {"Output": document, "StatusCode": "200" if code is None else "500"}
    if code is not None:
        body["Error"] = {"ErrorCode": code, "Message": document["summary"]}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")


def idempotency_key(job_id: str, created_at: datetime) -> str:
    """The same for a job in every process, another for a later job with the same id."""
    return f"{job_id}-{created_at:%Y%m%dT%H%M%S%f}"


def signature_headers(secret: str, key: str, body: bytes, *, timestamp: float) -> dict[str, str]:
    """The headers that prove who sent a body, and when.

    Args:
        secret: in the form of Standard Webhooks.
        key: the idempotency key; it becomes the message's id.
        body: what is sent.
        timestamp: seconds since 1970, UTC.
    """
    seconds = str(int(timestamp))
    return {
        _ID_HEADER: key,
        _TIME_HEADER: seconds,
        _SIGNATURE_HEADER: _VERSION + _sign(_key(secret) or b"", key, seconds, body),
    }


def verify_signature(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None, tolerance: float = TOLERANCE
) -> bool:
    """Whether a callback comes from who knows the secret, unchanged and lately; for receivers.

    Args:
        secret: what the job was given.
        headers: of the request; the case of their names does not matter.
        body: of the request, the very bytes.
        now: seconds since 1970, UTC; None means this machine's clock.
        tolerance: seconds that the signature may be away from ``now``.

    Raises:
        InputError: the secret is not in the form of Standard Webhooks.
    """
    check_callback_secret(secret)
    given = {name.lower(): value for name, value in headers.items()}
    key, seconds = given.get(_ID_HEADER, ""), given.get(_TIME_HEADER, "")
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) < 16):
        return False
    if abs((time.time() if now is None else now) - int(seconds)) > tolerance:
        return False
    right = (_VERSION + _sign(_key(secret) or b"", key, seconds, body)).encode()
    offered = given.get(_SIGNATURE_HEADER, "").split()
    return any(hmac.compare_digest(right, one.encode(errors="replace")) for one in offered)


def _sign(key: bytes, message_id: str, seconds: str, body: bytes) -> str:
    content = f"{message_id}.{seconds}.".encode() + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes | None:
    """The bytes of a secret; None if it is not in the form of Standard Webhooks."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES else None
