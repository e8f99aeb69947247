"""Networks to try the workload on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import workloads.water_network

NETWORKS = Path(workloads.water_network.__file__).with_name("networks")

EditNet1 = Callable[[str, str], Path]


@pytest.fixture
def net1() -> Path:
    """EPANET's Example Network 1, as shipped."""
    return NETWORKS / "Net1.inp"


@pytest.fixture
def net3() -> Path:
    """EPANET's Example Network 3, as shipped."""
    return NETWORKS / "Net3.inp"


@pytest.fixture
def edit_net1(net1: Path, tmp_path: Path) -> EditNet1:
    """Writes Net1 with one text in it replaced by another, and says where."""

    def edit(old: str, new: str) -> Path:
        text = net1.read_text(encoding="ascii")
        assert text.count(old) == 1, f"{old!r} is not in Net1 exactly once"
        edited = tmp_path / "edited.inp"
        edited.write_text(text.replace(old, new), encoding="ascii")
        return edited

    return edit
