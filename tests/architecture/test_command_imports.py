"""The start of ``batch-manager``: its help is asked for all the time, so a list, not a clock, holds what it imports."""

import os
import subprocess
import sys

import pytest

HEAVY = (
    "azure",
    "pydantic_settings",
    "httpx",
    "requests",
    "yaml",
    "sqlite3",
    "starlette",
    "uvicorn",
    "asyncio",
    "batch_manager._azure",
    "batch_manager.client",
    "batch_manager.definitions",
    "batch_manager.preflight",
    "batch_manager.planning",
)
"""What a command imports when it runs, not when its help is shown."""

_SCRIPT = (
    "import atexit, sys; "
    "from batch_manager.cli.main import main; "
    "atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr)); "
    "sys.argv = ['batch-manager', *sys.argv[1:]]; "
    "main()"
)


def _loaded(*words: str) -> set[str]:
    """The modules that the command has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *words],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [("--help",), ("plan", "--help"), ("pool", "--help")], ids=" ".join)
def test_help_imports_no_sdk_and_nothing_heavy(words: tuple[str, ...]) -> None:
    """Of the framework there are the commands' own modules and a few light ones."""
    loaded = _loaded(*words)
    assert "batch_manager.cli.workload" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_help_of_all_commands_imports_no_pydantic() -> None:
    """Typer itself takes it to read the words of a command; the list of commands needs it not."""
    assert "pydantic" not in _loaded("--help")
