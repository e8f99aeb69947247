"""What the WebHook activity sends: checked, and turned into what is to be started. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, NoReturn
from urllib.parse import urlsplit

from batch_manager.environment import JsonValue
from batch_manager.errors import InputError
from batch_manager.events import check_progress_url
from batch_manager.submit import check_callback_url

FIELDS = ("callBackUri", "workload", "runId", "poolId", "parameters", "timeLimit", "progressUrl")
"""Of the body; the first two must be there."""

MAX_RUN_ID_LENGTH = 200
MAX_JOB_ID_LENGTH = 59
MAX_TIME_LIMIT = timedelta(days=180)
"""A job of Azure Batch ends after that."""

_TIME_SPAN = re.compile(r"(?:(\d{1,3})\.)?([01]\d|2[0-3]):([0-5]\d):([0-5]\d)")
_ID_PART = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBody:
    """A job that is asked for.

    Attributes:
        job_id: derived, so that the same request leads to the same job.
        workload: the package.
        pool_id: one of the starter's pools.
        parameters: for the job manager.
        time_limit: of the job; None for none.
        progress_url: where its events go; None for nowhere.
        callback_url: where Data Factory waits; a secret.
        digest: the same for the same request, all of it.
    """

    job_id: str
    workload: str
    pool_id: str
    parameters: Mapping[str, JsonValue]
    time_limit: timedelta | None
    progress_url: str | None
    callback_url: str = field(repr=False)
    digest: str


def read_body(text: bytes, *, workloads: Collection[str], pools: Collection[str]) -> StartBody:
    """Check a body.

    Args:
        text: the body as it came.
        workloads: those that this starter starts.
        pools: those that it starts jobs on; a body that names none means the first.

    Raises:
        InputError: a field is missing, unknown or has a value that cannot be used. The message names it, and never
            repeats the callback's URI.
    """
    values = _read_object(text)
    unknown = sorted(values.keys() - set(FIELDS))
    if unknown:
        raise InputError(f"the body has the field {unknown[0]!r}, which is none of: {', '.join(FIELDS)}")
    callback_url = _callback_url(values.get("callBackUri"))
    workload = _one_of(values, "workload", workloads)
    run_id = _run_id(values.get("runId"))
    progress_url = _text(values, "progressUrl")
    if progress_url is not None:
        check_progress_url(progress_url)
    return StartBody(
        job_id=derive_job_id(workload, run_id or callback_url, is_readable=run_id is not None),
        workload=workload,
        pool_id=_one_of({"poolId": next(iter(pools)), **_given(values)}, "poolId", pools),
        parameters=_parameters(values.get("parameters")),
        time_limit=_time_limit(_text(values, "timeLimit")),
        progress_url=progress_url,
        callback_url=callback_url,
        digest=hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest(),
    )


def derive_job_id(workload: str, key: str, *, is_readable: bool) -> str:
    """The job id that belongs to a run.

    Args:
        workload: its package, whose last word the id begins with.
        key: the run id, or what else tells this run from all others.
        is_readable: whether the key may stand in the id, where it fits; else its hash does.
    """
    words = re.sub(r"[^a-z0-9]+", "-", workload.rpartition(".")[2].lower()).strip("-")
    word = words[:20].strip("-") or "job"
    lower = key.lower()
    fits = _ID_PART.fullmatch(lower) and len(word) + 1 + len(lower) <= MAX_JOB_ID_LENGTH
    return f"{word}-{lower if is_readable and fits else hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _read_object(text: bytes) -> dict[str, Any]:
    try:
        values = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InputError("the body is not JSON") from None
    if not isinstance(values, dict):
        raise InputError(f"the body is a JSON {type(values).__name__}: give an object")
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Data Factory sends null for a parameter that was left out."""
    return {name: value for name, value in values.items() if value is not None}


def _text(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{name} is {json.dumps(value)[:100]}: give a text")
    return value or None


def _one_of(values: Mapping[str, Any], name: str, allowed: Collection[str]) -> str:
    value = _text(values, name)
    if value is None or value not in allowed:
        said = "is missing" if value is None else f"is {value[:100]!r}"
        raise InputError(f"{name} {said}: give one that this starter was started for: {', '.join(allowed)}")
    return value


def _run_id(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= MAX_RUN_ID_LENGTH:
        raise InputError(f"runId is no text of 1 to {MAX_RUN_ID_LENGTH} characters: give @pipeline().RunId")
    return value


def _callback_url(value: object) -> str:
    if not isinstance(value, str):
        raise InputError("callBackUri is missing: Data Factory's WebHook activity adds it to the body")
    try:
        check_callback_url(value)
        parts = urlsplit(value)
        is_safe = parts.scheme == "https" or _is_loopback(parts.hostname or "")
    except ValueError:
        is_safe = False
    if not is_safe:
        raise InputError("callBackUri is not an https URL; it holds a secret, so that http is for this machine alone")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _parameters(value: object) -> Mapping[str, JsonValue]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(f"parameters is {json.dumps(value)[:100]}: give an object")
    return value


def _time_limit(text: str | None) -> timedelta | None:
    if text is None:
        return None
    found = _TIME_SPAN.fullmatch(text)
    if found is None:
        raise InputError(f"timeLimit is {text[:100]!r}: give d.hh:mm:ss or hh:mm:ss, such as 04:00:00")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    limit = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta() < limit <= MAX_TIME_LIMIT:
        raise InputError(f"timeLimit is {text!r}: give more than nothing and at most {MAX_TIME_LIMIT.days} days")
    return limit
