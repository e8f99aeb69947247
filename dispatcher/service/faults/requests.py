"""The faults of requests: which ones a request meets, and what it is answered then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.faults.catalogue import Fault, Subject
from dispatcher.service.faults.delivery import Cut, Delivery
from dispatcher.service.faults.filtering import MANAGEMENT
from dispatcher.service.faults.injector import Faults
from dispatcher.service.faults.plan import Event, Rule, new_task

_REFUSALS = {
    Fault.THROTTLE: Refusal.TOO_MANY_REQUESTS,
    Fault.BUSY: Refusal.SERVER_BUSY,
    Fault.ERROR: Refusal.INTERNAL_ERROR,
}
_CUTS = {Fault.DROP_REQUEST: Cut.UNHEARD, Fault.DROP_REPLY: Cut.UNANSWERED}
_ENDS = frozenset(_REFUSALS) | frozenset(_CUTS)
"""What settles how a request is answered: one of them at most."""

_FACTS = {"poolId": "pool", "jobId": "job", "taskId": "task"}
_CREATED = {"create_pool": "pool", "create_job": "job", "create_task": "task"}
"""What the id in a body is the id of."""

_CHANCE = "nodeId"
"""The parameter of paths that differs each time that a workload runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Met:
    """What a request meets."""

    refusal: BatchError | None = None
    """What it is refused with, in place of being acted on."""
    delivery: Delivery | None = None


NOTHING = Met()


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request, as far as faults are concerned."""

    account: str
    operation: str
    verb: str
    path: str
    """The operation's template, or the path itself."""
    parameters: Mapping[str, str]
    body: bytes
    request_id: str


def meet(faults: Faults, asked: Asked) -> Met:
    """Return the faults that a request meets, counted and logged: at most one refusal or cut, and a delay."""
    struck = faults.strike(_event(faults, asked), one_of=_ENDS)
    return _met({rule.fault: rule for rule in struck}) if struck else NOTHING


def meet_management(faults: Faults, verb: str, path: str, body: bytes, request_id: str) -> Met:
    """Return the faults that a request to the management plane meets, likewise."""
    asked = Asked(
        account="",
        operation=MANAGEMENT,
        verb=verb,
        path=path,
        parameters={},
        body=body,
        request_id=request_id,
    )
    return meet(faults, asked)


def fail_addition(faults: Faults, account: str, job_id: str, task_id: str, request_id: str) -> None:
    """Return unless a task of a collection meets a fault.

    Raises:
        BatchError: ServerBusy, for this task alone. Which code Azure gives is not known.
    """
    times = faults.nth(f"{account}/{job_id}/{task_id} added")
    if faults.strike(new_task(account, job_id, task_id, times=times, request_id=request_id)):
        raise BatchError(Refusal.SERVER_BUSY)


def _event(faults: Faults, asked: Asked) -> Event:
    """Return the event of a request; its identity holds no time, no query, no token and no id of a node."""
    path = asked.path
    facts = {"op": asked.operation}
    if asked.account:
        facts["account"] = asked.account
    for name, value in asked.parameters.items():
        if name != _CHANCE:
            path = path.replace(f"{{{name}}}", value)
        if name in _FACTS:
            facts[_FACTS[name]] = value
    ids = list(_ids(asked.body))
    if len(ids) == 1 and asked.operation in _CREATED:
        facts[_CREATED[asked.operation]] = ids[0]
    identity = " ".join(part for part in (asked.account, asked.verb, path, _named(asked.body, ids)) if part)
    return Event(
        subject=Subject.REQUEST,
        identity=f"{identity} {faults.nth(identity)}",
        facts=facts,
        request_id=asked.request_id,
    )


def _named(body: bytes, ids: list[str]) -> str:
    """Return what a body is told from others by: the ids of what it creates, otherwise all of it."""
    if not ids:
        return _digest(body) if body else ""
    return ids[0] if len(ids) == 1 else f"{ids[0]}+{len(ids) - 1}:{_digest(json.dumps(ids).encode())}"


def _ids(body: bytes) -> Iterator[str]:
    """Return the id in a body, or those of the items of a collection."""
    try:
        read = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return
    if not isinstance(read, dict):
        return
    items = read.get("value") if isinstance(read.get("value"), list) else [read]
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            yield item["id"]


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=6).hexdigest()


def _met(struck: Mapping[Fault, Rule]) -> Met:
    refusal, cut, seconds = None, None, 0.0
    for fault, rule in struck.items():
        if fault in _REFUSALS:
            refusal = BatchError(_REFUSALS[fault], headers=_retry_after(rule))
        elif fault in _CUTS:
            cut = _CUTS[fault]
        else:
            seconds = rule.number("time")
    return Met(refusal=refusal, delivery=Delivery(seconds=seconds, cut=cut) if cut or seconds else None)


def _retry_after(rule: Rule) -> dict[str, str]:
    seconds = None if rule.fault is Fault.ERROR else rule.value("retry-after")
    return {} if seconds is None else {"Retry-After": str(int(seconds))}
