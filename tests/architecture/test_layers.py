"""Who may import whom, and that the linter which checks it looks at everything it should."""

import configparser
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PURE_MODULES = ("autoscale", "odata", "records", "planning", "states", "wire")


def test_layers_are_kept() -> None:
    """Every contract of ``.importlinter`` holds."""
    linter = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run([linter, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_pure_modules_are_held_to_it() -> None:
    """The contract that forbids threads, processes, sockets and clocks names every module that must be pure."""
    contracts = configparser.ConfigParser()
    contracts.read(PROJECT / ".importlinter")
    listed = contracts["importlinter:contract:pure"]["source_modules"].split()
    assert set(listed) >= {f"dispatcher.service.{module}" for module in PURE_MODULES}
