"""A pool to evaluate formulas on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dispatcher.service.autoscale import Context, Evaluation, Metrics, SampleHistory, evaluate_text, record

NOW = datetime(2026, 1, 5, 9, 30, 15, 250_000, tzinfo=UTC)
"""A Monday."""


def sampled(count: int, *, until: datetime = NOW) -> SampleHistory:
    """Return ``count`` samples that end at ``until``; active tasks count up from 0, everything else stands still."""
    history = SampleHistory()
    for index in range(count):
        time = until - timedelta(seconds=30 * (count - 1 - index))
        history = record(history, time, metrics(active_tasks=index))
    return history


def metrics(active_tasks: float = 0) -> Metrics:
    """Return figures of a pool of three nodes with one task that runs."""
    return Metrics(
        active_tasks=active_tasks,
        running_tasks=1,
        current_dedicated_nodes=2,
        current_low_priority_nodes=1,
        preempted_node_count=0,
        task_slots_per_node=4,
    )


def context(samples: int = 20, **changes: object) -> Context:
    """Return a pool of two dedicated nodes with this many samples."""
    known = Context(now=NOW, target_dedicated=2, metrics=metrics(7), history=sampled(samples))
    return replace(known, **changes)  # type: ignore[arg-type]


def run(text: str, samples: int = 20, **changes: object) -> Evaluation:
    """Evaluate a text on that pool."""
    return evaluate_text(text, context(samples, **changes))


def value(expression: str, samples: int = 20, **changes: object) -> str:
    """Return what an expression comes to, as results spell it."""
    evaluation = run(f"x = {expression}", samples, **changes)
    assert evaluation.error is None, evaluation.error
    return evaluation.results.rpartition(";x=")[2]


def refusal(text: str, samples: int = 20, **changes: object) -> tuple[str, str]:
    """Return the code and the detail of the error that a formula ends with."""
    error = run(text, samples, **changes).error
    assert error is not None
    return error.code, dict(error.values)["Message"]
