"""Commands that are killed on purpose."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace

from dispatcher.service.node.attempt_faults import AttemptFaults
from dispatcher.service.node.process import Cause, Patience, ProcessEnding

_KILLED = 128 + signal.SIGKILL


def with_kill(
    patience: tuple[Patience, ...], faults: AttemptFaults | None, kill: Callable[[], None]
) -> tuple[Patience, ...]:
    """Return what is called while a command runs, and with it what kills it if that was decided."""
    if faults is None or faults.kill_after is None:
        return patience
    return tuple(sorted([*patience, (faults.kill_after, kill)], key=lambda each: each[0]))


def as_killed(ended: ProcessEnding, faults: AttemptFaults | None) -> ProcessEnding:
    """Return how a command counts as ended: one that was to be killed was, so that its own speed has no say.

    Where it was ended by request or by its limit before, that is what counts.
    """
    if faults is None or faults.kill_after is None or ended.cause is not Cause.ITSELF:
        return ended
    return replace(ended, exit_code=_KILLED)
