"""The methods of sampled variables: what a formula may see of the history."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from dispatcher.service.autoscale.context import Context
from dispatcher.service.autoscale.errors import EvaluationError, EvaluationFault
from dispatcher.service.autoscale.names import METRICS
from dispatcher.service.autoscale.samples import SAMPLE_PERIOD
from dispatcher.service.autoscale.times import TICKS_PER_SECOND, Interval, Timestamp
from dispatcher.service.autoscale.values import Value, Vec, number, type_name

DEFAULT_PERCENT = 70.0
"""How many of a window's samples ``GetSample`` wants where the formula does not say.

The documentation names no default; a failure reported from Azure for ``$PendingTasks.GetSample(interval)`` says
"wanted 70%, received 0%".
"""


def call_method(variable: str, method: str, arguments: Sequence[Value], context: Context) -> Value:
    """Work out a method of a sampled variable.

    ``GetSample(count)`` gives the last values there are, maybe none, oldest first. ``GetSample(start[, end]
    [, percent])`` gives those of a window; its ends are timestamps or intervals before now, in either order.

    Raises:
        EvaluationError: an argument is of the wrong type, or the window has fewer samples than wanted.
    """
    metric = METRICS[variable]
    match method:
        case "Count":
            return float(len(_visible(metric, context)))
        case "GetSamplePeriod":
            return Interval(int(SAMPLE_PERIOD.total_seconds()) * TICKS_PER_SECOND)
        case "HistoryBeginTime":
            return _begin(metric, context)
        case "GetSamplePercent":
            return _percent(_in_window(metric, arguments, context), arguments, context)
    if isinstance(arguments[0], float) and len(arguments) == 1:
        return _latest(metric, arguments[0], context)
    return _window_values(variable, arguments, context)


def _visible(metric: str, context: Context) -> Vec:
    return context.history.latest(metric, len(context.history.samples), context.newest)


def _begin(metric: str, context: Context) -> Timestamp:
    """The time of the oldest sample; now, where there is none yet."""
    measured = (s.time for s in context.history.samples if getattr(s.metrics, metric) is not None)
    oldest = next(measured, context.now)
    return Timestamp.of(oldest if oldest <= context.newest else context.now)


def _latest(metric: str, count: float, context: Context) -> Vec:
    if not 0 <= count < math.inf:
        raise EvaluationError("The number of samples must not be negative")
    return context.history.latest(metric, int(count), context.newest)


def _window_values(variable: str, arguments: Sequence[Value], context: Context) -> Vec:
    ends, wanted = list(arguments), DEFAULT_PERCENT
    if len(ends) == 3 or (len(ends) == 2 and isinstance(ends[1], float)):
        wanted = number(ends.pop(), "The sample percentage")
    values = _in_window(METRICS[variable], ends, context)
    received = _percent(values, ends, context)
    if received < wanted:
        reason = f"Insufficient data from data set: {variable} wanted {wanted:g}%, received {int(received)}%"
        raise EvaluationError(reason, EvaluationFault.INSUFFICIENT_DATA)
    return values


def _in_window(metric: str, ends: Sequence[Value], context: Context) -> Vec:
    start, end = _window(ends, context)
    samples = context.history.between(start, min(end, context.newest))
    return tuple(float(value) for sample in samples if (value := getattr(sample.metrics, metric)) is not None)


def _percent(values: Vec, ends: Sequence[Value], context: Context) -> float:
    start, end = _window(ends, context)
    expected = max(1, (end - start) // SAMPLE_PERIOD)
    return min(100.0, 100.0 * len(values) / expected)


def _window(ends: Sequence[Value], context: Context) -> tuple[datetime, datetime]:
    times = [_moment(end, context) for end in ends]
    start, end = min(times), max(times) if len(times) == 2 else context.now
    return min(start, end), end


def _moment(end: Value, context: Context) -> datetime:
    if isinstance(end, Timestamp):
        return end.datetime()
    if isinstance(end, Interval):
        return Timestamp(Timestamp.of(context.now).ticks - end.ticks).datetime()
    raise EvaluationError(f"A window of samples is given by timestamps or timeintervals, not by a {type_name(end)}")
