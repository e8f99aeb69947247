"""Commands that other packages bring, each a distribution on Python's path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = '"""Say hello."""\nimport typer\napp = typer.Typer()\n@app.command()\ndef hello(): print("hello")\n'


def bring(folder: Path, *, name: str = "greet", text: str = GOOD) -> None:
    """Make a distribution with one command."""
    facts = folder / "greeter-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: greeter\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[batch_manager.commands]\n{name} = greeter:app\n")
    (folder / "greeter.py").write_text(text)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with a folder on Python's path."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "batch_manager.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_command_from_elsewhere_runs(tmp_path: Path) -> None:
    """Under its entry point's name."""
    bring(tmp_path)
    assert run(tmp_path, "greet").stdout == "hello\n"


def test_help_lists_a_command_without_importing_it(tmp_path: Path) -> None:
    """With what its module says of itself."""
    bring(tmp_path, text='"""Say hello."""\nraise RuntimeError("imported")\n')
    ended = run(tmp_path, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Say hello." in ended.stdout


@pytest.mark.parametrize(
    ("text", "said"), [('raise RuntimeError("broken on purpose")', "broken on purpose"), ("app = 3", "no Typer app")]
)
def test_command_that_cannot_be_loaded_is_told(tmp_path: Path, text: str, said: str) -> None:
    """In a line, with the code for software that is wrong."""
    bring(tmp_path, text=text)
    ended = run(tmp_path, "greet")
    assert (ended.returncode, ended.stderr.count("\n")) == (70, 1)
    assert "greet" in ended.stderr
    assert said in ended.stderr


def test_name_of_ours_stays_ours(tmp_path: Path) -> None:
    """Nobody replaces a command by installing something."""
    bring(tmp_path, name="wait")
    assert "Wait until a job has ended" in run(tmp_path, "wait", "--help").stdout


def test_local_commands_are_there() -> None:
    """The dispatcher brings its own the same way."""
    ended = run(Path("unused"), "local", "run", "--help")
    assert "--local-callback" in ended.stdout
