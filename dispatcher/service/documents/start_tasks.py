"""``startTask`` of a pool, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from dispatcher.service.documents.containers import read_container
from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.tasks import check_program


@dataclass(frozen=True, kw_only=True, slots=True)
class StartTaskSpec:
    """What runs on a node whenever it is switched on."""

    fields: Fields
    max_retries: int
    """-1 is no limit."""
    waits_for_success: bool
    """Tasks start on the node only after it."""


def read_start_task(fields: Fields) -> StartTaskSpec | None:
    """Return the ``startTask`` of a pool's body, or None.

    Raises:
        BatchError: Azure refuses it, or this service does not do what it asks.
    """
    start = fields.object("startTask")
    if start is None:
        return None
    check_program(start)
    read_container(start.object("containerSettings"))
    return StartTaskSpec(
        fields=start,
        max_retries=start.integer("maxTaskRetryCount", lowest=-1) or 0,
        waits_for_success=start.boolean("waitForSuccess", default=True),
    )


@lru_cache(maxsize=256)
def start_task_of(document: str) -> StartTaskSpec | None:
    """Return the start task of a pool that was checked, from its document."""
    return read_start_task(Fields(values=json.loads(document)))
