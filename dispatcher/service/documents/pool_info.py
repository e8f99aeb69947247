"""``poolInfo`` of a job, checked: the id of a pool, or what a pool of its own is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.pools import read_pool
from dispatcher.service.errors import invalid_property
from dispatcher.service.wire import JsonObject

_ANY_ID = "auto"
_LONGEST_PREFIX = 20


class PoolLifetime(StrEnum):
    """With what an auto pool goes."""

    JOB_SCHEDULE = "jobschedule"
    JOB = "job"


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoPoolSpec:
    """A pool to make for a job."""

    prefix: str
    lifetime: PoolLifetime
    keep_alive: bool
    pool: JsonObject
    """The body of a pool without an id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolInfo:
    """Where a job's tasks run; one of the two is set."""

    pool_id: str
    """Empty for an auto pool. The pool need not exist yet: tasks wait for it."""
    auto_pool: AutoPoolSpec | None = None


def read_pool_info(fields: Fields) -> PoolInfo:
    """Check a ``poolInfo``.

    Raises:
        BatchError: Azure refuses it, or this service does not do what it asks.
    """
    auto = fields.object("autoPoolSpecification")
    if auto is None:
        return PoolInfo(pool_id=fields.required_text("poolId"))
    if fields.has("poolId"):
        reason = "either poolId or autoPoolSpecification is given, not both"
        raise invalid_property(fields.name("poolId"), fields.text("poolId"), reason)
    return PoolInfo(pool_id="", auto_pool=_read_auto_pool(auto))


def _read_auto_pool(fields: Fields) -> AutoPoolSpec:
    prefix = fields.text("autoPoolIdPrefix", longest=_LONGEST_PREFIX) or ""
    if prefix and not all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in prefix):
        raise invalid_property(fields.name("autoPoolIdPrefix"), prefix, "letters, digits, hyphens and underscores")
    fields.required_text("poolLifetimeOption")
    pool = fields.required_object("pool").values
    read_pool({**pool, "id": _ANY_ID})
    return AutoPoolSpec(
        prefix=prefix,
        lifetime=fields.choice("poolLifetimeOption", PoolLifetime, PoolLifetime.JOB),
        keep_alive=fields.boolean("keepAlive", default=False),
        pool=pool,
    )
