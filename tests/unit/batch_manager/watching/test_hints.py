"""The commands that reasons, errors and notes name are there."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import batch_manager
from batch_manager.cli.main import app

_PACKAGE = Path(batch_manager.__file__).parent
_SOURCES = [*sorted((_PACKAGE / "watching").glob("*.py")), *sorted((_PACKAGE / "cli").glob("watch*.py"))]
_NAMED = re.compile(r"batch-manager ([a-z]+)(?: ([a-z]+))?")


@pytest.mark.parametrize("source", _SOURCES, ids=lambda path: path.name)
def test_commands_that_are_named_are_there(source: Path) -> None:
    """With their subcommands."""
    top = _commands(get_command(app))
    for name, sub in _NAMED.findall(re.sub(r'"\s*\n\s*f?"', "", source.read_text())):
        assert name in top, f"batch-manager {name}"
        assert not _commands(top[name]) or sub in _commands(top[name]), f"batch-manager {name} {sub}"


def _commands(command: object) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(command, "commands", {})
    return found
