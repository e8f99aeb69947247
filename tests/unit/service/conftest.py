"""Fixtures for the service's unit tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dispatcher.service.testing import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return an account with a pool of one node and one slot, and a job."""
    bench = Bench()
    bench.add_pool()
    bench.add_job()
    yield bench
    bench.service.close()
