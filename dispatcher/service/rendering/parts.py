"""What several bodies share."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from dispatcher.service.node.launch import TaskFailure
from dispatcher.service.wire import JsonObject, JsonValue, format_time

_URLS = 256
"""Kept, since a page of a list asks for the same few a thousand times."""


def failure_info(failure: TaskFailure) -> JsonObject:
    """Return a ``failureInfo``."""
    details: list[JsonValue] = [{"name": name, "value": value} for name, value in failure.details]
    return {
        "category": failure.category.value,
        "code": failure.code,
        "message": failure.message,
        "details": details,
    }


@lru_cache(maxsize=_URLS)
def job_url(base_url: str, job_id: str) -> str:
    """Return a job's URL; the colon in the id of a schedule's job stays."""
    return f"{base_url}/jobs/{quote(job_id, safe=':')}"


@lru_cache(maxsize=_URLS)
def node_url(base_url: str, pool_id: str, node_id: str) -> str:
    """Return a node's URL."""
    return f"{base_url}/pools/{quote(pool_id)}/nodes/{quote(node_id)}"


def set_time(values: JsonObject, name: str, time: datetime | None) -> None:
    """Set a property to a time, if there is one."""
    if time is not None:
        values[name] = format_time(time)


def over(defaults: JsonObject, given: JsonValue) -> JsonObject:
    """Lay what was given over defaults."""
    return {**defaults, **given} if isinstance(given, dict) else defaults
