"""Autoscale formulas for pools, by name: text for ``autoScaleFormula``, from parameters that are checked.

What all of them do:

- They look at ``$PendingTasks`` (running and ready tasks), so a pool never shrinks to nothing while tasks run.
- They take the largest figure of a window and want 70 % of its samples. Where there are fewer, as in a pool's first
  minutes, they leave the targets as they are.
- They have a cap, set both targets, and let tasks end before their node leaves (``taskcompletion``): Batch's own
  default kills them.
- They count by ``$TaskSlotsPerNode``: a pool of four slots needs a quarter of the nodes.

What they cannot do: ``$PendingTasks`` counts tasks, not slots, and a pool's formula is evaluated every 5 minutes at
best. docs/autoscale.md shows each of them over a day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from batch_manager.errors import AutoscaleFormulaError

MAX_NODES = 100_000
"""More than any quota; a slip of the keyboard is found here."""

MAX_SLOTS = 256
"""Slots of a node (REST ``taskSlotsPerNode``)."""

MIN_WINDOW = timedelta(minutes=5)
"""Samples come a minute late: a shorter window would hardly ever have 70 % of its samples."""

MAX_WINDOW = timedelta(hours=12)

_KNOWN_PERCENT = 70


def fixed_while_pending(*, nodes: int, idle_nodes: int = 0, spot: bool = False, window: timedelta = MIN_WINDOW) -> str:
    """A fixed number of nodes while any task is pending, another while none is. For jobs of one size.

    Args:
        nodes: while a task was pending in the window; 1 to 100 000.
        idle_nodes: while none was; 0 to ``nodes``.
        spot: spot nodes instead of dedicated ones.
        window: how far back to look; 5 minutes to 12 hours.

    Raises:
        AutoscaleFormulaError: a parameter is out of its limits.
    """
    _check("nodes", nodes, 1, MAX_NODES)
    _check("idle_nodes", idle_nodes, 0, nodes)
    return _formula(window, spot, f"pending > 0 ? {nodes} : {idle_nodes}")


def slots_aware(
    *,
    max_nodes: int,
    min_nodes: int = 0,
    slots_per_task: int = 1,
    spot: bool = False,
    window: timedelta = MIN_WINDOW,
) -> str:
    """As many nodes as the pending tasks fill, by the pool's own slots. For jobs of changing size.

    Args:
        max_nodes: the cap; 1 to 100 000.
        min_nodes: kept when idle; 0 to ``max_nodes``.
        slots_per_task: ``requiredSlots`` of the tasks; 1 to 256. The metric counts tasks, so the formula must be told.
        spot: spot nodes instead of dedicated ones.
        window: how far back to look; 5 minutes to 12 hours.

    Raises:
        AutoscaleFormulaError: a parameter is out of its limits.
    """
    _check("max_nodes", max_nodes, 1, MAX_NODES)
    _check("min_nodes", min_nodes, 0, max_nodes)
    _check("slots_per_task", slots_per_task, 1, MAX_SLOTS)
    return _formula(window, spot, f"max({min_nodes}, min({max_nodes}, {_needed(slots_per_task)}))")


def scale_to_zero(
    *, max_nodes: int, idle: timedelta = timedelta(minutes=30), spot: bool = False, window: timedelta = MIN_WINDOW
) -> str:
    """Grow with the pending tasks, keep what is there, and go to zero once nothing was pending for a while. For people
    who submit again soon: nodes stay warm between their jobs.

    Args:
        max_nodes: the cap; 1 to 100 000.
        idle: how long nothing may be pending before all nodes go; ``window`` to 12 hours.
        spot: spot nodes instead of dedicated ones.
        window: how far back to look for growth; 5 minutes to 12 hours.

    Raises:
        AutoscaleFormulaError: a parameter is out of its limits.
    """
    _check("max_nodes", max_nodes, 1, MAX_NODES)
    _check_window("window", window, MIN_WINDOW)
    _check_window("idle", idle, window)
    target = _target(spot)
    return _formula(
        window,
        spot,
        f"busy > 0 ? min({max_nodes}, max({target}, {_needed(1)})) : 0",
        f"idle = {_seconds(idle)};",
        "idleKnown = $PendingTasks.GetSamplePercent(idle);",
        f"busy = idleKnown < {_KNOWN_PERCENT} ? 1 : max($PendingTasks.GetSample(idle, {_KNOWN_PERCENT}));",
    )


def ramp_up(*, max_nodes: int, step: int, spot: bool = False, window: timedelta = MIN_WINDOW) -> str:
    """Grow with the pending tasks, but by a few nodes at each evaluation. For work that all begins with the same
    download or licence server.

    Args:
        max_nodes: the cap; 1 to 100 000.
        step: the most that one evaluation adds; 1 to ``max_nodes``.
        spot: spot nodes instead of dedicated ones.
        window: how far back to look; 5 minutes to 12 hours.

    Raises:
        AutoscaleFormulaError: a parameter is out of its limits.
    """
    _check("max_nodes", max_nodes, 1, MAX_NODES)
    _check("step", step, 1, max_nodes)
    return _formula(window, spot, f"min({max_nodes}, {_target(spot)} + {step}, {_needed(1)})")


def working_hours(
    *,
    warm_nodes: int,
    max_nodes: int,
    start_hour: int = 8,
    end_hour: int = 18,
    utc_offset_hours: int = 0,
    spot: bool = False,
    window: timedelta = MIN_WINDOW,
) -> str:
    """Some nodes warm from Monday to Friday in working hours, and as many as the pending tasks fill at any time.

    Args:
        warm_nodes: kept in working hours; 1 to ``max_nodes``.
        max_nodes: the cap; 1 to 100 000.
        start_hour: the first hour; 0 to 23.
        end_hour: the hour that is no longer one of them; ``start_hour`` + 1 to 24.
        utc_offset_hours: local time less UTC, in whole hours, -12 to 14. A formula knows no daylight saving time.
        spot: spot nodes instead of dedicated ones.
        window: how far back to look; 5 minutes to 12 hours.

    Raises:
        AutoscaleFormulaError: a parameter is out of its limits.
    """
    _check("max_nodes", max_nodes, 1, MAX_NODES)
    _check("warm_nodes", warm_nodes, 1, max_nodes)
    _check("start_hour", start_hour, 0, 23)
    _check("end_hour", end_hour, start_hour + 1, 24)
    _check("utc_offset_hours", utc_offset_hours, -12, 14)
    return _formula(
        window,
        spot,
        f"max(warm, min({max_nodes}, {_needed(1)}))",
        f"local = time() + TimeInterval_Hour * ({utc_offset_hours});",
        "weekday = local.weekday >= 1 && local.weekday <= 5;",
        f"warm = weekday && local.hour >= {start_hour} && local.hour < {end_hour} ? {warm_nodes} : 0;",
        unknown=f"max(warm, {_target(spot)})",
    )


def spot_with_dedicated_fallback(
    *, max_nodes: int, max_dedicated: int, min_dedicated: int = 0, window: timedelta = MIN_WINDOW
) -> str:
    """Spot nodes for the pending tasks, and a dedicated node for each that was preempted. For cheap work that must be
    done.

    Spot nodes stay asked for while they are preempted, so that the pool gets them back; until the next evaluation it
    may then have ``max_nodes`` and ``max_dedicated`` at once.

    Args:
        max_nodes: the cap on spot nodes; 1 to 100 000.
        max_dedicated: the cap on dedicated nodes; 1 to ``max_nodes``.
        min_dedicated: dedicated nodes that are always there; 0 to ``max_dedicated``.
        window: how far back to look; 5 minutes to 12 hours.

    Raises:
        AutoscaleFormulaError: a parameter is out of its limits.
    """
    _check("max_nodes", max_nodes, 1, MAX_NODES)
    _check("max_dedicated", max_dedicated, 1, max_nodes)
    _check("min_dedicated", min_dedicated, 0, max_dedicated)
    _check_window("window", window, MIN_WINDOW)
    return _lines(
        *_pending(window),
        "lostKnown = $PreemptedNodeCount.GetSamplePercent(span);",
        f"lost = lostKnown < {_KNOWN_PERCENT} ? 0 : max($PreemptedNodeCount.GetSample(span, {_KNOWN_PERCENT}));",
        f"wanted = min({max_nodes}, {_needed(1)});",
        f"fallback = max({min_dedicated}, min({max_dedicated}, lost, wanted));",
        "$TargetLowPriorityNodes = pending < 0 ? $TargetLowPriorityNodes : wanted;",
        f"$TargetDedicatedNodes = pending < 0 ? max({min_dedicated}, $TargetDedicatedNodes) : fallback;",
        "$NodeDeallocationOption = taskcompletion;",
    )


FORMULAS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        formula.__name__: formula
        for formula in (
            fixed_while_pending,
            slots_aware,
            scale_to_zero,
            ramp_up,
            working_hours,
            spot_with_dedicated_fallback,
        )
    }
)
"""All formulas by name."""


def _formula(window: timedelta, spot: bool, known: str, *lines: str, unknown: str | None = None) -> str:
    """One kind of node has the target ``known``; ``unknown`` while samples are missing, by default what it had."""
    _check_window("window", window, MIN_WINDOW)
    target, other = _target(spot), _target(not spot)
    return _lines(
        *_pending(window),
        *lines,
        f"{target} = pending < 0 ? {unknown or target} : ({known});",
        f"{other} = 0;",
        "$NodeDeallocationOption = taskcompletion;",
    )


def _pending(window: timedelta) -> tuple[str, ...]:
    """The most tasks pending in the window; -1 while too few samples are known."""
    return (
        f"span = {_seconds(window)};",
        "known = $PendingTasks.GetSamplePercent(span);",
        f"pending = known < {_KNOWN_PERCENT} ? -1 : max($PendingTasks.GetSample(span, {_KNOWN_PERCENT}));",
    )


def _needed(slots_per_task: int) -> str:
    """The nodes that the pending tasks fill."""
    if slots_per_task == 1:
        return "ceil(pending / $TaskSlotsPerNode)"
    return f"ceil(pending / max(1, floor($TaskSlotsPerNode / {slots_per_task})))"


def _target(spot: bool) -> str:
    return "$TargetLowPriorityNodes" if spot else "$TargetDedicatedNodes"


def _seconds(span: timedelta) -> str:
    return f"TimeInterval_Second * {int(span.total_seconds())}"


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _check(field: str, value: int, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise AutoscaleFormulaError(field=field, value=value, limit=f"a whole number from {least} to {most}")


def _check_window(field: str, value: timedelta, least: timedelta) -> None:
    whole = isinstance(value, timedelta) and value % timedelta(seconds=1) == timedelta(0)
    if not whole or not least <= value <= MAX_WINDOW:
        raise AutoscaleFormulaError(field=field, value=value, limit=f"whole seconds from {least} to {MAX_WINDOW}")
