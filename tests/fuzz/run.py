"""One run: both makers of requests against one service, and the verdict."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.checks import faults_in, wrong_with
from tests.fuzz.requests import RawRequest, make
from tests.fuzz.schema import run_schemathesis
from tests.fuzz.sending import Hung, RawAnswer, Sender
from tests.fuzz.world import World, running_world

_REFRESH_EVERY = 500
"""Requests after which what they may have deleted is put back."""
_MOST_FINDINGS = 20
_SHOWN = 600


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be sent."""

    seed: int
    raw: int
    from_schema: int
    """About so many; 0 leaves schemathesis out."""
    sweeps: bool = False
    """Schemathesis tries all boundaries of all parameters too."""
    only: int | None = None
    """The number of the one raw request to send."""


def run(plan: Plan, folder: Path) -> int:
    """Send what is planned; print what was found; return 0 where nothing was, else 1."""
    with running_world(folder) as world:
        findings = send_raw(plan, world)
        if plan.from_schema and len(findings) < _MOST_FINDINGS:
            findings += run_schemathesis(world, seed=plan.seed, requests=plan.from_schema, sweeps=plan.sweeps)
        if (status := world.ask("GET", "/pools")[0]) != 200:
            findings.append(f"after all, a list of pools was answered with {status}")
    if (code := world.process.returncode) != 0:
        findings.append(f"the service ended with {code}")
    if (fault := faults_in(world.log)) is not None:
        findings.append(f"the service logged a fault:\n{fault}")
    for finding in findings:
        print(f"\nFOUND: {finding}", file=sys.stderr)
    print(f"seed {plan.seed}: {len(findings)} findings", flush=True)
    return 1 if findings else 0


def send_raw(plan: Plan, world: World) -> list[str]:
    """Send the raw requests and return what was found."""
    findings: list[str] = []
    statuses: Counter[str] = Counter()
    began, slowest, logged = time.monotonic(), (0.0, 0), 0
    sender, node = Sender(world.host, world.port), world.node()
    numbers = range(plan.raw) if plan.only is None else [plan.only]
    for number in numbers:
        if number % _REFRESH_EVERY == _REFRESH_EVERY - 1:
            world.prepare()
            node = world.node()
        request = make(plan.seed, number, world, node)
        try:
            answer = sender.send(request)
        except (Hung, ConnectionError) as error:
            findings.append(_told(number, request, f"{type(error).__name__}: {error}"))
            if world.process.poll() is not None:
                break
            continue
        slowest = max(slowest, (answer.seconds, number))
        statuses[f"{request.kind} {answer.status}"] += 1
        logged = _judge(findings, world, number, request, answer, logged)
        if len(findings) >= _MOST_FINDINGS:
            break
    sender.close()
    took = time.monotonic() - began
    seconds, number = slowest
    print(
        f"{sum(statuses.values())} raw requests in {took:.0f} s; the slowest, {number}, was answered in {seconds:.2f} s"
    )
    print("  " + ", ".join(f"{name}: {count}" for name, count in sorted(statuses.items())), flush=True)
    return findings


def _judge(findings: list[str], world: World, number: int, request: RawRequest, answer: RawAnswer, logged: int) -> int:
    """Note what is wrong, and return how much of the log has been looked at."""
    if (wrong := wrong_with(answer, world.secrets)) is not None:
        findings.append(_told(number, request, f"{wrong}; it begins {answer.body[:_SHOWN]!r}"))
    size = world.log.stat().st_size
    if size > logged and (fault := faults_in(world.log, logged)) is not None and wrong is None:
        findings.append(_told(number, request, f"the service logged a fault:\n{fault}"))
    return size


def _told(number: int, request: RawRequest, wrong: str) -> str:
    head = request.content[:_SHOWN].split(b"\r\nauthorization:")[0]
    return f"request {number} ({request.kind}): {wrong}\n{head!r}"
