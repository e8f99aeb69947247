"""The variables of one run: the pool's own and those the formula makes."""

from __future__ import annotations

from dispatcher.service.autoscale.context import Context, Evaluation
from dispatcher.service.autoscale.errors import EvaluationError, EvaluationFault
from dispatcher.service.autoscale.names import (
    ALIASES,
    DEDICATED,
    INTERVALS,
    LOW_PRIORITY,
    MAX_TARGET,
    METRICS,
    OPTION,
    OPTIONS,
    WRITABLE,
    DeallocationOption,
)
from dispatcher.service.autoscale.times import Interval
from dispatcher.service.autoscale.values import Value, format_value, number


class Variables:
    """What a formula may read and write by name.

    A user's variable is another one with ``$`` than without: ``x`` and ``$x`` may differ.
    """

    def __init__(self, context: Context) -> None:
        self._metrics = context.metrics
        self._pool: dict[str, Value] = {
            DEDICATED: float(context.target_dedicated),
            LOW_PRIORITY: float(context.target_low_priority),
            OPTION: DeallocationOption.REQUEUE.value,
        }
        self._assigned: dict[str, Value] = {}
        self._users: dict[str, Value] = {}

    def read(self, name: str) -> Value:
        """Return a value.

        Raises:
            EvaluationError: nobody assigned it, or this service does not measure it.
        """
        if name in WRITABLE:
            return self._written(ALIASES.get(name, name))
        if name in METRICS:
            return self._metric(name)
        if name in INTERVALS:
            return Interval(INTERVALS[name])
        if name in OPTIONS:
            return name
        if name not in self._users:
            raise EvaluationError(f"Undefined variable {name}")
        return self._users[name]

    def write(self, name: str, value: Value) -> None:
        """Assign a value.

        Raises:
            EvaluationError: the pool's variable does not take it.
        """
        if name == OPTION:
            if value not in OPTIONS:
                raise EvaluationError(f"{OPTION} must be one of {', '.join(sorted(OPTIONS))}")
            self._assigned[name] = value
        elif name in WRITABLE:
            self._assigned[name] = number(value, name)
        else:
            self._users[name] = value

    def outcome(self) -> Evaluation:
        """Return what the assignments come to.

        Raises:
            EvaluationError: a target is no number of nodes.
        """
        targets = {name: self._target(name) for name in (DEDICATED, LOW_PRIORITY)}
        option = self._assigned.get(OPTION)
        shown = {**self._pool, **{name: float(nodes) for name, nodes in targets.items() if nodes is not None}}
        return Evaluation(
            target_dedicated=targets[DEDICATED],
            target_low_priority=targets[LOW_PRIORITY],
            deallocation_option=None if option is None else DeallocationOption(option),
            results=self._results(shown | ({OPTION: option} if option is not None else {})),
        )

    def results_of_failure(self) -> str:
        """Return the results of a run that failed: the pool as it stays, and what the user's variables were."""
        return self._results(self._pool)

    def _written(self, name: str) -> Value:
        if name in self._assigned:
            return self._assigned[name]
        old = next((alias for alias, now in ALIASES.items() if now == name), name)
        return self._assigned.get(old, self._pool[name])

    def _metric(self, name: str) -> float:
        value: float | None = getattr(self._metrics, METRICS[name])
        if value is None:
            raise EvaluationError(f"Insufficient data from data set: {name}", EvaluationFault.INSUFFICIENT_DATA)
        return float(value)

    def _target(self, name: str) -> int | None:
        old = next(alias for alias, now in ALIASES.items() if now == name)
        if name not in self._assigned and old not in self._assigned:
            return None
        value = number(self._written(name), name)
        if not 0 <= value <= MAX_TARGET:
            raise EvaluationError(f"{name} must be between 0 and {MAX_TARGET}, not {format_value(value)}")
        return int(value)

    def _results(self, pool: dict[str, Value]) -> str:
        pairs = [(name, pool[name]) for name in (DEDICATED, LOW_PRIORITY, OPTION)] + sorted(self._users.items())
        return ";".join(f"{name}={format_value(value)}" for name, value in pairs)
