"""Fixtures for the management plane's unit tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.service.management.fakes import Plane


@pytest.fixture
def plane() -> Iterator[Plane]:
    """Return a management plane over one account, ``bench``, with a storage account."""
    plane = Plane()
    yield plane
    plane.bench.service.close()
