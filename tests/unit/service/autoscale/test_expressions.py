"""What operators, functions and variables come to."""

from __future__ import annotations

import pytest

from dispatcher.service.autoscale import DeallocationOption
from tests.unit.service.autoscale.support import refusal, run, value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("7 / 2", "3.5"),
        ("1 / 0", "Infinity"),
        ("-1 / 0", "-Infinity"),
        ("0 / 0", "NaN"),
        ("--2", "2"),
        ("!3 + !0", "1"),
        ("1 < 2 && 2 <= 2 && 3 == 3 && 3 != 4 && 5 > 4 && 5 >= 5", "1"),
        ("0 || 0", "0"),
        ("1 || nobody", "1"),
        ("0 && nobody", "0"),
        ("2 ? 3 : nobody", "3"),
        ("0 ? nobody : 1 ? 4 : 5", "4"),
        ("[1,2,3] * 2", "[2,4,6]"),
        ("[1,2] + [10,20]", "[11,22]"),
        ("[1,2] / 0", "[Infinity,Infinity]"),
        ('"a" < "b"', "1"),
        ("requeue == terminate", "0"),
        ("0.1 * 3", "0.3"),
        ("1e20", "1E+20"),
    ],
)
def test_operator_gives_its_value(expression: str, expected: str) -> None:
    """Ranks are those of C; logic and choice work out no more than they need."""
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("TimeInterval_Hour * 1.5", "01:30:00"),
        ("2 * TimeInterval_Day + TimeInterval_100ns", "2.00:00:00.0000001"),
        ("-TimeInterval_Minute", "-00:01:00"),
        ("TimeInterval_Week / 7 == TimeInterval_Day", "1"),
        ("TimeInterval_Year - TimeInterval_Week * 52 == TimeInterval_Day", "1"),
        ("TimeInterval_Zero < TimeInterval_Microsecond", "1"),
        ("time()", "2026-01-05T09:30:15.250Z"),
        ("time() + TimeInterval_Hour * -10", "2026-01-04T23:30:15.250Z"),
        ('time() - time("2026-01-05T09:00:00Z")', "00:30:15.2500000"),
        ('time("Mon, 05 Jan 2026 09:00:00 GMT") == time("2026-01-05T10:00:00+01:00")', "1"),
        ('time("2026-01-05").second + time("2026-01").day + time("2026").month', "2"),
        ("time().weekday", "1"),
        ("(time() + TimeInterval_Day * 6).weekday", "7"),
        ("time().year * 10000 + time().month * 100 + time().day", "20260105"),
        ("time().hour * 10000 + time().minute * 100 + time().second", "93015"),
    ],
)
def test_time_gives_its_value(expression: str, expected: str) -> None:
    """Times and intervals are exact to 100 ns."""
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("avg(1, [2, 3])", "2"),
        ("len([1,2], 3)", "3"),
        ("len()", "0"),
        ("lg(8)", "3"),
        ("ln(1)", "0"),
        ("log(vec(1, 100))", "[0,2]"),
        ("lg(vec(8))", "[3]"),
        ("lg(0)", "-Infinity"),
        ("ln(-1)", "NaN"),
        ("max(1, [5, 2])", "5"),
        ("min(4, [5, 2])", "2"),
        ("norm(3, 4)", "5"),
        ("percentile([5,1,4,2,3], 50)", "3"),
        ("percentile([5,1,4,2,3], 100)", "5"),
        ("percentile([5,1,4,2,3], 0)", "1"),
        ("range(2, 9, 4)", "7"),
        ("std(2, 4, 4, 4, 5, 5, 7, 9) * std(2, 4, 4, 4, 5, 5, 7, 9) * 7", "32"),
        ("std(3)", "0"),
        ("sum([1,2], 3)", "6"),
        ("val([7,8,9], 1)", "8"),
        ("val([], 0)", "0"),
        ("ceil(1.2)", "2"),
        ("floor(-1.2)", "-2"),
        ("round([0.5, 1.4, -0.5, -1.6])", "[1,1,-1,-2]"),
        ("ceil(1/0)", "Infinity"),
        ("rand() >= 0 && rand() < 1 && rand() != rand()", "1"),
    ],
)
def test_function_gives_its_value(expression: str, expected: str) -> None:
    """Lists of doubles and vectors count as one vector."""
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("nobody", "Undefined variable nobody"),
        ("1 + time()", "Operator + does not take a double and a timestamp"),
        ("time() - TimeInterval_Hour", "Operator - does not take a timestamp and a timeinterval"),
        ("TimeInterval_Hour / TimeInterval_Minute", "Operator / does not take a timeinterval and a timeinterval"),
        ("2 * [1]", "Operator * does not take a double and a doubleVec"),
        ("[1] > 0", "Operator > does not take a doubleVec and a double"),
        ("[1,2] + [1]", "Operator + needs vectors of one length, not 2 and 1"),
        ("-[1]", "Operator - does not take a doubleVec"),
        ("!time()", "Operator ! does not take a timestamp"),
        ('"a" ? 1 : 2', "A condition must be a double, not a string"),
        ("max()", "The vector is empty"),
        ('max("a")', "A string is no double and no doubleVec"),
        ("val([1], 1)", "The vector has 1 elements: there is none at 1"),
        ("percentile([1], 101)", "The percentage must be between 0 and 100"),
        ("time(1)", "A time is read from a string, not from a double"),
        ('time("yesterday")', "'yesterday' is no time in W3C-DTF or RFC 1123 format"),
        ('time("2026-01-05T09:00:00.123456789Z")', "is no time in W3C-DTF or RFC 1123 format"),
        ('time("2026-02-30")', "'2026-02-30' is no time: day is out of range for month"),
        ("x.hour", "Undefined variable x"),
        ("(1).hour", "A double has no hour"),
        ("TimeInterval_Year * 1e9", "The time interval is too long"),
        ("TimeInterval_Year * (1/0)", "The time interval is too long"),
        ("time() + TimeInterval_Year * 9000", "The timestamp is out of range"),
    ],
)
def test_expression_that_has_no_value_fails_with_the_reason(expression: str, reason: str) -> None:
    """Only what the documentation lists is worked out."""
    code, detail = refusal(f"y = {expression}")
    assert code == "AutoScalingFormulaEvaluationError"
    assert reason in detail


