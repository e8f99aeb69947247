"""Small workloads that can be imported for as long as a test runs."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batch_manager.found_workload import FoundWorkload, find_workload
from tests.support.small_workloads import write_workload

Make = Callable[..., FoundWorkload]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Write a workload package and find it; see ``write_workload``."""
    monkeypatch.syspath_prepend(tmp_path)
    names: list[str] = []

    def made(**parts: Any) -> FoundWorkload:
        names.append(write_workload(tmp_path, f"small_{len(names)}", **parts))
        return find_workload(names[-1])

    yield made
    for name in names:
        sys.modules.pop(name, None)
