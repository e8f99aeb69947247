"""How tasks of workloads start warm on a local service: the option, and what the service's command is told of it."""

from typing import Annotated

import typer

from dispatcher.service.node.warm.options import WarmLevel

WarmStarts = Annotated[
    WarmLevel,
    typer.Option(
        help="Start Python tasks as copies of a process that has started Python, or has also imported what the program "
        "begins with: docs/warm-starts.md."
    ),
]
MODULES = (
    "batch_manager.application",
    "batch_manager.client",
    "batch_manager.factory",
    "batch_manager.job_manager",
    "batch_manager.log",
    "batch_manager.naming",
    "batch_manager.settings",
)
"""What every task of a workload imports of the framework, before its own; their import does nothing else."""

_OWN_VARIABLES = "BATCH_MANAGER_"
"""How the framework's variables of single tasks begin."""


def service_words(level: WarmLevel) -> tuple[str, ...]:
    """Return the part of the service's command line that is about warm starts."""
    modules = [word for module in MODULES for word in ("--warm-module", module)]
    return ("--warm-starts", level.value, *modules, "--warm-own", _OWN_VARIABLES)
