"""A few jobs in bad weather; ``make chaos`` runs three hundred."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.stack import LocalStack
from tests.chaos.__main__ import FAULT_LOG, try_seed
from tests.chaos.weather import weather

SEEDS = range(1, 6)


@pytest.fixture(scope="module")
def azurite() -> Iterator[LocalStack]:
    with LocalStack(batch=False) as stack:
        yield stack


@pytest.mark.parametrize("seed", SEEDS)
def test_job_in_bad_weather_ends_and_tells_the_truth(seed: int, tmp_path: Path, azurite: LocalStack) -> None:
    """Every law of ``laws.py`` holds."""
    broken = try_seed(seed, tmp_path / "run", azurite)
    log = tmp_path / "run" / FAULT_LOG
    assert broken == [], f"python -m tests.chaos --runs 1 --seed {seed}: {weather(seed).faults}; faults in {log}"
