"""How fast tasks are submitted, beside the SDK's own ``create_tasks``, against a server that only answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from batch_manager.adding import IN_FLIGHT

SMALL, LARGE = 10_000, 100_000
QUICK_SMALL, QUICK_LARGE = 500, 1_000
LATENCIES = (0.0, 0.1)
ROUNDS = 2
AIM = 3
_MB = 10**6


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """What one submission took, in a process of its own.

    Attributes:
        seconds: from the first draft to the last answer.
        cpu_seconds: that the process used meanwhile; the server's are not in it.
        grown_bytes: from its memory before, to its peak.
    """

    seconds: float
    cpu_seconds: float
    grown_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Both ways, one after the other."""

    ours: Submitted
    models: Submitted

    @property
    def ratio(self) -> float:
        """How many times as fast ours is."""
        return self.models.seconds / self.ours.seconds


def measure(quick: bool) -> Iterator[str]:
    """Yield rates, ratios and memory for both numbers of tasks, without latency and with it."""
    small, large, rounds = (QUICK_SMALL, QUICK_LARGE, 1) if quick else (SMALL, LARGE, ROUNDS)
    grown: dict[int, int] = {}
    for latency in LATENCIES:
        with bare_batch(latency) as port:
            for tasks, times in ((small, rounds), (large, 1)):
                pairs = [_pair(tasks, port) for _ in range(times)]
                grown[tasks] = max(grown.get(tasks, 0), *(pair.ours.grown_bytes for pair in pairs))
                yield _line(tasks, latency, pairs)
    yield (
        f"memory of ours at its peak: {grown[small] / _MB:.0f} MB more than before with {small:,} tasks, "
        f"{grown[large] / _MB:.0f} MB with {large:,} (aim: the same)"
    )


@contextmanager
def bare_batch(latency: float) -> Iterator[int]:
    """Start a server that answers after so many seconds; its port."""
    command = [sys.executable, "-m", "benchmarks.bare_batch", str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.communicate()


def submit(form: str, tasks: int, port: int, concurrency: int = IN_FLIGHT) -> Submitted:
    """Add tasks in one of the forms of ``submit_once``."""
    words = [form, str(tasks), str(concurrency), str(port)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.submit_once", *words], stdout=subprocess.PIPE, text=True, check=True
    )
    return Submitted(**json.loads(done.stdout))


def _pair(tasks: int, port: int) -> Pair:
    return Pair(ours=submit("ours", tasks, port), models=submit("models", tasks, port))


def _line(tasks: int, latency: float, pairs: list[Pair]) -> str:
    ours, models = (tasks / median(getattr(pair, form).seconds for pair in pairs) for form in ("ours", "models"))
    cpu = [median(getattr(pair, form).cpu_seconds for pair in pairs) / tasks * 1e6 for form in ("ours", "models")]
    memory = [max(getattr(pair, form).grown_bytes for pair in pairs) / _MB for form in ("ours", "models")]
    return (
        f"{tasks:,} tasks, {latency * 1e3:.0f} ms latency, {IN_FLIGHT} requests at a time: ours {ours:.0f}/s, "
        f"SDK models {models:.0f}/s, ratio {median(pair.ratio for pair in pairs):.2f} (aim: at least {AIM}); "
        f"{cpu[0]:.0f} and {cpu[1]:.0f} us of CPU a task; memory grew by {memory[0]:.0f} and {memory[1]:.0f} MB"
    )
