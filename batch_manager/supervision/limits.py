"""How long each kind of obstacle may keep a job from going on before the job is ended. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from enum import Enum
from typing import Any

from batch_manager.errors import InputError


class ObstacleKind(Enum):
    """What can keep a job from ever ending. The values name the limits too, and go into outcome and exit message."""

    POOL_MISSING = "pool_missing"
    """There is no such pool, or it is being deleted."""
    POOL_CANNOT_GROW = "pool_cannot_grow"
    """The pool has no node, and Batch said why: a quota, no capacity."""
    POOL_EMPTY = "pool_empty"
    """The pool has no node, and nothing says that one is to come."""
    START_TASK_FAILS = "start_task_fails"
    """The start task failed on every node that there is."""
    NODES_UNUSABLE = "nodes_unusable"
    """No node can run anything."""
    NODES_NOT_READY = "nodes_not_ready"
    """There are nodes, but none becomes ready."""
    TOO_MANY_SLOTS = "too_many_slots"
    """A task needs more slots than a node of the pool has."""
    PREPARATION_FAILS = "preparation_fails"
    """The job's preparation task fails wherever it is tried."""
    GATE_FAILED = "gate_failed"
    """A gate could not do its work, so that the task behind it is blocked."""
    JOB_MANAGER_LEFT = "job_manager_left"
    """The job manager has ended, and there is no FinalizeTask."""
    JOB_DISABLED = "job_disabled"
    """The job is disabled: nothing of it is started."""
    NOTHING_STARTS = "nothing_starts"
    """Tasks wait, nodes are ready, and nothing runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionLimits:
    """How patient a supervisor is. Every time is one during which the obstacle is there without a break, and nothing
    of the job runs.

    The defaults are for Azure, where nodes take minutes to come. A time of zero ends the job at the first look.
    """

    pool_missing: timedelta = timedelta(minutes=10)
    """For a pool that is made after its job."""
    pool_cannot_grow: timedelta = timedelta(minutes=15)
    """For a quota or a capacity that becomes free; Batch tries again when a formula or a person resizes the pool."""
    pool_empty: timedelta = timedelta(hours=1)
    """For a formula that is evaluated every 15 minutes, or a person who resizes the pool."""
    start_task_fails: timedelta = timedelta(minutes=10)
    """For a person who repairs what the start task needs and reboots the nodes."""
    nodes_unusable: timedelta = timedelta(minutes=15)
    """For nodes that Batch repairs, or a person reboots."""
    nodes_not_ready: timedelta = timedelta(hours=1)
    """For nodes that start, however slowly, and for spot nodes that come back."""
    too_many_slots: timedelta = timedelta(minutes=1)
    """A pool's slots never change, so this is only for a look that came too early."""
    preparation_fails: timedelta = timedelta(minutes=5)
    """For a preparation task that needs something that is not there yet."""
    gate_failed: timedelta = timedelta(minutes=1)
    """Its retries are over, so this is only for a look that came too early."""
    job_manager_left: timedelta = timedelta(minutes=1)
    """Nobody adds FinalizeTask any more, so this is only for a look that came too early."""
    job_disabled: timedelta = timedelta(days=1)
    """For whoever disabled it to enable it again."""
    nothing_starts: timedelta = timedelta(minutes=30)
    """For whatever else is in the way: a multi-instance task that waits for nodes, other jobs on the pool."""
    preparation_tries: int = 3
    """Retries on one node after which a preparation task that goes on being retried counts as failing."""
    termination: timedelta = timedelta(minutes=30)
    """How long a job may take to end once it was told to, before its outcome is told all the same. Release tasks run
    meanwhile, for at most 15 minutes."""
    out_of_reach: timedelta = timedelta(hours=1)
    """How long Batch may be busy or out of reach before supervision gives up."""

    def patience(self, kind: ObstacleKind) -> timedelta:
        """How long an obstacle of this kind may last."""
        limit: timedelta = getattr(self, kind.value)
        return limit


_TIME = re.compile(r"(\d{1,9})([smhd])")
_NUMBER = re.compile(r"\d{1,9}")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_time(text: str) -> timedelta:
    """A time as a command line says it: ``90s``, ``30m``, ``2h``, ``1d``.

    Raises:
        InputError: it is none, or longer than any clock goes.
    """
    found = _TIME.fullmatch(text)
    try:
        if found is not None:
            return timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        pass
    raise InputError(f"{text!r} is no time: give a whole number with s, m, h or d, such as 90s, 30m or 2h")


def parse_limits(base: SupervisionLimits, words: Iterable[str]) -> SupervisionLimits:
    """The limits with some of them changed: ``pool-empty=90m``, ``preparation-tries=5``.

    Args:
        base: what is not named stays as it is here.
        words: a name, ``=``, and a time as ``parse_time`` reads it, or a number where the limit is one.

    Raises:
        InputError: a word is none of these; the message lists what could be.
    """
    names = [field.name for field in fields(SupervisionLimits)]
    for word in words:
        name, _, text = word.partition("=")
        name = name.replace("-", "_")
        if name not in names:
            known = ", ".join(name.replace("_", "-") for name in names)
            raise InputError(f"{word!r} is no limit: give NAME=TIME such as pool-empty=90m. Names: {known}")
        base = replace(base, **{name: _parse_value(word, text, is_time=isinstance(getattr(base, name), timedelta))})
    return base


def _parse_value(word: str, text: str, *, is_time: bool) -> Any:
    try:
        if is_time:
            return parse_time(text)
    except InputError as error:
        raise InputError(f"the limit {word!r}: {error}") from None
    if not _NUMBER.fullmatch(text):
        raise InputError(f"the limit {word!r}: {text!r} is no number")
    return int(text)
