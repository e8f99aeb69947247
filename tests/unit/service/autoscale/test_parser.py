"""What is a formula and what is none."""

from __future__ import annotations

import pytest

from dispatcher.service.autoscale import FormulaError, FormulaFault, format_formula, parse_formula
from dispatcher.service.autoscale.names import MAX_LENGTH, MAX_STATEMENTS

MICROSOFT_STYLE = """
// The pool grows while the processors are busy,
// and shrinks while they are not.
$total =
    (min($CPUPercent.GetSample(TimeInterval_Minute * 10)) > 0.7) ?
    ($CurrentDedicatedNodes * 1.1) : $CurrentDedicatedNodes;
$TargetDedicatedNodes = min(400, $total)  // no semicolon at the end
"""


@pytest.mark.parametrize(
    "text",
    [
        MICROSOFT_STYLE,
        "$TargetDedicatedNodes=0",
        "$TargetDedicated = 1;;",
        "x = [1, 2.5, .5, 1e3]; y = vec(x, 1); z = avg()",
        "a = !-!1 && 2 || 3 == 4 != 5 < 6 <= 7 >= 8 > 9",
        'lifespan = time() - time("Mon, 05 Jan 2026 09:00:00 GMT")',
        "h = (time() + TimeInterval_Hour * -6).hour",
        "a ? b ? 1 : 2 : c ? 3 : 4",
        "$RunningTasks.GetSample(TimeInterval_Minute, 6 * TimeInterval_Minute, 75)",
    ],
)
def test_formula_that_is_one_reads_the_same_after_printing(text: str) -> None:
    """The printed formula has the same tree."""
    formula = parse_formula(text)
    assert parse_formula(format_formula(formula)) == formula


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "Line 1, Col 1: The formula has no statement"),
        ("// nothing", "Line 1, Col 11: The formula has no statement"),
        ("x = 1 +", "Line 1, Col 8: Unexpected end of the formula"),
        ("x = 1\ny = 2", "Line 2, Col 1: Expected ';', found 'y'"),
        ("=", "Line 1, Col 1: Unexpected '='"),
        ("1 = 2", "Line 1, Col 3: Expected ';', found '='"),
        ("x = 5 % 2", "Line 1, Col 7: Unexpected character '%'"),
        ('x = "open', "Line 1, Col 5: Unexpected character '\"'"),
        ("x = (1", "Line 1, Col 7: Expected ')', found the end of the formula"),
        ("x = a ? 1", "Line 1, Col 10: Expected ':', found the end of the formula"),
        ("x = sqrt(4)", "Line 1, Col 5: Unknown function 'sqrt'"),
        ("x = rand(1)", "Line 1, Col 5: rand does not take 1 arguments"),
        ("x = $ActiveTasks.GetSample()", "Line 1, Col 18: GetSample does not take 0 arguments"),
        ("x = y.GetSample(1)", "Line 1, Col 7: y has no samples"),
        ("x = time().century", "Line 1, Col 12: Unknown member 'century'"),
        ("$ActiveTasks = 1", "Line 1, Col 1: $ActiveTasks cannot be assigned"),
        ("TimeInterval_Day = 1", "Line 1, Col 1: TimeInterval_Day cannot be assigned"),
        ("requeue = 1", "Line 1, Col 1: requeue cannot be assigned"),
        ("x = 1e999", "Line 1, Col 5: 1e999 is too large"),
        ("x = 1 2", "Line 1, Col 7: Expected ';', found '2'"),
    ],
)
def test_formula_that_is_none_is_refused_with_its_place(text: str, detail: str) -> None:
    """The error says the line and the column, counted from one."""
    with pytest.raises(FormulaError) as caught:
        parse_formula(text)
    assert (caught.value.code, caught.value.detail) == ("AutoScalingFormulaSyntaxError", detail)


def test_formula_that_is_too_long_is_refused() -> None:
    """8192 characters are the limit."""
    parse_formula("x=1;".ljust(MAX_LENGTH))
    with pytest.raises(FormulaError) as caught:
        parse_formula("x=1;".ljust(MAX_LENGTH + 1))
    assert caught.value.fault is FormulaFault.TOO_LONG
    assert caught.value.code == "AutoScaleFormulaTooLong"


def test_formula_of_too_many_statements_is_refused() -> None:
    """A hundred are the limit."""
    assert len(parse_formula("x=1;" * MAX_STATEMENTS).statements) == MAX_STATEMENTS
    with pytest.raises(FormulaError, match="100 statements"):
        parse_formula("x=1;" * (MAX_STATEMENTS + 1))


@pytest.mark.parametrize("text", ["x = " + "(" * 4000, "x = " + "-" * 4000 + "1", "x = " + "1?1:" * 1500 + "1"])
def test_formula_that_nests_too_deeply_is_refused(text: str) -> None:
    """It cannot exhaust the stack."""
    with pytest.raises(FormulaError, match="nest"):
        parse_formula(text)
