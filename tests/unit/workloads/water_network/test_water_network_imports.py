"""What a process of the workload imports, by the list of modules of a real process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"azure", "epanet", "httpx", "matplotlib", "numpy", "pydantic", "pydantic_settings", "yaml"}


def heavy_modules_of(program: str, folder: Path) -> set[str]:
    """The heavy packages that a fresh Python has imported at the end of a program."""
    report = "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    process = subprocess.run(
        [sys.executable, "-c", program + report], cwd=folder, capture_output=True, text=True, check=True
    )
    return HEAVY & set(json.loads(process.stdout.splitlines()[-1]))


@pytest.fixture
def task_folder(net1: Path, tmp_path: Path) -> Path:
    """A task's working directory with its input file."""
    (tmp_path / "network.inp").write_bytes(net1.read_bytes())
    return tmp_path


def test_package_imports_nothing_heavy(tmp_path: Path) -> None:
    """Every process of the job imports it."""
    assert heavy_modules_of("import workloads.water_network", tmp_path) == set()


def test_break_task_imports_the_engine_alone(task_folder: Path) -> None:
    """There is one such process for each pipe."""
    program = """
from pathlib import Path
import workloads.water_network
from workloads.water_network.results import Conditions
from workloads.water_network.simulate_break import SimulateBreak
SimulateBreak(pipe="10", conditions=Conditions(), working_directory=Path.cwd()).run()
"""
    assert heavy_modules_of(program, task_folder) == {"epanet"}


def test_ranking_imports_no_service_client(task_folder: Path) -> None:
    """Its chart brings matplotlib and numpy; its files travel without it."""
    program = """
from pathlib import Path
from workloads.water_network.rank_breaks import RankBreaks
from workloads.water_network.results import Conditions
from workloads.water_network.simulate_break import SimulateBreak
SimulateBreak(pipe="10", conditions=Conditions(), working_directory=Path.cwd()).run()
Path("results").mkdir()
Path("result.json").rename("results/1.json")
RankBreaks(network_name="Net1", conditions=Conditions(), working_directory=Path.cwd()).run()
"""
    assert heavy_modules_of(program, task_folder) == {"epanet", "matplotlib", "numpy"}
