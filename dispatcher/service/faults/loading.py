"""What ``--faults`` names: a plan, a file that holds one, or a log to replay."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from dispatcher.service.faults.catalogue import Fault
from dispatcher.service.faults.log import LogError, read_replay
from dispatcher.service.faults.plan import Plan, Replay
from dispatcher.service.faults.text import PlanError, read_plan

REPLAY = "replay="

_SEEDS = 1_000_000  # small, to be read out and typed


def load(text: str) -> Plan | Replay:
    """Return what a command line's text means; a plan without a seed gets one by chance.

    Raises:
        PlanError: it means nothing; the message says what there can be.
    """
    if text.startswith(REPLAY):
        return _load_replay(Path(text.removeprefix(REPLAY)).absolute())
    if "\n" not in text and os.path.isfile(text):
        text, place = _read(Path(text)), f"{text}: "
    else:
        place = ""
    try:
        plan = read_plan(text, seed=new_seed())
    except PlanError as error:
        raise PlanError(f"{place}{error}") from None
    if not plan.rules:
        raise PlanError(f"{place}the plan has no rule; a rule is FAULT=PROBABILITY, such as throttle=0.05")
    return plan


def new_seed() -> int:
    """Return a seed by chance."""
    return secrets.randbelow(_SEEDS)


def describe_faults() -> str:
    """Return the names and meanings of all faults, a line each, for a command's help."""
    width = max(len(str(fault)) for fault in Fault)
    return "\n".join(f"{fault!s:{width}}  {fault.summary}" for fault in Fault)


def _load_replay(path: Path) -> Replay:
    try:
        return read_replay(path)
    except LogError as error:
        raise PlanError(str(error)) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PlanError(f"{path} is no text in UTF-8") from None
