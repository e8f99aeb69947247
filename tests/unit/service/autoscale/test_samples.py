"""What a formula sees of the history, and how the history is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatcher.service.autoscale import HISTORY_LENGTH, Metrics, SampleHistory, is_due, record
from tests.unit.service.autoscale.support import NOW, metrics, refusal, run, sampled, value

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$ActiveTasks.GetSample(1)", "[19]"),
        ("$ActiveTasks.GetSample(3)", "[17,18,19]"),
        ("$ActiveTasks.GetSample(0)", "[]"),
        ("len($ActiveTasks.GetSample(99))", "20"),
        ("$ActiveTasks.GetSample(TimeInterval_Minute * 2)", "[16,17,18,19]"),
        ("$ActiveTasks.GetSample(TimeInterval_Minute * 2, 100)", "[16,17,18,19]"),
        ("$ActiveTasks.GetSample(TimeInterval_Minute, TimeInterval_Minute * 3)", "[14,15,16,17]"),
        ("$ActiveTasks.GetSample(TimeInterval_Minute * 3, TimeInterval_Minute, 100)", "[14,15,16,17]"),
        ('$ActiveTasks.GetSample(time("2026-01-05T09:29:00Z"))', "[18,19]"),
        ('$ActiveTasks.GetSample(time("2026-01-05T09:28:00Z"), TimeInterval_Minute)', "[16,17]"),
        ("$ActiveTasks.GetSamplePercent(TimeInterval_Minute * 10)", "100"),
        ("$ActiveTasks.GetSamplePercent(TimeInterval_Minute * 20)", "50"),
        ("$ActiveTasks.GetSamplePercent(TimeInterval_Hour, TimeInterval_Hour * 2)", "0"),
        ("$ActiveTasks.GetSamplePeriod()", "00:00:30"),
        ("$ActiveTasks.Count()", "20"),
        ("$ActiveTasks.HistoryBeginTime()", "2026-01-05T09:20:30.000Z"),
        ("$ActiveTasks.HistoryBeginTime().minute", "20"),
        ("$CPUPercent.Count() + $CPUPercent.GetSamplePercent(TimeInterval_Minute)", "0"),
        ("$CPUPercent.HistoryBeginTime() == time()", "1"),
        ("$CPUPercent.GetSample(5)", "[]"),
        ("val($ActiveTasks.GetSample(1), 0) + max($ActiveTasks.GetSample(TimeInterval_Minute))", "38"),
        ("$PendingTasks.GetSample(1)", "[20]"),
        ("$CurrentDedicated.GetSample(1)", "[2]"),
    ],
)
def test_sampled_variable_gives_what_was_recorded(expression: str, expected: str) -> None:
    """Twenty samples, the last of them fifteen seconds old."""
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("formula", "detail"),
    [
        (
            "$RunningTasks.GetSample(TimeInterval_Minute * 20, 100)",
            "Line 1, Col 24: Insufficient data from data set: $RunningTasks wanted 100%, received 50%",
        ),
        (
            "sli = TimeInterval_Hour;\nx = avg($PendingTasks.GetSample(sli))",
            "Line 2, Col 32: Insufficient data from data set: $PendingTasks wanted 70%, received 16%",
        ),
    ],
)
def test_window_with_too_few_samples_fails_in_azures_words(formula: str, detail: str) -> None:
    """The code, the words and the column are those of public reports from Azure."""
    error = run(formula).error
    assert error is not None
    assert error.message == "Autoscale evaluation failed due to insufficient sample data"
    assert (error.code, error.values) == ("InsufficientSampleData", (("Message", detail),))


def test_sample_is_seen_when_the_delay_is_over() -> None:
    """With a minute's delay the newest two samples do not exist yet."""
    delayed = {"sample_delay": MINUTE}
    assert value("$ActiveTasks.GetSample(1)", 20, **delayed) == "[17]"
    assert value("$ActiveTasks.GetSamplePercent(TimeInterval_Minute * 5)", 20, **delayed) == "80"
    assert value("$ActiveTasks.Count()", 20, **delayed) == "18"
    assert value("$ActiveTasks.HistoryBeginTime() == time()", 1, **delayed) == "1"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("1, 2", "A window of samples is given by timestamps or timeintervals, not by a double"),
        ('"now"', "A window of samples is given by timestamps or timeintervals, not by a string"),
        ("-1", "The number of samples must not be negative"),
        ("TimeInterval_Hour, TimeInterval_Zero, time()", "The sample percentage must be a double, not a timestamp"),
    ],
)
def test_sample_of_the_wrong_type_fails(arguments: str, reason: str) -> None:
    """Only the documented forms are taken."""
    code, detail = refusal(f"x = $ActiveTasks.GetSample({arguments})")
    assert code == "AutoScalingFormulaEvaluationError"
    assert reason in detail


def test_history_takes_one_sample_a_period() -> None:
    """Whoever calls more often changes nothing; a sample bears the beginning of its period."""
    first = record(SampleHistory(), NOW, metrics())
    assert first.samples[0].time == NOW.replace(second=0, microsecond=0)
    assert not is_due(first, NOW + timedelta(seconds=14))
    assert record(first, NOW + timedelta(seconds=14), metrics(9)) is first
    assert is_due(first, NOW + timedelta(seconds=15))


def test_history_forgets_what_is_older_than_a_day() -> None:
    """Its size is bounded."""
    history = sampled(2 * 60 * 25)
    assert len(history.samples) == HISTORY_LENGTH // timedelta(seconds=30)
    assert record(history, NOW + HISTORY_LENGTH * 2, Metrics()).samples[0].metrics == Metrics()


def test_gap_in_the_history_lowers_the_percentage() -> None:
    """A service that slept has fewer samples, as Azure when it loses some."""
    history = record(sampled(10, until=NOW - 5 * MINUTE), NOW, metrics(3))
    assert value("$ActiveTasks.GetSamplePercent(TimeInterval_Minute * 10)", 0, history=history) == "55"
