"""What must hold of every answer, and of the service's log after all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.sending import RawAnswer

DOCUMENTED = {(501, "NotImplemented"), (503, "TooManyEnableAutoScaleRequests")}
"""Answers of the service with a status of 500 or more that docs name."""
_FAULT = re.compile(r" (ERROR|CRITICAL) |^Traceback ", re.MULTILINE)
_PASSWORDS = re.compile(rb"root:[^:\n]*:0:0:")
_CLIENTS_ERROR = 400


def wrong_with(answer: RawAnswer, secrets: Sequence[bytes]) -> str | None:
    """Return what is wrong with an answer; None where nothing is."""
    if answer.status is None:
        return None
    whole = answer.headers.encode() + answer.body
    if any(secret in whole for secret in secrets):
        return "it holds a secret"
    if _PASSWORDS.search(answer.body):
        return "it holds a file of the machine"
    if answer.status >= 500 and (answer.status, _code(answer.body)) not in DOCUMENTED:
        return f"its status is {answer.status}"
    if answer.status >= _CLIENTS_ERROR and "minimalmetadata" in answer.headers and answer.body:
        return _wrong_with_error(answer.body)
    return None


def faults_in(log: Path, since: int = 0) -> str | None:
    """Return what a log holds from a place on that it should not; None where there is nothing."""
    text = log.read_bytes()[since:].decode(errors="replace")
    found = _FAULT.search(text)
    return None if found is None else text[max(found.start() - 200, 0) : found.start() + 3000]


def _code(body: bytes) -> str | None:
    try:
        return str(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return None


def _wrong_with_error(body: bytes) -> str | None:
    try:
        error = json.loads(body)
        complete = {"code", "message", "odata.metadata"} <= error.keys() and "RequestId:" in error["message"]["value"]
    except (ValueError, KeyError, TypeError, AttributeError):
        complete = False
    return None if complete else "its body is no error of Batch"
