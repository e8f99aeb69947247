"""Fuzzes a service: ``python -m tests.fuzz --requests 20000 [--seed S]``; docs/safety.md tells what it does."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.clients.environments import TOOLS
from tests.fuzz.run import Plan, run
from tests.fuzz.schema import ENVIRONMENT

_SHARE = 0.05
"""Of the requests, those that schemathesis makes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, print what was found, and return 0 where nothing was."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz the local Batch service.")
    parser.add_argument("--requests", type=int, default=20_000, help="how many, of both makers together")
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run, to repeat it")
    parser.add_argument("--sweep", action="store_true", help="let schemathesis try all boundaries too, 18,000 more")
    parser.add_argument("--only", type=int, help="send this one of the raw requests alone")
    parser.add_argument("--schema-share", type=float, default=_SHARE, help="part that schemathesis makes, 0 to 1")
    parser.add_argument("--keep", type=Path, help="folder for the service's folder and log; a temporary one otherwise")
    parsed = parser.parse_args(arguments)
    seed = secrets.randbelow(2**31) if parsed.seed is None else parsed.seed
    from_schema = 0 if parsed.only is not None else int(parsed.requests * parsed.schema_share)
    plan = Plan(
        seed=seed, raw=parsed.requests - from_schema, from_schema=from_schema, sweeps=parsed.sweep, only=parsed.only
    )
    if from_schema and not ENVIRONMENT.is_ready(TOOLS):
        ENVIRONMENT.make(TOOLS)
    print(f"seed {seed}: {plan.raw} raw requests, {plan.from_schema} of schemathesis", flush=True)
    if parsed.keep is not None:
        parsed.keep.mkdir(parents=True, exist_ok=True)
        return run(plan, parsed.keep)
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as folder:
        return run(plan, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
