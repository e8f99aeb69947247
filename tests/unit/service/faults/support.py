"""What tests of faults of nodes and files share."""

from __future__ import annotations

import json
from pathlib import Path

from dispatcher.service.clock import ManualClock
from dispatcher.service.faults.injector import Faults
from dispatcher.service.faults.log import FaultLog
from dispatcher.service.faults.text import read_plan
from dispatcher.service.options import ServiceOptions
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonValue

SPOT: dict[str, JsonValue] = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 1}


def bench_with_faults(folder: Path, plan: str, options: ServiceOptions | None = None, /, **pool: JsonValue) -> Bench:
    """Return an account with faults, a job and a pool, which is of one spot node unless told otherwise."""
    bench = Bench(
        options=options, faults=Faults(read_plan(plan, seed=1), FaultLog(folder / "faults.jsonl"), ManualClock())
    )
    bench.add_pool("pool", **(pool or SPOT))
    bench.add_job()
    return bench


def logged(folder: Path) -> list[tuple[str, str]]:
    """Return the faults that were put in, with what they were put into."""
    lines = [json.loads(line) for line in (folder / "faults.jsonl").read_text().splitlines()]
    return [(line["fault"], line["identity"]) for line in lines if "fault" in line]
