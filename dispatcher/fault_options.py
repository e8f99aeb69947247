"""Faults on purpose, as the commands that start a service take them."""

from __future__ import annotations

from typing import Annotated

import typer

from batch_manager.exit_codes import ExitCode
from dispatcher.service.faults.loading import load
from dispatcher.service.faults.text import PlanError, plan_text
from dispatcher.telling import fail

FaultPlan = Annotated[
    str | None,
    typer.Option(
        "--faults",
        metavar="PLAN",
        help="Faults to put in, 'seed=7; throttle=0.05; preempt=0.02', a file of that, or replay=LOG: docs/faults.md.",
        show_default="none",
    ),
]


def read_faults(text: str | None) -> str | None:
    """Return a plan for the command line of a service, with a seed whatever it had; end the command if it is none."""
    if text is None:
        return None
    try:
        return plan_text(load(text))
    except PlanError as error:
        fail(f"--faults: {error}", ExitCode.USAGE)