def test_vector_that_would_grow_without_end_is_refused() -> None:
    """A formula cannot exhaust memory."""
    formula = "v = vec(1,1,1,1,1,1,1,1);" + "v = vec(v,v,v,v,v,v,v,v,v,v);" * 90
    assert "A vector may have 3000 elements" in refusal(formula)[1]


def test_long_chain_is_worked_out() -> None:
    """What is not nested is not limited."""
    assert value("+".join("1" for _ in range(4000))) == "4000"


def test_deepest_formula_is_worked_out() -> None:
    """The limits are such that no formula that is read exhausts the stack."""
    level = "0 || 1 && 1 == 2 - 1 < 1 + 1 * -max({}, 0)"
    expression = "1"
    for _ in range(11):
        expression = level.format(expression)
    assert value(expression) in {"0", "1"}


def test_variable_keeps_any_type_and_its_own_name() -> None:
    """``x`` and ``$x`` are two variables; the later assignment counts."""
    results = run('x = 1; $x = [1]; y = time(); z = "s"; x = x + 1').results
    assert results.endswith(";$x=[1];x=2;y=2026-01-05T09:30:15.250Z;z=s")


def test_random_numbers_follow_the_seed() -> None:
    """The same context gives the same numbers, another seed others."""
    assert value("rand()", seed=1) == value("rand()", seed=1) != value("rand()", seed=2)


def test_service_variables_may_be_written_in_any_case() -> None:
    """They are shown as the documentation spells them."""
    evaluation = run("$targetdedicatednodes = $taskSlotsPerNode")
    assert evaluation.target_dedicated == 4
    assert evaluation.results.startswith("$TargetDedicatedNodes=4;")


def test_deallocation_option_is_a_word_or_a_string() -> None:
    """All four are known, and one may be chosen by a condition."""
    for option in DeallocationOption:
        assert run(f"$NodeDeallocationOption = {option.value}").deallocation_option is option
    chosen = run('$NodeDeallocationOption = 1 ? "terminate" : requeue')
    assert chosen.deallocation_option is DeallocationOption.TERMINATE
