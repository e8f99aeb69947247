"""The plan of faults: rules, the events that they are held against, and the decision. Pure.

The decision is a hash of the seed, the fault and what identifies the event. Nothing else has a say: not the time, not
the order, not other events. So the same seed puts the same faults into the same workload.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dispatcher.service.faults.catalogue import Fault, Subject
from dispatcher.service.faults.filtering import lets_through

_BITS = 53  # what a float holds exactly
_STEPS = float(1 << _BITS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that may meet a fault; made by the functions below."""

    subject: Subject
    identity: str
    """What tells it from every other event of its subject; the same each time that a workload runs."""
    facts: Mapping[str, str]
    """What filters look at: those of the subject that the event has."""
    request_id: str | None = None


def new_task(account: str, job_id: str, task_id: str, *, times: int, request_id: str | None = None) -> Event:
    """Return the event of a task in a collection being added for the first, second, ... time."""
    return Event(
        subject=Subject.NEW_TASK,
        identity=f"{account}/{job_id}/{task_id} added {times}",
        facts={"account": account, "job": job_id, "task": task_id},
        request_id=request_id,
    )


def run(account: str, pool_id: str, job_id: str, task_id: str, run_number: int) -> Event:
    """Return the event of an attempt of a task, the first, second, ... with retries and requeues together.

    Where it runs is no part of the identity: that is chance.
    """
    return _of_run(Subject.RUN, account, pool_id, job_id, task_id, run_number)


def download(account: str, pool_id: str, job_id: str, task_id: str, run_number: int) -> Event:
    """Return the event of an attempt's resource files."""
    return _of_run(Subject.DOWNLOAD, account, pool_id, job_id, task_id, run_number)


def upload(account: str, pool_id: str, job_id: str, task_id: str, run_number: int) -> Event:
    """Return the event of an attempt's output files."""
    return _of_run(Subject.UPLOAD, account, pool_id, job_id, task_id, run_number)


def node_start(account: str, pool_id: str, times: int) -> Event:
    """Return the event of a pool's first, second, ... start of a node. Which node it is, is chance."""
    return Event(
        subject=Subject.NODE_START,
        identity=f"{account}/{pool_id} start {times}",
        facts={"account": account, "pool": pool_id},
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One fault of a plan: whom it meets, how often, and how."""

    fault: Fault
    probability: float = 1.0
    """0 to 1, of the events that the filters let through."""
    filters: tuple[tuple[str, str], ...] = ()
    """Names of facts and the patterns (``*``, ``?``, ``[...]``) that they match; for ``op`` also a group's name."""
    most: int | None = None
    """How many times at most, counted from when the plan came into force; None is without a limit."""
    parameters: tuple[tuple[str, float | None], ...] = ()
    """Those that were given."""

    def value(self, name: str) -> float | None:
        """Return a parameter: as given, or the fault's default.

        Raises:
            KeyError: the fault has no such parameter.
        """
        defaults = {parameter.name: parameter.default for parameter in self.fault.parameters}
        return {**defaults, **dict(self.parameters)}[name]

    def number(self, name: str) -> float:
        """Return a parameter that cannot be ``none``."""
        return self.value(name) or 0.0

    def fits(self, event: Event) -> bool:
        """Say whether the subject and the filters let an event through. A fact that it has not matches nothing."""
        return self.fault.subject is event.subject and all(
            (fact := event.facts.get(name)) is not None and lets_through(name, pattern, fact)
            for name, pattern in self.filters
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What faults to put in."""

    seed: int
    rules: tuple[Rule, ...] = ()

    def hits(self, event: Event) -> Iterator[tuple[int, Rule]]:
        """Return the rules that an event meets, limits aside, with their places in the plan."""
        for place, rule in enumerate(self.rules):
            if rule.fits(event) and draw(self.seed, rule.fault, event.identity) < rule.probability:
                yield place, rule

    def awaits(self, subject: Subject) -> bool:
        """Say whether any event of a subject can meet a fault."""
        return any(rule.fault.subject is subject for rule in self.rules)


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """The faults that a log holds, and no others; by identity."""

    source: str
    """What the log is called."""
    recorded: Mapping[tuple[Fault, str], Rule] = field(repr=False)
    """By fault and identity; the rules hold the parameters, their filters and limits do not count any more."""

    def hits(self, event: Event) -> Iterator[tuple[int, Rule]]:
        """Return the faults that the log has of an event."""
        for place, fault in enumerate(Fault):
            if fault.subject is event.subject and (rule := self.recorded.get((fault, event.identity))) is not None:
                yield place, replace(rule, probability=1.0, filters=(), most=None)

    def awaits(self, subject: Subject) -> bool:
        """Say whether any event of a subject can meet a fault."""
        return any(fault.subject is subject for fault, _ in self.recorded)


def draw(seed: int, fault: Fault, identity: str) -> float:
    """Return a number from 0 to below 1 that looks random: an event meets a fault if its probability is larger.

    So a larger probability keeps the events of a smaller one, and adds to them.
    """
    digest = hashlib.blake2b(f"{seed}\0{fault}\0{identity}".encode(errors="surrogatepass"), digest_size=8).digest()
    return float(int.from_bytes(digest, "big") >> (64 - _BITS)) / _STEPS


def _of_run(subject: Subject, account: str, pool_id: str, job_id: str, task_id: str, run_number: int) -> Event:
    return Event(
        subject=subject,
        identity=f"{account}/{job_id}/{task_id} run {run_number}",
        facts={"account": account, "pool": pool_id, "job": job_id, "task": task_id},
    )
