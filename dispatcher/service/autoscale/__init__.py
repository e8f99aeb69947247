"""The autoscale language of Azure Batch: formulas that set the size of a pool. Pure: no clock, no I/O, no threads.

What a pool needs::

    formula = parse_formula(text)                  # FormulaError: refuse it with 400, its code and its detail
    history = record(history, now, metrics)        # at least every 30 s; is_due(history, now) saves counting
    evaluation = evaluate(formula, Context(now=now, target_dedicated=2, target_low_priority=0,
                                           metrics=metrics, history=history, seed=run_number))
    evaluation.error                               # then the pool stays as it is
    evaluation.target_dedicated                    # None: the formula does not say, keep the target
    evaluation.results                             # AutoScaleRun.results, with an error too

``evaluate_text`` answers the evaluate operation: what is no formula becomes an evaluation with an error. ``record``
keeps one sample for each period of 30 seconds and drops what is older than a day; a ``SampleHistory`` may live in
memory alone: after a restart a pool has no samples, as a new one, and formulas guard against that anyway.

Inside, from the bottom: names, times, values, samples; lexer, tree, parser, printing; context, variables, functions,
sampling, expressions, evaluator.
"""

from __future__ import annotations

from dispatcher.service.autoscale.context import Context, Evaluation, RunError
from dispatcher.service.autoscale.errors import EvaluationError, FormulaError, FormulaFault
from dispatcher.service.autoscale.evaluator import evaluate, evaluate_text
from dispatcher.service.autoscale.names import DeallocationOption
from dispatcher.service.autoscale.parser import parse_formula
from dispatcher.service.autoscale.printing import format_formula
from dispatcher.service.autoscale.samples import (
    HISTORY_LENGTH,
    SAMPLE_PERIOD,
    Metrics,
    Sample,
    SampleHistory,
    is_due,
    record,
)
from dispatcher.service.autoscale.tree import Formula

__all__ = [
    "HISTORY_LENGTH",
    "SAMPLE_PERIOD",
    "Context",
    "DeallocationOption",
    "Evaluation",
    "EvaluationError",
    "Formula",
    "FormulaError",
    "FormulaFault",
    "Metrics",
    "RunError",
    "Sample",
    "SampleHistory",
    "evaluate",
    "evaluate_text",
    "format_formula",
    "is_due",
    "parse_formula",
    "record",
]
