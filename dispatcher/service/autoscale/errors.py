"""What can be wrong with a formula: before it runs, and while it runs."""

from __future__ import annotations

from enum import Enum


class FormulaFault(Enum):
    """Why a formula is no formula; the values are Batch's codes (status 400)."""

    SYNTAX = "AutoScalingFormulaSyntaxError"
    TOO_LONG = "AutoScaleFormulaTooLong"


class EvaluationFault(Enum):
    """Why a run of a formula failed; the values are Batch's codes of an ``AutoScaleRunError``."""

    EVALUATION = "AutoScalingFormulaEvaluationError"
    INSUFFICIENT_DATA = "InsufficientSampleData"


class FormulaError(ValueError):
    """The text is no autoscale formula.

    Attributes:
        fault: the kind, with Batch's code.
        detail: ``Line 1, Col 5: ...`` in the form that Azure uses.
    """

    def __init__(self, fault: FormulaFault, detail: str) -> None:
        self.fault = fault
        self.detail = detail
        super().__init__(detail)

    @property
    def code(self) -> str:
        """Batch's code."""
        return self.fault.value


class EvaluationError(ValueError):
    """A formula that reads well cannot be worked out: the values do not allow it.

    Attributes:
        fault: the kind, with Batch's code.
        reason: what is wrong, without the place.
    """

    def __init__(self, reason: str, fault: EvaluationFault = EvaluationFault.EVALUATION) -> None:
        self.fault = fault
        self.reason = reason
        super().__init__(reason)


def place(text: str, position: int) -> str:
    """Return where a character stands as Azure says it, counted from one: ``Line 2, Col 7``."""
    before = text[:position]
    return f"Line {before.count(chr(10)) + 1}, Col {position - before.rfind(chr(10))}"
