"""The page on pools: its files are right, and its commands run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from batch_manager.pools.formulas import formula_by_name
from batch_manager.pools.reading import checked, read_layer
from batch_manager.pools.rules import notes, problems
from batch_manager.pools.schema import pool_schema
from tests.integration.pools.conftest import QUICK, Commands

PAGE = (Path(__file__).parents[3] / "docs" / "pools.md").read_text()
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


def test_commands_of_the_page_run(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, beside the files of the page; in this process, which saves 14 starts of Python."""
    monkeypatch.chdir(commands.folder)
    for name, text in FILES.items():
        Path(name).write_text(text)
    Path("anna.pub").write_text(f"ssh-ed25519 {'A' * 68} anna\n")
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for line in "".join(blocks).splitlines():
        program, group, *words = shlex.split(line)
        assert (program, group) == ("batch-manager", "pool")
        done = commands.run(*words, *(QUICK if "--wait" in words else ()))
        assert done.code == 0, f"{line}: {done.out}{done.err}"
    assert done.out == "pool water is gone\n"


def test_files_of_the_page_are_right(tmp_path: Path) -> None:
    """Nothing in them is a problem, or even odd."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
        pool = checked(read_layer(tmp_path / name))
        assert problems(pool) == []
        assert notes(pool) == []


def test_page_names_every_key() -> None:
    """As a key, or in words."""
    missing = set(pool_schema()["properties"]) - set(re.findall(r"\w+", PAGE))
    assert missing == set()


def test_formula_of_the_page_is_one() -> None:
    """With its parameters."""
    scale = yaml.safe_load(FILES["everything.yaml"])["autoscale"]
    assert "min(20, " in formula_by_name(scale["name"], scale["parameters"])
