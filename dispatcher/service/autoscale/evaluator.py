"""A formula worked out. Pure: equal formulas and contexts give equal evaluations."""

from __future__ import annotations

from random import Random

from dispatcher.service.autoscale.context import Context, Evaluation, RunError
from dispatcher.service.autoscale.errors import EvaluationError, EvaluationFault, FormulaError, place
from dispatcher.service.autoscale.expressions import Expressions, Failed, Stopped
from dispatcher.service.autoscale.parser import parse_formula
from dispatcher.service.autoscale.tree import Formula
from dispatcher.service.autoscale.variables import Variables

_MESSAGES = {
    EvaluationFault.EVALUATION: "Autoscale evaluation failed due to an error in the formula",
    EvaluationFault.INSUFFICIENT_DATA: "Autoscale evaluation failed due to insufficient sample data",
}
"""The words of the first are not documented; those of the second are Azure's."""


def evaluate(formula: Formula, context: Context) -> Evaluation:
    """Work a formula out. It never raises for what a formula says and always ends: there are no loops.

    A target that is not whole is cut down to a whole number; a negative, infinite or undefined one is an error. What
    ``stop()`` comes after is not worked out; what was assigned before it counts.
    """
    variables = Variables(context)
    expressions = Expressions(variables=variables, context=context, random=Random(context.seed))
    try:
        for statement in formula.statements:
            expressions.execute(statement)
    except Stopped:
        pass
    except Failed as failed:
        where = place(formula.text, failed.position)
        return _failure(variables, failed.error.fault, f"{where}: {failed.error.reason}")
    try:
        return variables.outcome()
    except EvaluationError as error:
        return _failure(variables, error.fault, error.reason)


def evaluate_text(text: str, context: Context) -> Evaluation:
    """Work out a text that may be no formula: then the evaluation has the error.

    Azure answers so to a request to evaluate: status 200, and ``AutoScalingFormulaEvaluationError`` in the body.
    """
    try:
        return evaluate(parse_formula(text), context)
    except FormulaError as error:
        return _failure(Variables(context), EvaluationFault.EVALUATION, error.detail)


def _failure(variables: Variables, fault: EvaluationFault, detail: str) -> Evaluation:
    error = RunError(code=fault.value, message=_MESSAGES[fault], values=(("Message", detail),))
    return Evaluation(results=variables.results_of_failure(), error=error)
