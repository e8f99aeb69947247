"""The share of schemathesis: it reads the service's own description and runs in an environment of its own."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from dispatcher.service.openapi import describe
from tests.clients.environments import TOOLS, Environment
from tests.fuzz.sending import PATIENCE_SECONDS
from tests.fuzz.world import FULL, World

ENVIRONMENT = Environment(name="fuzz", lock=Path(__file__).parent / "locks" / "fuzz.txt")
_ROOT = Path(__file__).parents[2]
_HOOKS = "tests.fuzz.schema_hooks"
_CHECKS = "nothing_wrong"
_REQUESTS_OF_EXAMPLE = 78
"""About how many requests one more example for each operation makes: there are so many operations."""
_SWEEP = "coverage,"
"""The phase that tries every boundary of every parameter, about 18,000 requests whatever is asked for."""
_SHOWN = 6000
_REFRESH_SECONDS = 2.0


def run_schemathesis(world: World, *, seed: int, requests: int, sweeps: bool) -> list[str]:
    """Let schemathesis send about so many requests and return what it found.

    Args:
        world: the service.
        seed: of what it generates.
        requests: about how many.
        sweeps: whether to add the sweep over all boundaries.
    """
    if not ENVIRONMENT.is_ready(TOOLS):
        return ["the environment of schemathesis is missing or old: run 'make fuzz'"]
    folder = world.log.parent
    schema, facts, count = folder / "openapi.json", folder / "facts.json", folder / "count.json"
    schema.write_text(json.dumps(describe()))
    count.write_text("{}")
    facts.touch(mode=0o600)
    facts.write_text(json.dumps(_facts(world, count)))
    began = time.monotonic()
    with _refreshed(world):
        done = subprocess.run(
            _command(world, schema, seed, max(requests // _REQUESTS_OF_EXAMPLE, 1), _SWEEP if sweeps else ""),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(_ROOT), "FUZZ_FACTS": str(facts), "SCHEMATHESIS_HOOKS": _HOOKS},
            capture_output=True,
            text=True,
            check=False,
        )
    facts.unlink()
    statuses = json.loads(count.read_text())
    print(f"{sum(statuses.values())} requests of schemathesis in {time.monotonic() - began:.0f} s")
    print("  " + ", ".join(f"{name}: {number}" for name, number in sorted(statuses.items())), flush=True)
    if done.returncode == 0 and statuses:
        return []
    return [f"schemathesis found, with the seed {seed}:\n{_without_colours(done.stdout + done.stderr)[-_SHOWN:]}"]


@contextmanager
def _refreshed(world: World) -> Iterator[None]:
    """Put back, now and then, what requests have deleted."""
    over = Event()

    def refresh() -> None:
        while not over.wait(_REFRESH_SECONDS):
            world.prepare()

    thread = Thread(target=refresh)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _command(world: World, schema: Path, seed: int, examples: int, sweep: str) -> list[str]:
    program = str(ENVIRONMENT.program("schemathesis", TOOLS))
    options = [
        "--checks",
        _CHECKS,
        "--max-examples",
        str(examples),
        "--seed",
        str(seed),
        "--generation-database",
        "none",
    ]
    options += ["--request-timeout", str(PATIENCE_SECONDS), "--suppress-health-check", "all", "--warnings", "off"]
    options += ["--phases", f"{sweep}fuzzing,stateful"]
    return [program, "run", str(schema), "--url", f"http://{world.host}:{world.port}", *options]


def _facts(world: World, count: Path) -> dict[str, object]:
    """Return what the hooks have to know."""
    ids = {
        "poolId": ["pool"],
        "jobId": ["job"],
        "taskId": ["task", "sleeping", "waiting"],
        "jobScheduleId": ["schedule"],
        "nodeId": [world.node()],
        "filePath": ["stdout.txt", "wd", "wd/out.txt", "wd/deep", "shared"],
    }
    return {
        "account": FULL,
        "key": base64.b64encode(world.keys[FULL]).decode(),
        "secrets": [secret.decode() for secret in world.secrets],
        "ids": ids,
        "count": str(count),
    }


def _without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
