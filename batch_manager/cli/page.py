"""Writes docs/cli.md from the command line itself: ``python -m batch_manager.cli.page > docs/cli.md``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from batch_manager.cli.main import app

PAGES = {
    "new": "packages.md",
    "check": "plan.md",
    "plan": "plan.md",
    "package": "packages.md",
    "deploy": "deploy.md",
    "promote": "deploy.md",
    "rollback": "deploy.md",
    "packages": "deploy.md",
    "submit": "submit.md",
    "list": "watch.md",
    "status": "watch.md",
    "watch": "watch.md",
    "logs": "watch.md",
    "why": "watch.md",
    "retry": "watch.md",
    "wait": "jobs.md",
    "outcome": "jobs.md",
    "cancel": "jobs.md",
    "rerun": "jobs.md",
    "download": "files.md",
    "upload": "files.md",
    "copy": "files.md",
    "report": "clean.md",
    "clean": "clean.md",
    "doctor": "doctor.md",
    "pool": "pools.md",
}
"""Where a command is told of at length."""

_INTRODUCTION = """\
# Every command of `batch-manager`

Written from the command line itself by `batch_manager/cli/page.py`; a test holds the two together.
[The walk-through](walkthrough.md) shows most of them at work. Exit codes are explained in
[exit-codes.md](exit-codes.md), settings in [settings.md](settings.md). `--json` prints one document for programs;
people's notes and progress are on standard error. `batch-manager local` runs workloads on this machine
([service.md](service.md), [debugging.md](debugging.md)).

| command | does | more |
|---|---|---|
"""


def cli_page() -> str:
    """The page."""
    commands = list(_commands(get_command(app)))
    rows = [f"| `{name}` | {_first(command)} | [{_page(name)}]({_page(name)}) |" for name, command in commands]
    parts = ["\n".join(_section(name, command)) for name, command in commands]
    return _INTRODUCTION + "\n".join(rows) + "\n\n" + "\n\n".join(parts) + "\n"


def _commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        full = f"{path} {name}".strip()
        if hasattr(command, "commands"):
            yield from _commands(command, full)
        else:
            yield full, command


def _page(name: str) -> str:
    return PAGES[name.partition(" ")[0]]


def _first(command: Any) -> str:
    return str(command.help or "").partition("\n\n")[0].replace("|", "\\|")


def _section(name: str, command: Any) -> Iterator[str]:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    words = " ".join(_argument(parameter) for parameter in arguments)
    yield f"## `batch-manager {name}{' ' if words else ''}{words}`"
    for paragraph in str(command.help or "").split("\n\n"):
        yield f"\n{paragraph.strip()}"
    rows = [row for parameter in command.params if (row := _row(parameter)) is not None]
    if rows:
        yield "\n| option | means |\n|---|---|"
        yield from rows


def _argument(parameter: Any) -> str:
    shown = parameter.metavar or parameter.name.upper()
    shown += "..." if parameter.nargs == -1 and not shown.endswith("...") else ""
    return shown if parameter.required else f"[{shown}]"


def _row(parameter: Any) -> str | None:
    if "--help" in parameter.opts or parameter.hidden:
        return None
    text = " ".join(str(parameter.help or "").split()).replace("|", "\\|")
    if parameter.param_type_name == "argument":
        return f"| `{parameter.metavar or parameter.name.upper()}` | {text} |" if text else None
    names = ", ".join(
        f"`{name}`" for name in sorted([*parameter.opts, *parameter.secondary_opts], key=len, reverse=True)
    )
    shown = (parameter.metavar or parameter.name.upper()).replace("|", "\\|")
    value = "" if parameter.is_flag else f" {shown}"
    default = parameter.show_default if isinstance(parameter.show_default, str) else _default(parameter)
    return f"| {names}{value} | {text}{f' Default: {default}.' if default else ''} |"


def _default(parameter: Any) -> str:
    """A default that says something; no value, no list and no flag do not."""
    value = parameter.default
    plain = isinstance(value, int | float | str) and not isinstance(value, bool) and value != ""
    return f"{value:g}" if isinstance(value, float) else str(value) if plain else ""


if __name__ == "__main__":
    print(cli_page(), end="")
