"""The page of all commands is what the commands say of themselves, and each can be followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from batch_manager.cli.main import app
from batch_manager.cli.page import PAGES, _commands, cli_page

DOCS = Path(__file__).parents[3] / "docs"
COMMANDS = dict(_commands(get_command(app)))


def test_page_is_what_the_command_line_says() -> None:
    """Run ``python -m batch_manager.cli.page > docs/cli.md`` when this fails."""
    assert (DOCS / "cli.md").read_text() == cli_page()


def test_every_page_is_there() -> None:
    """And no command has a page that it does not have."""
    assert set(PAGES) == {name.partition(" ")[0] for name in COMMANDS}
    assert [page for page in PAGES.values() if not (DOCS / page).exists()] == []


@pytest.mark.parametrize(("name", "command"), COMMANDS.items(), ids=COMMANDS)
def test_help_can_be_followed(name: str, command: Any) -> None:
    """It says what the command does and what it exits with, and every option says what it is."""
    text = str(command.help)
    assert text.partition("\n\n")[0].endswith(".")
    assert "Exit codes" in text
    assert [parameter.name for parameter in command.params if not parameter.help and parameter.name != "help"] == []


@pytest.mark.parametrize(("name", "command"), COMMANDS.items(), ids=COMMANDS)
def test_command_prints_json_for_programs(name: str, command: Any) -> None:
    """All that print anything but what they were asked to show."""
    options = {option for parameter in command.params for option in parameter.opts}
    assert "--json" in options or name == "logs"
